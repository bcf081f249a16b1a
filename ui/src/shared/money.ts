// Amounts as people read them. Formatting only: the core does all arithmetic.
import type { Asset } from '../api/generated/Asset';
import { locale } from '../platform';

export interface MoneyParts {
  sign: '' | '\u2212' | '+';
  symbol: string;
  whole: string;
  fraction: string;
}

/** Fees are money, whatever unit credits are counted in. */
export const USD: Asset = { code: 'USD', scale: 2 };

let kept: { tag: string; groups: Intl.NumberFormat; point: string } | undefined;

/** The operator's locale for numbers; creating a formatter is slow, so it is kept. */
function numbers() {
  const { tag } = locale();
  if (kept?.tag !== tag) {
    const groups = new Intl.NumberFormat(tag);
    const parts = groups.formatToParts(1.5);
    kept = { tag, groups, point: parts.find(({ type }) => type === 'decimal')?.value ?? '.' };
  }
  return kept;
}

/** A count with its digits in groups: 7,113. */
export const number = (count: number): string => numbers().groups.format(count);

/** An integer of minor units, split so that symbol and cents can be set smaller. */
export function moneyParts(minor: number, asset: Asset, signed = false): MoneyParts {
  const unit = 10 ** asset.scale;
  const absolute = Math.abs(minor);
  const rest = absolute % unit;
  const { groups, point } = numbers();
  return {
    sign: minor < 0 ? '\u2212' : signed && minor > 0 ? '+' : '',
    symbol: asset.code === 'USD' ? '$' : '',
    whole: groups.format((absolute - rest) / unit),
    fraction: asset.scale > 0 ? `${point}${String(rest).padStart(asset.scale, '0')}` : '',
  };
}

export function money(minor: number, asset: Asset, signed = false): string {
  const { sign, symbol, whole, fraction } = moneyParts(minor, asset, signed);
  return `${sign}${symbol}${whole}${fraction}`;
}

/** How wide an amount is, in characters: large numerals are set so that all of it fits. */
export const moneyLength = (minor: number, asset: Asset, signed = false): number =>
  money(minor, asset, signed).length;

/**
 * Reads what an operator types: `50`, `50.00`, `$1,250.5`, and `50,00` as most of the world writes it; null for
 * anything else, and for what could be read in two ways.
 */
export function parseMoney(text: string, asset: Asset): number | null {
  const plain = text.replace(/[$\s]/g, '');
  const match = /^(\d{1,3}(?:,\d{3})+|\d{1,12})(?:\.(\d*))?$/.exec(plain) ?? decimalComma(plain);
  if (!match?.[1]) return null;
  const fraction = match[2] ?? '';
  if (fraction.length > asset.scale) return null;
  const minor = Number(match[1].replaceAll(',', '') + fraction.padEnd(asset.scale, '0'));
  return Number.isSafeInteger(minor) ? minor : null;
}

/** `50,5` and `50,00` have one reading; `1,250` has two, and is grouped. */
function decimalComma(plain: string): RegExpExecArray | null {
  return /^(\d{1,12}),(\d{1,2})$/.exec(plain);
}
