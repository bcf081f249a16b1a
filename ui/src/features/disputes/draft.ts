// Texts of a dispute's draft: its header, its sums, its button.
import type { Asset } from '../../api/generated/Asset';
import type { DraftView } from '../../api/generated/DraftView';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { clock, deadline } from '../../shared/time';

/** `writing`: the draft can be changed; `waiting`: it is not sent yet; `withdrawn`: it withdrew itself. */
export type Phase = 'writing' | 'waiting' | 'withdrawn';

export function phase({ state }: Pick<DraftView, 'state'>): Phase {
  if (state === 'draft') return 'writing';
  return state === 'withdrawn' ? 'withdrawn' : 'waiting';
}

/** The text beside a draft's title. It names a reply date only for a cloud: a dispute by e-mail has none. */
export function headline(
  draft: Pick<DraftView, 'state' | 'saved_at' | 'reply_expected_by'>,
  zone: string,
  byMailOnly: boolean,
): string {
  const by = deadline(draft.reply_expected_by, zone);
  switch (phase(draft)) {
    case 'withdrawn':
      return t('disputes-withdrew-itself');
    case 'waiting':
      return t('disputes-waits', { by });
    case 'writing': {
      const time = clock(draft.saved_at, zone);
      return byMailOnly ? t('disputes-saved', { time }) : t('disputes-saved-reply', { time, by });
    }
  }
}

/** The sum of the draft's days: opening balance, change and closing balance. */
export function sums(
  draft: Pick<DraftView, 'opening' | 'delta' | 'closing' | 'count'>,
  asset: Asset,
): string {
  return t(draft.delta < 0 ? 'disputes-sums-down' : 'disputes-sums-up', {
    opening: money(draft.opening, asset),
    change: money(Math.abs(draft.delta), asset),
    closing: money(draft.closing, asset),
    rows: draft.count,
  });
}

/** The text of the button that files a draft, with the claimed amount if there is one. */
export function fileText({ owed }: Pick<DraftView, 'owed'>, asset: Asset, live: boolean): string {
  if (owed === undefined || owed < 0) return t(live ? 'disputes-submit' : 'disputes-queue');
  const amount = money(owed, asset);
  return live ? t('disputes-submit-amount', { amount }) : t('disputes-queue-amount', { amount });
}
