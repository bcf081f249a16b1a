// The state that all screens share: the overview as the core last sent it, and which screen is shown.
import { lastLook, look, overview as readOverview, shown, watch } from '../api/calls';
import { PageError } from '../api/errors';
import type { LastSeen } from '../api/generated/LastSeen';
import type { Overview } from '../api/generated/Overview';
import type { Screen } from '../api/generated/Screen';
import { setNames } from '../shared/names.svelte';

export class Session {
  overview = $state<Overview | null>(null);
  error = $state<PageError | null>(null);
  screen = $state<Screen>('overview');
  /** Id of the draft or ticket that is open on the disputes screen. */
  dispute = $state<string | null>(null);
  /** Why a file that was dropped on the window was not attached. */
  dropped = $state<PageError | null>(null);
  /** The newest entry that the operator had seen before the window was shown; null if none. */
  since = $state.raw<LastSeen | null>(null);
  /** Number of the newest entry that the first screen has shown while the window was visible. */
  #looked = 0;

  /** Reads the overview once, then takes the updates that the core sends. */
  async follow(): Promise<void> {
    try {
      await this.#lookAgain();
      document.addEventListener('visibilitychange', () => {
        if (document.visibilityState === 'visible') void this.#lookAgain();
      });
      this.#show(await readOverview());
      // After the second frame it is certain that the overview has been drawn.
      requestAnimationFrame(() => requestAnimationFrame(() => void shown()));
      await watch((update) => {
        if ('show' in update) {
          this.screen = update.show;
        } else if ('dropped' in update) {
          this.dropped = update.dropped && new PageError(update.dropped, null, []);
        } else {
          this.error = null;
          this.#show(update.overview);
        }
      });
    } catch (error) {
      this.error = PageError.from(error);
    }
  }

  /** Shows an overview. Its names are set first, so that it is never drawn with the names of another catalog. */
  #show(overview: Overview): void {
    setNames(overview.names);
    this.overview = overview;
    this.#keepLook();
  }

  async #lookAgain(): Promise<void> {
    this.since = await lastLook();
  }

  /** Tells the core the newest entry that the operator has seen, if the first screen is visible. */
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
