import { expect, test } from 'vitest';

import type { Overview } from '../../api/generated/Overview';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import * as state from './stopped';

const stopped = (seen: Parameters<typeof state.stopped>[0]) => plain(state.stopped(seen));

const daily = (used: number, limit: number) =>
  ({
    daily: { used, limit, resets_at: '2026-03-08T00:00:00.000Z' },
  }) as NonNullable<Overview['runway']>;
const seen = (balance: number | null, asset = USD) => ({
  balance: { balance, asset, buckets: [], pending: [], trust: 'live' as const },
  imported: false,
  zone: 'UTC',
});

test('nothing is reported as stopped while credits and the daily limit last', () => {
  expect(stopped(seen(1))).toBe('');
  expect(stopped({ ...seen(1), runway: daily(74, 75) })).toBe('');
});

test('an account without credits says what stops, in the words of its kind of account', () => {
  expect(stopped(seen(0))).toContain('the booth’s AI, SMS and videos stop');
  expect(stopped(seen(0, { code: 'CRD', scale: 0 }))).toBe(
    'No credits are left: no run can start.',
  );
});

test('a used up daily limit is reported with the time of its reset', () => {
  expect(stopped({ ...seen(500, { code: 'CRD', scale: 0 }), runway: daily(75, 75) })).toBe(
    'Today’s limit of 75 is used up: runs stop until Sun 8 Mar 00:00 UTC (00:00 UTC). Your credits are not affected.',
  );
  expect(stopped({ ...seen(500), runway: daily(80, 75) })).not.toBe('');
});

test('missing credits are reported rather than a used up daily limit', () => {
  expect(stopped({ ...seen(0), runway: daily(75, 75) })).toContain('No credits are left');
});

test('nothing is reported as stopped for closed, imported and never synced accounts', () => {
  const closed = { state: 'closed' } as NonNullable<Overview['plan']>;
  expect(stopped({ ...seen(0), plan: closed })).toBe('');
  expect(stopped({ ...seen(0), imported: true })).toBe('');
  expect(stopped(seen(null))).toBe('');
});
