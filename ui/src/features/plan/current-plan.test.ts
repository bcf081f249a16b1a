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

test('the terms shown are those of the current plan and its billing cycle', () => {
  const view = { offers, subscription: basic };
  expect(plain(terms(view, undefined, USD))).toBe('$49.00 a month, $20.00 allowance a month');
  const annual = { offers, subscription: { ...basic, cycle: 'annual' as const } };
  expect(plain(terms(annual, 7_500, USD))).toBe(
    '$490.00 a year, $20.00 allowance a month, at most $75.00 a day',
  );
});

test('the terms are only the fee if the unit of credits is not known', () => {
  expect(plain(terms({ offers, subscription: basic }, 7_500, undefined))).toBe('$49.00 a month');
});

test('the terms of a plan without terms in the catalog say that it has no fee', () => {
  const payg = { offers, subscription: { ...basic, plan: 'payg' } };
  expect(plain(terms(payg, undefined, USD))).toBe('no fee, you pay for what you use');
});

test('the plan’s tag says closed before grace, and grace before cancelled', () => {
  const cancel_at = '2026-03-10T08:00:00Z';
  expect(tag({ state: 'closed', cancel_at }, true)).toBe('closed');
  expect(tag({ state: 'grace', cancel_at }, true)).toBe('grace');
  expect(tag({ state: 'active', cancel_at }, false)).toBe('cancelled');
  expect(tag({ state: 'active' }, false)).toBeNull();
});

test('a declined charge is shown only for the card that is still on file', () => {
  const failed = { at: '2026-03-01T08:00:00Z', code: 'card_declined', card_replaced: false };
  expect(declined({ failed })).toBe(failed);
  expect(declined({ failed: { ...failed, code: 'insufficient_credits' } })).toBeNull();
  expect(declined({ failed: { ...failed, card_replaced: true } })).toBeNull();
  expect(declined({})).toBeNull();
  expect(declined(undefined)).toBeNull();
});

test('the card’s note names the month before its first invalid instant as its expiry', () => {
  const card = { expires: '2027-01-01T00:00:00Z' };
  expect(plain(cardNote(card, null, 'Pacific/Auckland'))).toBe('expires 12/26');
  expect(plain(cardNote(card, { at: '2026-03-01T08:00:00Z' }, 'UTC'))).toBe(
    'declined Sun 1 Mar, expires 12/26',
  );
  expect(plain(cardName({ brand: 'Visa', last4: '4242' }))).toBe('Visa ••4242');
});
