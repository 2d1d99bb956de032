/** Taking files out of a folder that anybody may have made: plain files that lie in it, and no others. */
import { copyFile, lstat, mkdir, opendir } from 'node:fs/promises';
import { dirname, join, sep } from 'node:path';
import type { TwinscopeError } from '../../platform/errors.ts';
import { packageLimits } from './zipFile.ts';

/** Makes the refusal of whoever reads the folder out of its reason. */
export type Refuse = (why: string) => TwinscopeError;

const fileOf = (folder: string, path: string): string => join(folder, ...path.split('/'));

/**
 * Paths of everything in the folder, with forward slashes. Refuses more entries than a package may have. Symbolic links are
 * listed and not followed: a few that lead back to the folder would be walked without end.
 */
export async function listFolder(folder: string, refuse: Refuse): Promise<string[]> {
  const found: string[] = [];
  const waiting = [''];
  for (let inside = waiting.pop(); inside !== undefined; inside = waiting.pop()) {
    for await (const entry of await opendir(fileOf(folder, inside))) {
      if (found.length === packageLimits.entries) {
        throw refuse(`it holds more than the ${packageLimits.entries} entries that are allowed`);
      }
      const path = inside === '' ? entry.name : `${inside}/${entry.name}`;
      found.push(path);
      if (entry.isDirectory()) waiting.push(path);
    }
  }
  return found;
}

/**
 * Throws where there is no such file, it is not a plain one, or a part of its path below the folder is a symbolic link,
 * which could point anywhere.
 */
export async function requirePlainFile(folder: string, path: string, refuse: Refuse): Promise<void> {
  const file = fileOf(folder, path);
  for (let part = file; part !== folder && part.startsWith(folder + sep); part = dirname(part)) {
    const stats = await lstat(part).catch(() => null);
    if (stats?.isSymbolicLink()) {
      throw refuse(`${part.slice(folder.length + 1).replaceAll(sep, '/')} is a symbolic link`);
    }
    if (part !== file) continue;
    if (stats === null) throw refuse(`${path} is missing`);
    // A pipe would be waited for, a folder copied by a sentence about something else.
    if (!stats.isFile()) throw refuse(`${path} is not a plain file`);
  }
}

/** Copies the files of a package from one folder into another. */
export async function copyPlainFiles(from: string, to: string, paths: Iterable<string>, refuse: Refuse): Promise<void> {
  for (const path of paths) {
    await requirePlainFile(from, path, refuse);
    const target = fileOf(to, path);
    await mkdir(dirname(target), { recursive: true });
    try {
      await copyFile(fileOf(from, path), target);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw refuse(`${path} is missing`);
    }
  }
}
