import { afterEach, beforeEach, expect, test, vi } from 'vitest';

import type { DraftView } from '../../api/generated/DraftView';
import type { Edits } from '../../api/generated/Edits';
import { Attempt } from '../../shared/attempt.svelte';
import { USD } from '../../shared/money';
import { Editing, PAUSE } from './editing.svelte';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const draft = {
  id: 'draft',
  state: 'draft',
  message: 'Proposed for 1 row.',
  expected: 15_000,
} as DraftView;

/** An editor of the draft. `core` stands in for the core: it answers each save with what changed in the draft. */
function editor(core?: (edits: Partial<Edits>) => Promise<Partial<DraftView>>) {
  const saved: Partial<Edits>[] = [];
  const attempt = new Attempt();
  let kept = draft;
  const editing = new Editing(draft, USD, attempt, async (_, edits) => {
    saved.push(edits);
    kept = { ...kept, ...((await core?.(edits)) ?? (edits as Partial<DraftView>)) };
    return kept;
  });
  return { editing, saved, attempt };
}

test('a typed message is saved once, a moment after the last key', async () => {
  const { editing, saved } = editor();
  for (const message of ['I', 'I never', 'I never chose this.']) {
    editing.message = message;
    editing.messageTyped();
    await vi.advanceTimersByTimeAsync(PAUSE - 1);
  }
  expect(saved).toEqual([]);
  await vi.advanceTimersByTimeAsync(1);
  expect(saved).toEqual([{ message: 'I never chose this.' }]);
});

test('a proposed message is replaced when the chosen rows change', async () => {
  const { editing } = editor(async () => ({ message: 'Proposed for 2 rows.' }));
  editing.edit({ entries: [4, 5] });
  await editing.flush();
  expect(editing.message).toBe('Proposed for 2 rows.');
});

test('a message that the operator changed is kept when the chosen rows change', async () => {
  const { editing } = editor(async ({ message }) => ({ message: message ?? 'Proposed again.' }));
  editing.message = 'My own.';
  editing.edit({ entries: [4, 5] });
  await vi.advanceTimersByTimeAsync(0);
  expect(editing.message).toBe('My own.');
});

test('typed text is kept when the draft is read again from the core', () => {
  const { editing } = editor();
  editing.message = 'My own.';
  editing.expectedEntered();
  editing.expectedTyped('149.');
  editing.take({ ...draft, expected: 14_000 });
  expect([editing.message, editing.expected]).toEqual(['My own.', '149.']);
});

test('the shown expected balance follows the draft while it is not being typed', async () => {
  const { editing } = editor();
  expect(editing.expected).toBe('$150.00');
  editing.take({ ...draft, expected: 14_000 });
  expect(editing.expected).toBe('$140.00');
  const without = { ...draft };
  delete without.expected;
  editing.take(without);
  expect(editing.expected).toBe('');
});

test('a saved edit is not overwritten by the draft that was read before it', async () => {
  const { editing } = editor();
  const stop = $effect.root(() => {
    $effect(() => editing.take(draft));
  });
  await vi.advanceTimersByTimeAsync(0);
  editing.edit({ from: '2026-02-01' });
  await vi.advanceTimersByTimeAsync(0);
  expect(editing.draft.from).toBe('2026-02-01');
  stop();
});

test('only valid amounts are saved as expected balance, and the field shows the saved one when left', async () => {
  const { editing, saved } = editor();
  editing.expectedEntered();
  for (const text of ['1', '1x', '', '120,50']) editing.expectedTyped(text);
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ expected: 100 }, { expected: 12_050 }]);
  expect(editing.expected).toBe('120,50');
  editing.expectedTyped('nonsense');
  await editing.expectedLeft();
  expect(editing.expected).toBe('$120.50');
});

test('an edit of a draft is saved only after the edit before it', async () => {
  let finish = () => {};
  const slow = new Promise<void>((resolve) => (finish = resolve));
  const { editing, saved } = editor(async (edits) => {
    if (edits.entries) await slow;
    return edits as Partial<DraftView>;
  });
  editing.edit({ entries: [4] });
  editing.edit({ from: '2026-02-01' });
  await vi.advanceTimersByTimeAsync(0);
  expect(saved).toEqual([{ entries: [4] }]);
  finish();
  await editing.flush();
  expect(saved).toEqual([{ entries: [4] }, { from: '2026-02-01' }]);
  expect(editing.draft.from).toBe('2026-02-01');
});

test('flush saves the typed message at once, and it is not saved again later', async () => {
  const { editing, saved } = editor();
  editing.message = 'My own.';
  editing.messageTyped();
  await editing.flush();
  await vi.advanceTimersByTimeAsync(PAUSE);
  expect(saved).toEqual([{ message: 'My own.' }]);
});

test('a typed message is not saved after editing was stopped', async () => {
  const { editing, saved } = editor();
  editing.message = 'My own.';
  editing.messageTyped();
  await editing.stop();
  await vi.advanceTimersByTimeAsync(PAUSE);
  expect(saved).toEqual([]);
});

test('a failed edit is reported and does not stop the next edit, and a failed flush throws', async () => {
  let full = true;
  const { editing, attempt } = editor(async (edits) => {
    if (full) throw { code: 'disk_full' };
    return edits as Partial<DraftView>;
  });
  editing.edit({ from: '2026-02-01' });
  editing.message = 'My own.';
  await expect(editing.flush()).rejects.toEqual({ code: 'disk_full' });
  expect(attempt.error?.code).toBe('disk_full');
  full = false;
  editing.edit({ from: '2026-02-02' });
  await editing.flush();
  expect(attempt.error).toBeNull();
  expect(editing.draft.message).toBe('My own.');
});
