import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{main,models,renderer,electron,scripts,bench}/**/*.test.{ts,tsx}'],
    // Integration tests start real processes and real inference sessions; two cores are the smallest machine we promise.
    maxWorkers: 2,
    testTimeout: 60_000,
    hookTimeout: 60_000,
  },
});
