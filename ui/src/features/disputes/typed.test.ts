import { expect, test } from 'vitest';

import type { ChosenRow } from '../../api/generated/ChosenRow';
import { chosenEntries, day, names } from './typed';

const row = (seq: number, chosen: boolean) => ({ chosen, row: { seq } }) as ChosenRow;

test('typed names are separated by commas, with or without spaces', () => {
  expect(names('branding_app, sms,video')).toEqual(['branding_app', 'sms', 'video']);
  expect(names(' branding_app ')).toEqual(['branding_app']);
  expect(names('')).toEqual([]);
  expect(names(' , ,sms,')).toEqual(['sms']);
});

test('a date field that is empty or only partly filled in gives no day', () => {
  expect(day('2026-02-09')).toBe('2026-02-09');
  expect(day('')).toBeNull();
  expect(day('2026-02')).toBeNull();
});

test('ticking a row of a dispute adds its entry once', () => {
  const rows = [row(5, true), row(6, false)];
  expect(chosenEntries(rows, 6, true)).toEqual([5, 6]);
  expect(chosenEntries(rows, 5, true)).toEqual([5]);
});

test('unticking a row of a dispute removes its entry and keeps the others', () => {
  const rows = [row(5, true), row(6, true), row(7, false)];
  expect(chosenEntries(rows, 5, false)).toEqual([6]);
  expect(chosenEntries(rows, 7, false)).toEqual([5, 6]);
  expect(chosenEntries([row(5, true)], 5, false)).toEqual([]);
});
