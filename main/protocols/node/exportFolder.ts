/** A folder that is exported whole or not at all, with the hash of everything in it. */
import { mkdir, readdir, readFile, rename, rm, rmdir, stat, open } from 'node:fs/promises';
import { basename, dirname, join, resolve } from 'node:path';
import type { z } from 'zod';
import { TwinscopeError } from '../../platform/errors.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { exists, fileError, writeFolderAtomic } from '../../platform/node/files.ts';
import { newId } from '../../platform/node/ids.ts';
import type { exportManifest } from '../manifest.ts';

export interface ExportedFile {
  /** Path in the folder, with '/'. */
  path: string;
  bytes: number;
  sha256: string;
}
export interface ExportCheck {
  passed: boolean;
  text: string;
}
export interface ExportResult {
  folder: string;
  files: ExportedFile[];
  checks: ExportCheck[];
}

export type ExportFormat = z.output<typeof exportManifest>['format'];

export const sumsName = 'SHA256SUMS';
export const manifestName = 'manifest.json';

export type WriteFile = (path: string, content: Uint8Array | string) => Promise<void>;

/**
 * Lets `fill` write files into a hidden folder beside `out`, adds SHA256SUMS, lets `check` read everything back, and
 * only then gives the folder its name. An export of the same format that already stands at `out` is replaced when it holds
 * nothing but what was exported, unchanged; anything else there is refused ('conflict') and left as it is. On any failure,
 * also a full disk, `out` is as it was before and nothing else remains.
 */
export async function writeExport(
  out: string,
  format: ExportFormat,
  fill: (write: WriteFile) => Promise<void>,
  check: (folder: string) => Promise<ExportCheck[]>,
): Promise<ExportResult> {
  const folder = resolve(out);
  await assertReplaceable(folder, format);
  const staged = join(dirname(folder), `.${basename(folder)}.${newId('export')}`);
  try {
    const files: ExportedFile[] = [];
    const checks = await writeFolderAtomic(staged, async (temporary) => {
      const write: WriteFile = async (path, content) => {
        const bytes = typeof content === 'string' ? new TextEncoder().encode(content) : content;
        await writeFlushed(join(temporary, ...path.split('/')), bytes);
        files.push({ path, bytes: bytes.byteLength, sha256: sha256Hex(bytes) });
      };
      await fill(write);
      await write(sumsName, sumsText(files));
      return check(temporary);
    });
    await putInPlace(staged, folder, format);
    return { folder, files: files.toSorted((a, b) => (a.path < b.path ? -1 : 1)), checks };
  } catch (error) {
    await rm(staged, { recursive: true, force: true });
    if (!(error instanceof TwinscopeError)) throw fileError(error, folder);
    // The person asked for `folder`; the hidden folder beside it is our own business.
    throw new TwinscopeError(error.code, error.message.replaceAll(staged, folder), error.details);
  }
}

async function writeFlushed(path: string, bytes: Uint8Array): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const handle = await open(path, 'wx');
  try {
    await handle.writeFile(bytes);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** One line per file as `sha256sum --check` reads it. */
function sumsText(files: readonly ExportedFile[]): string {
  const lines = files.toSorted((a, b) => (a.path < b.path ? -1 : 1)).map(({ path, sha256 }) => `${sha256}  ${path}\n`);
  return lines.join('');
}

async function putInPlace(staged: string, folder: string, format: ExportFormat): Promise<void> {
  await assertReplaceable(folder, format);
  if (!(await exists(folder))) return rename(staged, folder);
  const old = join(dirname(folder), `.${basename(folder)}.${newId('old')}`);
  await rename(folder, old);
  try {
    await rename(staged, folder);
  } catch (error) {
    await rename(old, folder);
    throw error;
  }
  return rm(old, { recursive: true, force: true });
}

/** Throws unless `folder` does not exist, is empty, or is an export of this format that nobody has touched. */
async function assertReplaceable(folder: string, format: ExportFormat): Promise<void> {
  const refuse = (why: string): TwinscopeError =>
    new TwinscopeError('conflict', `${folder} ${why}. It was left as it is. Choose another folder.`);
  const status = await stat(folder).catch(() => null);
  if (status === null) return;
  if (!status.isDirectory()) throw refuse('is a file, not a folder');
  const present = await filesBelow(folder);
  if (present.length === 0) return rmdir(folder);
  if (!present.includes(sumsName) || !present.includes(manifestName)) {
    throw refuse('already holds files that are not an earlier export');
  }
  const manifest = await readFile(join(folder, manifestName), 'utf8');
  if (!manifest.includes(`"format": "${format}"`)) throw refuse('holds an earlier export of another format');
  const sums = await readSums(folder);
  for (const path of present.filter((each) => each !== sumsName)) {
    const exported = sums.get(path);
    if (exported === undefined) throw refuse(`holds ${path}, which was added after the export`);
    if (sha256Hex(await readFile(join(folder, ...path.split('/')))) !== exported) {
      throw refuse(`holds ${path}, which was changed after the export`);
    }
  }
}

/** Paths of all files below a folder, with '/', sorted. */
export async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const root = resolve(folder);
  return entries
    .filter((entry) => !entry.isDirectory())
    .map((entry) =>
      join(resolve(entry.parentPath), entry.name)
        .slice(root.length + 1)
        .replaceAll('\\', '/'),
    )
    .toSorted();
}

async function readSums(folder: string): Promise<Map<string, string>> {
  const sums = new Map<string, string>();
  for (const line of (await readFile(join(folder, sumsName), 'utf8')).split('\n')) {
    const match = /^([0-9a-f]{64}) {2}(.+)$/.exec(line);
    if (match) sums.set(match[2] as string, match[1] as string);
  }
  return sums;
}

/** Compares every file with its hash in SHA256SUMS; both must name the same files. */
export async function checkSums(folder: string): Promise<ExportCheck> {
  const sums = await readSums(folder);
  const present = (await filesBelow(folder)).filter((path) => path !== sumsName);
  const there = new Set(present);
  const missing = [...sums.keys()].filter((path) => !there.has(path));
  const unlisted = present.filter((path) => !sums.has(path));
  const changed: string[] = [];
  for (const path of present) {
    const expected = sums.get(path);
    if (expected !== undefined && sha256Hex(await readFile(join(folder, ...path.split('/')))) !== expected) {
      changed.push(path);
    }
  }
  const faults = [
    ...missing.map((path) => `${path} is missing`),
    ...unlisted.map((path) => `${path} is not listed`),
    ...changed.map((path) => `${path} has changed`),
  ];
  return faults.length === 0
    ? { passed: true, text: `All ${sums.size} files match ${sumsName}.` }
    : { passed: false, text: `${faults.length} of ${sums.size} files do not match ${sumsName}: ${faults[0]}.` };
}
