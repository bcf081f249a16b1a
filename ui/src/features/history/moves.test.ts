import { expect, test } from 'vitest';

import { target } from './moves';

const place = { active: 10, rows: 100, page: 20 };

test('arrow keys move the active row by one and stop at the ends of the table', () => {
  expect(target('ArrowDown', place)).toBe(11);
  expect(target('ArrowUp', place)).toBe(9);
  expect(target('ArrowDown', { ...place, active: 99 })).toBe(99);
  expect(target('ArrowUp', { ...place, active: 0 })).toBe(0);
});

test('the first move by any key makes the newest row active', () => {
  expect(target('ArrowDown', { ...place, active: null })).toBe(0);
  expect(target('ArrowUp', { ...place, active: null })).toBe(0);
  expect(target('PageUp', { ...place, active: null })).toBe(0);
});

test('PageUp and PageDown move by one row less than the window shows', () => {
  expect(target('PageDown', place)).toBe(29);
  expect(target('PageUp', { ...place, active: 40 })).toBe(21);
  expect(target('PageUp', place)).toBe(0);
  expect(target('PageDown', { ...place, active: 95 })).toBe(99);
});

test('PageDown moves by one row if the window is too low for two rows', () => {
  expect(target('PageDown', { ...place, page: 0 })).toBe(11);
});

test('Home and End reach the newest and the oldest row', () => {
  expect(target('Home', place)).toBe(0);
  expect(target('End', place)).toBe(99);
});

test('no row becomes active by keys that do not move, or in an empty table', () => {
  expect(target('a', place)).toBeNull();
  for (const key of ['ArrowDown', 'PageDown', 'Home', 'End'])
    expect(target(key, { ...place, active: null, rows: 0 })).toBeNull();
});
