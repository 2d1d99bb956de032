/** Where Electron's runtime is, and whether it can show a window here. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { root } from './tools.ts';

const packageFolder = path.join(root, 'node_modules', 'electron');
const executables: Record<string, string> = {
  darwin: 'Electron.app/Contents/MacOS/Electron',
  win32: 'electron.exe',
};
const executable = executables[process.platform] ?? 'electron';

/** The executable of a runtime that is on this machine: ELECTRON_OVERRIDE_DIST_PATH first, then the downloaded one. */
export function installedElectron(): string | null {
  const override = process.env['ELECTRON_OVERRIDE_DIST_PATH'];
  const folders = [...(override ? [override] : []), path.join(packageFolder, 'dist')];
  return folders.map((folder) => path.join(folder, executable)).find((file) => existsSync(file)) ?? null;
}

/** Why no window can be shown here, or null when one can. */
export function noWindowBecause(): string | null {
  if (process.platform !== 'linux') return null;
  if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display';
  if (process.getuid?.() === 0) return 'desktop windows do not run as root';
  return null;
}

/** True when the place Electron's runtime is downloaded from answers within `timeoutMs`. */
export async function electronIsReachable(timeoutMs = 3000): Promise<boolean> {
  const { version } = JSON.parse(readFileSync(path.join(packageFolder, 'package.json'), 'utf8')) as { version: string };
  const mirror =
    process.env['ELECTRON_MIRROR'] ??
    process.env['npm_config_electron_mirror'] ??
    'https://github.com/electron/electron/releases/download/';
  try {
    const address = new URL(`v${version}/SHASUMS256.txt`, mirror.endsWith('/') ? mirror : `${mirror}/`);
    const response = await fetch(address, { method: 'HEAD', signal: AbortSignal.timeout(timeoutMs) });
    return response.ok;
  } catch {
    return false;
  }
}
