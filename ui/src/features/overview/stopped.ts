// Why no run can start now.
import type { Overview } from '../../api/generated/Overview';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { deadline } from '../../shared/time';

type Seen = Pick<Overview, 'balance' | 'runway' | 'plan' | 'imported' | 'zone'>;

/**
 * The sentence on why no run can start; empty while runs can start, before the first sync, and for a closed or an
 * imported account.
 */
export function stopped({ balance: view, runway, plan, imported, zone }: Seen): string {
  const { balance, asset } = view;
  if (plan?.state === 'closed' || imported || balance === null || !asset) return '';
  if (balance === 0)
    return asset.code === 'USD' ? t('overview-stopped-no-credits') : t('overview-stopped-no-runs');
  const daily = runway?.daily;
  if (!daily || daily.used < daily.limit) return '';
  return t('overview-stopped-daily-limit', {
    limit: money(daily.limit, asset),
    resets: deadline(daily.resets_at, zone),
  });
}
