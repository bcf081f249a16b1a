// What a person types or ticks in a draft, as it is saved.
import type { ChosenRow } from '../../api/generated/ChosenRow';

/** “app, sms” as names; empty ones and spaces around them are left out. */
export const names = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The day of a date field; null while the field is empty or only partly filled in. */
export const day = (value: string): string | null =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null;

/** The chosen entries once the row with this number is ticked or not. */
export function chosenEntries(rows: ChosenRow[], seq: number, ticked: boolean): number[] {
  const others = rows.filter(({ chosen, row }) => chosen && row.seq !== seq);
  const kept = others.map(({ row }) => row.seq);
  return ticked ? [...kept, seq] : kept;
}
