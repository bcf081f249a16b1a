import { expect, test } from 'vitest';

import type { Stop } from '../../api/generated/Stop';
import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import { consequence, places, title } from './timeline';

const stop = (code: Stop['code'], at: string, expected = true): Stop => ({ code, at, expected });

test('the outer stops are at the ends of the timeline, the middle one in proportion to its time', () => {
  const stops = [
    stop('today', '2026-03-01T00:00:00Z'),
    stop('renewal', '2026-03-11T00:00:00Z'),
    stop('closure', '2026-03-21T00:00:00Z'),
  ];
  expect(places(stops, 216)).toEqual({ marks: [8, 108, 208], text: 108 });
});

test('the middle stop’s text keeps clear of both ends of the timeline while its mark stays in place', () => {
  const grace = (now: string) => [
    stop('period_end', '2026-03-01T00:00:00Z'),
    stop('today', now),
    stop('closure', '2026-03-31T00:00:00Z'),
  ];
  const last = places(grace('2026-03-30T00:00:00Z'), 1_016);
  expect(last.marks[1]).toBeCloseTo(8 + (1_000 * 29) / 30);
  expect(last.text).toBe(708);
  expect(places(grace('2026-03-01T00:00:00Z'), 1_016)).toEqual({
    marks: [8, 8, 1_008],
    text: 288,
  });
});

test('a stop that is past the end of the timeline or coincides with others stays on it', () => {
  const at = '2026-03-01T00:00:00Z';
  const late = [stop('period_end', at), stop('today', '2027-01-01T00:00:00Z'), stop('closure', at)];
  expect(places(late, 116).marks).toEqual([8, 108, 108]);
  expect(places([], 116).marks).toEqual([8, 8, 108]);
});

test('the stop at the plan’s end is worded in the past during grace', () => {
  const end = stop('period_end', '2026-03-01T00:00:00Z');
  expect(plain(title(end, 'grace'))).toBe('Plan expired');
  expect(plain(title(end, 'active'))).toBe('Plan ends');
});

test('a closure that only an unpaid renewal brings is not shown as certain', () => {
  const at = '2026-03-01T00:00:00Z';
  expect(plain(title(stop('closure', at, true), 'active'))).toBe('Account closes');
  expect(plain(title(stop('closure', at, false), 'active'))).toBe('Account closes, if it fails');
});

test('the stop of a renewal names its payer, and nothing while the payer is not known', () => {
  const renewal = { code: 'renewal' } as const;
  const fee = { amount: 4_900, currency: 'USD', scale: 2 };
  const at = (outcome: 'card' | 'credits' | 'unpaid') =>
    plain(consequence(renewal, { outcome, fee }, 14_235, USD));
  expect(at('card')).toBe('card pays $49.00');
  expect(at('credits')).toBe('credits pay $49.00');
  expect(at('unpaid')).toBe('nobody pays: grace begins');
  expect(consequence(renewal, undefined, 14_235, USD)).toBe('');
});

test('the stop of a closure names the credits that it deletes', () => {
  expect(plain(consequence({ code: 'closure' }, undefined, 14_235, USD))).toBe(
    '$142.35 in credits deleted',
  );
  expect(consequence({ code: 'closure' }, undefined, 14_235, undefined)).toBe('');
  expect(consequence({ code: 'today' }, undefined, 14_235, USD)).toBe('');
});
