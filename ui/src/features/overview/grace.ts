// The alarm's sentences about why grace runs, and about who pays if the fee is paid now.
import type { Alarm } from '../../api/generated/Alarm';
import type { Asset } from '../../api/generated/Asset';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { weekdayDate } from '../../shared/time';

/** Why grace runs, as a sentence; empty where the reason is not known. */
export function why({ failed, card, cause, fee }: Alarm, zone: string): string {
  const date = failed ? weekdayDate(failed.at, zone) : '';
  if (failed?.code === 'insufficient_credits') return t('overview-grace-credits-short', { date });
  if (failed && card)
    return t('overview-grace-card-declined', {
      card: t('shared-card', { brand: card.brand, last4: card.last4 }),
      date,
    });
  if (cause === 'cancelled') return t('overview-grace-cancelled');
  return fee ? '' : t('overview-grace-payment-pending');
}

export function pays({ payer, at_stake, from_credits: rest }: Alarm, asset: Asset): string {
  const stake = money(at_stake, asset);
  if (payer !== 'credits')
    return rest === undefined
      ? t('overview-grace-card-pays', { stake })
      : t('overview-grace-card-pays-or-credits', { stake });
  if (rest === undefined) return '';
  return t('overview-grace-credits-pay', { before: stake, after: money(rest, asset) });
}
