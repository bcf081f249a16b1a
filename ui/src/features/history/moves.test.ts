import { expect, test } from 'vitest';

import { target } from './moves';

const place = { active: 10, rows: 100, page: 20 };

test('arrows move by one row and stop at the ends', () => {
  expect(target('ArrowDown', place)).toBe(11);
  expect(target('ArrowUp', place)).toBe(9);
  expect(target('ArrowDown', { ...place, active: 99 })).toBe(99);
  expect(target('ArrowUp', { ...place, active: 0 })).toBe(0);
});

test('the first move begins at the newest row', () => {
  expect(target('ArrowDown', { ...place, active: null })).toBe(0);
  expect(target('ArrowUp', { ...place, active: null })).toBe(0);
  expect(target('PageUp', { ...place, active: null })).toBe(0);
});

test('a page moves by what the window shows less one row', () => {
  expect(target('PageDown', place)).toBe(29);
  expect(target('PageUp', { ...place, active: 40 })).toBe(21);
  expect(target('PageUp', place)).toBe(0);
  expect(target('PageDown', { ...place, active: 95 })).toBe(99);
});

test('a page of a window too low for two rows is one row', () => {
  expect(target('PageDown', { ...place, page: 0 })).toBe(11);
});

test('Home and End reach the newest and the oldest row', () => {
  expect(target('Home', place)).toBe(0);
  expect(target('End', place)).toBe(99);
});

test('other keys and an empty table move nothing', () => {
  expect(target('a', place)).toBeNull();
  for (const key of ['ArrowDown', 'PageDown', 'Home', 'End'])
    expect(target(key, { ...place, active: null, rows: 0 })).toBeNull();
});
