import type { Screen } from '../api/generated/Screen';
import type { IconName } from '../shared/Icon.svelte';

/** The screens in the order of the sidebar. `imported`: shown for an imported account too, which has no cloud. */
export const SCREENS: { id: Screen; icon: IconName; imported: boolean }[] = [
  { id: 'overview', icon: 'overview', imported: true },
  { id: 'history', icon: 'history', imported: true },
  { id: 'plan', icon: 'plan', imported: false },
  { id: 'disputes', icon: 'flag', imported: true },
  { id: 'outbox', icon: 'outbox', imported: false },
  { id: 'settings', icon: 'settings', imported: true },
];
