// What happens at a deadline, with its amounts.
import type { Asset } from '../../api/generated/Asset';
import type { DeadlineView } from '../../api/generated/DeadlineView';
import type { NextRenewal } from '../../api/generated/NextRenewal';
import type { Overview } from '../../api/generated/Overview';
import { t } from '../../shared/messages';
import { USD, money } from '../../shared/money';

type Seen = Pick<Overview, 'balance' | 'subscription'>;

/** What the deadline `item` brings, in words; empty where the needed figures are not known. */
export function consequence(item: DeadlineView, { balance, subscription }: Seen): string {
  const { asset } = balance;
  if (!asset) return '';
  const next = subscription?.next_renewal;
  const stake = item.credits_at_risk === undefined ? '' : money(item.credits_at_risk, asset);
  const fee = item.fee ? money(item.fee.amount, USD) : '';
  switch (item.code) {
    case 'renewal':
      return next ? renewal(next, asset) : '';
    case 'cancel_by':
      return fee && t('overview-cancel-by', { fee });
    case 'payment_retry':
      return fee && t('overview-payment-retry', { fee });
    case 'cancelled_period_end':
      return t('overview-cancelled-period-end', { stake });
    case 'grace_end':
      return t('overview-grace-end', { stake });
    case 'card_expiry':
      return t('overview-card-expiry');
    case 'allowance_refresh':
      return stake ? t('overview-allowance-replaced', { stake }) : t('overview-allowance-comes');
    case 'grant_expiry':
      return t('overview-grant-expiry', { stake });
    case 'dispute_reply':
      return t('overview-dispute-reply');
  }
}

function renewal(next: NextRenewal, asset: Asset): string {
  const given = { fee: money(next.fee.amount, USD), after: money(next.balance_after, asset) };
  const recharge = next.auto_recharge ? money(next.auto_recharge.amount, asset) : '';
  const same = next.balance_before === next.balance_after;
  switch (next.outcome) {
    case 'unpaid':
      return t('overview-renewal-unpaid', { fee: given.fee });
    case 'credits':
      return recharge
        ? t('overview-renewal-by-credits-recharge', { ...given, recharge })
        : t('overview-renewal-by-credits', given);
    case 'card':
      if (recharge)
        return t(
          same
            ? 'overview-renewal-by-card-credits-stay-recharge'
            : 'overview-renewal-by-card-recharge',
          { ...given, recharge },
        );
      return t(same ? 'overview-renewal-by-card-credits-stay' : 'overview-renewal-by-card', given);
  }
}
