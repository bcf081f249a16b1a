// Causes and findings as sentences. The codes and figures are the core's.
import type { Asset } from '../api/generated/Asset';
import type { CauseCode } from '../api/generated/CauseCode';
import type { Finding } from '../api/generated/Finding';
import type { NextStep } from '../api/generated/NextStep';
import { money } from './money';
import { deadline } from './time';

export const CAUSES: Record<CauseCode, string> = {
  purchase: 'Credits bought',
  auto_recharge: 'Auto-recharge',
  allowance: 'Monthly allowance',
  bonus: 'Bonus',
  coupon_bonus: 'Coupon bonus',
  compensation: 'Compensation from support',
  usage: 'Runs',
  run_refunded: 'Refunds of runs',
  renewal_paid_from_credits: 'Plan renewed from credits',
  expiry: 'Credits expired',
  account_closed: 'Account closed, credits deleted',
  given_back: 'Given back',
  reversal: 'Taken back',
  adjustment: 'Adjusted by support, with a reason',
  brought_forward: 'Balance before this history, assumed',
  unexplained: 'No cause on record',
};

export const STEPS: Record<NextStep, string> = {
  change_payment_order: 'Change who pays',
  replace_card: 'Replace the card in your account at the cloud',
  dispute: 'Ask support',
  pay_now: 'Pay or pause',
  pause: 'Resume or pause',
  buy_credits: 'Buy credits',
  look_at_rows: 'Look at the rows',
  compare_statement: 'Compare with your bank’s statement',
  wait: 'Nothing to do',
};

/** What a finding says; of what had not happened, up to when that is known. */
export function sentence(finding: Finding, asset: Asset, zone: string): string {
  const said = told(finding, asset, zone);
  if (!finding.known_until) return said;
  return `${said} Not known since ${deadline(finding.known_until, zone)}.`;
}

function told(finding: Finding, asset: Asset, zone: string): string {
  const amount = finding.amount === undefined ? '' : money(finding.amount, asset);
  const charge = finding.charge
    ? money(finding.charge.amount, { code: finding.charge.currency, scale: finding.charge.scale })
    : '';
  const at = finding.at ? deadline(finding.at, zone) : '';
  const until = finding.deadline ? deadline(finding.deadline, zone) : '';
  const runs = finding.entries.length;
  switch (finding.code) {
    case 'renewal_paid_from_credits':
      return `${amount} went for your renewal on ${at}, taken from credits${runs > 1 ? ' after the card was declined' : ' as set'}.`;
    case 'purchase_processing':
      return `${amount} bought on ${at} are on their way.`;
    case 'purchase_overdue':
      return `${amount} bought on ${at} should have been here by ${until}.`;
    case 'run_failed_not_refunded':
      return `A run failed on ${at} and its ${amount} have not come back.`;
    case 'run_refunded':
      return `${amount} of a run came back on ${at}.`;
    case 'coupon_bonus_pending':
      return `A coupon’s ${amount} wait to be activated.`;
    case 'coupon_bonus_overdue':
      return `A coupon’s ${amount} should have been activated by ${until}.`;
    case 'plan_change_pending':
      return `Your change of plan takes effect on ${until}.`;
    case 'plan_change_overdue':
      return `Your change of plan was due on ${until} and has not happened.`;
    case 'allowance_not_due_yet':
      return `The month’s ${amount} come on ${until}, your billing day.`;
    case 'allowance_missing':
      return `The month’s ${amount} were due on ${until} and are not here.`;
    case 'allowance_mismatch':
      return `This month’s allowance differs by ${amount} from plan and products.`;
    case 'daily_limit_reached':
      return `Today’s limit of ${amount} is used up. It resets on ${until}.`;
    case 'repeated_runs':
      return `${runs} equal runs, several in one second, took ${amount} from ${at} on.`;
    case 'premium_spike':
      return `${runs} dear runs took ${amount}, more than all the others.`;
    case 'auto_recharge_fired':
      return `Auto-recharge bought ${amount} on ${at}.`;
    case 'auto_recharge_failed':
      return `Auto-recharge failed on ${at} and is off.`;
    case 'auto_recharge_expected':
      return `After the renewal on ${until} auto-recharge will buy ${amount}.`;
    case 'card_declined':
      return `A try to pay the fee of ${charge} failed on ${at}.`;
    case 'charged_to_card':
      return `Your card paid ${charge} on ${at}.`;
    case 'charged_twice':
      return `${charge} was charged on ${at} for what had been paid already.`;
    case 'card_expiring':
      return `The card on file is good until ${until}.`;
    case 'cancel_leads_to_closure':
      return `The plan is cancelled: on ${until} the account closes and ${amount} are deleted.`;
    case 'grace_running':
      return `Grace runs until ${until}; then ${amount} are deleted.`;
    case 'account_closed':
      return 'The account is closed.';
    case 'low_runway':
      return `At this pace the credits end on ${until}, about ${amount} short.`;
    case 'unexplained':
      return `${money(finding.amount ?? 0, asset, true)} on ${at} have no cause on record.`;
    case 'diverged':
      return 'The copy and the cloud do not agree; nothing is shown as current until they do.';
  }
}
