// The forecast's sentences: when the event ends, what it needs, and what the estimate is based on.
import type { Asset } from '../../api/generated/Asset';
import type { Booked } from '../../api/generated/Booked';
import type { Estimate } from '../../api/generated/Estimate';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { clock, left, millisUntil, weekdayDate } from '../../shared/time';

export interface Moment {
  now: string;
  zone: string;
  /** True if the event has begun. */
  running: boolean;
}

export function ends(event: Booked, estimate: Estimate, asset: Asset, moment: Moment): string {
  const { now, zone, running } = moment;
  const given = { time: clock(event.ends_at, zone), needed: money(estimate.needed, asset) };
  const missing = estimate.ends_at ? money(estimate.missing, asset) : '';
  if (running) {
    const until = left(millisUntil(event.ends_at, now));
    return missing
      ? t('event-ends-in-missing', { ...given, left: until, missing })
      : t('event-ends-in', { ...given, left: until });
  }
  const date = weekdayDate(event.ends_at, zone);
  return missing
    ? t('event-ends-on-missing', { ...given, date, missing })
    : t('event-ends-on', { ...given, date });
}

export const lasts = ({ lasts }: Estimate): string =>
  lasts === undefined ? t('event-lasts-over-a-year') : t('event-lasts', { time: left(lasts) });

/** What the estimate is based on: this event's own runs, or past events. */
export const basis = ({ basis, confidence, events }: Estimate): string =>
  basis === 'own'
    ? t('event-estimate-own', { confidence })
    : t('event-estimate-past', { confidence, events });
