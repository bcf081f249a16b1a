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

test('a plan without a fee can be changed to every plan with a fee', () => {
  const payg = { ...basic, plan: 'payg' };
  delete payg.cycle;
  expect(ids(payg)).toEqual(['basic monthly', 'basic annual', 'pro monthly']);
});

test('a current plan that is no longer offered hides no other plan', () => {
  expect(ids({ ...basic, plan: 'old' })).toEqual(['basic monthly', 'basic annual', 'pro monthly']);
  expect(options({ offers: [], subscription: basic })).toEqual([]);
});

test('a change of plan has a coupon only if a code was typed', () => {
  const [annual] = options({ offers, subscription: basic });
  if (!annual) throw new Error('no option');
  const target = { plan: 'basic', cycle: 'annual' };
  expect(changeTo(annual, '')).toEqual({ change_plan: target });
  expect(changeTo(annual, '  ')).toEqual({ change_plan: target });
  expect(changeTo(annual, ' SPRING ')).toEqual({ change_plan: { ...target, coupon: 'SPRING' } });
});

test('the decision to keep a plan without a billing cycle names no cycle', () => {
  expect(keep(basic)).toEqual({ change_plan: { plan: 'basic', cycle: 'monthly' } });
  expect(keep({ plan: 'payg' })).toEqual({ change_plan: { plan: 'payg' } });
});

test('the payer selected first is the account’s payer, else the one that can pay', () => {
  const card = { brand: 'Visa', last4: '4242', expires: '2027-01-01T00:00:00Z' };
  expect(firstPayer({ payer: 'credits', card, from_credits: 100 })).toBe('credits');
  expect(firstPayer({ payer: 'card', card, from_credits: 100 })).toBe('card');
  expect(firstPayer({ card, from_credits: 100 })).toBe('card');
  expect(firstPayer({ from_credits: 0 })).toBe('credits');
  expect(firstPayer({})).toBe('card');
});
