import { expect, test } from 'vitest';

import type { DayView } from '../../api/generated/DayView';
import { HEIGHT, SHOWN, WIDTH, chart } from './chart';

const day = (name: string, added: number, spent: number): DayView => ({
  day: name,
  count: 1,
  added,
  spent,
});

test('the chart has the oldest day on the left', () => {
  const { bars } = chart([day('2026-02-03', 1, 0), day('2026-02-01', 1, 0)]);
  expect(bars.map((bar) => bar.day.day)).toEqual(['2026-02-01', '2026-02-03']);
  expect(bars[1]?.left).toBeGreaterThan(bars[0]?.left ?? 0);
});

test('only the newest days have bars in the chart', () => {
  const days = Array.from({ length: SHOWN + 5 }, (_, n) => day(`day ${n}`, 10, 0));
  const { bars } = chart(days);
  expect(bars.length).toBe(SHOWN);
  expect(bars[0]?.day.day).toBe(`day ${SHOWN - 1}`);
  const last = bars[bars.length - 1];
  expect(last?.day.day).toBe('day 0');
  expect(last && last.left + last.width).toBeCloseTo(WIDTH);
});

test('the amount of a day that is too old for a bar does not scale the bars', () => {
  const days = Array.from({ length: SHOWN }, (_, n) => day(`day ${n}`, 0, -10));
  expect(chart([...days, day('old', 0, -1_000_000)]).most).toBe(10);
});

test('added and spent credits share the chart’s height in proportion to their largest days', () => {
  const { bars, middle, most } = chart([day('b', 3_000, -1_000), day('a', 1_500, 0)]);
  expect(most).toBe(3_000);
  expect(middle).toBe(6 + 72 * 0.75);
  expect(bars.map(({ up, down }) => [up, down])).toEqual([
    [27, 0],
    [54, 18],
  ]);
});

test('the zero line is at the top if credits were only spent, at the bottom if only added', () => {
  expect(chart([day('a', 0, -500)]).middle).toBe(6);
  expect(chart([day('a', 500, 0)]).middle).toBe(HEIGHT - 6);
});

test('a small amount beside a large one still has a visible bar', () => {
  const { bars } = chart([day('b', 1_000_000, -1_000_000), day('a', 1, -1)]);
  expect(bars[0]).toMatchObject({ up: 1, down: 1 });
});

test('days on which no credits moved have no bars and no scale', () => {
  expect(chart([])).toEqual({ bars: [], middle: HEIGHT / 2, most: 0 });
  expect(chart([day('a', 0, 0)])).toMatchObject({ middle: HEIGHT / 2, most: 0 });
  expect(chart([day('a', 0, 0)]).bars[0]).toMatchObject({ up: 0, down: 0 });
});
