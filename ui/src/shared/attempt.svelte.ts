import { PageError } from '../api/errors';

/** An action of the operator: whether it is running, and why it failed. */
export class Attempt {
  busy = $state(false);
  error = $state<PageError | null>(null);

  /** Runs the action. Returns `null` if it failed; `error` then says why. */
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
