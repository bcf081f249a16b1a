import { expect, test } from 'vitest';

import { plain } from '../../shared/plain';
import { EVERYTHING, chips, windowOf, withDates, withWindow } from './filters';

const today = '2026-03-01';

test('chosen dates replace a query’s dates and keep its other filters', () => {
  const query = { ...EVERYTHING, services: ['sms'], text: 'run', from: '2026-01-01', to: today };
  expect(withDates(query, '2026-02-01', '')).toEqual({
    ...EVERYTHING,
    services: ['sms'],
    text: 'run',
    from: '2026-02-01',
  });
  expect(withDates(query, '', '')).toEqual({ ...EVERYTHING, services: ['sms'], text: 'run' });
});

test('a number of days as filter ends today and includes today', () => {
  expect(withWindow(EVERYTHING, '1', today)).toEqual({ ...EVERYTHING, from: today, to: today });
  expect(withWindow(EVERYTHING, '7', today)).toMatchObject({ from: '2026-02-23', to: today });
  expect(withWindow({ ...EVERYTHING, from: today }, '', today)).toEqual(EVERYTHING);
});

test('every offered number of days is recognised from its query', () => {
  for (const days of ['', '1', '7', '30', '90'])
    expect(windowOf(withWindow(EVERYTHING, days, today), today)).toBe(days);
});

test('dates that no offered number of days gives are the operator’s own', () => {
  expect(windowOf({ ...EVERYTHING, from: '2026-02-23' }, today)).toBe('own');
  expect(windowOf({ ...EVERYTHING, to: today }, today)).toBe('own');
  expect(windowOf({ ...EVERYTHING, from: '2026-02-22', to: today }, today)).toBe('own');
  expect(windowOf({ ...EVERYTHING, from: '2026-02-23', to: today }, '2026-03-02')).toBe('own');
});

test('kinds, events and dates have chips, and each chip removes its own filter', () => {
  const query = {
    services: ['sms'],
    kinds: ['usage', 'expiry'],
    events: ['Wedding'],
    text: 'run',
    from: '2026-02-01',
    to: '2026-02-28',
  };
  const [usage, expiry, wedding, dates] = chips(query);
  expect(chips(query).map(({ name }) => plain(name))).toEqual([
    'Run',
    'Credits expired',
    'Wedding',
    '1 Feb 2026 – 28 Feb 2026',
  ]);
  expect(usage?.without).toEqual({ ...query, kinds: ['expiry'] });
  expect(expiry?.without).toEqual({ ...query, kinds: ['usage'] });
  expect(wedding?.without).toEqual({ ...query, events: [] });
  expect(dates?.without).toEqual(withDates(query, '', ''));
});

test('the chip of dates without a first or last day names the open end', () => {
  const name = (dates: { from?: string; to?: string }) =>
    plain(chips({ ...EVERYTHING, ...dates })[0]?.name ?? '');
  expect(name({ from: '2026-02-01' })).toBe('1 Feb 2026 – today');
  expect(name({ to: '2026-02-01' })).toBe('the beginning – 1 Feb 2026');
});

test('services and search text have no chips, because their fields are always shown', () => {
  expect(chips({ ...EVERYTHING, services: ['sms'], text: 'run' })).toEqual([]);
});
