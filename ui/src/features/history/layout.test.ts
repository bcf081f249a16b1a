import { expect, test } from 'vitest';

import {
  DAY_HEADER,
  MAX_SCROLL,
  ROW,
  dayAt,
  headerTop,
  layOut,
  reveal,
  rowAt,
  scrollRange,
  visible,
} from './layout';

const day = (day: string, count: number) => ({ day, count, added: 0, spent: 0 });
const layout = layOut([day('2026-02-03', 3), day('2026-02-02', 1), day('2026-02-01', 100)]);

test('days of the table are below each other, headers before their rows', () => {
  expect(layout.days.map((place) => place.top)).toEqual([
    0,
    DAY_HEADER + 3 * ROW,
    2 * DAY_HEADER + 4 * ROW,
  ]);
  expect(layout.height).toBe(3 * DAY_HEADER + 104 * ROW);
  expect(layout.rows).toBe(104);
});

test('a window of the table shows the rows that are in it, and no others', () => {
  const top = DAY_HEADER + 2 * ROW;
  const slices = visible(layout, top, DAY_HEADER + 2 * ROW);
  expect(slices.map((s) => [s.place.day.day, s.first, s.last])).toEqual([
    ['2026-02-03', 2, 3],
    ['2026-02-02', 0, 1],
  ]);
  expect(visible(layOut([]), 0, 600)).toEqual([]);
});

test('rowAt finds every row at its place in its day', () => {
  for (let index = 0; index < layout.rows; index += 1) {
    const found = rowAt(layout, index);
    expect(found).not.toBeNull();
    if (!found) continue;
    expect(found.place.before + found.offset).toBe(index);
    expect(found.offset).toBeLessThan(found.place.day.count);
    const top = found.place.top + DAY_HEADER + found.offset * ROW;
    expect(layout.days[dayAt(layout, top)]).toBe(found.place);
  }
  expect(rowAt(layout, -1)).toBeNull();
  expect(rowAt(layout, 104)).toBeNull();
});

test('a million rows fit into WebKit’s scroll range and scroll down to the last row', () => {
  const height = 1_000_000 * ROW;
  const { spacer, scale } = scrollRange(height, 600);
  expect(spacer).toBe(MAX_SCROLL);
  expect((spacer - 600) * scale).toBeCloseTo(height - 600);
  expect(scrollRange(500, 600)).toEqual({ spacer: 500, scale: 1 });
});

test('a day’s header stays at the upper edge until its last row has left', () => {
  const first = layout.days[0];
  const second = layout.days[1];
  if (!first || !second) throw new Error('two days');
  expect(headerTop(first, 0)).toBe(0);
  expect(headerTop(first, ROW)).toBe(0);
  expect(headerTop(first, 3 * ROW)).toBe(0);
  expect(headerTop(first, 3 * ROW + 10)).toBe(-10);
  expect(headerTop(first, second.top)).toBe(-DAY_HEADER);
  expect(headerTop(second, second.top - 40)).toBe(40);
});

test('reveal moves the table no more than needed to show a row below its header', () => {
  const view = DAY_HEADER + 10 * ROW;
  const topOf = (index: number) => {
    const found = rowAt(layout, index);
    return found ? found.place.top + DAY_HEADER + found.offset * ROW : NaN;
  };
  expect(reveal(layout, 2, 0, view)).toBe(0);
  expect(reveal(layout, 50, 0, view)).toBe(topOf(50) + ROW - view);
  expect(reveal(layout, 50, topOf(80), view)).toBe(topOf(50) - DAY_HEADER);
  expect(reveal(layout, 50, topOf(50), view)).toBe(topOf(50) - DAY_HEADER);
  expect(reveal(layout, 0, 500, view)).toBe(0);
  expect(reveal(layout, 104, 123, view)).toBe(123);
});
