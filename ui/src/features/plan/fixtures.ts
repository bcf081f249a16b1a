// A subscription and a waiting action for the tests of this folder.
import type { CommandView } from '../../api/generated/CommandView';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';

export const basic: SubscriptionView = {
  plan: 'basic',
  cycle: 'monthly',
  state: 'active',
  period: { start: '2026-02-10T08:00:00Z', end: '2026-03-10T08:00:00Z' },
  payment_order: { first: 'card', fallback: true },
  auto_recharge: { enabled: false, at: 1_000, amount: 10_000 },
};

/** An action that waits for the cloud. */
export const waiting = (command: Partial<CommandView>): CommandView => ({
  id: 'cmd_1',
  kind: 'set_payment_order',
  state: 'queued',
  open: true,
  cancellable: true,
  withdrawn: false,
  created_at: '2026-02-11T08:00:00Z',
  ...command,
});
