/** Files and folders that exist whole or not at all, and file system errors as sentences. */
import { access, link, mkdir, open, rename, rm, statfs, type FileHandle } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { TwinscopeError } from '../errors.ts';
import { newId } from './ids.ts';

/**
 * Writes a file under a temporary name beside `path`, flushes it to the disk and renames it: a reader sees the old
 * content or the new, never a part. Throws TwinscopeError as `fileError` says.
 */
export async function writeFileAtomic(path: string, content: Uint8Array | string): Promise<void> {
  const temporary = join(dirname(path), `.${basename(path)}.${newId('part')}`);
  try {
    const handle = await open(temporary, 'wx');
    try {
      await handle.writeFile(content);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, path);
  } catch (error) {
    await rm(temporary, { force: true });
    throw fileError(error, path);
  }
}

/**
 * Lets `fill` write a file piece by piece under a temporary name beside `path`, flushes it to the disk and renames it: the
 * file exists whole or not at all. Refuses a `path` that exists ('conflict').
 */
export async function writeNewFileAtomic<T>(path: string, fill: (handle: FileHandle) => Promise<T>): Promise<T> {
  if (await exists(path)) throw alreadyThere(path);
  const temporary = join(dirname(path), `.${basename(path)}.${newId('part')}`);
  try {
    const handle = await open(temporary, 'wx');
    let result: T;
    try {
      result = await fill(handle);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await renameToNew(temporary, path);
    return result;
  } catch (error) {
    await rm(temporary, { force: true });
    throw error instanceof TwinscopeError ? error : fileError(error, path);
  }
}

/** rename() replaces a file silently; of two who write one name at once, a second name of the same file lets one through. */
async function renameToNew(temporary: string, path: string): Promise<void> {
  try {
    await link(temporary, path);
  } catch (error) {
    const { code = '' } = error as NodeJS.ErrnoException;
    if (code === 'EEXIST') throw alreadyThere(path);
    if (!withoutLinks.has(code)) throw error;
    // A name taken empty and at once replaced does the same on disks that know no links.
    await open(path, 'wx').then(
      (handle) => handle.close(),
      (reason: unknown) => {
        throw (reason as NodeJS.ErrnoException).code === 'EEXIST' ? alreadyThere(path) : reason;
      },
    );
    await rename(temporary, path).catch(async (reason: unknown) => {
      await rm(path, { force: true });
      throw reason;
    });
    return;
  }
  await rm(temporary, { force: true });
}

/** What systems say where a disk (FAT, some network shares) has no second names for a file. */
const withoutLinks = new Set(['EPERM', 'EACCES', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EINVAL', 'EISDIR', 'UNKNOWN']);

/**
 * Lets `fill` write into a temporary folder beside `path` and renames it to `path` at the end, so the folder exists
 * whole or not at all; on any failure nothing is left behind. It gets the permissions of any folder this user makes.
 * Refuses a `path` that exists ('conflict').
 */
export async function writeFolderAtomic<T>(path: string, fill: (temporary: string) => Promise<T>): Promise<T> {
  if (await exists(path)) throw alreadyThere(path);
  // Not mkdtemp(), whose folders nobody else may ever read: the mode would stay after the renaming.
  const temporary = join(dirname(path), `.${basename(path)}.${newId('part')}`);
  try {
    await mkdir(dirname(path), { recursive: true });
    await mkdir(temporary);
    const result = await fill(temporary);
    // rename() replaces an empty folder silently on some systems, hence the second look.
    if (await exists(path)) throw alreadyThere(path);
    await rename(temporary, path);
    return result;
  } catch (error) {
    await rm(temporary, { recursive: true, force: true });
    throw error instanceof TwinscopeError ? error : fileError(error, path);
  }
}

/** The refusal to write over something. */
export function alreadyThere(path: string): TwinscopeError {
  return new TwinscopeError('conflict', `${path} already exists and was left as it is. Choose another name or folder.`);
}

export async function exists(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

const sentences: Record<string, { code: TwinscopeError['code']; text: (path: string) => string }> = {
  ENOENT: { code: 'not-found', text: (path) => `There is no file or folder ${path}.` },
  ENOTDIR: { code: 'not-found', text: (path) => `A part of the path ${path} is not a folder.` },
  ELOOP: {
    code: 'bad-input',
    text: (path) =>
      `${path} is a symbolic link that leads round in a circle. Nothing was changed. Take the link away, or put the real file or folder in its place.`,
  },
  EISDIR: { code: 'bad-input', text: (path) => `${path} is a folder, not a file.` },
  EACCES: { code: 'read-only', text: (path) => `You do not have permission to use ${path}. Nothing was changed.` },
  EPERM: { code: 'read-only', text: (path) => `You do not have permission to use ${path}. Nothing was changed.` },
  EROFS: { code: 'read-only', text: (path) => `${path} is on a disk that cannot be written. Nothing was changed.` },
  ENOSPC: {
    code: 'disk-full',
    text: (path) =>
      `The disk is full, so ${path} was not written. Nothing that was there is lost. Free some space and try again.`,
  },
  EDQUOT: {
    code: 'disk-full',
    text: (path) =>
      `Your disk quota is used up, so ${path} was not written. Nothing that was there is lost. Free some space and try again.`,
  },
  EFBIG: {
    code: 'disk-full',
    text: (path) =>
      `A file is larger than this disk or account allows, so ${path} was not written. Nothing that was there is lost. Choose another disk and try again.`,
  },
  EEXIST: { code: 'conflict', text: (path) => `${path} already exists and was left as it is.` },
  ENOTEMPTY: { code: 'conflict', text: (path) => `${path} already exists and was left as it is.` },
  ENAMETOOLONG: { code: 'bad-input', text: (path) => `The name ${path} is too long for this disk.` },
};

/** The sentence for a failed file operation; errors without one are returned unchanged. */
export function fileError(error: unknown, path: string): unknown {
  const known = sentences[(error as NodeJS.ErrnoException | null)?.code ?? ''];
  return known ? new TwinscopeError(known.code, known.text(path)) : error;
}

// Names Windows reserves for devices, with or without an extension.
const reserved = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\..*)?$/i;

/**
 * A file name without extension that every file system takes and that still reads like `text`; letters of any script
 * are kept. e.g. 'V4: "drive" / suppress?' → 'V4 drive suppress'.
 */
export function safeFileName(text: string, fallback = 'untitled'): string {
  const name = text
    .normalize('NFC')
    .replaceAll(/[^\p{L}\p{N}\p{M} ._+-]+/gu, ' ')
    .replaceAll(/\s+/g, ' ')
    .replace(/^[ .]+/, '')
    .slice(0, 80)
    .replace(/[ .]+$/, '');
  if (name === '') return fallback;
  return reserved.test(name) ? `${name}-` : name;
}

// File system types (Linux statfs f_type) whose files live on another machine.
const networkTypes = new Set([
  0x6969, // NFS
  0x517b, // SMB
  0xff534d42, // CIFS
  0xfe534d42, // SMB 2 and later
  0x01021997, // 9P
  0x5346414f, // OpenAFS
  0x6b414653, // kAFS
  0x00c36400, // Ceph
  0x0bd00bd0, // Lustre
  0x47504653, // GPFS
  0x19830326, // BeeGFS
  0x73757245, // Coda
  0x564c, // NCP
  0x65735546, // FUSE: sshfs and most cloud drives
  0x786f4256, // VirtualBox shared folder
]);

export const isNetworkType = (type: number): boolean => networkTypes.has(type >>> 0);

/**
 * True when the folder is known to be on another machine, where SQLite's write-ahead log is not safe. Linux knows by
 * the file system's type, Windows by the path; elsewhere the answer is false.
 */
export async function isNetworkFolder(folder: string): Promise<boolean> {
  if (process.platform === 'win32') return folder.startsWith('\\\\') || folder.startsWith('//');
  if (process.platform !== 'linux') return false;
  try {
    return isNetworkType((await statfs(folder)).type);
  } catch {
    return false;
  }
}
