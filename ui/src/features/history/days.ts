// The days of the rows that a search found.
import type { DayView } from '../../api/generated/DayView';
import type { FoundRows } from '../../api/generated/FoundRows';
import type { RowView } from '../../api/generated/RowView';
import { dayOf } from '../../shared/time';

export interface Found {
  rows: RowView[];
  /** Sums of the found rows. */
  added: number;
  spent: number;
  /** True if there are more matches, which are not in the sums. */
  more: boolean;
  byDay: Map<string, RowView[]>;
  days: DayView[];
}

/** Matches of a search, newest first, by their day in the zone. */
export function byDay({ rows, ...sums }: FoundRows, zone: string): Found {
  const found = new Map<string, RowView[]>();
  for (const row of rows) {
    const day = dayOf(row.at, zone);
    const list = found.get(day);
    if (list) list.push(row);
    else found.set(day, [row]);
  }
  const days = [...found].map(([day, list]) => ({ day, count: list.length, added: 0, spent: 0 }));
  return { rows, ...sums, byDay: found, days };
}
