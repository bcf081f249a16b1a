// All calls between page and desktop go through this file: nothing else in the page uses Tauri.
import { Channel, invoke as tauriInvoke } from '@tauri-apps/api/core';
import { getCurrentWindow } from '@tauri-apps/api/window';

export function invoke<T>(command: string, args?: Record<string, unknown>): Promise<T> {
  return tauriInvoke<T>(command, args);
}

/** A channel that hands every message to `onMessage`. */
export function channel<T>(onMessage: (message: T) => void): unknown {
  const channel = new Channel<T>();
  channel.onmessage = onMessage;
  return channel;
}

/** Which of the app's windows this page is in. */
export const windowName = (): string => getCurrentWindow().label;

interface Locale {
  /** A BCP 47 tag for dates and numbers. */
  tag: string;
  /** Whether texts are shown in the pseudo-locale. */
  pseudo: boolean;
  /**
   * Abbreviations of the laptop's time zone, sorted by `from`: each holds from that instant (in milliseconds) to the
   * next one.
   */
  zones?: { from: number; name: string }[];
}

/** The operator's locale, as the desktop passes it before the page loads. */
export const locale = (): Locale =>
  (globalThis as { boothkeeperLocale?: Locale }).boothkeeperLocale ?? {
    tag: 'en-GB',
    pseudo: false,
  };
