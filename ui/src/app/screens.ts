import type { Screen } from '../api/generated/Screen';
import type { IconName } from '../shared/Icon.svelte';

/** `imported`: of use where no cloud stands behind the account. */
export const SCREENS: { id: Screen; title: string; icon: IconName; imported: boolean }[] = [
  { id: 'overview', title: 'Overview', icon: 'overview', imported: true },
  { id: 'history', title: 'History', icon: 'history', imported: true },
  { id: 'plan', title: 'Plan & renewal', icon: 'plan', imported: false },
  { id: 'disputes', title: 'Disputes', icon: 'flag', imported: true },
  { id: 'outbox', title: 'Outbox', icon: 'outbox', imported: false },
  { id: 'settings', title: 'Settings', icon: 'settings', imported: true },
];
