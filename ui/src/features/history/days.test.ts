import { expect, test } from 'vitest';

import type { RowView } from '../../api/generated/RowView';
import { byDay } from './days';

const row = (seq: number, at: string): RowView => ({
  seq,
  at,
  kind: 'usage',
  delta: -25,
  balance_after: 0,
  status: 'done',
});
const found = {
  rows: [
    row(4, '2026-02-08T04:30:00.000Z'),
    row(3, '2026-02-08T02:00:00.000Z'),
    row(1, '2026-02-06T12:00:00.000Z'),
  ],
  added: 0,
  spent: -75,
  more: true,
};

test('found rows are grouped by their day in the time zone, in their order', () => {
  const { days, byDay: grouped } = byDay(found, 'America/New_York');
  expect(days.map(({ day, count }) => [day, count])).toEqual([
    ['2026-02-07', 2],
    ['2026-02-06', 1],
  ]);
  expect(grouped.get('2026-02-07')?.map(({ seq }) => seq)).toEqual([4, 3]);
  expect(byDay(found, 'UTC').days.map(({ day }) => day)).toEqual(['2026-02-08', '2026-02-06']);
});

test('sums of found rows are those of the core, for all rows together', () => {
  const { added, spent, more, days } = byDay(found, 'UTC');
  expect({ added, spent, more }).toEqual({ added: 0, spent: -75, more: true });
  expect(days.every((day) => day.added === 0 && day.spent === 0)).toBe(true);
});

test('a search without matches gives no days', () => {
  expect(byDay({ rows: [], added: 0, spent: 0, more: false }, 'UTC').days).toEqual([]);
});
