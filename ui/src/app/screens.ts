import type { IconName } from '../shared/Icon.svelte';

export type Screen = 'overview' | 'history' | 'settings';

export const SCREENS: { id: Screen; title: string; icon: IconName }[] = [
  { id: 'overview', title: 'Overview', icon: 'overview' },
  { id: 'history', title: 'History', icon: 'history' },
  { id: 'settings', title: 'Settings', icon: 'settings' },
];
