import { expect, test } from 'vitest';

import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import { cardName, cardNote, declined, tag, terms } from './current-plan';
import { basic } from './fixtures';

const fee = (amount: number) => ({ amount, currency: 'USD', scale: 2 });
const offers = [
  { plan: 'payg', name: 'Pay-As-You-Go' },
  {
    plan: 'basic',
    name: 'Basic',
    monthly: fee(4_900),
    annual: fee(49_000),
    allowance: 2_000,
  },
];

test('the terms are those of the plan and its cycle', () => {
  const view = { offers, subscription: basic };
  expect(plain(terms(view, undefined, USD))).toBe('$49.00 a month, $20.00 allowance a month');
  const annual = { offers, subscription: { ...basic, cycle: 'annual' as const } };
  expect(plain(terms(annual, 7_500, USD))).toBe(
    '$490.00 a year, $20.00 allowance a month, at most $75.00 a day',
  );
});

test('without an asset only the fee is known', () => {
  expect(plain(terms({ offers, subscription: basic }, 7_500, undefined))).toBe('$49.00 a month');
});

test('a plan without terms has no fee', () => {
  const payg = { offers, subscription: { ...basic, plan: 'payg' } };
  expect(plain(terms(payg, undefined, USD))).toBe('no fee, you pay for what you use');
});

test('closed comes before grace, and grace before cancelled', () => {
  const cancel_at = '2026-03-10T08:00:00Z';
  expect(tag({ state: 'closed', cancel_at }, true)).toBe('closed');
  expect(tag({ state: 'grace', cancel_at }, true)).toBe('grace');
  expect(tag({ state: 'active', cancel_at }, false)).toBe('cancelled');
  expect(tag({ state: 'active' }, false)).toBeNull();
});

test('only the card on file can have declined', () => {
  const failed = { at: '2026-03-01T08:00:00Z', code: 'card_declined', card_replaced: false };
  expect(declined({ failed })).toBe(failed);
  expect(declined({ failed: { ...failed, code: 'insufficient_credits' } })).toBeNull();
  expect(declined({ failed: { ...failed, card_replaced: true } })).toBeNull();
  expect(declined({})).toBeNull();
  expect(declined(undefined)).toBeNull();
});

test('a card expires at the end of the month before its first invalid instant', () => {
  const card = { expires: '2027-01-01T00:00:00Z' };
  expect(plain(cardNote(card, null, 'Pacific/Auckland'))).toBe('expires 12/26');
  expect(plain(cardNote(card, { at: '2026-03-01T08:00:00Z' }, 'UTC'))).toBe(
    'declined Sun 1 Mar, expires 12/26',
  );
  expect(plain(cardName({ brand: 'Visa', last4: '4242' }))).toBe('Visa ••4242');
});
