// The keys that move the active row of the history table.
export interface Place {
  /** The active row; null before the first move. 0 is the newest. */
  active: number | null;
  /** Rows that the table has. */
  rows: number;
  /** Whole rows that fit into the window. */
  page: number;
}

/** The row that a key moves to; null for other keys and in an empty table. */
export function target(key: string, { active, rows, page }: Place): number | null {
  const last = rows - 1;
  if (last < 0) return null;
  const from = active ?? -1;
  const within = (row: number) => Math.min(Math.max(row, 0), last);
  // One row of the page stays in view.
  const step = Math.max(1, page - 1);
  switch (key) {
    case 'ArrowDown':
      return within(from + 1);
    case 'ArrowUp':
      return within(from - 1);
    case 'PageDown':
      return within(from + step);
    case 'PageUp':
      return within(from - step);
    case 'Home':
      return 0;
    case 'End':
      return last;
    default:
      return null;
  }
}
