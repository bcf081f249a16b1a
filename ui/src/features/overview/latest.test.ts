import { beforeEach, expect, test } from 'vitest';

import type { RowView } from '../../api/generated/RowView';
import { USD } from '../../shared/money';
import { setNames } from '../../shared/names.svelte';
import { plain } from '../../shared/plain';
import * as latest from './latest';

const sentence = (row: RowView) => plain(latest.sentence(row, USD));

beforeEach(() =>
  setNames({ services: { draw_me: 'AI Draw Me', sms: 'SMS' }, plans: {}, legacy: {} }),
);

const row = (kind: string, more: Partial<RowView> = {}): RowView => ({
  seq: 1,
  at: '2026-02-07T10:00:00.000Z',
  kind,
  delta: -25,
  balance_after: 0,
  status: 'done',
  ...more,
});

test('the sentence about a run names its event if it has one', () => {
  const run = { service: 'draw_me' };
  expect(sentence(row('usage', { ...run, event: 'Wedding' }))).toBe('AI Draw Me for Wedding');
  expect(sentence(row('usage', run))).toBe('AI Draw Me');
});

test('refunds and failed runs have other sentences than runs', () => {
  expect(sentence(row('usage_refund', { service: 'sms', event: 'Wedding' }))).toBe(
    'SMS was refunded',
  );
  expect(sentence(row('run_failed', { service: 'sms' }))).toBe('SMS run failed');
});

test('an entry of a kind from a later version is shown by its readable code', () => {
  expect(sentence(row('moon_tax'))).toBe('Moon tax');
});

test('an entry is open if the operator has to act on its state', () => {
  expect(latest.isOpen('refund_due')).toBe(true);
  expect(latest.isOpen('failed')).toBe(false);
});
