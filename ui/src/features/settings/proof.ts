// The result of verifying the local copy, in words.
import type { VerifyView } from '../../api/generated/VerifyView';
import { t } from '../../shared/messages';

type Proof = Pick<VerifyView, 'ok' | 'diverged' | 'entries' | 'first_bad_seq'>;

/** If an entry is damaged, it is named before anything else: it is on this computer, and is fetched again. */
export function result({ ok, diverged, entries, first_bad_seq: bad }: Proof): string {
  if (ok) return t('settings-proof-ok', { entries });
  if (bad !== undefined) return t('settings-proof-bad-entry', { entry: String(bad) });
  return t(diverged ? 'settings-proof-diverged' : 'settings-proof-bad');
}
