import { expect, test } from 'vitest';

import { age, clock, dayOf, weekdayDate, zoneName } from './time';

test('instants are shown in the zone, and the zone is named', () => {
  const at = '2026-03-31T00:00:00.000Z';
  expect(weekdayDate(at, 'America/New_York')).toBe('Mon 30 Mar');
  expect(clock(at, 'America/New_York')).toBe('20:00');
  expect(zoneName(at, 'America/New_York')).toBe('EDT');
  expect(dayOf(at, 'America/New_York')).toBe('2026-03-30');
});

test('ages are as long as they need to be', () => {
  expect(age(12_400)).toBe('12 s');
  expect(age(130 * 60_000)).toBe('2 h 10 min');
  expect(age(72 * 3_600_000)).toBe('3 days');
  expect(age(-5)).toBe('0 s');
});
