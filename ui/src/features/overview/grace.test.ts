import { expect, test } from 'vitest';

import type { Alarm } from '../../api/generated/Alarm';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import * as grace from './grace';

const pays = (...given: Parameters<typeof grace.pays>) => plain(grace.pays(...given));
const why = (...given: Parameters<typeof grace.why>) => plain(grace.why(...given));

const alarm: Alarm = {
  began: '2026-02-10T08:00:00.000Z',
  closes_at: '2026-03-12T08:00:00.000Z',
  left: 0,
  over: false,
  elapsed: 500,
  day: 15,
  days: 30,
  urgent: false,
  cause: 'unpaid',
  at_stake: 9_000,
  fee: { amount: 4_900, currency: 'USD', scale: 2 },
  events: 0,
};
const failed = (code: string) => ({ at: '2026-02-10T08:00:00.000Z', code, card_replaced: false });
const card = { brand: 'Visa', last4: '4242' } as NonNullable<Alarm['card']>;

test('the reason for grace names the card that was declined', () => {
  expect(why({ ...alarm, failed: failed('card_declined'), card }, 'UTC')).toBe(
    'The card Visa ••4242 was declined on Tue 10 Feb.',
  );
});

test('the reason for grace is too few credits if those failed, even with a card on file', () => {
  expect(why({ ...alarm, failed: failed('insufficient_credits'), card }, 'UTC')).toBe(
    'Credits did not cover the fee on Tue 10 Feb.',
  );
});

test('the reason for grace can be a cancelled plan or an unanswered payment', () => {
  const { fee, ...unanswered } = alarm;
  expect(fee).toBeDefined();
  expect(why({ ...alarm, cause: 'cancelled' }, 'UTC')).toBe('You cancelled the plan.');
  expect(why(unanswered, 'UTC')).toBe('A payment is waiting for the bank’s answer.');
});

test('the reason for grace is empty if none is on record', () => {
  expect(why(alarm, 'UTC')).toBe('');
  expect(why({ ...alarm, failed: failed('card_declined') }, 'UTC')).toBe('');
});

test('the sentence on who pays shows the balance before and after if credits pay', () => {
  expect(pays({ ...alarm, payer: 'credits', from_credits: 4_100 }, USD)).toBe(
    'Credits pay: $90.00 → $41.00.',
  );
  expect(pays({ ...alarm, payer: 'credits' }, USD)).toBe('');
});

test('the sentence on who pays offers credits beside the card only if they suffice', () => {
  expect(pays({ ...alarm, payer: 'card' }, USD)).toBe('Your card pays, credits stay $90.00.');
  expect(pays({ ...alarm, payer: 'card', from_credits: 4_100 }, USD)).toBe(
    'Your card pays, credits stay $90.00. You can also choose to pay from credits.',
  );
});
