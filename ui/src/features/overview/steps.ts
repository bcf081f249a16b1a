// What a finding's next step does in this app.
import type { Begin } from '../../api/generated/Begin';
import type { Finding } from '../../api/generated/Finding';
import type { NextStep } from '../../api/generated/NextStep';

export type Step =
  | { do: 'complain'; begin: Begin }
  | { do: 'show'; entries: number[] }
  | { do: 'act'; action: NextStep };

/** What the finding's next step does; null if this app cannot do it. An imported account has no plan to act on. */
export function stepOf({ action, code, entries }: Finding, imported: boolean): Step | null {
  switch (action) {
    case 'dispute':
      return { do: 'complain', begin: { finding: { code, entries } } };
    case 'look_at_rows':
      return { do: 'show', entries };
    case 'change_payment_order':
    case 'pay_now':
    case 'pause':
    case 'buy_credits':
      return imported ? null : { do: 'act', action };
    default:
      return null;
  }
}
