// Disputes in words. What they are and how they stand is the core's.
import type { DisputeKind } from '../../api/generated/DisputeKind';
import type { DisputeRow } from '../../api/generated/DisputeRow';
import type { DraftProblem } from '../../api/generated/DraftProblem';
import type { FindingCode } from '../../api/generated/FindingCode';
import { deadline } from '../../shared/time';

export const KINDS: Record<DisputeKind, string> = {
  failed_run: 'Failed run, charged',
  poor_result: 'Poor result',
  purchase_missing: 'Purchase not arrived',
  unexpected_deduction: 'Unexpected deduction',
  coupon_bonus_missing: 'Coupon bonus missing',
  allowance_wrong: 'Monthly allowance wrong',
  legacy_mismatch: 'Legacy credits do not match',
  plan_change: 'Plan change not done',
  account_closed: 'Account closed, credits lost',
  special_pricing: 'Education or charity pricing',
  other: 'Something else',
};

/** What was detected, where that is why one complains. */
export const DETECTED: Partial<Record<FindingCode, string>> = {
  run_failed_not_refunded: 'Charged and failed, and no refund is linked to it on record.',
  purchase_processing: 'Paid for, and not here yet.',
  purchase_overdue: 'Paid for, and not here in time.',
  coupon_bonus_pending: 'Accepted; its bonus waits to be activated.',
  coupon_bonus_overdue: 'Accepted, and its bonus was not activated in time.',
  plan_change_overdue: 'Asked for and due, and not done.',
  allowance_missing: 'Due on the billing day, and not here.',
  allowance_mismatch: 'Other than plan and products grant.',
  repeated_runs: 'The same run several times in one second.',
  premium_spike: 'Few dear runs that took most of it.',
  account_closed: 'The account was closed and its credits were deleted.',
  unexplained: 'No cause is on record for it.',
};

export const PROBLEMS: Record<DraftProblem, string> = {
  no_message: 'Write support a message.',
  message_too_long: 'The message is longer than 16,000 characters.',
  no_rows: 'Choose at least one ledger row.',
  too_many_rows: 'At most 400 rows go into one dispute.',
  sum_fails: 'Opening and changes do not come to the closing balance: verify the copy first.',
  no_days: 'The days end before they begin.',
  too_many_files: 'At most 20 files go into one dispute.',
  files_too_large: 'The files are too large: 10 MiB each, 25 MiB in all.',
  file_missing: 'A file is not on this computer any more: remove it.',
  account_closed: 'A closed account takes disputes about its closing only.',
};

export interface Standing {
  text: string;
  tone: '' | 'warn' | 'accent' | 'pos' | 'neg';
  mark: 'ring' | 'half' | 'full' | 'cross';
}

/** How a dispute stands: differs by shape and words, not by colour alone. */
export function standing(row: DisputeRow, zone: string, returned: string, live: boolean): Standing {
  const by = row.reply_expected_by ? deadline(row.reply_expected_by, zone) : '';
  switch (row.state) {
    case 'draft':
      return row.came_right
        ? { text: 'Draft: this has come right', tone: 'warn', mark: 'half' }
        : { text: 'Draft', tone: '', mark: 'ring' };
    case 'queued':
      return {
        text: live ? 'Being sent' : 'Queued, sent when connected',
        tone: 'warn',
        mark: 'half',
      };
    case 'submitted':
    case 'in_review': {
      const name = row.state === 'submitted' ? 'Submitted' : 'In review';
      const mark = row.state === 'submitted' ? 'full' : 'half';
      if (row.answered)
        return { text: `${name}: support has written, it is yours to answer`, tone: 'warn', mark };
      if (row.overdue) return { text: `${name}, no reply by ${by}`, tone: 'warn', mark };
      return { text: by ? `${name}, reply expected by ${by}` : name, tone: 'accent', mark };
    }
    case 'resolved':
      return { text: `Resolved ${returned}`.trim(), tone: 'pos', mark: 'full' };
    case 'rejected':
      return { text: 'Rejected', tone: 'neg', mark: 'cross' };
    case 'withdrawn':
      return row.came_right
        ? { text: 'Withdrew itself: this has come right', tone: 'pos', mark: 'ring' }
        : { text: 'Withdrawn', tone: '', mark: 'ring' };
  }
}

export function title(kind: DisputeKind, rows: number): string {
  if (kind === 'failed_run' && rows > 1) return `${rows} failed runs, charged`;
  return KINDS[kind];
}

export function bytes(count: number): string {
  if (count < 1000) return `${count} B`;
  if (count < 1_000_000) return `${Math.round(count / 1000)} KB`;
  return `${(count / 1_000_000).toFixed(1)} MB`;
}
