// What the card about pausing shows.
import type { PriceChange } from '../../api/generated/PriceChange';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';
import { isFree } from '../../shared/names.svelte';

/** How many changes of prices are listed; the rest is counted. */
const LISTED = 3;

export interface Prices {
  listed: PriceChange[];
  more: number;
}

/** The first changes of prices, those of services in use before the others. */
export function prices(changes: PriceChange[]): Prices {
  const sorted = [...changes].sort((a, b) => Number(b.used) - Number(a.used));
  const listed = sorted.slice(0, LISTED);
  return { listed, more: sorted.length - listed.length };
}

/** The key of the sentence on why there is nothing to pause. */
export function noPause(
  plan: Pick<SubscriptionView, 'plan' | 'state'>,
): 'plan-closed' | 'plan-already-free' | 'plan-pause-not-now' {
  if (plan.state === 'closed') return 'plan-closed';
  return isFree(plan.plan) ? 'plan-already-free' : 'plan-pause-not-now';
}

/** Only a plan that is paid and goes on can be cancelled. */
export const isCancellable = ({
  state,
  period,
  cancel_at,
}: Pick<SubscriptionView, 'state' | 'period' | 'cancel_at'>): boolean =>
  state === 'active' && period !== undefined && !cancel_at;
