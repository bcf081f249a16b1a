// The journal's codes as words. A code of a later cloud is shown as it is, readable.
import type { Asset } from '../api/generated/Asset';
import type { Bucket } from '../api/generated/Bucket';
import type { CommandView } from '../api/generated/CommandView';
import type { DeadlineCode } from '../api/generated/DeadlineCode';
import type { PendingKind } from '../api/generated/PendingKind';
import type { Reason } from '../api/generated/Reason';
import type { RowView } from '../api/generated/RowView';
import type { RowStatus } from '../api/generated/RowStatus';
import { money } from './money';

const USD = { code: 'USD', scale: 2 };

const SERVICES: Record<string, string> = {
  background_removal: 'Background removal',
  ai_modify: 'AI Modify',
  draw_me: 'AI Draw Me',
  headshot_speed: 'AI Headshot Speed',
  headshot_quality: 'AI Headshot Quality',
  headshot_elite: 'AI Headshot Elite',
  combine: 'AI Combine',
  editorial: 'AI Editorial',
  sms: 'SMS',
  video: 'Video',
  basic_image_hd: 'Basic image HD',
  premium_image_max: 'Premium image Max',
  training: 'Model training',
};

const KINDS: Record<string, string> = {
  purchase: 'Credits bought',
  auto_recharge: 'Auto-recharge',
  allowance: 'Monthly allowance',
  bonus: 'Bonus',
  coupon_bonus: 'Coupon bonus',
  compensation: 'Compensation',
  usage: 'Run',
  renewal: 'Plan renewed from credits',
  expiry: 'Credits expired',
  closure: 'Account closed',
  usage_refund: 'Refund',
  run_failed: 'Run failed',
  opened: 'Account opened',
  purchase_started: 'Purchase started',
  purchase_declined: 'Purchase declined',
  renewed_by_card: 'Plan renewed by card',
  payment_order_changed: 'Payment order changed',
  auto_recharge_changed: 'Auto-recharge switched',
  auto_recharge_failed: 'Auto-recharge failed',
  coupon_redeemed: 'Coupon accepted',
  event_scheduled: 'Event scheduled',
  event_removed: 'Event removed',
  card_changed: 'Card changed',
  payment_failed: 'Fee not paid',
  plan_change_requested: 'Plan change asked for',
  plan_changed: 'Plan changed',
  reversal: 'Undone',
};

