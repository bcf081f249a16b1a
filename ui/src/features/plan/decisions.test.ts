import { expect, test } from 'vitest';

import type { Money } from '../../api/generated/Money';
import type { Offer } from '../../api/generated/Offer';
import { changeTo, firstPayer, keep, options } from './decisions';
import { basic } from './fixtures';

const usd = (amount: number): Money => ({ amount, currency: 'USD', scale: 2 });
const offers: Offer[] = [
  { plan: 'payg', name: 'Pay-As-You-Go' },
  { plan: 'basic', name: 'Basic', monthly: usd(4_900), annual: usd(49_000) },
  { plan: 'pro', name: 'Pro', monthly: usd(9_900) },
];
const ids = (subscription = basic) => options({ offers, subscription }).map(({ id }) => id);

test('a plan can be changed to every other plan and cycle with a fee', () => {
  expect(ids()).toEqual(['basic annual', 'pro monthly']);
  expect(ids({ ...basic, cycle: 'annual' })).toEqual(['basic monthly', 'pro monthly']);
});

test('from a plan without a fee all plans with one can be chosen', () => {
  const payg = { ...basic, plan: 'payg' };
  delete payg.cycle;
  expect(ids(payg)).toEqual(['basic monthly', 'basic annual', 'pro monthly']);
});

test('a plan that is not offered any more does not hide another', () => {
  expect(ids({ ...basic, plan: 'old' })).toEqual(['basic monthly', 'basic annual', 'pro monthly']);
  expect(options({ offers: [], subscription: basic })).toEqual([]);
});

test('a coupon is part of the change only if one was typed', () => {
  const [annual] = options({ offers, subscription: basic });
  if (!annual) throw new Error('no option');
  const target = { plan: 'basic', cycle: 'annual' };
  expect(changeTo(annual, '')).toEqual({ change_plan: target });
  expect(changeTo(annual, '  ')).toEqual({ change_plan: target });
  expect(changeTo(annual, ' SPRING ')).toEqual({ change_plan: { ...target, coupon: 'SPRING' } });
});

test('keeping a plan without a cycle names none', () => {
  expect(keep(basic)).toEqual({ change_plan: { plan: 'basic', cycle: 'monthly' } });
  expect(keep({ plan: 'payg' })).toEqual({ change_plan: { plan: 'payg' } });
});

test('the payer that can be chosen is chosen first', () => {
  const card = { brand: 'Visa', last4: '4242', expires: '2027-01-01T00:00:00Z' };
  expect(firstPayer({ payer: 'credits', card, from_credits: 100 })).toBe('credits');
  expect(firstPayer({ payer: 'card', card, from_credits: 100 })).toBe('card');
  expect(firstPayer({ card, from_credits: 100 })).toBe('card');
  expect(firstPayer({ from_credits: 0 })).toBe('credits');
  expect(firstPayer({})).toBe('card');
});
