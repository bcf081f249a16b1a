import { expect, test } from 'vitest';

import type { PauseView } from '../api/generated/PauseView';
import { USD } from './money';
import { keptNote, stopsNote } from './pause';
import { plain } from './plain';

test('the note on what a pause keeps names credits that expire and their last day', () => {
  const kept = (expires?: PauseView['expires']) =>
    plain(keptNote(expires ? { expires } : {}, USD, 'America/New_York'));
  expect(kept()).toBe('credits, account, card');
  expect(kept({ amount: 70_800, at: '2026-03-31T00:00:00Z' })).toBe(
    'credits, account, card; of them $708.00 until Mon 30 Mar',
  );
});

test('the note on what a pause stops names allowance or fee, and paid time that is given up', () => {
  const stops = (view: Pick<PauseView, 'allowance' | 'gives_up'>) =>
    plain(stopsNote(view, USD, 'UTC'));
  const gives_up = '2026-03-31T00:00:00Z';
  expect(stops({})).toBe('no fee any more');
  expect(stops({ gives_up })).toBe('no fee any more; what is paid until Tue 31 Mar is given up');
  expect(stops({ allowance: 2_000 })).toBe('and $20.00 of the monthly allowance');
  expect(stops({ allowance: 2_000, gives_up })).toBe(
    'and $20.00 of the monthly allowance; what is paid until Tue 31 Mar is given up',
  );
});
