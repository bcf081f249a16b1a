// Instants as people read them, in the laptop's zone with the zone named.
const formatters = new Map<string, Intl.DateTimeFormat>();

function format(at: string | Date, zone: string, options: Intl.DateTimeFormatOptions): string {
  const key = `${zone} ${JSON.stringify(options)}`;
  let formatter = formatters.get(key);
  if (!formatter) {
    formatter = new Intl.DateTimeFormat('en-GB', { timeZone: zone, ...options });
    formatters.set(key, formatter);
  }
  return formatter.format(typeof at === 'string' ? new Date(at) : at);
}

export const clock = (at: string, zone: string) =>
  format(at, zone, { hour: '2-digit', minute: '2-digit' });
export const clockSeconds = (at: string, zone: string) =>
  format(at, zone, { hour: '2-digit', minute: '2-digit', second: '2-digit' });
export const weekdayDate = (at: string, zone: string) =>
  format(at, zone, { weekday: 'short', day: 'numeric', month: 'short' }).replace(',', '');
export const longDate = (at: string, zone: string) =>
  format(at, zone, { weekday: 'long', day: 'numeric', month: 'long' });

/** “EST”, “CET”, “UTC”: as short as the zone has one. */
export function zoneName(at: string, zone: string): string {
  const parts = new Intl.DateTimeFormat('en-US', { timeZone: zone, timeZoneName: 'short' });
  return parts.formatToParts(new Date(at)).find((p) => p.type === 'timeZoneName')?.value ?? zone;
}

/** A calendar day such as 2026-02-21, which has no zone. */
export const dayName = (day: string) =>
  format(`${day}T12:00:00Z`, 'UTC', { weekday: 'short', day: 'numeric', month: 'short' }).replace(
    ',',
    '',
  );
export const dayShort = (day: string) =>
  format(`${day}T12:00:00Z`, 'UTC', { day: 'numeric', month: 'short' });
export const dayYear = (day: string) =>
  format(`${day}T12:00:00Z`, 'UTC', { day: 'numeric', month: 'short', year: 'numeric' });

/** The day of an instant in a zone, as 2026-02-21. No locale is trusted to write it that way. */
export function dayOf(at: string, zone: string): string {
  const part = (options: Intl.DateTimeFormatOptions) => format(at, zone, options).padStart(2, '0');
  const [year, month, day] = [
    { year: 'numeric' },
    { month: 'numeric' },
    { day: 'numeric' },
  ] as const;
  return `${part(year)}-${part(month)}-${part(day)}`;
}

/** “12 s”, “2 h 10 min”, “3 days”. */
export function age(millis: number): string {
  const seconds = Math.max(0, Math.floor(millis / 1000));
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 48) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${Math.floor(hours / 24)} days`;
}

/** “2 d 4 h”, “3 h 10 min”: what is left, as exact as it matters. */
export function left(millis: number): string {
  const minutes = Math.max(0, Math.floor(millis / 60_000));
  const hours = Math.floor(minutes / 60);
  const days = Math.floor(hours / 24);
  if (days >= 14) return `${days} days`;
  if (days > 0) return hours % 24 ? `${days} d ${hours % 24} h` : `${days} d`;
  if (hours > 0) return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
  return `${minutes} min`;
}

/** “in 6 days”, “in 5 h”: how far off something is. */
export function ahead(millis: number): string {
  const hours = Math.floor(millis / 3_600_000);
  if (hours >= 48) return `in ${Math.floor(hours / 24)} days`;
  return `in ${left(millis)}`;
}

const FAR = 300 * 86_400_000;

/** “Mon 30 Mar 20:00 EDT”: a deadline, always with its zone; with its year where that is far from `now`. */
export function deadline(at: string, zone: string, now?: string): string {
  const far = now !== undefined && Math.abs(millisUntil(at, now)) > FAR;
  const year = far ? ` ${format(at, zone, { year: 'numeric' })}` : '';
  return `${weekdayDate(at, zone)}${year} ${clock(at, zone)} ${zoneName(at, zone)}`;
}

export const millisUntil = (at: string, now: string) => Date.parse(at) - Date.parse(now);

/** The two lines of a calendar leaf. */
export const leaf = (at: string, zone: string): [string, string] => [
  format(at, zone, { weekday: 'short' }),
  format(at, zone, { day: 'numeric' }),
];
export const monthYear = (at: string, zone: string) =>
  format(at, zone, { month: '2-digit', year: '2-digit' });

/** The first of `days` days of which `today` is the last. */
export function firstOf(days: number, today: string): string {
  const from = new Date(`${today}T12:00:00Z`);
  from.setUTCDate(from.getUTCDate() - days + 1);
  return from.toISOString().slice(0, 10);
}
