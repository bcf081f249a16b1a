// Why an entry is there, in a sentence. What it is and what it moved is the core's.
import type { Asset } from '../../api/generated/Asset';
import type { EntryDetail } from '../../api/generated/EntryDetail';
import { money } from '../../shared/money';
import { deadline } from '../../shared/time';
import { kindName, planName, rowName } from '../../shared/words';

const usd = { code: 'USD', scale: 2 };

export function why(detail: EntryDetail, asset: Asset, zone: string): string {
  const { row, charge, period } = detail;
  const amount = money(Math.abs(row.delta), asset);
  const paid = charge ? money(charge.amount, usd) : '';
  const until = period ? deadline(period.end, zone) : '';
  const units = (detail.units ?? 1) > 1 ? ` for ${detail.units} units` : '';
  switch (row.kind) {
    case 'usage':
      return `The cloud takes ${amount}${units} when a run starts: ${rowName(row)}.`;
    case 'usage_refund':
      return `${amount} came back for a run that was charged.`;
    case 'run_failed':
      return `The booth or the cloud said that the run failed: ${readable(detail.failure)}. That moves no credits; a refund does.`;
    case 'purchase':
      return `${amount} of credits, bought for ${paid} on the card.`;
    case 'purchase_started':
      return `The card was charged ${paid}; the credits come with an entry of their own.`;
    case 'purchase_declined':
      return `The card did not pay: ${readable(detail.failure)}. Nothing was charged.`;
    case 'auto_recharge':
      return `Auto-recharge bought ${amount} for ${paid} because the balance was low.`;
    case 'auto_recharge_failed':
      return `Auto-recharge could not charge the card: ${readable(detail.failure)}. It is off now.`;
    case 'renewal':
      return `The plan’s fee of ${amount} was paid from credits. The period it paid for ends ${until}.`;
    case 'renewed_by_card':
      return `The plan’s fee of ${paid} was paid by card; no credits moved. The period ends ${until}.`;
    case 'payment_failed':
      return `The fee of ${paid} was not paid: ${readable(detail.failure)}.`;
    case 'allowance':
      return `The month’s allowance of ${amount}. What is left of it goes on ${until}.`;
    case 'expiry':
      return `${amount} reached their end unused.`;
    case 'closure':
      return `The account closed, and ${amount} went with it.`;
    case 'coupon_redeemed':
      return `Coupon ${detail.coupon ?? ''} was accepted. Its bonus waits to be activated by hand.`;
    case 'coupon_bonus':
      return `The bonus of coupon ${detail.coupon ?? ''} was activated.`;
    case 'compensation':
      return `Support gave ${amount} on top.`;
    case 'reversal':
      return row.delta > 0
        ? `An earlier entry was undone: ${amount} came back, each part as what it was.`
        : `An earlier entry was undone: ${amount} were taken back.`;
    case 'plan_changed':
      return `From here the plan is ${planName(row.plan ?? '', row.cycle)}.${paid ? ` The card paid ${paid} for it.` : ''}`;
    case 'plan_change_requested':
      return `${planName(row.plan ?? '', row.cycle)} was asked for, from the period’s end.`;
    case 'event_scheduled':
      return `${row.event ?? 'An event'} was put on the calendar.`;
    case 'adjustment':
      return detail.reason
        ? `Support changed the balance: ${detail.reason}.`
        : 'Support changed the balance and gave no reason.';
    default:
      return detail.cause === 'unexplained'
        ? 'This version knows no such kind of entry.'
        : `${kindName(row.kind)}.`;
  }
}

const readable = (code?: string) => (code ?? 'no reason given').replaceAll('_', ' ');
