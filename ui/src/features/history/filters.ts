// Sets filters in a query, and finds which filters a query has set.
import type { HistoryQuery } from '../../api/generated/HistoryQuery';
import { t } from '../../shared/messages';
import { dayYear, firstOf } from '../../shared/time';
import { kindName } from '../../shared/words';

export const EVERYTHING: HistoryQuery = { services: [], kinds: [], events: [], text: '' };

/** The numbers of days, ending today, that the filter offers. */
export const WINDOWS = [1, 7, 30, 90] as const;

/** The query with these dates; an empty date sets no limit. */
export function withDates(query: HistoryQuery, from: string, to: string): HistoryQuery {
  const { services, kinds, events, text } = query;
  return { services, kinds, events, text, ...(from && { from }), ...(to && { to }) };
}

/** The query for the last days. `days` is the value of an option: a number of days, or empty for all dates. */
export const withWindow = (query: HistoryQuery, days: string, today: string): HistoryQuery =>
  days === '' ? withDates(query, '', '') : withDates(query, firstOf(Number(days), today), today);

/** The option that gives the query's dates: empty for all dates, `own` for dates that no option gives. */
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

/** The set filters whose fields a small window hides, each with the query that results without it. */
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
