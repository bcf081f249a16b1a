// The decisions that the dialogs of the screen “Plan & renewal” make.
import type { Alarm } from '../../api/generated/Alarm';
import type { ChoicesView } from '../../api/generated/ChoicesView';
import type { Cycle } from '../../api/generated/Cycle';
import type { PlanDecision } from '../../api/generated/PlanDecision';
import type { Money } from '../../api/generated/Money';
import type { Offer } from '../../api/generated/Offer';
import type { Payer } from '../../api/generated/Payer';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';

/** The dialogs of the screen “Plan & renewal”. */
export type Intent = 'pause' | 'pay' | 'cancel' | 'resume' | 'change' | 'keep' | 'coupon' | 'buy';

/** A plan and cycle that the account can be changed to. */
export interface Option {
  id: string;
  offer: Offer;
  cycle: Cycle;
  fee: Money;
}

const CYCLES = ['monthly', 'annual'] as const;

/** Every plan with a fee except the current one. A plan without a fee is chosen in the dialog about pausing. */
export function options({
  offers,
  subscription,
}: Pick<ChoicesView, 'offers' | 'subscription'>): Option[] {
  return offers.flatMap((offer) =>
    CYCLES.flatMap((cycle) => {
      const fee = offer[cycle];
      const current = offer.plan === subscription.plan && cycle === subscription.cycle;
      return fee && !current ? [{ id: `${offer.plan} ${cycle}`, offer, cycle, fee }] : [];
    }),
  );
}

export function changeTo({ offer, cycle }: Option, coupon: string): PlanDecision {
  const target = { plan: offer.plan, cycle };
  const code = coupon.trim();
  return { change_plan: code ? { ...target, coupon: code } : target };
}

/** The decision that takes back a requested change: the current plan goes on. */
export function keep({ plan, cycle }: Pick<SubscriptionView, 'plan' | 'cycle'>): PlanDecision {
  return { change_plan: cycle ? { plan, cycle } : { plan } };
}

/** Who pays an unpaid fee unless the operator chooses: the account's payer, else card or credits, whichever can pay. */
export function firstPayer(alarm: Pick<Alarm, 'payer' | 'card' | 'from_credits'>): Payer {
  if (alarm.payer) return alarm.payer;
  return !alarm.card && alarm.from_credits !== undefined ? 'credits' : 'card';
}
