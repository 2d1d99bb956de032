import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['{main,models,renderer,electron,scripts,bench}/**/*.test.{ts,tsx}'],
    // Integration tests start real processes and real inference sessions; two cores are the smallest machine we promise.
    // The limits only end what hangs: no test may depend on being quick.
    maxWorkers: 2,
    testTimeout: 600_000,
    hookTimeout: 600_000,
  },
});
