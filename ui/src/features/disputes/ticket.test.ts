import { expect, test } from 'vitest';

import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import { facts, isOpen, outcome } from './ticket';

const ticket = {
  opened_at: '2026-02-10T08:00:00Z',
  overdue: false,
  noticed_on: '2026-02-09',
};
const lines = (change: object) =>
  facts({ ...ticket, ...change }, USD, 'UTC').map(({ name, value }) => plain(`${name}: ${value}`));

test('a ticket without balances and without a reply date shows neither', () => {
  expect(lines({})).toEqual(['Opened: Tue 10 Feb 08:00 UTC', 'Noticed on: 9 Feb 2026']);
});

test('a ticket shows balances of zero', () => {
  expect(lines({ expected: 15_000, actual: 0 })).toContain('Actual balance then: $0.00');
  expect(lines({ expected: 15_000, actual: 0 })).toContain('Expected balance: $150.00');
});

test('an overdue reply date of a ticket is worded in the past and marked', () => {
  const reply_expected_by = '2026-02-12T08:00:00Z';
  expect(lines({ reply_expected_by })).toContain('Reply expected by: Thu 12 Feb 08:00 UTC');
  const late = facts({ ...ticket, reply_expected_by, overdue: true }, USD, 'UTC')[1];
  expect([late?.name, plain(late?.value ?? ''), late?.tone]).toEqual([
    'Reply was expected by',
    'Thu 12 Feb 08:00 UTC',
    'warn',
  ]);
});

test('a ticket is open only while it is submitted or in review', () => {
  const states = ['submitted', 'in_review', 'resolved', 'rejected', 'withdrawn'] as const;
  expect(states.filter(isOpen)).toEqual(['submitted', 'in_review']);
});

test('a resolved ticket without an outcome is shown as resolved', () => {
  expect(outcome({ outcome: 'refunded' })).toBe('Resolved: refunded');
  expect(outcome({})).toBe('Resolved');
});
