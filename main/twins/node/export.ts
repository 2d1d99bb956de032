/** A package out of the library, or one that was just put together, as an archive or a folder elsewhere. */
import { dirname, resolve } from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { alreadyThere, exists, writeFolderAtomic, writeNewFileAtomic } from '../../platform/node/files.ts';
import { manifestName } from '../manifest.ts';
import { writeArchive } from './archive.ts';
import { checkFiles, HashCache, packageSize, readPackage, type TwinPackage } from './package.ts';
import { copyPlainFiles } from './sourceFolder.ts';

export interface WrittenPackage {
  /** Absolute. */
  path: string;
  /** Files of the package. */
  files: number;
  sizeBytes: number;
}

/** `name.twin` and `name.zip` are archives; every other name is a folder, and so is `name.twin/`. */
export const namesArchive = (out: string): boolean => /\.(twin|zip)$/i.test(out);

/** Refuses a place that is taken ('conflict') or whose folder is not there ('not-found') before any work is done. */
export async function requireNewPlace(out: string): Promise<void> {
  const path = resolve(out);
  if (await exists(path)) throw alreadyThere(path);
  if (await exists(dirname(path))) return;
  throw new TwinscopeError(
    'not-found',
    `There is no folder ${dirname(path)}. Nothing was written. Make it, or choose another place.`,
  );
}

/**
 * Writes the package to `out`, whole or not at all and never over anything. Archives of equal packages are equal to the
 * byte. Throws 'conflict' where a file is not the one its manifest names.
 */
export async function exportPackage(twin: TwinPackage, out: string): Promise<WrittenPackage> {
  await requireNewPlace(out);
  const path = resolve(out);
  const files = Object.keys(twin.manifest.files).length + 1;
  if (namesArchive(out)) {
    const sizeBytes = await writeNewFileAtomic(path, (handle) => writeArchive(handle, twin));
    return { path, files, sizeBytes };
  }
  await writeFolderAtomic(path, async (temporary) => {
    const refuse = (why: string): TwinscopeError =>
      new TwinscopeError(
        'conflict',
        `The package changed while it was written: ${why}. Nothing was written. Try again.`,
      );
    await copyPlainFiles(twin.folder, temporary, [manifestName, ...Object.keys(twin.manifest.files)], refuse);
    const copy = await readPackage(temporary);
    if (copy.sha256 !== twin.sha256) throw refuse(`${manifestName} is another one`);
    await checkFiles(copy, new HashCache());
  });
  return { path, files, sizeBytes: await packageSize({ ...twin, folder: path }) };
}
