// Days of found rows, and the first day of a span that ends today.
import type { DayView } from '../../api/generated/DayView';
import type { RowView } from '../../api/generated/RowView';
import { dayOf } from '../../shared/time';

export interface Found {
  rows: RowView[];
  byDay: Map<string, RowView[]>;
  days: DayView[];
}

/** Matches of a search, newest first, by their day in the zone; sums stay with the whole query. */
export function byDay(rows: RowView[], zone: string): Found {
  const found = new Map<string, RowView[]>();
  for (const row of rows) {
    const day = dayOf(row.at, zone);
    const list = found.get(day);
    if (list) list.push(row);
    else found.set(day, [row]);
  }
  const days = [...found].map(([day, list]) => ({ day, count: list.length, added: 0, spent: 0 }));
  return { rows, byDay: found, days };
}

/** The first of `days` days of which `today` is the last. */
export function firstOf(days: number, today: string): string {
  const from = new Date(`${today}T12:00:00Z`);
  from.setUTCDate(from.getUTCDate() - days + 1);
  return from.toISOString().slice(0, 10);
}
