import type { Asset } from '../../api/generated/Asset';
import type { DraftView } from '../../api/generated/DraftView';
import type { Edits } from '../../api/generated/Edits';
import type { Attempt } from '../../shared/attempt.svelte';
import { money, parseMoney } from '../../shared/money';

type Save = (id: string, edits: Partial<Edits>) => Promise<DraftView>;

/** Milliseconds after the last key until a message is saved. */
export const PAUSE = 300;

/**
 * A draft that is being edited. What is typed is kept when the core sends the draft again; a message that the core
 * proposed and the operator did not change follows the chosen rows.
 */
export class Editing {
  draft: DraftView = $state.raw() as DraftView;
  message = $state('');
  /** The expected balance as text. */
  expected = $state('');

  readonly #asset: Asset;
  readonly #attempt: Attempt;
  readonly #save: Save;
  /** The last edit: settles when the edit was saved or saving it failed. */
  #saved: Promise<void> = Promise.resolve();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #typingExpected = false;

  constructor(draft: DraftView, asset: Asset, attempt: Attempt, save: Save) {
    this.draft = draft;
    this.message = draft.message;
    this.#asset = asset;
    this.#attempt = attempt;
    this.#save = save;
    this.#showExpected(draft);
  }

  /**
   * Takes the draft as it was last read from the core. The shown expected balance follows it unless it is being typed.
   * Reads no state: an effect that calls `take` must not run again after each edit.
   */
  take(draft: DraftView): void {
    this.draft = draft;
    if (!this.#typingExpected) this.#showExpected(draft);
  }

  /** Saves a change. Changes are saved one after the other, because each replaces the whole draft. */
  edit(change: Partial<Edits>): void {
    this.#saved = this.#saved.then(async () => {
      try {
        const before = this.draft.message;
        this.draft = await this.#save(this.draft.id, change);
        if (this.message === before) this.message = this.draft.message;
        if (!this.#typingExpected) this.#showExpected(this.draft);
        this.#attempt.error = null;
      } catch (caught) {
        this.#attempt.failed(caught);
      }
    });
  }

  /** Called when a key changed the message, which is saved a moment later. */
  messageTyped(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.edit({ message: this.message }), PAUSE);
  }

  /** Called when the field of the expected balance is entered: its text is the operator's until it is left. */
  expectedEntered(): void {
    this.#typingExpected = true;
  }

  /** Called when a key changed the expected balance. Text that is no amount is not saved. */
  expectedTyped(text: string): void {
    this.expected = text;
    const amount = parseMoney(text, this.#asset);
    if (amount !== null) this.edit({ expected: amount });
  }

  /** Called when the field of the expected balance is left: it then shows the saved balance. */
  async expectedLeft(): Promise<void> {
    this.#typingExpected = false;
    await this.#saved;
    if (!this.#typingExpected) this.#showExpected(this.draft);
  }

  /** Saves the message if it is not saved yet, after earlier edits. Throws if it cannot be saved. */
  async flush(): Promise<void> {
    await this.stop();
    if (this.message !== this.draft.message)
      this.draft = await this.#save(this.draft.id, { message: this.message });
  }

  /** Gives up what was typed in the message and not saved, and waits for earlier edits. */
  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    await this.#saved;
  }

  #showExpected({ expected }: DraftView): void {
    this.expected = expected === undefined ? '' : money(expected, this.#asset);
  }
}
