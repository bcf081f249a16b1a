// The journal's codes as words. A code of a later cloud is shown as it is, readable.
import type { Bucket } from '../api/generated/Bucket';
import type { PendingKind } from '../api/generated/PendingKind';
import type { Reason } from '../api/generated/Reason';
import type { RowStatus } from '../api/generated/RowStatus';

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
};

function readable(code: string): string {
  const text = code.replaceAll('_', ' ');
  return text.charAt(0).toUpperCase() + text.slice(1);
}

export const serviceName = (code: string) => SERVICES[code] ?? readable(code);
export const kindName = (code: string) => KINDS[code] ?? readable(code);

/** What a row is called: its service for runs and refunds, else its kind. */
export function rowName(row: { kind: string; service?: string }): string {
  if (!row.service) return kindName(row.kind);
  return serviceName(row.service);
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
  signed_out: 'signed out',
  damaged: 'the copy is damaged',
};

export const STATUS: Record<RowStatus, string> = {
  done: 'Done',
  refunded: 'Refunded',
  refund_due: 'Refund due',
  failed: 'Failed',
  pending: 'Pending',
  matched: 'Matched',
};

const PLANS: Record<string, string> = { payg: 'Pay-As-You-Go' };

export function planName(plan: string, cycle?: string): string {
  const name = PLANS[plan] ?? readable(plan);
  return cycle ? `${name} ${cycle}` : name;
}
