// What every screen shares: the overview as the core last sent it.
import { overview as readOverview, shown, watch } from '../api/calls';
import { PageError } from '../api/errors';
import type { Overview } from '../api/generated/Overview';
import type { Screen } from '../api/generated/Screen';

export class Session {
  overview = $state<Overview | null>(null);
  error = $state<PageError | null>(null);
  screen = $state<Screen>('overview');

  /** Follows the core; the core sends, nothing here asks again and again. */
  async follow(): Promise<void> {
    try {
      this.overview = await readOverview();
      // The second frame after a change is the first that surely shows it.
      requestAnimationFrame(() => requestAnimationFrame(() => void shown()));
      await watch((update) => {
        if ('show' in update) {
          this.screen = update.show;
        } else {
          this.overview = update.overview;
          this.error = null;
        }
      });
    } catch (error) {
      this.error = PageError.from(error);
    }
  }
}
