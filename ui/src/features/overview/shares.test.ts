import { expect, test } from 'vitest';

import type { BucketBalance } from '../../api/generated/BucketBalance';
import type { PendingView } from '../../api/generated/PendingView';
import { segments } from './shares';

const bucket = (kind: BucketBalance['kind'], amount: number): BucketBalance => ({ kind, amount });
const pending = (amount: number): PendingView => ({
  kind: 'purchase',
  amount,
  since: '2026-02-01T08:00:00.000Z',
});

test('segments of an empty balance are none', () => {
  expect(segments({ buckets: [], pending: [] })).toEqual([]);
  expect(segments({ buckets: [bucket('bonus', 0)], pending: [] })).toEqual([]);
});

test('a single bucket takes the bar', () => {
  expect(segments({ buckets: [bucket('purchased', 5_000)], pending: [] })).toEqual([
    { kind: 'purchased', x: 0, width: 996 },
  ]);
});

test('buckets follow each other by their shares, with gaps', () => {
  const buckets = [bucket('allowance', 500), bucket('bonus', 250), bucket('purchased', 250)];
  expect(segments({ buckets, pending: [] })).toEqual([
    { kind: 'allowance', x: 0, width: 496 },
    { kind: 'bonus', x: 502, width: 246 },
    { kind: 'purchased', x: 752, width: 246 },
  ]);
});

test('everything pending is one segment at the end', () => {
  const drawn = segments({
    buckets: [bucket('purchased', 600)],
    pending: [pending(100), pending(300)],
  });
  expect(drawn.map(({ kind }) => kind)).toEqual(['purchased', 'pending']);
  expect(drawn[1]).toEqual({ kind: 'pending', x: 602, width: 396 });
});

test('only pending credits are drawn from the start', () => {
  expect(segments({ buckets: [], pending: [pending(100)] })).toEqual([
    { kind: 'pending', x: 0, width: 996 },
  ]);
});

test('a tiny share is visible and inside the bar', () => {
  const buckets = [bucket('allowance', 1), bucket('purchased', 9_999_998)];
  for (const { x, width } of segments({ buckets, pending: [pending(1)] })) {
    expect(width).toBeGreaterThanOrEqual(2);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(1000);
  }
});

test('thirds do not overlap', () => {
  const buckets = [bucket('allowance', 1), bucket('bonus', 1), bucket('purchased', 1)];
  const drawn = segments({ buckets, pending: [] });
  drawn.slice(1).forEach(({ x }, n) => {
    const before = drawn[n];
    expect(before && before.x + before.width).toBeLessThan(x);
  });
});
