import { expect, test } from 'vitest';

import type { CommandView } from '../../api/generated/CommandView';
import { decisionOf } from './decision';
import { groups } from './groups';

const command = (kind: CommandView['kind'], more: Partial<CommandView> = {}): CommandView => ({
  id: 'id',
  kind,
  state: 'queued',
  open: true,
  cancellable: true,
  withdrawn: false,
  created_at: '2026-03-01T00:00:00Z',
  ...more,
});

test('each command is in exactly one group of the outbox screen', () => {
  const queued = command('cancel');
  const settled = command('resume', { state: 'settled', open: false });
  const returned = command('pay_now', { state: 'needs_decision', open: false });
  expect(groups([queued, settled, returned])).toEqual({
    undecided: [returned],
    open: [queued],
    answered: [settled],
  });
});

test('a decision about the plan is repeated with everything that was chosen', () => {
  expect(
    decisionOf(command('change_plan', { plan: 'pro', cycle: 'annual', coupon: 'SPRING' })),
  ).toEqual({ change_plan: { plan: 'pro', cycle: 'annual', coupon: 'SPRING' } });
  expect(decisionOf(command('change_plan', { plan: 'payg' }))).toEqual({
    change_plan: { plan: 'payg' },
  });
  expect(decisionOf(command('pay_now', { method: 'credits' }))).toEqual({ pay_now: 'credits' });
  expect(decisionOf(command('cancel'))).toBe('cancel');
});

test('a purchase, which was not decided on a quote, is not repeated', () => {
  expect(decisionOf(command('buy_credits', { amount: 5_000 }))).toBeNull();
});
