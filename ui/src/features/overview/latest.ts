// The newest entries as short sentences.
import type { Asset } from '../../api/generated/Asset';
import type { RowView } from '../../api/generated/RowView';
import type { RowStatus } from '../../api/generated/RowStatus';
import { t } from '../../shared/messages';
import { rowName } from '../../shared/words';

export function sentence(row: RowView, asset: Asset): string {
  const name = rowName(row, asset);
  switch (row.kind) {
    case 'usage':
      return row.event ? t('overview-run-for-event', { name, event: row.event }) : name;
    case 'usage_refund':
      return t('overview-run-refunded', { name });
    case 'run_failed':
      return t('overview-run-failed', { name });
    default:
      return name;
  }
}

/** True for states of an entry on which the operator may have to act. */
export const isOpen = (status: RowStatus): boolean =>
  ['refund_due', 'not_refunded', 'pending', 'unexplained'].includes(status);
