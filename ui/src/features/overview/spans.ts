// The span that “What changed” covers: some days up to today, or everything after an entry.
import type { LastSeen } from '../../api/generated/LastSeen';
import { firstOf } from '../../shared/time';

/** The lengths, in days, of the offered spans that end today. */
export const WINDOWS = [7, 30, 90] as const;

export type Span = 'look' | '1' | `${(typeof WINDOWS)[number]}` | 'date';

const USUAL: Span = '7';

/** The span that is shown first: since the last look if there are newer entries, else a week. */
export const firstSpan = (since: LastSeen | null, head: number | undefined): Span =>
  since && since.seq < (head ?? 0) ? 'look' : USUAL;

/** The changes that the core is asked for: those from a day on, or those after an entry. */
export interface Asked {
  from: string | null;
  after: number | null;
}

/** What the core is asked for a span. `day` is the date that was chosen, empty while none is. */
export function asked(span: Span, since: LastSeen | null, day: string, today: string): Asked {
  if (span === 'look' && since) return { from: null, after: since.seq };
  if (span === 'date') return { from: day || today, after: null };
  const days = Number(span === 'look' ? USUAL : span);
  return { from: firstOf(days, today), after: null };
}
