import { beforeEach, expect, test, vi } from 'vitest';

import { historyRows } from '../../api/calls';
import type { RowView } from '../../api/generated/RowView';
import { EVERYTHING } from './filters';
import type { Slice } from './layout';
import { Rows } from './rows.svelte';

vi.mock('../../api/calls', () => ({ historyRows: vi.fn() }));
const asked = vi.mocked(historyRows);

const row = (seq: number) => ({ seq }) as RowView;
const slice = (day: string, first: number, last: number): Slice => ({
  place: { day: { day, count: 1_000, added: 0, spent: 0 }, top: 0, before: 0 },
  first,
  last,
});
/** Waits until the answers of the core have been stored. */
const settled = () => new Promise((resolve) => setTimeout(resolve));

beforeEach(() => {
  asked.mockReset();
  asked.mockImplementation((_query, _day, offset, limit) =>
    Promise.resolve(Array.from({ length: limit }, (_, n) => row(offset + n))),
  );
});

test('rows of the history are fetched in blocks, each block once', async () => {
  const rows = new Rows(EVERYTHING);
  rows.want([slice('2026-02-01', 95, 105)]);
  rows.want([slice('2026-02-01', 100, 110)]);
  expect(asked.mock.calls.map(([, day, offset, limit]) => [day, offset, limit])).toEqual([
    ['2026-02-01', 0, 100],
    ['2026-02-01', 100, 100],
  ]);
  expect(rows.get('2026-02-01', 105)).toBeUndefined();
  await settled();
  expect(rows.get('2026-02-01', 99)?.seq).toBe(99);
  expect(rows.get('2026-02-01', 105)?.seq).toBe(105);
  expect(rows.get('2026-02-02', 0)).toBeUndefined();
});

test('a day without visible rows fetches nothing', () => {
  new Rows(EVERYTHING).want([slice('2026-02-01', 4, 4)]);
  expect(asked).not.toHaveBeenCalled();
});

test('a block of rows that could not be fetched is fetched again when it is needed again', async () => {
  const rows = new Rows(EVERYTHING);
  asked.mockRejectedValueOnce(new Error('busy'));
  rows.want([slice('2026-02-01', 0, 10)]);
  await settled();
  expect(rows.error).not.toBeNull();
  rows.want([slice('2026-02-01', 0, 10)]);
  await settled();
  expect(rows.get('2026-02-01', 0)?.seq).toBe(0);
  expect(rows.error).toBeNull();
});

test('the oldest blocks of rows are dropped above the limit and can be fetched again', async () => {
  const rows = new Rows(EVERYTHING);
  for (let n = 0; n <= 200; n += 1) rows.want([slice(`day ${n}`, 0, 1)]);
  await settled();
  expect(rows.get('day 0', 0)).toBeUndefined();
  expect(rows.get('day 200', 0)?.seq).toBe(0);
  rows.want([slice('day 0', 0, 1)]);
  await settled();
  expect(rows.get('day 0', 0)?.seq).toBe(0);
});
