import { expect, test } from 'vitest';

import type { Estimate } from '../../api/generated/Estimate';
import { plain } from '../../shared/plain';
import * as runway from './runway';

const { gauge, toneOf } = runway;
const multiple = (hundredths?: number) => plain(runway.multiple(hundredths));
const basis = (estimate: Estimate) => plain(runway.basis(estimate));

test('the estimate is red if credits are below the event’s need, and amber up to a fifth above it', () => {
  expect([undefined, 0, 99, 100, 119, 120, 5_000].map((times) => toneOf(times))).toEqual([
    '',
    'neg',
    'neg',
    'warn',
    'warn',
    '',
    '',
  ]);
});

test('how often credits cover the need is rounded down, so that too little never reads as enough', () => {
  expect(multiple(99)).toBe('0.9×');
  expect(multiple(100)).toBe('1.0×');
  expect(multiple(249)).toBe('2.4×');
  expect(multiple(0)).toBe('0.0×');
});

test('how often credits cover the need is empty without a need, and capped if huge', () => {
  expect(multiple(undefined)).toBe('');
  expect(multiple(9_900)).toBe('99.0×');
  expect(multiple(9_901)).toBe('99+×');
});

test('the gauge fills the part of the event’s need that the credits cover if they are too few', () => {
  expect(gauge(0)).toEqual({ filled: 0, ticks: [] });
  expect(gauge(50)).toEqual({ filled: 500, ticks: [] });
  expect(gauge(99)).toEqual({ filled: 990, ticks: [] });
});

test('the gauge fills the part of the credits that the event needs if they are enough', () => {
  expect(gauge(100)).toEqual({ filled: 1000, ticks: [] });
  expect(gauge(200)).toEqual({ filled: 500, ticks: [500] });
  expect(gauge(250)).toEqual({ filled: 400, ticks: [400, 800] });
});

test('the gauge has few ticks, all of them inside the bar', () => {
  for (const hundredths of [100, 101, 199, 300, 599, 601, 1_000, 50_000]) {
    const { filled, ticks } = gauge(hundredths);
    expect(filled).toBeLessThanOrEqual(1000);
    expect(ticks.length).toBeLessThanOrEqual(5);
    expect(ticks.every((tick) => tick > 0 && tick < 1000)).toBe(true);
  }
});

test('the basis of an estimate names its confidence and counts past events', () => {
  const estimate = { basis: 'past', confidence: 'fair', events: 1 } as Estimate;
  expect(basis(estimate)).toBe('a fair estimate, from 1 past event');
  expect(basis({ ...estimate, confidence: 'rough', events: 3 })).toBe(
    'a rough estimate, from 3 past events',
  );
  expect(basis({ ...estimate, basis: 'own' })).toBe('a fair estimate, from this event’s own pace');
});