function readable(code: string): string {
  const text = code.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const serviceName = (code: string) => SERVICES[code] ?? readable(code);
export const kindName = (code: string) => KINDS[code] ?? readable(code);

/** So many of something. */
export const counted = (count: number, one: string, more = `${one}s`) =>
  `${count.toLocaleString('en-US')} ${count === 1 ? one : more}`;

/** What a row is called: its service for runs and refunds, else its kind, with what moved beside credits. */
export function rowName(row: RowView, asset?: Asset): string {
  if (row.service) return serviceName(row.service);
  if (row.kind === 'reversal') return row.delta > 0 ? 'Given back' : 'Taken back';
  const said = [kindName(row.kind)];
  if (row.plan) said.push(planName(row.plan, row.cycle));
  if (row.kind === 'event_scheduled' && row.event) said.push(row.event);
  if (row.coming !== undefined && asset) said.push(`${money(row.coming, asset)} to come`);
  if (row.charge) {
    const paid = money(row.charge.amount, USD);
    said.push(row.kind === 'payment_failed' ? paid : `card ${paid}`);
  }
  return said.length > 1 ? `${said[0]}: ${said.slice(1).join(', ')}` : (said[0] ?? '');
}

export const BUCKETS: Record<Bucket, string> = {
  allowance: 'Monthly allowance',
  bonus: 'Bonus',
  purchased: 'Purchased',
};

export const PENDING: Record<PendingKind, string> = {
  purchase: 'Pending purchase',
  auto_recharge: 'Pending auto-recharge',
  coupon_bonus: 'Pending coupon',
};

export const REASONS: Record<Reason, string> = {
  not_connected: 'connecting',
  offline: 'offline',
  portal: 'the Wi-Fi wants a login',
  server: 'the cloud has a problem',
  cloud_too_old: 'this cloud is too old for live',
  signed_out: 'signed out',
  damaged: 'the copy is damaged',
};

export const STATUS: Record<RowStatus, string> = {
  done: 'Done',
  refunded: 'Refunded',
  refund_due: 'Refund due',
  not_refunded: 'Not refunded',
  failed: 'Failed',
  pending: 'Pending',
  matched: 'Matched',
  unexplained: 'Not explained',
};

const PLANS: Record<string, string> = { payg: 'Pay-As-You-Go' };

/** The plans without a fee: where a pause leads. */
export const isFree = (plan?: string) => plan === 'payg' || plan === 'legacy';

export function planName(plan: string, cycle?: string): string {
  const name = PLANS[plan] ?? readable(plan);
  return cycle ? `${name} ${cycle}` : name;
}

export const DEADLINES: Record<DeadlineCode, string> = {
  grace_end: 'Account closes',
  cancelled_period_end: 'Plan ends',
  renewal: 'Renewal',
  cancel_by: 'Last moment to cancel',
  payment_retry: 'Unpaid fee tried again',
  card_expiry: 'Card expires',
  allowance_refresh: 'Allowance refreshes',
  grant_expiry: 'Credits expire',
  dispute_reply: 'Reply from support',
};

/** What a command asks for. */
export function commandName(command: CommandView): string {
  switch (command.kind) {
    case 'buy_credits':
      return 'Buy credits';
    case 'set_auto_recharge':
      return command.enabled ? 'Switch auto-recharge on' : 'Switch auto-recharge off';
    case 'set_payment_order':
      return command.payment_order?.first === 'credits' ? 'Credits pay first' : 'Card pays first';
    case 'redeem_coupon':
      return `Redeem coupon ${command.coupon ?? ''}`;
    case 'change_plan':
      return isFree(command.plan)
        ? `Pause: switch to ${planName(command.plan ?? '')}`
        : `Change plan to ${planName(command.plan ?? '', command.cycle)}`;
    case 'pay_now':
      return 'Pay the fee now';
    case 'cancel':
      return 'Cancel the plan';
    case 'resume':
      return 'Resume the plan';
    case 'replace_card':
      return 'Replace the card';
    case 'open_dispute':
      return 'File a dispute';
    case 'message_dispute':
      return 'Write to support';
    case 'withdraw_dispute':
      return 'Withdraw a dispute';
    default:
      return readable(command.kind);
  }
}

const STATES: Record<string, string> = {
  queued: 'Queued, not sent yet',
  sending: 'Being sent',
  unknown: 'Sent, answer unknown: the cloud is asked',
  applied: 'Done at the cloud, entries on their way',
  settled: 'Done',
  rejected: 'Refused, nothing was changed',
  needs_decision: 'Needs a new decision, nothing was changed',
  cancelled: 'Withdrawn before it was sent',
  damaged: 'Changed on this computer since it was decided: it is not sent',
};
export const stateName = (state: string) => STATES[state] ?? readable(state);

/** Why the cloud refused, for those an operator meets. */
const PROBLEMS: Record<string, string> = {
  too_late:
    'It reached the cloud too late. If the account has closed, only support can restore it; your history here is the evidence.',
  account_closed: 'The account is closed.',
  insufficient_credits: 'It costs more than the balance.',
  below_minimum: 'It is below the least that can be bought.',
  no_card: 'There is no card on file.',
  card_declined: 'The card was declined.',
  payment_unanswered: 'The card’s bank did not answer.',
  payment_pending: 'Another payment is waiting for its answer.',
  nothing_due: 'There is nothing to pay now.',
  wrong_state: 'The account is not in a state that this applies to.',
  unknown_coupon: 'There is no such coupon.',
  coupon_not_for_plan: 'The coupon is for another plan or cycle.',
  coupon_redeemed: 'The coupon has been redeemed.',
  same_plan: 'The account is on that plan and cycle already.',
  other_cycle_paid:
    'The period that is paid for is of the other cycle. Come back to that one, then change from its end.',
  credits_cannot_pay_fees: 'Credits cannot pay fees here.',
  no_auto_recharge: 'There is no auto-recharge here.',
  blob_missing: 'A file of it has not arrived yet; it is sent again.',
  entry_mismatch: 'An entry it names is not in the cloud’s journal.',
};

/** Why, with the figure that it was about where there is one. */
export function problemName(code: string, facts?: Record<string, unknown>, asset?: Asset): string {
  const minimum = facts?.['minimum'];
  if (code === 'below_minimum' && typeof minimum === 'number' && asset)
    return `${money(minimum, asset)} is the least that can be bought.`;
  return PROBLEMS[code] ?? `${readable(code)}.`;
}
