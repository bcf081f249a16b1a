import { expect, test } from 'vitest';

import type { DisputeRow } from '../../api/generated/DisputeRow';
import { standing } from './words';

const row: DisputeRow = {
  id: 'dsp_1',
  kind: 'failed_run',
  state: 'queued',
  at: '2026-02-10T08:00:00.000Z',
  rows: 1,
  overdue: false,
  answered: false,
  came_right: false,
  messages: 0,
};

test('what is being sent is not said to wait for a connection that is there', () => {
  expect(standing(row, 'UTC', '', true).text).toBe('Being sent');
  expect(standing(row, 'UTC', '', false).text).toContain('when connected');
});

test('once support has written nobody is told that no reply came', () => {
  const asked = { ...row, state: 'in_review', overdue: true } as const;
  expect(standing(asked, 'UTC', '', true).text).toContain('no reply');
  expect(standing({ ...asked, answered: true }, 'UTC', '', true).text).toContain('yours to answer');
});
