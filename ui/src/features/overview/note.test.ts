import { expect, test } from 'vitest';

import type { BalanceView } from '../../api/generated/BalanceView';
import type { SubscriptionView } from '../../api/generated/SubscriptionView';
import { plain } from '../../shared/plain';
import { note } from './note';

const now = '2026-03-11T07:00:00.000Z';
const of = (balance: Partial<BalanceView>, renewal?: string) =>
  plain(
    note({
      balance: { balance: 5_000, buckets: [], pending: [], trust: 'live', ...balance },
      now,
      zone: 'UTC',
      ...(renewal && { subscription: { next_renewal: { at: renewal } } as SubscriptionView }),
    }),
  );

test('the note on a live balance says that it agrees with the ledger, whatever renewal is due', () => {
  expect(of({})).toBe('Cloud balance and ledger agree to the cent.');
  expect(of({}, '2026-03-10T08:00:00.000Z')).toBe('Cloud balance and ledger agree to the cent.');
});

test('the note on a balance that is not live names a renewal that was due since', () => {
  expect(of({ trust: 'cached' }, '2026-03-10T08:00:00.000Z')).toContain('renewal of Tue 10 Mar');
  expect(of({ trust: 'stale' }, '2026-03-10T08:00:00.000Z')).toContain('renewal of Tue 10 Mar');
});

test('the note on a balance that is not live names no renewal that is still to come', () => {
  for (const trust of ['cached', 'stale'] as const) {
    expect(of({ trust }, '2026-04-10T08:00:00.000Z')).not.toContain('renewal');
    expect(of({ trust }, now)).not.toContain('renewal');
    expect(of({ trust })).toContain('Last proven balance.');
  }
});

test('the note on a damaged copy does not say that the cloud differs', () => {
  expect(of({ trust: 'diverged', reason: 'damaged' })).toContain('damaged');
  expect(of({ trust: 'diverged' })).toContain('differs from this copy');
});

test('an unknown balance has no note', () => {
  expect(of({ balance: null, trust: 'unknown' })).toBe('');
});
