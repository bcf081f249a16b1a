import { expect, test } from 'vitest';

import { age, ahead, clock, deadline, leaf, left, dayOf, weekdayDate, zoneName } from './time';

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

test('what is left is as exact as it matters', () => {
  const hour = 3_600_000;
  expect(left(52 * hour)).toBe('2 d 4 h');
  expect(left(30 * 24 * hour)).toBe('30 days');
  expect(left(hour + 59_999)).toBe('1 h');
  expect(left(-1)).toBe('0 min');
  expect(ahead(6 * 24 * hour + hour)).toBe('in 6 days');
  expect(ahead(47 * hour)).toBe('in 1 d 23 h');
});

test('a deadline names its zone, over a change of clocks too', () => {
  expect(deadline('2026-03-31T00:00:00Z', 'America/New_York')).toBe('Mon 30 Mar 20:00 EDT');
  expect(deadline('2026-02-28T00:00:00Z', 'America/New_York')).toBe('Fri 27 Feb 19:00 EST');
  expect(deadline('2029-12-01T00:00:00Z', 'UTC', '2026-11-22T00:00:00Z')).toBe(
    'Sat 1 Dec 2029 00:00 UTC',
  );
  expect(leaf('2026-02-28T00:00:00Z', 'America/New_York')).toEqual(['Fri', '27']);
});
