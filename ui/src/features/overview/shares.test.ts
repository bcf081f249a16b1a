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

test('the bar of an empty balance has no segments', () => {
  expect(segments({ buckets: [], pending: [] })).toEqual([]);
  expect(segments({ buckets: [bucket('bonus', 0)], pending: [] })).toEqual([]);
});

test('a single kind of credits takes the whole bar', () => {
  expect(segments({ buckets: [bucket('purchased', 5_000)], pending: [] })).toEqual([
    { kind: 'purchased', x: 0, width: 996 },
  ]);
});

test('kinds of credits take the bar in proportion to their amounts, with gaps', () => {
  const buckets = [bucket('allowance', 500), bucket('bonus', 250), bucket('purchased', 250)];
  expect(segments({ buckets, pending: [] })).toEqual([
    { kind: 'allowance', x: 0, width: 496 },
    { kind: 'bonus', x: 502, width: 246 },
    { kind: 'purchased', x: 752, width: 246 },
  ]);
});

test('all pending credits together are one segment at the end of the bar', () => {
  const drawn = segments({
    buckets: [bucket('purchased', 600)],
    pending: [pending(100), pending(300)],
  });
  expect(drawn.map(({ kind }) => kind)).toEqual(['purchased', 'pending']);
  expect(drawn[1]).toEqual({ kind: 'pending', x: 602, width: 396 });
});

test('the segment of pending credits begins at the start of the bar if there are no others', () => {
  expect(segments({ buckets: [], pending: [pending(100)] })).toEqual([
    { kind: 'pending', x: 0, width: 996 },
  ]);
});

test('a tiny amount has a visible segment inside the bar', () => {
  const buckets = [bucket('allowance', 1), bucket('purchased', 9_999_998)];
  for (const { x, width } of segments({ buckets, pending: [pending(1)] })) {
    expect(width).toBeGreaterThanOrEqual(2);
    expect(x).toBeGreaterThanOrEqual(0);
    expect(x + width).toBeLessThanOrEqual(1000);
  }
});

test('segments of three equal amounts do not overlap', () => {
  const buckets = [bucket('allowance', 1), bucket('bonus', 1), bucket('purchased', 1)];
  const drawn = segments({ buckets, pending: [] });
  drawn.slice(1).forEach(({ x }, n) => {
    const before = drawn[n];
    expect(before && before.x + before.width).toBeLessThan(x);
  });
});
