import { expect, test } from 'vitest';

import { PageError } from '../api/errors';
import { Attempt } from './attempt.svelte';

test('an attempted action is busy until it ends', async () => {
  const attempt = new Attempt();
  let finish: (result: number) => void = () => {};
  const running = attempt.run(() => new Promise<number>((resolve) => (finish = resolve)));
  expect(attempt.busy).toBe(true);
  finish(7);
  expect(await running).toBe(7);
  expect(attempt.busy).toBe(false);
});

test('the error of a failed action is kept until the next attempt', async () => {
  const attempt = new Attempt();
  const refusal = { code: 'refused', problem: 'no_card', causes: ['422'] };
  expect(await attempt.run(() => Promise.reject<number>(refusal))).toBeNull();
  expect(attempt.busy).toBe(false);
  expect(attempt.error).toMatchObject({ code: 'refused', problem: 'no_card', causes: ['422'] });
  expect(await attempt.run(() => Promise.resolve(0))).toBe(0);
  expect(attempt.error).toBeNull();
});

test('an action that throws before it returns a promise fails like any other', async () => {
  const attempt = new Attempt();
  await attempt.run(() => {
    throw new PageError('offline', null, []);
  });
  expect(attempt.error?.code).toBe('offline');
});
