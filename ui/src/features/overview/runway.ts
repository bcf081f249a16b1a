// How the runway is shown: the multiple of what the event needs, its colour and the gauge. Figures are the core's.
import type { Estimate } from '../../api/generated/Estimate';
import { t } from '../../shared/messages';

export type Tone = '' | 'warn' | 'neg';

/** The colour: red if the credits do not last for the event, amber if less than a fifth of its need is left over. */
export function toneOf(hundredths?: number): Tone {
  if (hundredths === undefined) return '';
  if (hundredths < 100) return 'neg';
  return hundredths < 120 ? 'warn' : '';
}

/** “2.4×”. Rounded down: credits that do not quite last are 0.9×, never 1.0×. Empty where nothing is needed. */
export function multiple(hundredths?: number): string {
  if (hundredths === undefined) return '';
  if (hundredths > 9_900) return t('overview-multiple-most');
  return t('overview-multiple', { times: Math.floor(hundredths / 10) / 10 });
}

/** What the estimate is based on: this event's own runs, or past events. */
export function basis({ basis, confidence, events }: Estimate): string {
  return basis === 'own'
    ? t('overview-estimate-own', { confidence })
    : t('overview-estimate-past', { confidence, events });
}

export interface Gauge {
  /** Where the filled part ends, in thousandths of the bar. */
  filled: number;
  /** Where the bar has a tick, in thousandths. */
  ticks: number[];
}

const MOST_TICKS = 5;

/**
 * If the credits last for the event, the bar is the balance: the event's need is filled, and a tick marks each further
 * time that the need fits. If they do not last, the bar is the event's need and the balance is filled.
 */
export function gauge(hundredths: number): Gauge {
  if (hundredths < 100) return { filled: Math.max(0, hundredths * 10), ticks: [] };
  const filled = 100_000 / hundredths;
  // No tick at the end of the bar, which is the whole balance.
  const fits = Math.ceil(hundredths / 100) - 1;
  const ticks = Array.from({ length: Math.min(fits, MOST_TICKS) }, (_, n) => (n + 1) * filled);
  return { filled, ticks };
}
