/** What killed imports, packings, removals and checks leave in the library's folder. */
import type { Dirent } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { ownerOf } from '../../platform/node/ownedNames.ts';

const dayMs = 24 * 60 * 60 * 1000;

/** Folders under way, and files that were being written or held as a lock; other hidden files are not ours. */
const isOurs = (item: Dirent): boolean =>
  item.isDirectory()
    ? /^\.(import|pack|removed)-/.test(item.name)
    : item.isFile() && /\.(part-|lock$|lock\.)/.test(item.name);

/**
 * Clears at once what belongs to a process of this computer that has ended, and after a day what nobody can tell of: that of
 * another computer with the same home, or of an earlier version. What a living process has under way stays. What cannot be
 * cleared stays for the next time.
 */
export async function sweep(folder: string, now = Date.now()): Promise<void> {
  for (const item of await readdir(folder, { withFileTypes: true }).catch(() => [])) {
    if (!item.name.startsWith('.') || !isOurs(item)) continue;
    const path = join(folder, item.name);
    const owner = ownerOf(item.name);
    if (owner === 'lives') continue;
    if (owner === 'unknown') {
      const stats = await stat(path).catch(() => null);
      if (stats === null || now - stats.mtimeMs <= dayMs) continue;
    }
    await rm(path, { recursive: true, force: true }).catch(() => undefined);
  }
}
