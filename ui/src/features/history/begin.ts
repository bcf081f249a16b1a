// Which dispute an entry has, and what a new one begins with.
import type { Begin } from '../../api/generated/Begin';
import type { EntryDetail } from '../../api/generated/EntryDetail';

type Found = Pick<EntryDetail, 'findings'>;

/** The dispute that was sent about an entry. */
export const disputeOf = ({ findings }: Found): string | undefined =>
  findings.find((finding) => finding.dispute)?.dispute;

/** A finding of the entry if one asks for a dispute: it has all rows that belong together. Else the entry alone. */
export function beginOf({ findings }: Found, seq: number): Begin {
  const finding = findings.find((found) => found.action === 'dispute');
  if (finding) return { finding: { code: finding.code, entries: finding.entries } };
  return { entries: [seq] };
}
