/** Taking a package into the library: judged completely in a temporary folder, then moved in with one rename. */
import { mkdtemp, rename, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exists, fileError } from '../../platform/node/files.ts';
import { ownedName } from '../../platform/node/ownedNames.ts';
import { manifestName } from '../manifest.ts';
import { requireSeal } from './archive.ts';
import { judgePackage } from './judge.ts';
import { findDamage, HashCache, readPackage, type TwinPackage } from './package.ts';
import { copyPlainFiles, listFolder, requirePlainFile } from './sourceFolder.ts';
import { listZip, packageLimits, refusedArchive, unpackTo } from './zipFile.ts';

/**
 * Says whether the library has the package already, and whether what it has is still whole; throws when it has another of
 * the same name.
 */
export type Judge = (candidate: TwinPackage) => Promise<'new' | 'known' | 'damaged'>;

/** Imports the package at `path` into `folder`; on any failure the folder is as it was. */
export async function importInto(folder: string, path: string, judge: Judge): Promise<{ id: string; version: string }> {
  let staging: string | null = null;
  try {
    const stats = await stat(path);
    // On the same disk as the library, so that the last step is a rename.
    staging = await mkdtemp(join(folder, ownedName('import')));
    if (stats.isDirectory()) await stageFolder(path, staging);
    else if (!stats.isFile()) throw refusedArchive(path, 'it is not a plain file');
    else if (/\.onnx$/i.test(path)) throw bareGraph(path);
    else await stageArchive(path, staging);

    const candidate = await judgePackage(staging);
    const { id, version } = candidate.manifest;
    const known = await judge(candidate);
    if (known !== 'known') {
      try {
        await moveIn(folder, staging, `${id}@${version}`, known === 'damaged');
      } catch (error) {
        if (!(await arrivedMeanwhile(join(folder, `${id}@${version}`), candidate))) throw error;
      }
    }
    return { id, version };
  } catch (error) {
    throw isTwinscopeError(error) ? error : fileError(error, blamed(error as NodeJS.ErrnoException, folder, path));
  } finally {
    if (staging !== null) await rm(staging, { recursive: true, force: true });
  }
}

/** Where it failed, for its sentence: a full disk or a library that cannot be written is no fault of the package. */
function blamed({ code, path = '' }: NodeJS.ErrnoException, folder: string, source: string): string {
  const written = ['ENOSPC', 'EDQUOT', 'EROFS', 'EFBIG'].includes(code ?? '');
  return written || path.startsWith(folder) ? folder : source;
}

/** @param replace whether a damaged package of the same content makes way */
async function moveIn(folder: string, staging: string, name: string, replace: boolean): Promise<void> {
  const target = join(folder, name);
  const leaving = join(folder, ownedName('removed'));
  if (replace) {
    await rename(target, leaving).catch((error: unknown) => {
      // Another process replaces it too, or removes it: either way its place is free, or about to be taken.
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
    });
  } else if (await exists(target)) throw unusable(target);
  try {
    await rename(staging, target);
  } catch (error) {
    // Fails where nothing was moved away, or another import stands there by now.
    if (replace) await rename(leaving, target).catch(() => rm(leaving, { recursive: true, force: true }));
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOTEMPTY' || code === 'EEXIST' ? unusable(target) : error;
  }
  await rm(leaving, { recursive: true, force: true });
}

/** Whether another import of the same package was faster, and it is whole. Throws 'conflict' where one of other content was. */
async function arrivedMeanwhile(target: string, candidate: TwinPackage): Promise<boolean> {
  const there = await readPackage(target).catch(() => null);
  if (there === null) return false;
  if (there.sha256 === candidate.sha256) return (await findDamage(there, new HashCache())) === null;
  const { id, version } = candidate.manifest;
  throw new TwinscopeError(
    'conflict',
    `The library already has ${id}@${version} with other content (hash ${there.sha256}; the package has ${candidate.sha256}). The library was left as it is. Remove that twin first, or ask for a package with another version.`,
  );
}

function unusable(target: string): TwinscopeError {
  return new TwinscopeError(
    'conflict',
    `The library has a folder ${target} that is no usable twin. It was left as it is, and nothing was imported. Move that folder away and import again.`,
  );
}

function bareGraph(path: string): TwinscopeError {
  return new TwinscopeError(
    'unsupported',
    `${path} is a bare ONNX graph, and a twin needs a manifest beside it (${manifestName}). Nothing was imported. Put both into a folder and import the folder.`,
  );
}

/** Copies the files that the manifest lists; the folder may hold others, which stay behind. */
async function stageFolder(path: string, staging: string): Promise<void> {
  const source = resolve(path);
  const refuse = (why: string): TwinscopeError =>
    new TwinscopeError(
      'bad-input',
      `${source} cannot be imported: ${why}. Nothing was imported. Ask for the package again.`,
    );
  // A folder that is no package may be anything, a whole disk even: it is not looked through.
  if (await exists(join(source, manifestName))) {
    await listFolder(source, refuse);
    await requirePlainFile(source, manifestName, refuse);
  }
  const { manifest } = await readPackage(source);
  await copyPlainFiles(source, staging, [manifestName, ...Object.keys(manifest.files)], refuse);
}

async function stageArchive(path: string, staging: string): Promise<void> {
  const entries = await listZip(path, packageLimits);
  await requireSeal(path);
  // A zipped folder has the folder's name in front of every path.
  const manifest = entries
    .filter(({ path: inside }) => inside === manifestName || inside.endsWith(`/${manifestName}`))
    .toSorted((a, b) => a.path.split('/').length - b.path.split('/').length)[0];
  const prefix = manifest?.path.slice(0, -manifestName.length) ?? '';
  if (manifest === undefined || prefix.slice(0, -1).includes('/')) {
    throw refusedArchive(path, `it holds no ${manifestName}`);
  }
  await unpackTo(path, manifest, staging, manifestName);
  const { files } = (await readPackage(staging)).manifest;
  for (const entry of entries) {
    const target = entry.path.startsWith(prefix) ? entry.path.slice(prefix.length) : '';
    if (Object.hasOwn(files, target)) await unpackTo(path, entry, staging, target);
  }
}
