// Disputes in words: kinds, what was detected, sizes of files.
import type { ChosenRow } from '../../api/generated/ChosenRow';
import type { DisputeKind } from '../../api/generated/DisputeKind';
import type { FindingCode } from '../../api/generated/FindingCode';
import { t } from '../../shared/messages';
import { deadline } from '../../shared/time';

/** What a dispute is called: its kind, with the number of runs if there are several. */
export function title(kind: DisputeKind, rows: number): string {
  if (kind === 'failed_run' && rows > 1) return t('disputes-failed-runs', { runs: rows });
  return t(`disputes-kind-${kind}`);
}

/** The findings that a dispute can be about. */
const DETECTED = [
  'run_failed_not_refunded',
  'purchase_processing',
  'purchase_overdue',
  'coupon_bonus_pending',
  'coupon_bonus_overdue',
  'plan_change_overdue',
  'allowance_missing',
  'allowance_mismatch',
  'repeated_runs',
  'premium_spike',
  'account_closed',
  'unexplained',
] as const satisfies FindingCode[];

/** What was detected, as a sentence; null for findings that are no reason to complain. */
export function detected(finding: FindingCode | undefined): string | null {
  const code = DETECTED.find((code) => code === finding);
  return code ? t(`disputes-detected-${code}`) : null;
}

/** Time and event of the first disputed row; empty without rows. */
export function firstRow(rows: ChosenRow[], zone: string): string {
  const row = rows[0]?.row;
  if (!row) return '';
  const at = deadline(row.at, zone);
  return row.event
    ? t('disputes-first-row-event', { event: row.event, at })
    : t('disputes-first-row', { at });
}

/** The size of a file in the largest unit in which it is at least one, rounded. */
export function size(bytes: number): string {
  if (bytes < 1_000) return t('disputes-size-bytes', { bytes });
  const kilobytes = Math.round(bytes / 1_000);
  if (kilobytes < 1_000) return t('disputes-size-kilobytes', { kilobytes });
  return t('disputes-size-megabytes', { megabytes: (bytes / 1_000_000).toFixed(1) });
}
