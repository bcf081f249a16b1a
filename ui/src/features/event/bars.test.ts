import { expect, test } from 'vitest';

import type { Daily } from '../../api/generated/Daily';
import type { RunwayView } from '../../api/generated/RunwayView';
import { eventEnd, isUsedUp, limitUsed } from './bars';

const HOUR = 3_600_000;
const runway = (now: string, lasts?: number) =>
  ({
    now,
    event: {
      name: 'Wedding',
      starts_at: '2026-02-07T18:00:00.000Z',
      ends_at: '2026-02-07T22:00:00.000Z',
    },
    estimate: lasts === undefined ? {} : { lasts },
  }) as RunwayView;
const daily = (used: number, limit: number): Daily => ({
  used,
  limit,
  resets_at: '2026-02-08T00:00:00.000Z',
});

test('the end of a running event is marked within the bar if the credits last', () => {
  expect(eventEnd(runway('2026-02-07T20:00:00.000Z', 4 * HOUR))).toBe(500);
  expect(eventEnd(runway('2026-02-07T21:00:00.000Z', 4 * HOUR))).toBe(250);
});

test('the bar begins at the event’s start if the event has not begun', () => {
  expect(eventEnd(runway('2026-02-06T08:00:00.000Z', 8 * HOUR))).toBe(500);
});

test('the event’s end is marked at the end of the bar if the credits end first', () => {
  expect(eventEnd(runway('2026-02-07T20:00:00.000Z', HOUR))).toBe(1000);
});

test('the end of an event that is over is marked at the start of the bar', () => {
  expect(eventEnd(runway('2026-02-07T23:00:00.000Z', HOUR))).toBe(0);
});

test('the event’s end is not marked without an event or without an estimate', () => {
  expect(eventEnd(runway('2026-02-07T20:00:00.000Z'))).toBeNull();
  expect(eventEnd(runway('2026-02-07T20:00:00.000Z', 0))).toBeNull();
  const { event, ...eventless } = runway('2026-02-07T20:00:00.000Z', HOUR);
  expect(event).toBeDefined();
  expect(eventEnd(eventless)).toBeNull();
});

test('the daily limit is used up once its last credit is used', () => {
  expect(isUsedUp(daily(74, 75))).toBe(false);
  expect(isUsedUp(daily(75, 75))).toBe(true);
  expect(isUsedUp(daily(80, 75))).toBe(true);
});

test('the bar of the daily limit is full at most, even if more was used', () => {
  expect(limitUsed(daily(0, 80))).toBe(0);
  expect(limitUsed(daily(20, 80))).toBe(250);
  expect(limitUsed(daily(100, 80))).toBe(1000);
  expect(limitUsed(daily(0, 0))).toBe(1000);
});
