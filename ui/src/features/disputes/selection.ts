import type { DisputeRow } from '../../api/generated/DisputeRow';
import type { DisputeView } from '../../api/generated/DisputeView';

/**
 * The dispute to show once the list was read: the dispute on screen if it is still listed, else the ticket that the
 * draft on screen has become, else the newest dispute.
 */
export async function nextSelected(
  rows: Pick<DisputeRow, 'id'>[],
  selected: string | null,
  find: (id: string) => Promise<DisputeView>,
): Promise<string | null> {
  if (selected !== null) {
    if (rows.some((row) => row.id === selected)) return selected;
    const ticket = await ticketOf(selected, find);
    if (ticket) return ticket;
  }
  return rows[0]?.id ?? null;
}

async function ticketOf(
  id: string,
  find: (id: string) => Promise<DisputeView>,
): Promise<string | null> {
  try {
    const found = await find(id);
    return 'ticket' in found ? found.ticket.id : null;
  } catch {
    // A draft that was discarded is not found.
    return null;
  }
}
