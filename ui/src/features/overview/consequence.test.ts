import { expect, test } from 'vitest';

import type { DeadlineView } from '../../api/generated/DeadlineView';
import type { NextRenewal } from '../../api/generated/NextRenewal';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import * as due from './consequence';

const consequence = (...given: Parameters<typeof due.consequence>) =>
  plain(due.consequence(...given));

const fee = { amount: 4_900, currency: 'USD', scale: 2 };
const next: NextRenewal = {
  at: '2026-02-10T08:00:00.000Z',
  fee,
  outcome: 'card',
  card: 4_900,
  credits: 0,
  balance_before: 14_235,
  balance_after: 14_235,
};
const seen = (renewal?: Partial<NextRenewal>) => ({
  balance: { balance: 14_235, asset: USD, buckets: [], pending: [], trust: 'live' as const },
  ...(renewal && { subscription: { next_renewal: { ...next, ...renewal } } as SubscriptionView }),
});
const item = (code: DeadlineView['code'], more: Partial<DeadlineView> = {}): DeadlineView => ({
  code,
  at: '2026-02-10T08:00:00.000Z',
  tiers: [],
  ...more,
});
const recharge = { auto_recharge: { amount: 5_000 } as NonNullable<NextRenewal['auto_recharge']> };

test('a renewal paid by card says what balance of credits follows', () => {
  expect(consequence(item('renewal'), seen({}))).toBe(
    '$49.00 taken from your CARD, credits stay $142.35',
  );
  expect(consequence(item('renewal'), seen({ balance_after: 15_235 }))).toBe(
    '$49.00 taken from your CARD, credits then $152.35',
  );
  expect(consequence(item('renewal'), seen(recharge))).toBe(
    '$49.00 taken from your CARD, credits stay $142.35, then auto-recharge buys $50.00',
  );
  expect(consequence(item('renewal'), seen({ ...recharge, balance_after: 15_235 }))).toBe(
    '$49.00 taken from your CARD, credits then $152.35, then auto-recharge buys $50.00',
  );
});

test('a renewal paid from credits says what balance is left', () => {
  const paid = { outcome: 'credits', balance_after: 9_335 } as const;
  expect(consequence(item('renewal'), seen(paid))).toBe(
    '$49.00 taken from your CREDITS, $93.35 left',
  );
  expect(consequence(item('renewal'), seen({ ...paid, ...recharge }))).toBe(
    '$49.00 taken from your CREDITS, $93.35 left, then auto-recharge buys $50.00',
  );
});

test('a renewal that will not be paid says that grace begins', () => {
  expect(consequence(item('renewal'), seen({ outcome: 'unpaid' }))).toBe(
    '$49.00 will not be paid: grace begins',
  );
});

test('a deadline whose figures are not known has no text', () => {
  expect(consequence(item('renewal'), seen())).toBe('');
  expect(consequence(item('cancel_by'), seen())).toBe('');
  expect(consequence(item('payment_retry'), seen())).toBe('');
  const { balance } = seen();
  const unknown = { balance: { ...balance, asset: undefined as never } };
  expect(consequence(item('card_expiry'), unknown)).toBe('');
});

test('deadlines name their fee or their credits at risk', () => {
  expect(consequence(item('cancel_by', { fee }), seen())).toBe('after that $49.00 is paid');
  expect(consequence(item('payment_retry', { fee }), seen())).toBe('$49.00 is asked for again');
  expect(consequence(item('grace_end', { credits_at_risk: 9_000 }), seen())).toBe('$90.00 deleted');
});

test('the text on a new allowance names what expires of the old one, if anything is left', () => {
  expect(consequence(item('allowance_refresh', { credits_at_risk: 500 }), seen())).toBe(
    '$5.00 left of the old allowance expires',
  );
  expect(consequence(item('allowance_refresh'), seen())).toBe('the month’s allowance comes');
});
