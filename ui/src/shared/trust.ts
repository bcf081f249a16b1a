// How far a balance is trusted, as a text and as a mark.
import type { BalanceView } from '../api/generated/BalanceView';
import type { Trust } from '../api/generated/Trust';
import { attribute, t } from './messages';
import { age, dayClock } from './time';
import { reasonName } from './words';

/** The mark beside the text about trust, so that the trust level does not show by colour alone. */
export const MARKS: Record<Trust, 'full' | 'half' | 'ring' | 'cross'> = {
  live: 'full',
  cached: 'half',
  stale: 'half',
  imported: 'ring',
  unknown: 'ring',
  diverged: 'cross',
};

/** The text for a balance; `mini` is the short form of the sidebar. */
export function trustText(balance: BalanceView, zone: string, now: string, mini = false): string {
  const when = balance.as_of && dayClock(balance.as_of, zone, now);
  const span = age(balance.age ?? 0);
  const reason = balance.reason ?? 'not_connected';
  switch (balance.trust) {
    case 'live':
      return t('shared-trust-live', { age: span });
    case 'imported':
      return mini || !when
        ? t('shared-trust-imported-short')
        : t('shared-trust-imported', { when });
    case 'diverged':
      return reason === 'damaged' ? damaged(when, mini) : diverged(when, mini);
    case 'cached':
    case 'stale':
      if (!when) break;
      return mini
        ? t('shared-trust-as-of-short', {
            reason: attribute(`shared-reason-${reason}`, 'title'),
            when,
          })
        : t('shared-trust-as-of', { when, age: span, reason: reasonName(reason) });
    case 'unknown':
      break;
  }
  return t('shared-trust-unknown', { reason: reasonName(reason) });
}

function diverged(when: string | undefined, mini: boolean): string {
  if (!when) return t('shared-trust-diverged-unproven');
  return mini ? t('shared-trust-diverged-short', { when }) : t('shared-trust-diverged', { when });
}

function damaged(when: string | undefined, mini: boolean): string {
  if (!when) return t('shared-trust-damaged-unproven');
  return mini ? t('shared-trust-damaged-short', { when }) : t('shared-trust-damaged', { when });
}
