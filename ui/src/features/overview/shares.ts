// The bar that shows which kinds of credits the balance is made of, in thousandths of its width.
import type { BalanceView } from '../../api/generated/BalanceView';
import type { Bucket } from '../../api/generated/Bucket';

export interface Segment {
  kind: Bucket | 'pending';
  x: number;
  width: number;
}

const GAP = 4;
const LEAST = 2;

/** A segment for each kind of credits (bucket) and one for all pending credits; each is wide enough to be seen. */
export function segments({
  buckets,
  pending,
}: Pick<BalanceView, 'buckets' | 'pending'>): Segment[] {
  const waiting = pending.reduce((sum, item) => sum + item.amount, 0);
  const parts = [
    ...buckets.map(({ kind, amount }) => ({ kind, amount })),
    { kind: 'pending' as const, amount: waiting },
  ].filter(({ amount }) => amount > 0);
  const whole = parts.reduce((sum, { amount }) => sum + amount, 0);
  let before = 0;
  return parts.map(({ kind, amount }) => {
    const start = Math.round((1000 * before) / whole);
    before += amount;
    const end = Math.round((1000 * before) / whole);
    const width = Math.max(end - start - GAP, LEAST);
    return { kind, x: Math.min(start + (start > 0 ? GAP / 2 : 0), 1000 - width), width };
  });
}
