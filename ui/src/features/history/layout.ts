// Where rows stand in a table of any length. Fixed heights; a scroll range that WebKit can hold, and a
// scale between what the scrollbar says and where the table is.
import type { DayView } from '../../api/generated/DayView';

export const ROW = 29;
export const DAY_HEADER = 27;
/** WebKit stops at 33.5 million px; a tenth of that is smooth everywhere. */
export const MAX_SCROLL = 3_000_000;

export interface DayPlace {
  day: DayView;
  /** Of the day's header. */
  top: number;
  /** Rows before this day's first. */
  before: number;
}

export interface Layout {
  days: DayPlace[];
  height: number;
  rows: number;
}

export function layOut(days: DayView[]): Layout {
  const places: DayPlace[] = [];
  let top = 0;
  let before = 0;
  for (const day of days) {
    places.push({ day, top, before });
    top += DAY_HEADER + day.count * ROW;
    before += day.count;
  }
  return { days: places, height: top, rows: before };
}

/** The day that stands at `top`: the last whose header is not below it. */
export function dayAt(layout: Layout, top: number): number {
  let low = 0;
  let high = layout.days.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.days[middle]?.top ?? 0) <= top) low = middle;
    else high = middle - 1;
  }
  return low;
}

export interface Slice {
  place: DayPlace;
  /** Rows of the day from `first` up to, not including, `last`. */
  first: number;
  last: number;
}

/** The parts of days that a window from `top`, `height` high, shows. */
export function visible(layout: Layout, top: number, height: number): Slice[] {
  const slices: Slice[] = [];
  for (let n = dayAt(layout, top); n < layout.days.length; n += 1) {
    const place = layout.days[n];
    if (!place || place.top >= top + height) break;
    const rowsTop = place.top + DAY_HEADER;
    const first = Math.max(0, Math.floor((top - rowsTop) / ROW));
    const last = Math.min(place.day.count, Math.ceil((top + height - rowsTop) / ROW));
    slices.push({ place, first: Math.min(first, place.day.count), last: Math.max(last, 0) });
  }
  return slices;
}

/** Where row `index` (0 is the newest) stands: its day and its place in the day. */
export function rowAt(layout: Layout, index: number): { place: DayPlace; offset: number } | null {
  let low = 0;
  let high = layout.days.length - 1;
  while (low < high) {
    const middle = (low + high + 1) >> 1;
    if ((layout.days[middle]?.before ?? 0) <= index) low = middle;
    else high = middle - 1;
  }
  const place = layout.days[low];
  if (!place || index < 0 || index >= layout.rows) return null;
  return { place, offset: index - place.before };
}

/** The scrollbar's range and its scale for a table of this height in a window of that height. */
export function scrollRange(height: number, view: number): { spacer: number; scale: number } {
  const spacer = Math.min(height, MAX_SCROLL);
  const room = spacer - view;
  return { spacer, scale: room > 0 ? Math.max(height - view, 0) / room : 1 };
}
