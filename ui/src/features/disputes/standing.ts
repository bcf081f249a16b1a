// The state of a dispute as a text and a mark, for the list of disputes.
import type { DisputeRow } from '../../api/generated/DisputeRow';
import { t } from '../../shared/messages';
import { deadline } from '../../shared/time';

export interface Standing {
  text: string;
  tone: '' | 'warn' | 'accent' | 'pos' | 'neg';
  /** States differ by the shape of their mark too, not only by colour. */
  mark: 'ring' | 'half' | 'full' | 'cross';
}

/** `returned` is the formatted amount that support gave back, empty if none. `live`: the cloud is connected. */
export function standing(row: DisputeRow, zone: string, returned: string, live: boolean): Standing {
  switch (row.state) {
    case 'draft':
      return row.came_right
        ? { text: t('disputes-draft-came-right'), tone: 'warn', mark: 'half' }
        : { text: t('disputes-state-draft'), tone: '', mark: 'ring' };
    case 'queued':
      return {
        text: t(live ? 'disputes-being-sent' : 'disputes-queued-offline'),
        tone: 'warn',
        mark: 'half',
      };
    case 'submitted':
      return { ...open(row.state, row, zone), mark: 'full' };
    case 'in_review':
      return { ...open(row.state, row, zone), mark: 'half' };
    case 'resolved':
      return {
        text: returned
          ? t('disputes-resolved-amount', { amount: returned })
          : t('disputes-state-resolved'),
        tone: 'pos',
        mark: 'full',
      };
    case 'rejected':
      return { text: t('disputes-state-rejected'), tone: 'neg', mark: 'cross' };
    case 'withdrawn':
      return row.came_right
        ? { text: t('disputes-withdrew-itself-came-right'), tone: 'pos', mark: 'ring' }
        : { text: t('disputes-state-withdrawn'), tone: '', mark: 'ring' };
  }
}

/** The state of an open ticket, and whose turn it is. Once support has answered, no reply date is shown. */
function open(
  state: 'submitted' | 'in_review',
  { answered, overdue, reply_expected_by }: DisputeRow,
  zone: string,
): Pick<Standing, 'text' | 'tone'> {
  if (answered) return { text: t(`disputes-answered-${state}`), tone: 'warn' };
  if (!reply_expected_by) return { text: t(`disputes-state-${state}`), tone: 'accent' };
  const by = deadline(reply_expected_by, zone);
  return overdue
    ? { text: t(`disputes-overdue-${state}`, { by }), tone: 'warn' }
    : { text: t(`disputes-expected-${state}`, { by }), tone: 'accent' };
}
