import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

export default defineConfig({
  root: new URL('.', import.meta.url).pathname,
  // Relative addresses: the same build is served from app:// and from the loopback host.
  base: './',
  plugins: [react()],
  build: {
    outDir: '../dist/renderer',
    emptyOutDir: true,
    target: 'es2024',
    // Everything is local, so one large file costs nothing and saves a waterfall of requests at start.
    chunkSizeWarningLimit: 4096,
  },
  server: {
    host: '127.0.0.1',
    proxy: {
      '/rpc': { target: 'ws://127.0.0.1:4173', ws: true },
      '/resource': { target: 'http://127.0.0.1:4173' },
    },
  },
});
