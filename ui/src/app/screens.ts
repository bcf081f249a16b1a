import type { Screen } from '../api/generated/Screen';
import type { IconName } from '../shared/Icon.svelte';

export const SCREENS: { id: Screen; title: string; icon: IconName }[] = [
  { id: 'overview', title: 'Overview', icon: 'overview' },
  { id: 'history', title: 'History', icon: 'history' },
  { id: 'plan', title: 'Plan & renewal', icon: 'plan' },
  { id: 'outbox', title: 'Outbox', icon: 'outbox' },
  { id: 'settings', title: 'Settings', icon: 'settings' },
];
