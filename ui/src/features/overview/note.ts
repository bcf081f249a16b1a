// What is said beside the balance: how far it can be relied on.
import type { Overview } from '../../api/generated/Overview';
import { t } from '../../shared/messages';
import { weekdayDate } from '../../shared/time';

type Seen = Pick<Overview, 'balance' | 'subscription' | 'now' | 'zone'>;

/** The day of a renewal that was due since the cloud was last reached; empty if there was none. */
function missedRenewal({ subscription, now, zone }: Seen): string {
  const at = subscription?.next_renewal?.at;
  return at && Date.parse(at) < Date.parse(now) ? weekdayDate(at, zone) : '';
}

export function note(overview: Seen): string {
  const { trust, reason } = overview.balance;
  const date = missedRenewal(overview);
  switch (trust) {
    case 'live':
      return t('overview-note-live');
    case 'cached':
      return date ? t('overview-note-cached-renewal', { date }) : t('overview-note-cached');
    case 'stale':
      return date ? t('overview-note-stale-renewal', { date }) : t('overview-note-stale');
    case 'diverged':
      return reason === 'damaged' ? t('overview-note-damaged') : t('overview-note-diverged');
    case 'imported':
      return t('overview-note-imported');
    case 'unknown':
      return '';
  }
}
