import { expect, test } from 'vitest';

import { asked, firstSpan } from './spans';

const since = { seq: 40, at: '2026-02-01T08:00:00.000Z' };
const today = '2026-03-01';

test('the span shown first begins at the operator’s last look only if entries came since', () => {
  expect(firstSpan(since, 41)).toBe('look');
  expect(firstSpan(since, 40)).toBe('7');
  expect(firstSpan(since, undefined)).toBe('7');
  expect(firstSpan(null, 41)).toBe('7');
});

test('a span of days includes today', () => {
  expect(asked('1', since, '', today)).toEqual({ from: '2026-03-01', after: null });
  expect(asked('7', since, '', today)).toEqual({ from: '2026-02-23', after: null });
  expect(asked('30', since, '', today)).toEqual({ from: '2026-01-31', after: null });
  expect(asked('90', null, '', today)).toEqual({ from: '2025-12-02', after: null });
});

test('the span since the last look asks for the entries after the last one seen', () => {
  expect(asked('look', since, '', today)).toEqual({ from: null, after: 40 });
});

test('the span since the last look is a week if the operator has not looked before', () => {
  expect(asked('look', null, '', today)).toEqual({ from: '2026-02-23', after: null });
});

test('the span from a date begins today while no date is chosen', () => {
  expect(asked('date', since, '', today)).toEqual({ from: today, after: null });
  expect(asked('date', since, '2025-12-31', today)).toEqual({ from: '2025-12-31', after: null });
});
