import { beforeEach, expect, test } from 'vitest';

import type { CommandView } from '../api/generated/CommandView';
import type { Finding } from '../api/generated/Finding';
import type { RowView } from '../api/generated/RowView';
import { sentence } from './findings';
import { USD } from './money';
import { isFree, planName, serviceName, setNames } from './names.svelte';
import { plain } from './plain';
import { commandName, kindName, list, problemName, rowName, stateName } from './words';

beforeEach(() =>
  setNames({
    legacy: {},
    services: { draw_me: 'AI Draw Me' },
    plans: {
      pro: { name: 'Pro', free: false },
      payg: { name: 'Pay-As-You-Go', free: true },
    },
  }),
);

const row = (kind: string, more: Partial<RowView> = {}): RowView => ({
  seq: 7,
  at: '2026-03-01T00:00:00Z',
  kind,
  delta: 0,
  balance_after: 0,
  status: 'done',
  ...more,
});
const charge = { amount: 9_900, currency: 'USD', scale: 2 };
const command = (kind: CommandView['kind'], more: Partial<CommandView> = {}): CommandView => ({
  id: 'id',
  kind,
  state: 'queued',
  open: true,
  cancellable: true,
  withdrawn: false,
  created_at: '2026-03-01T00:00:00Z',
  ...more,
});

test('names come from the catalog, and codes that it lacks are shown readable', () => {
  expect(serviceName('draw_me')).toBe('AI Draw Me');
  expect(serviceName('hologram_booth')).toBe('Hologram booth');
  expect(planName('payg')).toBe('Pay-As-You-Go');
  expect(plain(planName('pro', 'annual'))).toBe('Pro annual');
  expect(plain(planName('starter_2', 'monthly'))).toBe('Starter 2 monthly');
  expect([isFree('payg'), isFree('pro'), isFree('starter_2'), isFree()]).toEqual([
    true,
    false,
    false,
    false,
  ]);
});

test('a row of the history is named by its service, otherwise by its kind', () => {
  expect(rowName(row('usage', { service: 'draw_me' }))).toBe('AI Draw Me');
  expect(rowName(row('bonus'))).toBe('Bonus');
  expect(rowName(row('gift_card_used'))).toBe('Gift card used');
  expect(rowName(row('reversal', { delta: 5 }))).toBe('Given back');
  expect(rowName(row('reversal', { delta: -5 }))).toBe('Taken back');
});

test('a row of the history names what changed beside credits, such as the plan or a card payment', () => {
  const name = (kind: string, more: Partial<RowView>) => plain(rowName(row(kind, more), USD));
  const plan = { plan: 'pro', cycle: 'monthly' } as const;
  expect(name('plan_changed', plan)).toBe('Plan changed: Pro monthly');
  expect(name('plan_changed', { ...plan, charge })).toBe('Plan changed: Pro monthly, card $99.00');
  expect(name('plan_change_requested', plan)).toBe('Plan change asked for: Pro monthly');
  expect(name('event_scheduled', { event: 'Gala' })).toBe('Event scheduled: Gala');
  expect(name('purchase_started', { charge })).toBe('Purchase started: card $99.00');
  expect(name('purchase_started', { charge, coming: 9_900 })).toBe(
    'Purchase started: $99.00 to come, card $99.00',
  );
  expect(name('payment_failed', { charge })).toBe('Fee not paid: $99.00');
  expect(name('payment_failed', {})).toBe('Fee not paid');
});

test('the name of a command says what it asks for', () => {
  expect(commandName(command('set_auto_recharge', { enabled: false }))).toBe(
    'Switch auto-recharge off',
  );
  expect(plain(commandName(command('redeem_coupon', { coupon: 'SPRING' })))).toBe(
    'Redeem coupon SPRING',
  );
  expect(plain(commandName(command('change_plan', { plan: 'payg' })))).toBe(
    'Pause: switch to Pay-As-You-Go',
  );
  expect(plain(commandName(command('change_plan', { plan: 'pro', cycle: 'annual' })))).toBe(
    'Change plan to Pro annual',
  );
  expect(commandName(command('change_plan'))).toBe('Change plan');
  expect(commandName(command('unreadable'))).not.toBe('');
  expect(stateName('needs_decision')).toBe('Needs a new decision, nothing was changed');
});

test('a refusal of a too small purchase names the minimum where it is known', () => {
  const text = 'It is below the least that can be bought.';
  expect(plain(problemName('below_minimum', { minimum: 5_000 }, USD))).toBe(
    '$50.00 is the least that can be bought.',
  );
  expect(problemName('below_minimum', { minimum: 5_000 })).toBe(text);
  expect(problemName('below_minimum', { minimum: 'x' }, USD)).toBe(text);
  expect(problemName('no_card')).toBe('There is no card on file.');
});

test('lists are separated as the locale separates them', () => {
  expect(list(['a', 'b', 'c'])).toBe('a, b, c');
  expect(kindName('bonus')).toBe('Bonus');
});

const finding = (code: Finding['code'], more: Partial<Finding> = {}): Finding => ({
  code,
  severity: 'warn',
  entries: [4, 5],
  ...more,
});

test('a finding is one sentence, or two if it is about what has not happened', () => {
  const at = '2026-03-01T00:00:00Z';
  const text = (of: Finding) => plain(sentence(of, USD, 'UTC'));
  expect(text(finding('unexplained', { amount: 500, at }))).toBe(
    '+$5.00 on Sun 1 Mar 00:00 UTC have no cause on record.',
  );
  expect(text(finding('charged_to_card', { charge, at }))).toBe(
    'Your card paid $99.00 on Sun 1 Mar 00:00 UTC.',
  );
  const renewal = { amount: 4_900, at };
  expect(text(finding('renewal_paid_from_credits', renewal))).toContain('declined');
  expect(text(finding('renewal_paid_from_credits', { ...renewal, entries: [4] }))).toContain(
    'as set',
  );
  expect(
    text(finding('purchase_overdue', { amount: 500, at, deadline: at, known_until: at })),
  ).toBe(
    '$5.00 bought on Sun 1 Mar 00:00 UTC should have been here by Sun 1 Mar 00:00 UTC. ' +
      'What happened after Sun 1 Mar 00:00 UTC is not known.',
  );
});
