import { beforeAll, expect, test } from 'vitest';

import { setNames } from '../../shared/names.svelte';
import { basic } from './fixtures';
import { isCancellable, noPause, prices } from './pause';

beforeAll(() => {
  setNames({ services: {}, legacy: {}, plans: { legacy: { name: 'Legacy', free: true } } });
});

const change = (service: string, used: boolean) => ({ service, before: 10, after: 20, used });

test('price changes of services in use come first; those not listed are counted', () => {
  const changes = [
    change('sms', false),
    change('video', false),
    change('draw_me', true),
    change('headshot_elite', false),
    change('combine', true),
  ];
  const { listed, more } = prices(changes);
  expect(listed.map(({ service }) => service)).toEqual(['draw_me', 'combine', 'sms']);
  expect(more).toBe(2);
  expect(changes[0]?.service).toBe('sms');
});

test('price changes are all listed if they are few', () => {
  expect(prices([])).toEqual({ listed: [], more: 0 });
  expect(prices([change('sms', true)]).more).toBe(0);
});

test('a closed account cannot be paused because it is closed, whatever its plan', () => {
  expect(noPause({ plan: 'payg', state: 'closed' })).toBe('plan-closed');
  expect(noPause({ plan: 'legacy', state: 'active' })).toBe('plan-already-free');
  expect(noPause({ plan: 'basic', state: 'grace' })).toBe('plan-pause-not-now');
});

test('only an active plan that is paid and not cancelled can be cancelled', () => {
  expect(isCancellable(basic)).toBe(true);
  expect(isCancellable({ ...basic, cancel_at: '2026-03-10T08:00:00Z' })).toBe(false);
  expect(isCancellable({ ...basic, state: 'grace' })).toBe(false);
  expect(isCancellable({ state: 'active' })).toBe(false);
});
