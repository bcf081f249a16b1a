import { expect, test } from 'vitest';

import type { Explanation } from '../../api/generated/Explanation';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import * as sums from './sums';

const sumOf = (...given: Parameters<typeof sums.sumOf>) => plain(sums.sumOf(...given));
const dearest = (...given: Parameters<typeof sums.dearest>) => plain(sums.dearest(...given));

const found = {
  opening: 19_135,
  closing: 14_235,
  delta: -4_900,
  as_of: '2026-02-10T08:30:00.000Z',
} as Explanation;
const state = { current: true, reading: false, live: true, zone: 'UTC' };

test('the sum of a live balance is the equation alone', () => {
  expect(sumOf(found, USD, state)).toBe('$191.35 − $49.00 = $142.35');
  const grown = { ...found, opening: 0, delta: 14_235 };
  expect(sumOf(grown, USD, state)).toBe('$0.00 + $142.35 = $142.35');
  const same = { ...found, opening: 14_235, delta: 0 };
  expect(sumOf(same, USD, state)).toBe('$142.35 + $0.00 = $142.35');
});

test('the sum of a balance that is not live says up to when it is complete', () => {
  expect(sumOf(found, USD, { ...state, live: false })).toBe(
    '$191.35 − $49.00 = $142.35, complete up to 08:30',
  );
});

test('a sum without the newest entries says so even while the balance is live', () => {
  const older = { ...state, current: false };
  expect(sumOf(found, USD, older)).toMatch(/ = \$142\.35, before the newest entries$/);
  expect(sumOf(found, USD, { ...older, reading: true })).toMatch(
    /, before the newest entries; reading them$/,
  );
});

test('the list of what cost most names three parts and counts the rest', () => {
  const part = (name: string | undefined, delta: number) => ({
    count: 1,
    delta,
    ...(name && { name }),
  });
  const name = (spent: { name?: string }) => spent.name ?? 'no event';
  const parts = [part('A', -300), part(undefined, -200), part('C', -100)];
  expect(dearest(parts, name, USD)).toBe('A −$3.00, no event −$2.00, C −$1.00');
  expect(dearest([...parts, part('D', -50), part('E', -1)], name, USD)).toBe(
    'A −$3.00, no event −$2.00, C −$1.00, 2 more',
  );
  expect(dearest([], name, USD)).toBe('');
});
