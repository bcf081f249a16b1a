// Where rows are in a table of any length. Rows have a fixed height. The scroll range is one that WebKit can hold; where
// the table is higher, a scale converts between the scrollbar's position and the table's.
import type { DayView } from '../../api/generated/DayView';

export const ROW = 29;
export const DAY_HEADER = 27;
/** WebKit stops at 33.5 million px; a tenth of that is smooth everywhere. */
export const MAX_SCROLL = 3_000_000;

export interface DayPlace {
  day: DayView;
  /** Where the day's header begins, in pixels from the top of the table. */
  top: number;
  /** Number of rows before this day's first row. */
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

/** The index of the day at `top`: the last day whose header is not below it. */
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

/** The day of row `index` (0 is the newest) and the row's place in the day; null if there is no such row. */
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

/** The scrollbar's range and its scale for a table `height` high in a window `view` high. */
export function scrollRange(height: number, view: number): { spacer: number; scale: number } {
  const spacer = Math.min(height, MAX_SCROLL);
  const room = spacer - view;
  return { spacer, scale: room > 0 ? Math.max(height - view, 0) / room : 1 };
}

/** Where a day's header is in a window from `top`: it stays at the upper edge until the day's last row has left. */
export function headerTop({ day, top: own }: DayPlace, top: number): number {
  return Math.max(own - top, Math.min(0, own + day.count * ROW - top));
}

/** The new `top` at which a row is shown whole and not under its day's header; unchanged if it is already. */
export function reveal(layout: Layout, index: number, top: number, view: number): number {
  const found = rowAt(layout, index);
  if (!found) return top;
  const rowTop = found.place.top + DAY_HEADER + found.offset * ROW;
  if (rowTop - DAY_HEADER < top) return rowTop - DAY_HEADER;
  if (rowTop + ROW > top + view) return rowTop + ROW - view;
  return top;
}
