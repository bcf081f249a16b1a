// Which dispute an entry has, and what a new one begins with.
import type { Begin } from '../../api/generated/Begin';
import type { EntryDetail } from '../../api/generated/EntryDetail';

type Found = Pick<EntryDetail, 'findings'>;

/** The dispute that was sent about an entry. */
export const disputeOf = ({ findings }: Found): string | undefined =>
  findings.find((finding) => finding.dispute)?.dispute;

/** The entry's finding that asks for a dispute, with all rows that belong together; without one, the entry alone. */
export function beginOf({ findings }: Found, seq: number): Begin {
  const finding = findings.find((found) => found.action === 'dispute');
  if (finding) return { finding: { code: finding.code, entries: finding.entries } };
  return { entries: [seq] };
}
