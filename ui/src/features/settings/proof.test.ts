import { expect, test } from 'vitest';

import { plain } from '../../shared/plain';
import { result } from './proof';

const sound = { ok: true, diverged: false, entries: 7_113 };

test('the result of verifying a sound local copy counts its entries', () => {
  expect(plain(result(sound))).toBe('All 7,113 entries are as the cloud signed them.');
  expect(plain(result({ ...sound, entries: 1 }))).toBe('The one entry is as the cloud signed it.');
  expect(plain(result({ ...sound, entries: 0 }))).toBe('There are no entries yet.');
});

test('the result of verifying a damaged local copy names its first bad entry', () => {
  const damaged = { ...sound, ok: false, first_bad_seq: 1_204 };
  expect(plain(result(damaged))).toBe('Entry 1204 is not what was proven. Try again while online.');
  expect(plain(result({ ...damaged, diverged: true }))).toContain('Entry 1204');
});

test('the result of verifying against a cloud that disagrees names no bad entry', () => {
  const text = result({ ...sound, ok: false, diverged: true });
  expect(text).toContain('the cloud now has something else');
  expect(text).not.toContain('undefined');
  expect(plain(result({ ...sound, ok: false }))).toContain('not what was proven');
});
