// Rows of the table, fetched as they come into view and kept by day and block.
import { SvelteMap } from 'svelte/reactivity';

import { historyRows } from '../../api/calls';
import { PageError } from '../../api/errors';
import type { HistoryQuery } from '../../api/generated/HistoryQuery';
import type { RowView } from '../../api/generated/RowView';
import type { Slice } from './layout';

const BLOCK = 100;
/** Most blocks of rows that are kept: about 20,000 rows. */
const KEPT = 200;

export class Rows {
  error = $state<PageError | null>(null);
  readonly #blocks = new SvelteMap<string, RowView[]>();
  // Blocks that are being fetched or are loaded. The page never reads this set, so it is not reactive.
  // eslint-disable-next-line svelte/prefer-svelte-reactivity
  readonly #asked = new Set<string>();
  readonly #query: HistoryQuery;

  constructor(query: HistoryQuery) {
    this.#query = query;
  }

  get(day: string, offset: number): RowView | undefined {
    return this.#blocks.get(key(day, Math.floor(offset / BLOCK)))?.[offset % BLOCK];
  }

  /** Fetches the blocks that the slices need and that are not here yet. */
  want(slices: Slice[]): void {
    for (const { place, first, last } of slices) {
      if (last <= first) continue;
      const { day } = place.day;
      for (let block = Math.floor(first / BLOCK); block * BLOCK < last; block += 1) {
        if (!this.#asked.has(key(day, block))) void this.#fetch(day, block);
      }
    }
  }

  async #fetch(day: string, block: number): Promise<void> {
    const name = key(day, block);
    this.#asked.add(name);
    try {
      const rows = await historyRows(this.#query, day, block * BLOCK, BLOCK);
      this.#blocks.set(name, rows);
      this.error = null;
      const oldest = this.#blocks.keys().next().value;
      if (this.#blocks.size > KEPT && oldest !== undefined) {
        this.#blocks.delete(oldest);
        this.#asked.delete(oldest);
      }
    } catch (error) {
      this.#asked.delete(name);
      this.error = PageError.from(error);
    }
  }
}

const key = (day: string, block: number) => `${day}/${block}`;
