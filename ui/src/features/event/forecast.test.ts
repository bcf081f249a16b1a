import { expect, test } from 'vitest';

import type { Estimate } from '../../api/generated/Estimate';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import * as forecast from './forecast';

const ends = (...given: Parameters<typeof forecast.ends>) => plain(forecast.ends(...given));
const lasts = (estimate: Estimate) => plain(forecast.lasts(estimate));
const basis = (estimate: Estimate) => plain(forecast.basis(estimate));

const event = {
  name: 'Wedding',
  starts_at: '2026-02-07T18:00:00.000Z',
  ends_at: '2026-02-07T22:00:00.000Z',
};
const estimate = {
  basis: 'past',
  confidence: 'fair',
  events: 2,
  needed: 1_200,
  missing: 200,
} as Estimate;
const moment = { now: '2026-02-07T20:30:00.000Z', zone: 'UTC', running: true };

test('the sentence about a running event says how long it still takes', () => {
  expect(ends(event, estimate, USD, moment)).toBe(
    'Event ends 22:00, in 1 h 30 min, needs ≈ $12.00',
  );
});

test('the sentence about a coming event says on which day it ends', () => {
  expect(ends(event, estimate, USD, { ...moment, running: false })).toBe(
    'Event ends 22:00, Sat 7 Feb, needs ≈ $12.00',
  );
});

test('missing credits are named only if the credits end before the event', () => {
  const short = { ...estimate, ends_at: '2026-02-07T21:00:00.000Z' };
  expect(ends(event, short, USD, moment)).toBe(
    'Event ends 22:00, in 1 h 30 min, needs ≈ $12.00: $2.00 missing',
  );
  expect(ends(event, short, USD, { ...moment, running: false })).toMatch(/: \$2\.00 missing$/);
});

test('credits whose end is not foreseen are said to last over a year', () => {
  expect(lasts(estimate)).toBe('≈ over a year');
  expect(lasts({ ...estimate, lasts: 7_800_000 })).toBe('≈ 2 h 10 min');
});

test('the basis of an estimate counts the past events it used', () => {
  expect(basis(estimate)).toBe('Fair estimate, from 2 past events');
  expect(basis({ ...estimate, events: 1, confidence: 'rough' })).toBe(
    'Rough estimate, from 1 past event',
  );
  expect(basis({ ...estimate, basis: 'own' })).toBe('Fair estimate, from this event’s own pace');
});
