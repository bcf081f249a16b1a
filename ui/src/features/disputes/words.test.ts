import { expect, test } from 'vitest';

import type { ChosenRow } from '../../api/generated/ChosenRow';
import { plain } from '../../shared/plain';
import { DISPUTE_KINDS } from '../../api/generated/kinds';
import { detected, firstRow, size, title } from './words';

test('every kind of dispute has a title, and several failed runs are counted in it', () => {
  expect(DISPUTE_KINDS.map((kind) => title(kind, 1))).not.toContain('');
  expect(plain(title('failed_run', 1))).toBe('Failed run, charged');
  expect(plain(title('failed_run', 0))).toBe('Failed run, charged');
  expect(plain(title('failed_run', 3))).toBe('3 failed runs, charged');
  expect(plain(title('poor_result', 3))).toBe('Poor result');
});

test('only findings that are a reason for a dispute have a sentence in it', () => {
  expect(detected('purchase_overdue')).toBe('Paid for, and not here in time.');
  expect(detected('low_runway')).toBeNull();
  expect(detected(undefined)).toBeNull();
});

test('the first disputed row is described by its time and its event', () => {
  const row = (event?: string) =>
    ({ chosen: true, row: { seq: 3, at: '2026-02-10T08:00:00Z', event } }) as unknown as ChosenRow;
  expect(plain(firstRow([row('Miller wedding'), row()], 'UTC'))).toBe(
    'Miller wedding, Tue 10 Feb 08:00 UTC.',
  );
  expect(plain(firstRow([row()], 'UTC'))).toBe('Tue 10 Feb 08:00 UTC.');
  expect(plain(firstRow([], 'UTC'))).toBe('');
});

test('sizes of files change their unit where they round up to the next', () => {
  expect([0, 999, 1_000, 1_499].map((bytes) => plain(size(bytes)))).toEqual([
    '0 B',
    '999 B',
    '1 KB',
    '1 KB',
  ]);
  expect(plain(size(999_499))).toBe('999 KB');
  expect(plain(size(999_999))).toBe('1.0 MB');
  expect(plain(size(25_400_000))).toBe('25.4 MB');
});
