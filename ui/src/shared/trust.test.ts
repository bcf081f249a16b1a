import { expect, test } from 'vitest';

import type { BalanceView } from '../api/generated/BalanceView';
import { plain } from './plain';
import { MARKS, trustText } from './trust';

const NOW = '2026-03-02T12:10:00Z';
const cached: BalanceView = {
  balance: 14_235,
  buckets: [],
  pending: [],
  trust: 'cached',
  reason: 'offline',
  as_of: '2026-03-02T10:00:00Z',
  age: 130 * 60_000,
};

const long = (view: BalanceView) => plain(trustText(view, 'UTC', NOW));
const short = (view: BalanceView) => plain(trustText(view, 'UTC', NOW, true));

test('a live balance says when it was verified', () => {
  const live = { ...cached, trust: 'live', age: 4_200 } as const;
  expect(long(live)).toBe('Live · verified 4 s ago');
  expect(short(live)).toBe('Live · verified 4 s ago');
});

test('a cached or stale balance says of when it is, how old it is, and why it is not live', () => {
  expect(long(cached)).toBe('As of 10:00 (2 h 10 min ago) · offline');
  expect(short(cached)).toBe('Offline · as of 10:00');
  const stale: BalanceView = {
    ...cached,
    trust: 'stale',
    reason: 'portal',
    as_of: '2026-02-27T10:00:00Z',
    age: 74 * 3_600_000,
  };
  expect(long(stale)).toBe('As of Fri 27 Feb 10:00 (3 days ago) · the Wi-Fi wants a login');
  expect(short(stale)).toBe('The Wi-Fi wants a login · as of Fri 27 Feb 10:00');
});

test('the day of a cached balance is that of the given time zone', () => {
  expect(plain(trustText(cached, 'Pacific/Auckland', '2026-03-02T11:30:00Z'))).toBe(
    'As of Mon 2 Mar 23:00 (2 h 10 min ago) · offline',
  );
});

test('an imported balance is never called verified', () => {
  const imported = { ...cached, trust: 'imported' } as const;
  expect(long(imported)).toBe('Imported, unverified · reaches to 10:00');
  expect(short(imported)).toBe('Imported, unverified');
});

test('a local copy that differs from the cloud says when it was last proven', () => {
  const diverged = { ...cached, trust: 'diverged' } as const;
  expect(long(diverged)).toBe('Copy and cloud disagree · last proven 10:00');
  expect(short(diverged)).toBe('Not agreed · 10:00');
  const damaged = { ...diverged, reason: 'damaged' } as const;
  expect(long(damaged)).toBe('This copy is damaged · last proven 10:00');
  expect(short(damaged)).toBe('Damaged · 10:00');
});

test('the text about trust is a whole phrase where no time is known', () => {
  const trusts = Object.keys(MARKS) as (keyof typeof MARKS)[];
  for (const trust of trusts)
    for (const text of [long, short]) {
      const unknown = { balance: null, buckets: [], pending: [], trust };
      expect(text(unknown), trust).toMatch(/^\S.*[^\s·(]$/);
    }
  expect(long({ ...cached, trust: 'unknown', reason: 'signed_out' })).toBe(
    'No balance yet · signed out',
  );
});
