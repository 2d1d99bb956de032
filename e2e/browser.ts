/**
 * A browser for the tests that comes from the package registry alone: @sparticuz/chromium, unpacked once into .cache.
 * Where that package has no binary (it is for Linux on x64), an installed Chrome or Chromium.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { LaunchOptions } from '@playwright/test';
import { inflate } from '@sparticuz/chromium';

const require = createRequire(import.meta.url);
const root = path.resolve(import.meta.dirname, '..');

/** The sandbox needs what containers do not have; the pages under test are our own. The rest is silence on the network. */
const args = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

/** What Playwright needs to start the browser of this machine. */
export async function browserLaunchOptions(): Promise<LaunchOptions> {
  const chosen = process.env['TWINSCOPE_TEST_BROWSER'];
  if (chosen) return { executablePath: chosen, args };
  if (process.platform === 'linux' && process.arch === 'x64') return bundledBrowser();
  const names = ['google-chrome', 'google-chrome-stable', 'chromium', 'chromium-browser'];
  const folders = (process.env['PATH'] ?? '').split(path.delimiter);
  const installed = folders
    .flatMap((folder) => names.map((name) => path.join(folder, name)))
    .find((file) => existsSync(file));
  // On Windows and macOS Playwright itself knows where Chrome is installed.
  return installed === undefined ? { channel: 'chrome', args } : { executablePath: installed, args };
}

async function bundledBrowser(): Promise<LaunchOptions> {
  // The package's exports hide its package.json, whose version names the folder.
  const packageFolder = path.resolve(path.dirname(require.resolve('@sparticuz/chromium')), '..');
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const folder = path.join(root, '.cache', 'browser', version);
  if (!existsSync(folder)) await unpack(packageFolder, folder);
  const env = { ...process.env, ...environmentFor(folder) } as Record<string, string>;
  return { executablePath: path.join(folder, 'chromium'), args, env };
}

async function unpack(packageFolder: string, folder: string): Promise<void> {
  mkdirSync(path.dirname(folder), { recursive: true });
  const part = mkdtempSync(`${folder}.part-`);
  // The package unpacks into the system's temporary folder, where another program's copy may be; ours is our own.
  const before = process.env['TMPDIR'];
  process.env['TMPDIR'] = part;
  try {
    const archives = ['chromium.br', 'fonts.tar.br', 'swiftshader.tar.br', 'al2023.tar.br'];
    await Promise.all(archives.map((name) => inflate(path.join(packageFolder, 'bin', name))));
  } finally {
    if (before === undefined) delete process.env['TMPDIR'];
    else process.env['TMPDIR'] = before;
  }
  rmSync(folder, { recursive: true, force: true });
  renameSync(part, folder);
}

/** The environment in which the binary starts: the package's own libraries and fonts stand in for missing ones. */
function environmentFor(folder: string): Record<string, string> {
  const libraries = { LD_LIBRARY_PATH: path.join(folder, 'al2023', 'lib') };
  const tried = [{}, libraries].map((environment) => ({
    environment,
    result: spawnSync(path.join(folder, 'chromium'), ['--version'], {
      encoding: 'utf8',
      env: { ...process.env, ...environment },
    }),
  }));
  const working = tried.find(({ result }) => result.status === 0);
  if (working === undefined) {
    throw new Error(`The browser for the tests does not start here: ${tried.at(-1)?.result.stderr.trim()}`);
  }
  return { ...working.environment, ...(existsSync('/etc/fonts/fonts.conf') ? {} : ownFonts(folder)) };
}

/** The package's own configuration names folders of another system. */
function ownFonts(folder: string): Record<string, string> {
  const file = path.join(folder, 'fonts.conf');
  const directories = `<dir>${path.join(folder, 'fonts')}</dir><cachedir>${path.join(folder, 'font-cache')}</cachedir>`;
  writeFileSync(file, `<?xml version="1.0"?><fontconfig>${directories}</fontconfig>`);
  return { FONTCONFIG_FILE: file };
}
