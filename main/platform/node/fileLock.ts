/** One process at a time, held together by a file. */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { fileError } from './files.ts';
import { ownedName, ownerOf } from './ownedNames.ts';

const waitMs = 20;
/** What is done under a lock takes milliseconds: whoever has it for longer was stopped, or is on a computer that is gone. */
const longestHeldMs = 10_000;

/**
 * Does `work` while no other process, and nobody else in this one, does any for the same file: what is read, changed and
 * written again loses nothing of what another writes. The lock is a hidden file beside it, gone afterwards; that of a
 * process that has ended is taken away. Throws as `fileError` says where the folder cannot be written.
 */
export async function underLock<T>(file: string, work: () => Promise<T>, longestMs = longestHeldMs): Promise<T> {
  const path = join(dirname(file), `.${basename(file)}.lock`);
  const mark = ownedName('lock');
  await take(path, mark, longestMs).catch((error: unknown) => {
    throw fileError(error, file);
  });
  try {
    return await work();
  } finally {
    if ((await holder(path)) === mark) await rm(path, { force: true });
  }
}

const holder = (path: string): Promise<string | null> => readFile(path, 'utf8').catch(() => null);

async function take(path: string, mark: string, longestMs: number): Promise<void> {
  let seen: string | null = null;
  let since = performance.now();
  for (;;) {
    try {
      await writeFile(path, mark, { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    }
    const found = await holder(path);
    if (found !== seen) since = performance.now();
    seen = found;
    const abandoned = found !== null && ownerOf(found) === 'ended';
    const broken = (abandoned || performance.now() - since > longestMs) && (await breakLock(path, found));
    // Where it cannot be broken, another user's say, it is waited for.
    if (!broken) await setTimeout(waitMs);
  }
}

/** Renamed and looked at again: meanwhile somebody else may have taken the lock, which stays theirs. False where it cannot be renamed. */
async function breakLock(path: string, found: string | null): Promise<boolean> {
  const aside = `${path}.${ownedName('broken').slice(1)}`;
  const renamed = await rename(path, aside).then(
    () => true,
    () => false,
  );
  if (!renamed) return false;
  const taken = await holder(aside);
  if (taken !== found && taken !== null) await writeFile(path, taken, { flag: 'wx' }).catch(() => undefined);
  await rm(aside, { recursive: true, force: true });
  return true;
}
