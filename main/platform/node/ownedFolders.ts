/**
 * Folders that live as long as the process that made them. Their names say which process that is, so that what a killed
 * one left behind is removed by whoever makes the next.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isAlive, thisProcess } from './process.ts';

/** Makes an empty folder in `parent` for this process, and removes there what processes that have ended left. */
export function makeOwnedFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  removeOrphans(parent);
  const { pid, startTime } = thisProcess();
  return mkdtempSync(join(parent, `${pid}_${encodeURIComponent(startTime ?? '')}_`));
}

/** A folder that cannot be removed is no reason to fail: somebody else may just be removing it, or Windows still hold it. */
export function removeOwnedFolder(folder: string): void {
  try {
    rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
  } catch {
    // It is tried again as an orphan.
  }
}

function removeOrphans(parent: string): void {
  for (const name of readdirSync(parent)) {
    const [, pid, startTime] = /^(\d+)_([^_]*)_/.exec(name) ?? [];
    if (pid === undefined || startTime === undefined) continue;
    if (isAlive({ pid: Number(pid), startTime: startTime === '' ? null : decodeURIComponent(startTime) })) continue;
    removeOwnedFolder(join(parent, name));
  }
}
