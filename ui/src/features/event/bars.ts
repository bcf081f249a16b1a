// The bars of the event window, in thousandths of their width. These numbers are for drawing; none is an amount.
import type { Daily } from '../../api/generated/Daily';
import type { RunwayView } from '../../api/generated/RunwayView';

/**
 * Where the event's end is on the bar of how long the credits last. The bar begins now, or at the event's start if that
 * is later. 1000 if the credits end first; null if it is not known how long they last.
 */
export function eventEnd({ event, estimate, now }: RunwayView): number | null {
  if (!event || !estimate?.lasts) return null;
  const from = Math.max(Date.parse(now), Date.parse(event.starts_at));
  const end = (1000 * (Date.parse(event.ends_at) - from)) / estimate.lasts;
  return Math.min(1000, Math.max(0, end));
}

export const isUsedUp = ({ used, limit }: Daily): boolean => used >= limit;

/** How much of the day's limit is used. */
export const limitUsed = ({ used, limit }: Daily): number =>
  limit > 0 ? Math.min(1000, (1000 * used) / limit) : 1000;
