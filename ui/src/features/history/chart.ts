// Where the bars of the days are drawn. Added credits are above the line, spent credits below.
import type { DayView } from '../../api/generated/DayView';

/** Most bars, as many as fit; older days are in the table only. */
export const SHOWN = 60;
export const WIDTH = 1000;
export const HEIGHT = 84;
const MARGIN = 6;
/** The chart has room for at least this many bars, so that the bars of a few days are not too wide. */
const FEWEST = 12;
/** The least height of a bar, so that a small amount beside large ones is visible. */
const LEAST = 1;

export interface Bar {
  day: DayView;
  /** Where the day's column begins and how wide it is; the bar is narrower. */
  left: number;
  width: number;
  /** Heights above and below the line; 0 where nothing moved. */
  up: number;
  down: number;
}

export interface Chart {
  /** The oldest day first. */
  bars: Bar[];
  /** Where the line between added and spent credits is, from the top of the chart. */
  middle: number;
  /** The largest amount that was added or spent on a day. */
  most: number;
}

/** Lays out the bars of the newest days. `days` has the newest day first. */
export function chart(days: DayView[]): Chart {
  const shown = days.slice(0, SHOWN).reverse();
  const up = Math.max(0, ...shown.map((day) => day.added));
  const down = Math.max(0, ...shown.map((day) => -day.spent));
  const room = HEIGHT - 2 * MARGIN;
  const whole = up + down;
  const middle = whole === 0 ? HEIGHT / 2 : MARGIN + (room * up) / whole;
  const height = (amount: number) => (amount > 0 ? Math.max((amount * room) / whole, LEAST) : 0);
  const width = WIDTH / Math.max(shown.length, FEWEST);
  const bars = shown.map((day, n) => ({
    day,
    left: n * width,
    width,
    up: height(day.added),
    down: height(-day.spent),
  }));
  return { bars, middle, most: Math.max(up, down) };
}
