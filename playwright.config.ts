import { defineConfig } from '@playwright/test';
import { browserLaunchOptions } from './e2e/browser.ts';

export default defineConfig({
  testDir: 'e2e',
  outputDir: 'test-results',
  // Two cores are the smallest machine we promise, and every test starts a backend and a compute process of its own.
  workers: 1,
  timeout: 120_000,
  expect: { timeout: 15_000 },
  forbidOnly: true,
  use: { trace: 'retain-on-failure', viewport: { width: 1440, height: 900 } },
  projects: [
    { name: 'browser', testIgnore: 'desktop/**', use: { launchOptions: await browserLaunchOptions() } },
    { name: 'desktop', testMatch: 'desktop/**/*.spec.ts' },
  ],
});
