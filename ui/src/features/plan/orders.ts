// Who pays for the renewal, and when auto-recharge buys.
import type { Alarm } from '../../api/generated/Alarm';
import type { Asset } from '../../api/generated/Asset';
import type { ChoicesView } from '../../api/generated/ChoicesView';
import type { PaymentOrder } from '../../api/generated/PaymentOrder';
import type { Payer } from '../../api/generated/Payer';
import type { Preview } from '../../api/generated/Preview';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { deadline } from '../../shared/time';

export interface Order {
  /** The payment order that holds at the cloud. */
  inUse: PaymentOrder;
  /** The payment order that was chosen here last; the cloud may not have it yet. */
  chosen: PaymentOrder;
  waits: boolean;
}

/** The payment order in use and the one chosen last. `waiting` has the newest action first. */
export function order({
  subscription,
  waiting,
}: Pick<ChoicesView, 'subscription' | 'waiting'>): Order {
  const inUse = subscription.payment_order;
  const last = waiting.find((command) => command.kind === 'set_payment_order');
  return { inUse, chosen: last?.payment_order ?? inUse, waits: last !== undefined };
}

export interface Recharge {
  on: boolean;
  waits: boolean;
  at: number;
  amount: number;
  /** True if auto-recharge, switched on now, would charge the card at once. */
  atOnce: boolean;
}

/** Auto-recharge as it was set last; null where the programme has no auto-recharge. */
export function recharge({
  subscription: { auto_recharge },
  waiting,
  balance,
}: Pick<ChoicesView, 'subscription' | 'waiting' | 'balance'>): Recharge | null {
  const { at, amount, enabled } = auto_recharge;
  if (at === undefined || amount === undefined) return null;
  const last = waiting.find((command) => command.kind === 'set_auto_recharge');
  const on = last?.enabled ?? enabled;
  return { on, waits: last !== undefined, at, amount, atOnce: !on && balance <= at };
}

/** What happens if the card is declined, in the payment order in use; undefined if the card is not charged. */
export function ifDeclined(view: ChoicesView): Preview | undefined {
  const first: Payer = view.subscription.payment_order.first;
  return (first === 'card' ? view.card_first : view.credits_first)?.preview.if_declined;
}

export function declinedText(preview: Preview, asset: Asset): string {
  if (preview.outcome !== 'credits') return t('plan-if-declined-unpaid');
  const [before, after] = [preview.balance_before, preview.balance_after];
  return t('plan-if-declined-credits', {
    before: money(before, asset),
    after: money(after, asset),
  });
}

/** The sentence on why no renewal is previewed. */
export function noRenewal(alarm: Pick<Alarm, 'retry_at'> | undefined, zone: string): string {
  if (!alarm) return t('plan-no-renewal-sentence');
  return alarm.retry_at
    ? t('plan-fee-again', { at: deadline(alarm.retry_at, zone) })
    : t('plan-fee-not-again');
}

/** The allowance that comes with a renewal which only the card can pay; null if none comes. */
export function allowanceText(preview: Preview | undefined, asset: Asset): string | null {
  if (!preview?.allowance) return null;
  const allowance = money(preview.allowance, asset);
  const after = money(preview.balance_after, asset);
  return preview.expires
    ? t('plan-only-card-allowance-expires', {
        allowance,
        after,
        expires: money(preview.expires, asset),
      })
    : t('plan-only-card-allowance', { allowance, after });
}
