import { expect, test } from 'vitest';

import type { DeadlineCode } from '../../api/generated/DeadlineCode';
import type { DeadlineView } from '../../api/generated/DeadlineView';
import { plain } from '../../shared/plain';
import { isNear, reminders, strip } from './due';

const now = '2026-02-07T10:00:00.000Z';
const due = (code: DeadlineCode, at: string, tiers: DeadlineView['tiers'] = []): DeadlineView => ({
  code,
  at,
  tiers,
});
const codes = (deadlines: DeadlineView[]) => strip({ deadlines, now }).map((item) => item.code);

test('the overview’s strip shows the three soonest deadlines', () => {
  expect(
    codes([
      due('renewal', '2026-02-10T10:00:00.000Z'),
      due('card_expiry', '2026-02-28T10:00:00.000Z'),
      due('allowance_refresh', '2026-03-01T10:00:00.000Z'),
      due('grant_expiry', '2026-03-02T10:00:00.000Z'),
    ]),
  ).toEqual(['renewal', 'card_expiry', 'allowance_refresh']);
});

test('the overview’s strip leaves out deadlines that are 60 or more days away', () => {
  expect(codes([due('renewal', '2026-04-08T09:59:59.000Z')])).toEqual(['renewal']);
  expect(codes([due('renewal', '2026-04-08T10:00:00.000Z')])).toEqual([]);
});

test('the overview’s strip leaves out the end of grace, which the alarm shows', () => {
  expect(codes([due('grace_end', '2026-02-08T10:00:00.000Z')])).toEqual([]);
});

test('the overview’s strip shows the last moment to cancel only within two days of it', () => {
  expect(codes([due('cancel_by', '2026-02-09T10:00:00.000Z')])).toEqual([]);
  expect(codes([due('cancel_by', '2026-02-09T09:59:00.000Z')])).toEqual(['cancel_by']);
});

test('a deadline that the strip leaves out does not take a shown deadline’s place', () => {
  expect(
    codes([
      due('cancel_by', '2026-02-20T10:00:00.000Z'),
      due('renewal', '2026-02-21T10:00:00.000Z'),
      due('card_expiry', '2026-02-28T10:00:00.000Z'),
      due('allowance_refresh', '2026-03-01T10:00:00.000Z'),
    ]),
  ).toEqual(['renewal', 'card_expiry', 'allowance_refresh']);
});

test('a deadline is near if it is less than two days away', () => {
  expect(isNear(due('renewal', '2026-02-09T09:59:59.000Z'), now)).toBe(true);
  expect(isNear(due('renewal', '2026-02-09T10:00:00.000Z'), now)).toBe(false);
});

test('the text about reminders counts the shown ones and names the next', () => {
  const fired = { at: '2026-02-01T10:00:00.000Z', fired_at: '2026-02-01T10:00:00.000Z' };
  const skipped = { at: '2026-02-02T10:00:00.000Z', skipped_at: '2026-02-02T10:00:00.000Z' };
  const coming = { at: '2026-02-09T10:00:00.000Z' };
  const of = (tiers: DeadlineView['tiers']) =>
    plain(reminders(due('renewal', '2026-02-10T10:00:00.000Z', tiers), 'UTC', now));
  expect(of([])).toBe('');
  expect(of([fired, skipped])).toBe('reminded 1×');
  expect(of([coming])).toBe('next reminder Mon 9 Feb 10:00 UTC');
  expect(of([fired, coming])).toBe('reminded 1×, next reminder Mon 9 Feb 10:00 UTC');
});
