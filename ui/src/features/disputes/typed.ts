// What a person types or ticks in a draft, as it is saved.
import type { ChosenRow } from '../../api/generated/ChosenRow';

/** “app, sms” as a list of names, without empty names and without spaces around them. */
export const names = (text: string): string[] =>
  text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');

/** The day of a date field; null while the field is empty or only partly filled in. */
export const day = (value: string): string | null =>
  /^\d{4}-\d{2}-\d{2}$/.test(value) ? value : null;

/** The chosen entries after the row with the number `seq` was ticked or unticked. */
export function chosenEntries(rows: ChosenRow[], seq: number, ticked: boolean): number[] {
  const others = rows.filter(({ chosen, row }) => chosen && row.seq !== seq);
  const kept = others.map(({ row }) => row.seq);
  return ticked ? [...kept, seq] : kept;
}
