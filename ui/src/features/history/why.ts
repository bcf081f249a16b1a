// Why an entry is in the journal, in a sentence. Its kind and its amounts come from the core.
import type { Asset } from '../../api/generated/Asset';
import type { EntryDetail } from '../../api/generated/EntryDetail';
import { family, t } from '../../shared/messages';
import { USD, money } from '../../shared/money';
import { planName } from '../../shared/names.svelte';
import { deadline } from '../../shared/time';
import { kindName, rowName } from '../../shared/words';

export function why(detail: EntryDetail, asset: Asset, zone: string): string {
  const { row, charge, period, failure } = detail;
  const given = {
    amount: money(Math.abs(row.delta), asset),
    paid: charge ? money(charge.amount, USD) : '',
    until: period ? deadline(period.end, zone) : '',
    coupon: detail.coupon ?? '',
    plan: planName(row.plan ?? '', row.cycle),
    event: row.event ?? '',
    units: detail.units ?? 1,
    service: rowName(row),
    reason: row.kind === 'adjustment' ? (detail.reason ?? '') : readable(failure),
    kind: kindName(row.kind),
  };
  return (
    family('journal-why', sentenceOf(detail), given) ??
    t(`journal-why-${detail.cause === 'unexplained' ? 'of_unknown_kind' : 'of_other_kind'}`, given)
  );
}

/** The code of the entry's sentence: the entry's kind, or a variant of the kind for what is known of the entry. */
function sentenceOf({ row, charge, reason }: EntryDetail): string {
  switch (row.kind) {
    case 'reversal':
      return row.delta > 0 ? 'reversal' : 'reversal_taken';
    case 'plan_changed':
      return charge ? 'plan_changed_paid' : 'plan_changed';
    case 'event_scheduled':
      return row.event ? 'event_scheduled' : 'event_scheduled_without_name';
    case 'adjustment':
      return reason ? 'adjustment' : 'adjustment_without_reason';
    default:
      return row.kind;
  }
}

/** The booth's or the payment processor's code for what went wrong, as readable text. */
const readable = (code?: string): string =>
  code ? code.replaceAll('_', ' ') : t('history-no-reason-given');
