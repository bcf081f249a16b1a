import { expect, test } from 'vitest';

import { USD } from '../../shared/money';
import { plain } from '../../shared/plain';
import { fileText, headline, phase, sums } from './draft';

const times = { saved_at: '2026-02-10T08:05:00Z', reply_expected_by: '2026-02-12T08:00:00Z' };

test('a draft is in the phase writing until it is queued or withdrawn', () => {
  expect(phase({ state: 'draft' })).toBe('writing');
  expect(phase({ state: 'queued' })).toBe('waiting');
  expect(phase({ state: 'withdrawn' })).toBe('withdrawn');
});

test('the header of a draft names a reply date only if the dispute goes to a cloud', () => {
  const draft = { ...times, state: 'draft' } as const;
  expect(plain(headline(draft, 'UTC', false))).toBe(
    'Draft saved 08:05, reply by Thu 12 Feb 08:00 UTC',
  );
  expect(plain(headline(draft, 'UTC', true))).toBe('Draft saved 08:05');
  expect(plain(headline({ ...times, state: 'queued' }, 'UTC', false))).toContain(
    'Waits for the cloud',
  );
  expect(plain(headline({ ...times, state: 'withdrawn' }, 'UTC', false))).toBe('Withdrew itself');
});

test('the sum of a draft’s days subtracts a loss instead of adding a negative amount', () => {
  const days = { opening: 15_000, closing: 10_100, count: 2 };
  expect(plain(sums({ ...days, delta: -4_900 }, USD))).toBe('$150.00 − $49.00 = $101.00, 2 rows');
  expect(plain(sums({ opening: 0, delta: 25, closing: 25, count: 1 }, USD))).toBe(
    '$0.00 + $0.25 = $0.25, 1 row',
  );
  expect(plain(sums({ opening: 5, delta: 0, closing: 5, count: 0 }, USD))).toContain('+ $0.00');
});

test('the button that files a draft names the claimed amount unless nothing is claimed', () => {
  expect(plain(fileText({ owed: 25 }, USD, true))).toBe('Submit $0.25 dispute');
  expect(plain(fileText({ owed: 4_900 }, USD, false))).toBe('Queue $49.00 dispute');
  expect(plain(fileText({ owed: 0 }, USD, true))).toBe('Submit $0.00 dispute');
  expect(plain(fileText({}, USD, true))).toBe('Submit dispute');
  expect(plain(fileText({ owed: -100 }, USD, false))).toBe('Queue dispute');
});
