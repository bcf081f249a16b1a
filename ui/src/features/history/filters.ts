// What the filters make of a query, and what of a query is shown as set.
import type { HistoryQuery } from '../../api/generated/HistoryQuery';
import { t } from '../../shared/messages';
import { dayYear, firstOf } from '../../shared/time';
import { kindName } from '../../shared/words';

export const EVERYTHING: HistoryQuery = { services: [], kinds: [], events: [], text: '' };

/** Windows of days that end today. */
export const WINDOWS = [1, 7, 30, 90] as const;

/** The query with these dates; an empty one is no limit. */
export function withDates(query: HistoryQuery, from: string, to: string): HistoryQuery {
  const { services, kinds, events, text } = query;
  return { services, kinds, events, text, ...(from && { from }), ...(to && { to }) };
}

/** `days` is one of the windows as the value of an option, or empty for all dates. */
export const withWindow = (query: HistoryQuery, days: string, today: string): HistoryQuery =>
  days === '' ? withDates(query, '', '') : withDates(query, firstOf(Number(days), today), today);

/** The option that the query's dates are: empty for all dates, `own` for dates that are no window. */
export function windowOf({ from, to }: HistoryQuery, today: string): string {
  if (!from && !to) return '';
  const days = to === today ? WINDOWS.find((days) => from === firstOf(days, today)) : undefined;
  return days === undefined ? 'own' : String(days);
}

export interface Chip {
  name: string;
  /** The query without this filter. */
  without: HistoryQuery;
}

/** Filters whose fields a small window hides: each can be removed. */
export function chips(query: HistoryQuery): Chip[] {
  const { kinds, events, from, to } = query;
  const found = kinds.map((kind): Chip => ({
    name: kindName(kind),
    without: { ...query, kinds: kinds.filter((other) => other !== kind) },
  }));
  for (const event of events)
    found.push({
      name: event,
      without: { ...query, events: events.filter((other) => other !== event) },
    });
  if (from || to) found.push({ name: days(from, to), without: withDates(query, '', '') });
  return found;
}

function days(from: string | undefined, to: string | undefined): string {
  if (from && to) return t('history-days', { from: dayYear(from), to: dayYear(to) });
  if (from) return t('history-days-from', { from: dayYear(from) });
  return t('history-days-to', { to: dayYear(to ?? '') });
}
