// Points in time and spans of time as text. Times are in the laptop's time zone, which is named with them.
import { locale } from '../platform';
import { t } from './messages';

const formatters = new Map<string, Intl.DateTimeFormat>();

/** The formatter of the operator's locale for a zone; creating one is slow, so it is kept. */
function formatter(zone: string, options: Intl.DateTimeFormatOptions): Intl.DateTimeFormat {
  const { tag } = locale();
  const key = `${tag} ${zone} ${JSON.stringify(options)}`;
  const kept = formatters.get(key);
  if (kept) return kept;
  const created = new Intl.DateTimeFormat(tag, { timeZone: zone, ...options });
  formatters.set(key, created);
  return created;
}

const format = (at: string, zone: string, options: Intl.DateTimeFormatOptions): string =>
  formatter(zone, options).format(new Date(at));

/** One part of a date, such as its year. */
function part(
  at: string,
  zone: string,
  type: Intl.DateTimeFormatPartTypes,
  options: Intl.DateTimeFormatOptions,
): string | undefined {
  const parts = formatter(zone, options).formatToParts(new Date(at));
  return parts.find((found) => found.type === type)?.value;
}

export const clock = (at: string, zone: string) =>
  format(at, zone, { hour: '2-digit', minute: '2-digit' });
export const clockSeconds = (at: string, zone: string) =>
  format(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });

const WEEKDAY: Intl.DateTimeFormatOptions = { weekday: 'short', day: 'numeric', month: 'short' };

// Some locales put a comma after the weekday: it is left out, because the date often stands within a sentence.
export const weekdayDate = (at: string, zone: string) => format(at, zone, WEEKDAY).replace(',', '');
const weekdayYear = (at: string, zone: string) =>
  format(at, zone, { ...WEEKDAY, year: 'numeric' }).replace(',', '');
export const longDate = (at: string, zone: string) =>
  format(at, zone, { weekday: 'long', day: 'numeric', month: 'long' });

/** A time of day, with its date where that is not the day of `now`. */
export function dayClock(at: string, zone: string, now: string): string {
  const time = clock(at, zone);
  if (dayOf(at, zone) === dayOf(now, zone)) return time;
  return t('shared-day-time', { date: weekdayDate(at, zone), time });
}

/** “EST”, “CET”, “UTC”: as the laptop's time zone database abbreviates the zone, otherwise as the locale does. */
export function zoneName(at: string, zone: string): string {
  const instant = Date.parse(at);
  const found = locale().zones?.findLast(({ from }) => from <= instant);
  return found?.name ?? part(at, zone, 'timeZoneName', { timeZoneName: 'short' }) ?? zone;
}

// A calendar day such as 2026-02-21 has no zone: it is formatted as its noon in UTC.
const formatDay = (day: string, options: Intl.DateTimeFormatOptions) =>
  format(`${day}T12:00:00Z`, 'UTC', options);
export const dayName = (day: string) => weekdayDate(`${day}T12:00:00Z`, 'UTC');
export const dayShort = (day: string) => formatDay(day, { day: 'numeric', month: 'short' });
export const dayYear = (day: string) =>
  formatDay(day, { day: 'numeric', month: 'short', year: 'numeric' });

/** The day of an instant in a zone, as 2026-02-21 in every locale: it is compared and sent, not read. */
export function dayOf(at: string, zone: string): string {
  const options = { year: 'numeric', month: '2-digit', day: '2-digit' } as const;
  const plain = { calendar: 'gregory', numberingSystem: 'latn', ...options };
  const parts = formatter(zone, plain).formatToParts(new Date(at));
  const digits = (type: string) => parts.find((found) => found.type === type)?.value ?? '';
  return `${digits('year')}-${digits('month').padStart(2, '0')}-${digits('day').padStart(2, '0')}`;
}

/** “3 h 10 min”, with whole hours “3 h”. */
const hoursAndMinutes = (hours: number, minutes: number): string =>
  minutes ? t('shared-span-hours-minutes', { hours, minutes }) : t('shared-span-hours', { hours });

/** How long ago something was: “12 s”, “2 h 10 min”, “3 days”. */
export function age(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return t('shared-span-seconds', { seconds });
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return t('shared-span-minutes', { minutes });
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return hoursAndMinutes(hours, minutes % 60);
  return t('shared-span-days', { days: Math.floor(hours / 24) });
}

/** How much time is left, more exact the less it is: “30 days”, “2 d 4 h”, “3 h 10 min”. */
export function left(millis: number): string {
  const minutes = Math.max(0, Math.floor(millis / 60_000));
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 14) return t('shared-span-days', { days });
  if (days > 0)
    return hours % 24
      ? t('shared-span-days-hours', { days, hours: hours % 24 })
      : t('shared-span-whole-days', { days });
  if (hours > 0) return hoursAndMinutes(hours, minutes % 60);
  return t('shared-span-minutes', { minutes });
}

/** How far ahead something is: “in 6 days”, “in 5 h”. */
export function ahead(millis: number): string {
  const hours = Math.floor(millis / 3_600_000);
  const days = Math.floor(hours / 24);
  const span = hours >= 48 ? t('shared-span-days', { days }) : left(millis);
  return t('shared-ahead', { span });
}

/** Milliseconds from `now` from which on a date is shown with its year. */
const FAR = 300 * 86_400_000;

/** “Mon 30 Mar 20:00 EDT”: always with the zone, and with the year where it is far from `now`. */
export function deadline(at: string, zone: string, now?: string): string {
  const far = now !== undefined && Math.abs(millisUntil(at, now)) > FAR;
  const date = far ? weekdayYear(at, zone) : weekdayDate(at, zone);
  return t('moment-text', { date, time: clock(at, zone), zone: zoneName(at, zone) });
}

export const millisUntil = (at: string, now: string) => Date.parse(at) - Date.parse(now);

/** The two lines of a calendar leaf: the weekday and the day of the month. */
export const leaf = (at: string, zone: string): [string, string] => [
  format(at, zone, { weekday: 'short' }),
  part(at, zone, 'day', { day: 'numeric' }) ?? '',
];

/** A month as cards have it, in the order of the locale: 03/28. */
export const monthYear = (at: string, zone: string) =>
  format(at, zone, { month: '2-digit', year: '2-digit' });

/** The first of `days` days of which `today` is the last. */
export function firstOf(days: number, today: string): string {
  const from = new Date(`${today}T12:00:00Z`);
  from.setUTCDate(from.getUTCDate() - days + 1);
  return from.toISOString().slice(0, 10);
}
