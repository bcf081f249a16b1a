// The colour theme of each window, kept on this computer. The main window follows the system at first. The event window
// is dark at first, because it is used in dark venues.
export type Theme = 'system' | 'light' | 'dark';
export type Place = 'main' | 'event';

const KEYS: Record<Place, string> = { main: 'boothkeeper.theme', event: 'boothkeeper.event-theme' };
const FIRST: Record<Place, Theme> = { main: 'system', event: 'dark' };

export function storedTheme(place: Place = 'main'): Theme {
  const stored = localStorage.getItem(KEYS[place]);
  return stored === 'light' || stored === 'dark' ? stored : FIRST[place];
}

export function applyTheme(place: Place = 'main', theme: Theme = storedTheme(place)): void {
  if (theme === 'system') {
    localStorage.removeItem(KEYS[place]);
    delete document.documentElement.dataset['theme'];
  } else {
    localStorage.setItem(KEYS[place], theme);
    document.documentElement.dataset['theme'] = theme;
  }
}
