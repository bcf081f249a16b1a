// What every screen shares: the overview as the core last sent it.
import { lastLook, look, overview as readOverview, shown, watch } from '../api/calls';
import { PageError } from '../api/errors';
import type { Look } from '../api/generated/Look';
import type { Overview } from '../api/generated/Overview';
import type { Screen } from '../api/generated/Screen';

export class Session {
  overview = $state<Overview | null>(null);
  error = $state<PageError | null>(null);
  screen = $state<Screen>('overview');
  /** The dispute that the Disputes screen has open. */
  dispute = $state<string | null>(null);
  /** Why what was dropped on the window was not taken. */
  dropped = $state<PageError | null>(null);
  /** How far the operator had looked before this time. */
  since = $state.raw<Look | null>(null);
  #looked = 0;

  /** Follows the core; the core sends, nothing here asks again and again. */
  async follow(): Promise<void> {
    try {
      await this.#lookAgain();
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') void this.#lookAgain();
      });
      this.overview = await readOverview();
      this.#keepLook();
      // The second frame after a change is the first that surely shows it.
      requestAnimationFrame(() => requestAnimationFrame(() => void shown()));
      await watch((update) => {
        if ('show' in update) {
          this.screen = update.show;
        } else if ('dropped' in update) {
          this.dropped = update.dropped && new PageError(update.dropped, null, []);
        } else {
          this.overview = update.overview;
          this.error = null;
          this.#keepLook();
        }
      });
    } catch (error) {
      this.error = PageError.from(error);
    }
  }

  async #lookAgain(): Promise<void> {
    this.since = await lastLook();
  }

  /** What is on the first screen now has been looked at, when the operator comes back. */
  #keepLook(): void {
    const seq = this.overview?.balance.seq;
    const seen = this.screen === 'overview' && document.visibilityState === 'visible';
    if (!seen || seq === undefined || seq <= this.#looked) return;
    this.#looked = seq;
    void look(seq).catch((error: unknown) => {
      this.error = PageError.from(error);
    });
  }
}
