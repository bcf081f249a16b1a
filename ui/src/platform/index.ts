// The one seam between page and desktop: nothing else in the page knows Tauri.
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
