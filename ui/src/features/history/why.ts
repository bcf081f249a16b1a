// Why an entry is there, in a sentence. The core says what it is and what it moved.
import type { Asset } from '../../api/generated/Asset';
import type { EntryDetail } from '../../api/generated/EntryDetail';
import { t } from '../../shared/messages';
import { USD, money } from '../../shared/money';
import { planName } from '../../shared/names.svelte';
import { deadline } from '../../shared/time';
import { kindName, rowName } from '../../shared/words';

export function why(detail: EntryDetail, asset: Asset, zone: string): string {
  const { row, charge, period } = detail;
  const amount = money(Math.abs(row.delta), asset);
  const paid = charge ? money(charge.amount, USD) : '';
  const until = period ? deadline(period.end, zone) : '';
  const coupon = detail.coupon ?? '';
  const plan = planName(row.plan ?? '', row.cycle);
  switch (row.kind) {
    case 'usage':
      return t('history-why-usage', { amount, units: detail.units ?? 1, service: rowName(row) });
    case 'usage_refund':
      return t('history-why-usage-refund', { amount });
    case 'run_failed':
      return t('history-why-run-failed', { reason: readable(detail.failure) });
    case 'purchase':
      return t('history-why-purchase', { amount, paid });
    case 'purchase_started':
      return t('history-why-purchase-started', { paid });
    case 'purchase_declined':
      return t('history-why-purchase-declined', { reason: readable(detail.failure) });
    case 'auto_recharge':
      return t('history-why-auto-recharge', { amount, paid });
    case 'auto_recharge_failed':
      return t('history-why-auto-recharge-failed', { reason: readable(detail.failure) });
    case 'renewal':
      return t('history-why-renewal', { amount, until });
    case 'renewed_by_card':
      return t('history-why-renewed-by-card', { paid, until });
    case 'payment_failed':
      return t('history-why-payment-failed', { paid, reason: readable(detail.failure) });
    case 'allowance':
      return t('history-why-allowance', { amount, until });
    case 'expiry':
      return t('history-why-expiry', { amount });
    case 'closure':
      return t('history-why-closure', { amount });
    case 'bonus':
      return t('history-why-bonus', { amount });
    case 'coupon_redeemed':
      return t('history-why-coupon-redeemed', { coupon });
    case 'coupon_bonus':
      return t('history-why-coupon-bonus', { coupon });
    case 'compensation':
      return t('history-why-compensation', { amount });
    case 'reversal':
      return row.delta > 0
        ? t('history-why-reversal-given', { amount })
        : t('history-why-reversal-taken', { amount });
    case 'plan_changed':
      return paid
        ? t('history-why-plan-changed-paid', { plan, paid })
        : t('history-why-plan-changed', { plan });
    case 'plan_change_requested':
      return t('history-why-plan-change-requested', { plan });
    case 'event_scheduled':
      return row.event
        ? t('history-why-event-scheduled', { event: row.event })
        : t('history-why-some-event-scheduled');
    case 'adjustment':
      return detail.reason
        ? t('history-why-adjustment', { reason: detail.reason })
        : t('history-why-adjustment-without-reason');
    default:
      return detail.cause === 'unexplained'
        ? t('history-why-unknown-kind')
        : t('history-why-other', { kind: kindName(row.kind) });
  }
}

/** The booth's or the processor's code for what went wrong. */
const readable = (code?: string): string =>
  code ? code.replaceAll('_', ' ') : t('history-no-reason-given');
