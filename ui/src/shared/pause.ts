// Notes of the pause dialog: what is kept and what stops.
import type { Asset } from '../api/generated/Asset';
import type { PauseView } from '../api/generated/PauseView';
import { t } from './messages';
import { money } from './money';
import { weekdayDate } from './time';

export function keptNote(
  { expires }: Pick<PauseView, 'expires'>,
  asset: Asset,
  zone: string,
): string {
  if (!expires) return t('shared-pause-kept-what');
  const until = weekdayDate(expires.at, zone);
  return t('shared-pause-kept-until', { amount: money(expires.amount, asset), until });
}

export function stopsNote(
  { allowance, gives_up: paidUntil }: Pick<PauseView, 'allowance' | 'gives_up'>,
  asset: Asset,
  zone: string,
): string {
  const until = paidUntil && weekdayDate(paidUntil, zone);
  const amount = allowance && money(allowance, asset);
  if (amount && until) return t('shared-pause-stops-allowance-given-up', { amount, until });
  if (amount) return t('shared-pause-stops-allowance', { amount });
  return until ? t('shared-pause-stops-fee-given-up', { until }) : t('shared-pause-stops-fee');
}
