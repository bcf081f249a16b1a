// The current plan in words: its terms, its state, its card.
import type { Alarm } from '../../api/generated/Alarm';
import type { Asset } from '../../api/generated/Asset';
import type { CardView } from '../../api/generated/CardView';
import type { ChoicesView } from '../../api/generated/ChoicesView';
import type { FailedFee } from '../../api/generated/FailedFee';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';
import { t } from '../../shared/messages';
import { money, USD } from '../../shared/money';
import { monthYear, weekdayDate } from '../../shared/time';
import { list } from '../../shared/words';

/** The plan's fee, allowance and daily limit, as far as it has them. `limit` is in minor units of the asset. */
export function terms(
  { offers, subscription: { plan, cycle } }: Pick<ChoicesView, 'offers' | 'subscription'>,
  limit: number | undefined,
  asset: Asset | undefined,
): string {
  const offer = offers.find((offer) => offer.plan === plan);
  const paid = cycle ?? 'monthly';
  const fee = offer?.[paid];
  const found = [];
  if (fee) found.push(t(`plan-fee-${paid}`, { fee: money(fee.amount, USD) }));
  if (offer?.allowance && asset)
    found.push(t('plan-terms-allowance', { allowance: money(offer.allowance, asset) }));
  if (limit !== undefined && asset)
    found.push(t('plan-terms-daily-limit', { limit: money(limit, asset) }));
  return found.length > 0 ? list(found) : t('plan-terms-no-fee');
}

export type Tag = 'closed' | 'grace' | 'cancelled';

/** The state that is shown beside the plan's name; null for a plan that goes on. */
export function tag(
  { state, cancel_at }: Pick<SubscriptionView, 'state' | 'cancel_at'>,
  inGrace: boolean,
): Tag | null {
  if (state === 'closed') return 'closed';
  if (inGrace) return 'grace';
  return cancel_at ? 'cancelled' : null;
}

/**
 * The charge that the card on file declined; null if only credits were short, or if the card was replaced since: whether
 * the new card pays is not known.
 */
export function declined(alarm: Pick<Alarm, 'failed'> | undefined): FailedFee | null {
  const failed = alarm?.failed;
  if (!failed || failed.card_replaced || failed.code === 'insufficient_credits') return null;
  return failed;
}

export const cardName = ({ brand, last4 }: Pick<CardView, 'brand' | 'last4'>): string =>
  t('shared-card', { brand, last4 });

/** A card's expiry in words. `expires` is the first instant at which it is not valid, so the month before is named. */
export function cardNote(
  { expires }: Pick<CardView, 'expires'>,
  failed: Pick<FailedFee, 'at'> | null,
  zone: string,
): string {
  const month = monthYear(new Date(Date.parse(expires) - 1).toISOString(), 'UTC');
  return failed
    ? t('plan-card-declined', { day: weekdayDate(failed.at, zone), month })
    : t('plan-card-expires', { month });
}
