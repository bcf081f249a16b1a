import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  plugins: [svelte()],
  // The page's policy allows files of its own only: nothing is inlined as data.
  build: { assetsInlineLimit: 0, target: 'safari17.5', modulePreload: { polyfill: false } },
  // The Fluent files are outside this folder.
  server: { fs: { allow: ['.', '../src-tauri/crates/messages'] } },
  test: { environment: 'node', include: ['src/**/*.test.ts'] },
});
