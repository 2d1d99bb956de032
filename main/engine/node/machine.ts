/** What this machine computes with, in words that change when it does. */
import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Model and number of the processors: tuning depends on both. */
export const processorName = (): string =>
  `${os.cpus()[0]?.model.trim() ?? 'unknown'} × ${os.availableParallelism()} (${process.platform} ${process.arch})`;

/**
 * Graphics cards and drivers without asking a driver, which may crash. Linux: PCI numbers of the cards, and the version of
 * NVIDIA's driver. Windows: names and driver versions of the display adapters in the registry. Others bring their drivers with
 * the kernel or the system, whose release therefore counts everywhere; Mesa, which is updated by itself, cannot be told.
 * @param root of Linux' /sys
 * @param registry what `reg query` prints of the class of display adapters; '' elsewhere than on Windows
 */
export function graphicsName(root = '/sys', registry: string = displayAdapters()): string {
  const read = (...parts: string[]): string | null => {
    try {
      return readFileSync(path.join(root, ...parts), 'utf8').trim();
    } catch {
      return null;
    }
  };
  const cards = cardsIn(path.join(root, 'class', 'drm')).map((card) => {
    const number = (part: string): string => read('class', 'drm', card, 'device', part) ?? 'unknown';
    return `${number('vendor')}:${number('device')}`;
  });
  const nvidia = read('module', 'nvidia', 'version');
  return [
    os.release(),
    ...cards.toSorted(),
    ...(nvidia === null ? [] : [`NVIDIA ${nvidia}`]),
    ...adaptersIn(registry),
  ].join(', ');
}

/** Microsoft's class of display adapters; its keys 0000, 0001 … are the adapters. */
const displayClass = 'HKLM\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}';
let queried: string | null = null;

/** Asked once in the life of a process. Where the registry does not answer, nothing is known. */
function displayAdapters(): string {
  if (process.platform !== 'win32') return '';
  const reg = path.join(process.env['SystemRoot'] ?? 'C:\\Windows', 'System32', 'reg.exe');
  queried ??= ['DriverDesc', 'DriverVersion']
    .map((value) => {
      // It ends with an error where one of the keys may not be read, after printing the others.
      const options = { encoding: 'utf8', timeout: 5_000, windowsHide: true } as const;
      return spawnSync(reg, ['query', displayClass, '/s', '/v', value], options).stdout ?? '';
    })
    .join('\n');
  return queried;
}

/** `NVIDIA GeForce RTX 3060 31.0.15.3623`, one of each adapter. */
function adaptersIn(registry: string): string[] {
  const adapters = new Map<string, { name: string; version: string }>();
  let key = '';
  for (const line of registry.split(/\r?\n/)) {
    if (line.startsWith('HKEY_')) key = line.trim();
    const [, value, text] = /^\s+(DriverDesc|DriverVersion)\s+REG_SZ\s+(.*\S)/.exec(line) ?? [];
    if (value === undefined || text === undefined) continue;
    const adapter = adapters.get(key) ?? { name: 'unknown', version: 'unknown' };
    adapters.set(key, value === 'DriverDesc' ? { ...adapter, name: text } : { ...adapter, version: text });
  }
  return [...adapters.values()].map(({ name, version }) => `${name} ${version}`).toSorted();
}

/** `card0`, not its connectors (`card0-HDMI-A-1`). */
function cardsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^card\d+$/.test(name));
  } catch {
    return [];
  }
}
