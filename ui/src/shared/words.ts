// Names of the core's codes. A code of a later version has no message and is shown readable.
import type { Asset } from '../api/generated/Asset';
import type { Bucket } from '../api/generated/Bucket';
import type { CommandView } from '../api/generated/CommandView';
import type { DeadlineCode } from '../api/generated/DeadlineCode';
import type { PendingKind } from '../api/generated/PendingKind';
import type { Reason } from '../api/generated/Reason';
import type { RowStatus } from '../api/generated/RowStatus';
import type { RowView } from '../api/generated/RowView';
import { locale } from '../platform';
import { named, t } from './messages';
import { money, USD } from './money';
import { isFree, planName, serviceName } from './names.svelte';

export const kindName = (kind: string): string => named('journal-kind', kind);
export const bucketName = (bucket: Bucket): string => t(`journal-bucket-${bucket}`);
export const pendingName = (kind: PendingKind): string => t(`journal-pending-${kind}`);
export const statusName = (status: RowStatus): string => t(`journal-status-${status}`);
export const deadlineName = (code: DeadlineCode): string => t(`deadlines-title-${code}`);
export const reasonName = (reason: Reason): string => t(`shared-reason-${reason}`);
export const stateName = (state: string): string => named('outbox-state', state);

/** “a, b, c” as the locale writes lists. */
export const list = (items: string[]): string =>
  new Intl.ListFormat(locale().tag, { type: 'unit', style: 'short' }).format(items);

/** The name of a row: its service for runs and refunds, otherwise its kind, with the plan, payment or event. */
export function rowName(row: RowView, asset?: Asset): string {
  if (row.service) return serviceName(row.service);
  const plan = row.plan && planName(row.plan, row.cycle);
  const paid = row.charge && money(row.charge.amount, USD);
  switch (row.kind) {
    case 'reversal':
      return row.delta > 0 ? t('journal-row-given-back') : t('journal-row-taken-back');
    case 'plan_change_requested':
      if (plan) return t('journal-row-plan-change-requested', { plan });
      break;
    case 'plan_changed':
      if (plan && paid) return t('journal-row-plan-changed-charged', { plan, paid });
      if (plan) return t('journal-row-plan-changed', { plan });
      break;
    case 'event_scheduled':
      if (row.event) return t('journal-row-event-scheduled', { event: row.event });
      break;
    case 'purchase_started':
      if (paid && row.coming !== undefined && asset)
        return t('journal-row-purchase-started-coming', { coming: money(row.coming, asset), paid });
      if (paid) return t('journal-row-purchase-started', { paid });
      break;
    case 'renewed_by_card':
      if (paid) return t('journal-row-renewed-by-card', { paid });
      break;
    case 'payment_failed':
      if (paid) return t('journal-row-payment-failed', { paid });
      break;
  }
  return kindName(row.kind);
}

/** What a command asks the cloud for. */
export function commandName(command: CommandView): string {
  const { kind, coupon, plan } = command;
  switch (kind) {
    case 'set_auto_recharge':
      return command.enabled ? t('outbox-auto-recharge-on') : t('outbox-auto-recharge-off');
    case 'set_payment_order':
      return command.payment_order?.first === 'credits'
        ? t('outbox-credits-first')
        : t('outbox-card-first');
    case 'redeem_coupon':
      return coupon ? t('outbox-redeem-coupon', { coupon }) : named('outbox-command', kind);
    case 'change_plan':
      if (!plan) return named('outbox-command', kind);
      return isFree(plan)
        ? t('outbox-pause', { plan: planName(plan) })
        : t('outbox-change-plan', { plan: planName(plan, command.cycle) });
    default:
      return named('outbox-command', kind);
  }
}

/** Why the cloud refused an action, with the figure that it sent, if any. */
export function problemName(code: string, facts?: Record<string, unknown>, asset?: Asset): string {
  const minimum = facts?.['minimum'];
  if (code === 'below_minimum' && typeof minimum === 'number' && asset)
    return t('problems-minimum', { minimum: money(minimum, asset) });
  return named('problems', code);
}
