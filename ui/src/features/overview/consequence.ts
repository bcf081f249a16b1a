// What a deadline brings, in money.
import type { DeadlineView } from '../../api/generated/DeadlineView';
import type { Overview } from '../../api/generated/Overview';
import { money } from '../../shared/money';

const USD = { code: 'USD', scale: 2 };

export function consequence(item: DeadlineView, overview: Overview): string {
  const asset = overview.balance.asset;
  if (!asset) return '';
  const next = overview.subscription?.next_renewal;
  const stake = item.credits_at_risk === undefined ? '' : money(item.credits_at_risk, asset);
  switch (item.code) {
    case 'renewal': {
      if (!next) return '';
      const fee = money(next.fee.amount, USD);
      const after = money(next.balance_after, asset);
      const then = next.auto_recharge
        ? `, then auto-recharge buys ${money(next.auto_recharge.amount, asset)}`
        : '';
      const credits =
        next.balance_before === next.balance_after
          ? `credits stay ${after}`
          : `credits then ${after}`;
      if (next.outcome === 'card') return `${fee} taken from your CARD, ${credits}${then}`;
      if (next.outcome === 'credits') return `${fee} taken from your CREDITS, ${after} left${then}`;
      return `nobody will pay ${fee}: grace begins`;
    }
    case 'cancel_by':
      return item.fee ? `after it ${money(item.fee.amount, USD)} is paid` : '';
    case 'payment_retry':
      return item.fee ? `${money(item.fee.amount, USD)} is asked for again` : '';
    case 'cancelled_period_end':
      return `grace begins, ${stake} at stake`;
    case 'grace_end':
      return `${stake} deleted`;
    case 'card_expiry':
      return 'renewals and auto-recharge need another';
    case 'allowance_refresh':
      return stake ? `${stake} left of the old one go` : 'the month’s allowance comes';
    case 'grant_expiry':
      return `${stake} goes unused`;
    case 'dispute_reply':
      return 'if none comes, write to them again';
  }
}
