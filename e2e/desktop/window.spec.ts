/** The desktop shell with a real Electron, wherever its runtime and a display are to be had. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { _electron, expect, test } from '@playwright/test';
import { installedElectron, noWindowBecause } from '../../scripts/electron-runtime.ts';

const root = path.resolve(import.meta.dirname, '..', '..');
const executablePath = installedElectron();
const asRoot = process.getuid?.() === 0;
// Under Xvfb the tests may run as root, which Electron accepts when its sandbox is off.
const blocked = asRoot && process.env['DISPLAY'] ? null : noWindowBecause();

test.skip(executablePath === null, 'no Electron runtime');
test.skip(executablePath !== null && blocked !== null, `no desktop window: ${blocked}`);

test('the window shows the workbench, sandboxed, with its backend behind a message port', async () => {
  const home = mkdtempSync(path.join(tmpdir(), 'twinscope-desktop-'));
  const app = await _electron.launch({
    executablePath: executablePath as string,
    args: [...(asRoot ? ['--no-sandbox'] : []), root],
    env: { ...process.env, TWINSCOPE_HOME: home } as Record<string, string>,
  });
  try {
    const page = await app.firstWindow();
    await expect(page.getByRole('navigation', { name: 'Steps' })).toBeVisible();
    expect(page.url()).toMatch(/^app:\/\/twinscope\//);
    const seen = await page.evaluate(() => ({
      require: typeof (globalThis as { require?: unknown }).require,
      process: typeof (globalThis as { process?: unknown }).process,
      bridge: Object.keys((globalThis as { twinscope?: object }).twinscope ?? {}).toSorted(),
    }));
    expect(seen).toEqual({
      require: 'undefined',
      process: 'undefined',
      bridge: ['chooseFile', 'chooseFolder', 'connect', 'pathForFile'],
    });
    await page.getByRole('link', { name: /Library/ }).click();
    await expect(page.getByText('V1', { exact: false }).first()).toBeVisible();
  } finally {
    await app.close();
    rmSync(home, { recursive: true, force: true });
  }
});
