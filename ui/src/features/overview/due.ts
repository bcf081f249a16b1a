// Which deadlines the overview's strip shows, and the text about their reminders.
import type { DeadlineView } from '../../api/generated/DeadlineView';
import type { Overview } from '../../api/generated/Overview';
import { t } from '../../shared/messages';
import { deadline, millisUntil } from '../../shared/time';

const SHOWN = 3;
const URGENT = 48 * 3_600_000;
const SOON = 60 * 24 * 3_600_000;

export const isNear = (item: DeadlineView, now: string): boolean =>
  millisUntil(item.at, now) < URGENT;

/**
 * The soonest deadlines of the next 60 days. The end of grace is in the alarm above, and the last moment to cancel is
 * left out until it is near.
 */
export function strip({ deadlines, now }: Pick<Overview, 'deadlines' | 'now'>): DeadlineView[] {
  return deadlines
    .filter((item) => millisUntil(item.at, now) < SOON)
    .filter((item) => item.code !== 'grace_end')
    .filter((item) => item.code !== 'cancel_by' || isNear(item, now))
    .slice(0, SHOWN);
}

/** How often the operator was reminded of a deadline, and when the next reminder comes. */
export function reminders(item: DeadlineView, zone: string, now: string): string {
  const times = item.tiers.filter((tier) => tier.fired_at).length;
  const next = item.tiers.find((tier) => Date.parse(tier.at) > Date.parse(now));
  const at = next ? deadline(next.at, zone, now) : '';
  if (times && next) return t('overview-reminded-and-next', { times, at });
  if (times) return t('overview-reminded', { times });
  return next ? t('overview-next-reminder', { at }) : '';
}
