import { expect, test } from 'vitest';

import type { DisputeRow } from '../../api/generated/DisputeRow';
import { plain } from '../../shared/plain';
import { standing } from './standing';

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
function of(change: Partial<DisputeRow>, returned = '', live = true) {
  const found = standing({ ...row, ...change }, 'UTC', returned, live);
  return { ...found, text: plain(found.text) };
}
const by = '2026-02-12T08:00:00.000Z';

test('a queued dispute says that it waits for a connection only while offline', () => {
  expect(of({}, '', true).text).toBe('Being sent');
  expect(of({}, '', false).text).toBe('Queued, sent when connected');
});

test('an open dispute says by when a reply is expected', () => {
  expect(of({ state: 'submitted', reply_expected_by: by })).toEqual({
    text: 'Submitted, reply expected by Thu 12 Feb 08:00 UTC',
    tone: 'accent',
    mark: 'full',
  });
  expect(of({ state: 'in_review', reply_expected_by: by }).mark).toBe('half');
  expect(of({ state: 'in_review' }).text).toBe('In review');
});

test('an overdue dispute shows the date by which the reply was due', () => {
  const overdue = { state: 'in_review', overdue: true, reply_expected_by: by } as const;
  expect(of(overdue)).toEqual({
    text: 'In review, no reply by Thu 12 Feb 08:00 UTC',
    tone: 'warn',
    mark: 'half',
  });
  expect(of({ state: 'submitted', overdue: true }).text).toBe('Submitted');
});

test('a dispute that support has answered is not shown as overdue', () => {
  const answered = { state: 'in_review', overdue: true, answered: true, reply_expected_by: by };
  expect(of(answered as Partial<DisputeRow>).text).toBe(
    'In review: support has written, it is yours to answer',
  );
});

test('a decided dispute shows the amount that support gave back', () => {
  expect(of({ state: 'resolved' }, '+$0.75').text).toBe('Resolved +$0.75');
  expect(of({ state: 'resolved' }).text).toBe('Resolved');
  expect(of({ state: 'rejected' })).toEqual({ text: 'Rejected', tone: 'neg', mark: 'cross' });
});

test('a draft whose reason has gone says so, before and after it withdraws itself', () => {
  expect(of({ state: 'draft', came_right: true }).text).toBe('Draft: this has come right');
  expect(of({ state: 'draft' }).text).toBe('Draft');
  expect(of({ state: 'withdrawn', came_right: true }).text).toBe(
    'Withdrew itself: this has come right',
  );
  expect(of({ state: 'withdrawn' }).text).toBe('Withdrawn');
});
