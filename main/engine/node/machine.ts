/** What this machine computes with, in words that change when it does. */
import { readdirSync, readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

/** Model and number of the processors: tuning depends on both. */
export const processorName = (): string =>
  `${os.cpus()[0]?.model.trim() ?? 'unknown'} × ${os.availableParallelism()} (${process.platform} ${process.arch})`;

/**
 * Graphics cards and drivers without asking a driver, which may crash. Linux: PCI numbers of the cards, and the version of
 * NVIDIA's driver. Others bring their drivers with the kernel or the system, whose release therefore counts everywhere;
 * drivers that Windows and Mesa update by themselves cannot be told from there.
 * @param root of Linux' /sys
 */
export function graphicsName(root = '/sys'): string {
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
  return [os.release(), ...cards.toSorted(), ...(nvidia === null ? [] : [`NVIDIA ${nvidia}`])].join(', ');
}

/** `card0`, not its connectors (`card0-HDMI-A-1`). */
function cardsIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => /^card\d+$/.test(name));
  } catch {
    return [];
  }
}
