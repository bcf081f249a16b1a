// The sum at the head of “What changed”, and the parts of what runs took.
import type { Asset } from '../../api/generated/Asset';
import type { Explanation } from '../../api/generated/Explanation';
import type { Spent } from '../../api/generated/Spent';
import { t } from '../../shared/messages';
import { money } from '../../shared/money';
import { clock } from '../../shared/time';
import { list } from '../../shared/words';

export interface Freshness {
  /** True if the sum includes the newest entries that this computer has. */
  current: boolean;
  /** True while a newer sum is being read. */
  reading: boolean;
  /** True if the cloud has confirmed the newest state. */
  live: boolean;
  zone: string;
}

/** “$191.35 − $49.00 = $142.35”, and how complete it is. */
export function sumOf(found: Explanation, asset: Asset, state: Freshness): string {
  const sign = found.delta < 0 ? '−' : '+';
  const moved = money(Math.abs(found.delta), asset);
  const sum = `${money(found.opening, asset)} ${sign} ${moved} = ${money(found.closing, asset)}`;
  if (!state.current)
    return state.reading ? t('overview-sum-reading', { sum }) : t('overview-sum-older', { sum });
  if (state.live) return sum;
  return t('overview-sum-complete-to', { sum, time: clock(found.as_of, state.zone) });
}

const DEAREST = 3;

/** The services or events that cost most, and how many more there are. `parts` has the most expensive first. */
export function dearest(parts: Spent[], name: (part: Spent) => string, asset: Asset): string {
  const shown = parts
    .slice(0, DEAREST)
    .map((part) => `${name(part)} ${money(part.delta, asset, true)}`);
  const more = parts.length - DEAREST;
  return list([...shown, ...(more > 0 ? [t('overview-more-parts', { parts: more })] : [])]);
}
