/** Taking a package into the library: judged completely in a temporary folder, then moved in with one rename. */
import { copyFile, lstat, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { dirname, join, resolve, sep } from 'node:path';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exists, fileError } from '../../platform/node/files.ts';
import { checksName, manifestName } from '../manifest.ts';
import { readChecks } from './checks.ts';
import { checkFiles, checkModel, HashCache, readPackage, readUnits, type TwinPackage } from './package.ts';
import { listZip, packageLimits, refusedArchive, unpackTo } from './zipFile.ts';

/** Says whether the library has the package already; throws when it has another of the same name. */
export type Judge = (candidate: TwinPackage) => 'new' | 'known';

/** Imports the package at `path` into `folder`; on any failure the folder is as it was. */
export async function importInto(folder: string, path: string, judge: Judge): Promise<{ id: string; version: string }> {
  let staging: string | null = null;
  try {
    const stats = await stat(path);
    // On the same disk as the library, so that the last step is a rename.
    staging = await mkdtemp(join(folder, '.import-'));
    if (stats.isDirectory()) await stageFolder(path, staging);
    else if (/\.onnx$/i.test(path)) throw bareGraph(path);
    else await stageArchive(path, staging);

    const candidate = await readPackage(staging);
    const { id, version } = candidate.manifest;
    await checkFiles(candidate, new HashCache());
    await checkModel(candidate);
    await readUnits(candidate);
    if (candidate.manifest.files[checksName] !== undefined) await readChecks(join(staging, checksName));
    if (judge(candidate) === 'new') await rename(staging, join(folder, `${id}@${version}`));
    return { id, version };
  } catch (error) {
    throw isTwinscopeError(error) ? error : fileError(error, path);
  } finally {
    if (staging !== null) await rm(staging, { recursive: true, force: true });
  }
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
  // A folder that is no package may be anything, a whole disk even: it is not looked through.
  if (await exists(join(source, manifestName))) await refuseOversize(source);
  await refuseLinks(source, join(source, manifestName));
  const { manifest } = await readPackage(source);
  for (const path of [manifestName, ...Object.keys(manifest.files)]) {
    const from = join(source, ...path.split('/'));
    await refuseLinks(source, from);
    const to = join(staging, ...path.split('/'));
    await mkdir(dirname(to), { recursive: true });
    try {
      await copyFile(from, to);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
      throw refusedFolder(source, `${path} is missing`);
    }
  }
}

function refusedFolder(path: string, why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `${path} cannot be imported: ${why}. Nothing was imported. Ask for the package again.`,
  );
}

/** No part of the path below the package may be a symbolic link: it could point anywhere. */
async function refuseLinks(source: string, file: string): Promise<void> {
  for (let part = file; part !== source && part.startsWith(source + sep); part = dirname(part)) {
    const stats = await lstat(part).catch(() => null);
    if (stats?.isSymbolicLink()) throw refusedFolder(source, `${part.slice(source.length + 1)} is a symbolic link`);
  }
}

async function refuseOversize(source: string): Promise<void> {
  const found = await readdir(source, { recursive: true });
  if (found.length > packageLimits.entries) {
    throw refusedFolder(source, `it holds ${found.length} entries and at most ${packageLimits.entries} are allowed`);
  }
}

async function stageArchive(path: string, staging: string): Promise<void> {
  const entries = await listZip(path, packageLimits);
  // A zipped folder has the folder's name in front of every path.
  const manifest = entries.find((entry) => entry.path === manifestName || entry.path.endsWith(`/${manifestName}`));
  const prefix = manifest?.path.slice(0, -manifestName.length) ?? '';
  if (manifest === undefined || prefix.slice(0, -1).includes('/')) {
    throw refusedArchive(path, `it holds no ${manifestName}`);
  }
  await unpackTo(path, manifest, staging, manifestName);
  const { files } = (await readPackage(staging)).manifest;
  for (const entry of entries) {
    const target = entry.path.startsWith(prefix) ? entry.path.slice(prefix.length) : '';
    if (files[target] !== undefined) await unpackTo(path, entry, staging, target);
  }
}
