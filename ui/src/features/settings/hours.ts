// Quiet hours: minutes after midnight, as a person types them.
import type { Preferences } from '../../api/generated/Preferences';
import type { QuietHours } from '../../api/generated/QuietHours';

/** The quiet hours when they are first switched on: 22:00 to 08:00. */
export const EVENING: QuietHours = { from: 22 * 60, to: 8 * 60 };

const two = (value: number): string => String(value).padStart(2, '0');

/** 08:00 for 480: the value of a field for a time, which has this form in every locale. */
export const timeValue = (minutes: number): string =>
  `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;

/** The minutes of `08:00`; null for a field that is empty or only half filled in, and for what is no time of day. */
export function minutes(value: string): number | null {
  const match = /^(\d{2}):(\d{2})(?::\d{2}(?:\.\d+)?)?$/.exec(value);
  const [hours, rest] = [Number(match?.[1]), Number(match?.[2])];
  return match && hours < 24 && rest < 60 ? hours * 60 + rest : null;
}

/** The preferences with other quiet hours; null switches them off. */
export function withQuiet(preferences: Preferences, quiet: QuietHours | null): Preferences {
  const changed = { ...preferences };
  if (quiet) changed.quiet = quiet;
  else delete changed.quiet;
  return changed;
}

/** The preferences with one end of the quiet hours changed; null if they are off, or if the text is no time. */
export function withEnd(
  preferences: Preferences,
  end: keyof QuietHours,
  value: string,
): Preferences | null {
  const at = minutes(value);
  if (!preferences.quiet || at === null) return null;
  return withQuiet(preferences, { ...preferences.quiet, [end]: at });
}
