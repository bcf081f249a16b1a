import { expect, test, vi } from 'vitest';

import type { DisputeView } from '../../api/generated/DisputeView';
import { nextSelected } from './selection';

const rows = [{ id: 'newest' }, { id: 'older' }];
const gone = () => Promise.reject(new Error('not found'));
const found = (view: object) => () => Promise.resolve(view as DisputeView);

test('the dispute on screen stays selected while it is listed, without asking the core', async () => {
  const find = vi.fn(gone);
  expect(await nextSelected(rows, 'older', find)).toBe('older');
  expect(find).not.toHaveBeenCalled();
});

test('the ticket is selected after its draft on screen was sent', async () => {
  const find = found({ ticket: { id: 'dsp_7' } });
  expect(await nextSelected(rows, 'draft', find)).toBe('dsp_7');
});

test('the newest dispute is selected if the selected draft is gone', async () => {
  expect(await nextSelected(rows, 'draft', gone)).toBe('newest');
  expect(await nextSelected(rows, 'draft', found({ draft: { id: 'draft' } }))).toBe('newest');
  expect(await nextSelected(rows, null, gone)).toBe('newest');
});

test('nothing is selected if there are no disputes', async () => {
  expect(await nextSelected([], null, gone)).toBeNull();
  expect(await nextSelected([], 'draft', gone)).toBeNull();
});
