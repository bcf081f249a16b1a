// Texts of a ticket (a dispute that support has): its outcome and its figures.
import type { Asset } from '../../api/generated/Asset';
import type { DisputeState } from '../../api/generated/DisputeState';
import type { TicketView } from '../../api/generated/TicketView';
import type { Fact } from '../../shared/Facts.svelte';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { dayYear, deadline } from '../../shared/time';

/** A ticket takes messages, and can be withdrawn, until it is decided. */
export const isOpen = (state: DisputeState): boolean =>
  state === 'submitted' || state === 'in_review';

export const outcome = (ticket: Pick<TicketView, 'outcome'>): string =>
  ticket.outcome ? t(`disputes-outcome-${ticket.outcome}`) : t('disputes-state-resolved');

type Told = Pick<
  TicketView,
  'opened_at' | 'reply_expected_by' | 'overdue' | 'expected' | 'actual' | 'noticed_on'
>;

/** The figures of a ticket. Its balances are those of the time when it was filed. */
export function facts(ticket: Told, asset: Asset, zone: string): Fact[] {
  const all: Fact[] = [{ name: t('disputes-opened'), value: deadline(ticket.opened_at, zone) }];
  if (ticket.reply_expected_by)
    all.push({
      name: t(ticket.overdue ? 'disputes-reply-overdue' : 'disputes-reply-expected'),
      value: deadline(ticket.reply_expected_by, zone),
      tone: ticket.overdue ? 'warn' : undefined,
    });
  if (ticket.expected !== undefined)
    all.push({ name: t('disputes-balance-expected'), value: money(ticket.expected, asset) });
  if (ticket.actual !== undefined)
    all.push({ name: t('disputes-balance-then'), value: money(ticket.actual, asset) });
  all.push({ name: t('disputes-noticed-on'), value: dayYear(ticket.noticed_on) });
  return all;
}
