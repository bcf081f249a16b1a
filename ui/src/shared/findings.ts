// Causes and findings as sentences. The codes and figures are the core's.
import type { Asset } from '../api/generated/Asset';
import type { CauseCode } from '../api/generated/CauseCode';
import type { Finding } from '../api/generated/Finding';
import type { NextStep } from '../api/generated/NextStep';
import { t } from './messages';
import { money } from './money';
import { deadline } from './time';

export const causeName = (cause: CauseCode): string => t(`findings-cause-${cause}`);
export const stepName = (step: NextStep): string => t(`findings-step-${step}`);

/**
 * What a finding says. A finding about something that has not happened also says up to when that is known. The amount
 * of an unexplained entry has its sign, because credits may have come or gone.
 */
export function sentence(finding: Finding, asset: Asset, zone: string): string {
  const { amount, charge, at, deadline: until, known_until: end } = finding;
  const signed = finding.code === 'unexplained';
  const text = t(`findings-text-${finding.code}`, {
    amount: amount === undefined ? '' : money(amount, asset, signed),
    charge: charge ? money(charge.amount, { code: charge.currency, scale: charge.scale }) : '',
    at: at ? deadline(at, zone) : '',
    until: until ? deadline(until, zone) : '',
    rows: finding.entries.length,
  });
  return end ? `${text} ${t('findings-known-until', { until: deadline(end, zone) })}` : text;
}
