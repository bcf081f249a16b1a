import { expect, test } from 'vitest';

import type { Preview } from '../../api/generated/Preview';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import { allowanceText, declinedText, noRenewal, order, recharge } from './orders';
import { basic, waiting } from './fixtures';

const preview: Preview = {
  outcome: 'card',
  card: 4_900,
  credits: 0,
  balance_before: 14_235,
  balance_after: 14_235,
};

test('the payment order chosen last is shown before the cloud has it', () => {
  expect(order({ subscription: basic, waiting: [] })).toEqual({
    inUse: { first: 'card', fallback: true },
    chosen: { first: 'card', fallback: true },
    waits: false,
  });
  const commands = [
    waiting({ kind: 'set_auto_recharge', enabled: true }),
    waiting({ payment_order: { first: 'credits', fallback: false } }),
    waiting({ payment_order: { first: 'card', fallback: false } }),
  ];
  expect(order({ subscription: basic, waiting: commands })).toEqual({
    inUse: { first: 'card', fallback: true },
    chosen: { first: 'credits', fallback: false },
    waits: true,
  });
});

test('switching on auto-recharge charges at once only at or below its balance', () => {
  const at = (balance: number) => recharge({ subscription: basic, waiting: [], balance })?.atOnce;
  expect([at(1_001), at(1_000), at(0)]).toEqual([false, true, true]);
  const on = { ...basic, auto_recharge: { ...basic.auto_recharge, enabled: true } };
  expect(recharge({ subscription: on, waiting: [], balance: 0 })?.atOnce).toBe(false);
});

test('auto-recharge is shown as switched while the switch waits for the cloud', () => {
  const last = [waiting({ kind: 'set_auto_recharge', enabled: true })];
  expect(recharge({ subscription: basic, waiting: last, balance: 0 })).toEqual({
    on: true,
    waits: true,
    at: 1_000,
    amount: 10_000,
    atOnce: false,
  });
});

test('a programme without auto-recharge has no switch for it', () => {
  const without = { ...basic, auto_recharge: { enabled: false } };
  expect(recharge({ subscription: without, waiting: [], balance: 0 })).toBeNull();
});

test('the text on a declined card says whether credits pay or grace begins', () => {
  const credits = { ...preview, outcome: 'credits', balance_after: 9_335 } as const;
  expect(plain(declinedText(credits, USD))).toBe(
    'If the card is declined, credits go $142.35 → $93.35; the plan goes on and grace does not begin.',
  );
  expect(plain(declinedText({ ...preview, outcome: 'unpaid' }, USD))).toBe(
    'If the card is declined, nobody pays: grace begins, and after it the account closes.',
  );
});

test('the text without a renewal preview says whether the fee is asked for again', () => {
  expect(plain(noRenewal(undefined, 'UTC'))).toBe('No renewal is coming.');
  expect(plain(noRenewal({ retry_at: '2026-03-03T08:00:00Z' }, 'UTC'))).toBe(
    'The fee is asked for again on Tue 3 Mar 08:00 UTC.',
  );
  expect(plain(noRenewal({}, 'UTC'))).toBe(
    'Nothing is asked for by itself any more: pay, or pause.',
  );
});

test('the text on a renewal’s allowance names what expires, and is absent without allowance', () => {
  const credits = { code: 'CREDIT', scale: 0 };
  const studio = { ...preview, allowance: 708, balance_after: 748 };
  expect(allowanceText(undefined, credits)).toBeNull();
  expect(allowanceText(preview, credits)).toBeNull();
  const told = (preview: Preview) => plain(allowanceText(preview, credits) ?? '');
  expect(told(studio)).toBe('With it comes the allowance of 708: credits then 748.');
  expect(told({ ...studio, expires: 12 })).toContain('expires, 12: credits then');
});
