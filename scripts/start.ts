/**
 * `npm start`: builds what is needed and opens the workbench, in its own window where Electron can run and in the browser
 * otherwise. `npm start -- --browser` asks for the browser, and so does any option of `twinscope serve`.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { runBuild } from './build.ts';
import { electronIsReachable, installedElectron, noWindowBecause } from './electron-runtime.ts';
import { root, runTool } from './tools.ts';

/** A runtime that cannot start (no sandbox, a missing library) ends within this time. */
const startUpMs = 5000;

const given = process.argv.slice(2).filter((argument) => argument !== '--browser');
const wantsBrowser = process.argv.length > 2;

/** Electron's executable, downloading it first if that is possible; or why there is none. */
async function findElectron(): Promise<{ file: string } | { missing: string }> {
  if (wantsBrowser) return { missing: 'the browser was asked for' };
  const reason = noWindowBecause();
  if (reason !== null) return { missing: reason };
  const installed = installedElectron();
  if (installed !== null) return { file: installed };
  if (!(await electronIsReachable())) return { missing: 'its runtime is not installed and cannot be reached' };
  console.log('Downloading the desktop runtime (about 120 MB, once) …');
  await runTool('electron', 'install-electron', []);
  const downloaded = installedElectron();
  return downloaded === null ? { missing: 'its runtime could not be downloaded' } : { file: downloaded };
}

/** Resolves with whether the window worked: false when Electron ended in failure right after its start. */
function runElectron(file: string): Promise<boolean> {
  const started = performance.now();
  const child = spawn(file, [root], { stdio: 'inherit' });
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill(signal));
  return new Promise((resolve) => {
    child.on('error', () => resolve(false));
    child.on('exit', (code) => resolve(code === 0 || performance.now() - started > startUpMs));
  });
}

async function runInBrowser(reason: string): Promise<void> {
  const cli = path.join(root, 'dist', 'main', 'cli.js');
  // BROWSER=none is how other tools are told to leave the person's browser alone, too.
  const open = noWindowBecause() === 'there is no display' || process.env['BROWSER'] === 'none' ? [] : ['--open'];
  console.log(
    `The desktop window is not available (${reason}), so Twinscope ` +
      (open.length > 0 ? 'opens in the browser.' : 'is served to a browser: open the address below in yours.'),
  );
  process.argv = [process.execPath, cli, 'serve', ...open, ...given];
  await import(pathToFileURL(cli).href);
}

try {
  const [electron] = await Promise.all([findElectron(), runBuild()]);
  if ('missing' in electron) await runInBrowser(electron.missing);
  else if (!(await runElectron(electron.file))) await runInBrowser('its runtime did not start');
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
}
