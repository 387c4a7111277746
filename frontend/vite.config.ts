import { svelte } from '@sveltejs/vite-plugin-svelte';
import { defineConfig } from 'vitest/config';
import { mockServer } from './mock/server.ts';

/** What the observer sends with every answer; `npm run preview` sends it too, so that a breach shows at once. */
const STRICT = {
  'Content-Security-Policy':
    "default-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
};

export default defineConfig({
  plugins: [svelte({ configFile: false }), mockServer()],
  build: {
    outDir: '../src/trilat/web/page',
    emptyOutDir: true,
    target: 'es2022',
    // No file becomes a `data:` address inside another: the content policy allows files of this origin only.
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  preview: { headers: STRICT },
  test: { include: ['src/**/*.test.ts'] },
});
