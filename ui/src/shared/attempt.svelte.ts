import { PageError } from '../api/errors';

/** What the operator has asked for: whether it is being done, and why it was not. */
export class Attempt {
  busy = $state(false);
  error = $state<PageError | null>(null);

  /** Does it; `null` if it could not be done. */
  async run<T>(act: () => Promise<T>): Promise<T | null> {
    this.busy = true;
    this.error = null;
    try {
      return await act();
    } catch (caught) {
      this.failed(caught);
      return null;
    } finally {
      this.busy = false;
    }
  }

  failed(caught: unknown): void {
    this.error = PageError.from(caught);
  }
}
