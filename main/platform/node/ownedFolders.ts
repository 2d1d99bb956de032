/**
 * Folders that live as long as the process that made them. Their names say which process that is, so that what a killed
 * one left behind is removed by whoever makes the next.
 */
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { ownerMark, ownerOf } from './ownedNames.ts';

/** Makes an empty folder in `parent` for this process, and removes there what processes that have ended left. */
export function makeOwnedFolder(parent: string): string {
  mkdirSync(parent, { recursive: true });
  removeOrphans(parent);
  return mkdtempSync(join(parent, ownerMark()));
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
    if (ownerOf(name) === 'ended') removeOwnedFolder(join(parent, name));
  }
}
