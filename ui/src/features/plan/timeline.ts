// The line from today to the account's end: the positions and texts of its stops.
import type { Asset } from '../../api/generated/Asset';
import type { Life } from '../../api/generated/Life';
import type { NextRenewal } from '../../api/generated/NextRenewal';
import type { Stop } from '../../api/generated/Stop';
import { t } from '../../shared/messages';
import { money, USD } from '../../shared/money';

/** Half of a mark's width in pixels, so that the marks at both ends of the line are not cut. */
const EDGE = 8;
/** The texts of the middle stop stay between these parts of the line, clear of the texts at both ends. */
const [LEFTMOST, RIGHTMOST] = [0.28, 0.7];

export interface Places {
  /** Pixels from the left, one for each stop. */
  marks: [number, number, number];
  /** The centre of the middle stop's text, in pixels from the left. */
  text: number;
}

/** The first and last of the three stops are at the ends of the line, the middle one in proportion to its time. */
export function places(stops: Pick<Stop, 'at'>[], width: number): Places {
  const [first, between, last] = stops.map((stop) => Date.parse(stop.at));
  let middle = 0;
  if (first !== undefined && between !== undefined && last !== undefined)
    middle = clamp((between - first) / Math.max(1, last - first), 0, 1);
  const at = (part: number) => EDGE + (width - 2 * EDGE) * part;
  return { marks: [at(0), at(middle), at(1)], text: at(clamp(middle, LEFTMOST, RIGHTMOST)) };
}

const clamp = (value: number, least: number, most: number): number =>
  Math.min(most, Math.max(least, value));

export function title({ code, expected }: Pick<Stop, 'code' | 'expected'>, state: Life): string {
  switch (code) {
    case 'today':
      return t('plan-stop-today');
    case 'renewal':
      return t('plan-stop-renewal');
    case 'period_end':
      return t(state === 'grace' ? 'plan-stop-expired' : 'plan-stop-ends');
    case 'closure':
      return t(expected ? 'plan-stop-closes' : 'plan-stop-closes-if-unpaid');
  }
}

/** What happens at a stop; empty if nothing, or if it is not known. `balance` is what the closure deletes. */
export function consequence(
  { code }: Pick<Stop, 'code'>,
  next: Pick<NextRenewal, 'outcome' | 'fee'> | undefined,
  balance: number,
  asset: Asset | undefined,
): string {
  switch (code) {
    case 'today':
      return '';
    case 'renewal': {
      if (!next) return '';
      if (next.outcome === 'unpaid') return t('plan-renewal-unpaid');
      return t(`plan-renewal-${next.outcome}`, { fee: money(next.fee.amount, USD) });
    }
    case 'period_end':
      return t('plan-stop-grace-only');
    case 'closure':
      return asset ? t('plan-stop-deleted', { amount: money(balance, asset) }) : '';
  }
}
