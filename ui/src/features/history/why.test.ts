import { beforeEach, expect, test } from 'vitest';

import type { EntryDetail } from '../../api/generated/EntryDetail';
import { JOURNAL_KINDS } from '../../api/generated/kinds';
import type { RowView } from '../../api/generated/RowView';
import { USD } from '../../shared/money';
import { setNames } from '../../shared/names.svelte';
import { plain } from '../../shared/plain';
import { kindName } from '../../shared/words';
import * as reasons from './why';

const why = (...given: Parameters<typeof reasons.why>) => plain(reasons.why(...given));

beforeEach(() => setNames({ services: { draw_me: 'AI Draw Me' }, plans: {}, legacy: {} }));

const detail = (
  kind: string,
  more: Partial<EntryDetail> = {},
  row: Partial<RowView> = {},
): EntryDetail => ({
  row: {
    seq: 7,
    at: '2026-02-10T08:00:00.000Z',
    kind,
    delta: -4_900,
    balance_after: 0,
    status: 'done',
    ...row,
  },
  actor: 'system',
  links: [],
  parts: [],
  findings: [],
  line: '{}',
  ...more,
});
const said = (kind: string, more?: Partial<EntryDetail>, row?: Partial<RowView>) =>
  why(detail(kind, more, row), USD, 'UTC');
const charge = { amount: 5_500, currency: 'USD', scale: 2 };
const period = { start: '2026-02-10T08:00:00.000Z', end: '2026-03-10T08:00:00.000Z' };

test('the sentence about a run names its units only if there are several', () => {
  const run = { service: 'draw_me', delta: -25 };
  expect(said('usage', {}, run)).toBe('The cloud takes $0.25 when a run starts: AI Draw Me.');
  expect(said('usage', { units: 1 }, run)).not.toContain('units');
  expect(said('usage', { units: 3 }, { ...run, delta: -75 })).toBe(
    'The cloud takes $0.75 for 3 units when a run starts: AI Draw Me.',
  );
});

test('card payments are shown in dollars, whatever unit credits are counted in', () => {
  const bought = detail('purchase', { charge }, { delta: 500 });
  expect(why(bought, { code: 'CRD', scale: 0 }, 'UTC')).toBe(
    '500 of credits, bought for $55.00 on the card.',
  );
});

test('the sentence about a renewal names the end of the period it paid for', () => {
  expect(said('renewal', { period })).toBe(
    'The plan’s fee of $49.00 was paid from credits. The period it paid for ends Tue 10 Mar 08:00 UTC.',
  );
  expect(said('renewed_by_card', { period, charge }, { delta: 0 })).toContain('fee of $55.00');
});

test('a declined purchase names its reason in readable form, or says that none was given', () => {
  expect(said('purchase_declined', { failure: 'card_declined' })).toBe(
    'The card did not pay: card declined. Nothing was charged.',
  );
  expect(said('purchase_declined')).toContain('no reason given');
});

test('a reversal says whether credits came back or were taken back', () => {
  expect(said('reversal', {}, { delta: 500 })).toContain('$5.00 came back');
  expect(said('reversal', {}, { delta: -500 })).toContain('$5.00 were taken back');
});

test('a change of plan names the card’s payment only if there was one', () => {
  const plan = { plan: 'pro', cycle: 'monthly' } as const;
  expect(said('plan_changed', {}, plan)).not.toContain('paid');
  expect(said('plan_changed', { charge }, plan)).toContain('The card paid $55.00 for it.');
});

test('an adjustment by support without a reason says so', () => {
  expect(said('adjustment', { reason: 'Goodwill' })).toBe('Support changed the balance: Goodwill.');
  expect(said('adjustment')).toBe('Support changed the balance and gave no reason.');
});

test('an entry of an unknown kind is called unknown only if its change is unexplained', () => {
  expect(said('moon_tax', { cause: 'unexplained' })).toContain('does not know this kind');
  expect(said('moon_tax')).toBe('Moon tax.');
});

test('each kind of entry that moves credits has its own sentence', () => {
  const moves = Object.entries(JOURNAL_KINDS).filter(([, { direction }]) => direction !== 'none');
  expect(moves.length).toBeGreaterThan(10);
  const whole = { charge, period, coupon: 'Pro4Free' };
  for (const [kind] of moves)
    expect(said(kind, whole, { charge })).not.toBe(`${plain(kindName(kind))}.`);
});
