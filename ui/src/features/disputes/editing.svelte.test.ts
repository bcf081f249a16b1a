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

/** An editor whose saves are kept by `core` as the core keeps them. */
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

test('a message is saved once, a moment after the last key', async () => {
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

test('a proposed message follows the rows', async () => {
  const { editing } = editor(async () => ({ message: 'Proposed for 2 rows.' }));
  editing.edit({ entries: [4, 5] });
  await editing.flush();
  expect(editing.message).toBe('Proposed for 2 rows.');
});

test('a changed message is kept when the rows change', async () => {
  const { editing } = editor(async ({ message }) => ({ message: message ?? 'Proposed again.' }));
  editing.message = 'My own.';
  editing.edit({ entries: [4, 5] });
  await vi.advanceTimersByTimeAsync(0);
  expect(editing.message).toBe('My own.');
});

test('what is typed is kept when the draft is read again', () => {
  const { editing } = editor();
  editing.message = 'My own.';
  editing.expectedEntered();
  editing.expectedTyped('149.');
  editing.take({ ...draft, expected: 14_000 });
  expect([editing.message, editing.expected]).toEqual(['My own.', '149.']);
});

test('the expected balance moves with the balance while it is not being typed', async () => {
  const { editing } = editor();
  expect(editing.expected).toBe('$150.00');
  editing.take({ ...draft, expected: 14_000 });
  expect(editing.expected).toBe('$140.00');
  const without = { ...draft };
  delete without.expected;
  editing.take(without);
  expect(editing.expected).toBe('');
});

test('an edit does not bring back the draft that was read before it', async () => {
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

test('only an amount is saved as the expected balance, and the field shows it when it is left', async () => {
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

test('an edit waits for the one before it', async () => {
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

test('before it is sent, what is typed is saved at once and not again later', async () => {
  const { editing, saved } = editor();
  editing.message = 'My own.';
  editing.messageTyped();
  await editing.flush();
  await vi.advanceTimersByTimeAsync(PAUSE);
  expect(saved).toEqual([{ message: 'My own.' }]);
});

test('nothing is saved after it was given up', async () => {
  const { editing, saved } = editor();
  editing.message = 'My own.';
  editing.messageTyped();
  await editing.stop();
  await vi.advanceTimersByTimeAsync(PAUSE);
  expect(saved).toEqual([]);
});

test('a failed edit is shown and does not stop the next one, and a failed flush throws', async () => {
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
