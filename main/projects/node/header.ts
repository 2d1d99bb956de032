/** What a file says about itself before SQLite touches it, so that a refused file stays byte for byte as it was. */
import { accessSync, closeSync, constants, existsSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { applicationId } from '../migrations.ts';
import { corrupt } from './failures.ts';

const magic = Buffer.from('SQLite format 3\0', 'latin1');

function refuse(path: string, why: string): TwinscopeError {
  return new TwinscopeError('bad-input', `${path} is not a Twinscope project: ${why}. It was left as it is.`);
}

export interface Header {
  /** Number of the last migration. */
  version: number;
  sizeBytes: number;
}

/** Reads the first 100 bytes. Throws the sentence why this file cannot be a project that is whole. */
export function readHeader(path: string): Header {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new TwinscopeError('not-found', `The folder ${folder} does not exist.`);
  if (!existsSync(path)) throw new TwinscopeError('not-found', `There is no project at ${path}.`);
  const bytes = Buffer.alloc(100);
  let sizeBytes: number;
  let read: number;
  try {
    if (!statSync(path).isFile()) throw refuse(path, 'it is not a file');
    const file = openSync(path, 'r');
    try {
      sizeBytes = fstatSync(file).size;
      read = readSync(file, bytes, 0, bytes.length, 0);
    } finally {
      closeSync(file);
    }
  } catch (error) {
    throw fileError(error, path);
  }
  if (sizeBytes === 0) throw refuse(path, 'the file is empty');
  if (!bytes.subarray(0, Math.min(read, magic.length)).equals(magic.subarray(0, read))) {
    throw refuse(path, 'it is another kind of file');
  }
  if (read < bytes.length) throw corrupt(path, `only its first ${sizeBytes} bytes are there`);
  if (bytes.readUInt32BE(68) !== applicationId) throw refuse(path, 'it is a database of another program');

  // A log beside the file may hold the rest of it; then SQLite's own check decides.
  const pageBytes = bytes.readUInt16BE(16) === 1 ? 65536 : bytes.readUInt16BE(16);
  const pages = bytes.readUInt32BE(28);
  const countIsValid = bytes.readUInt32BE(24) === bytes.readUInt32BE(92);
  if (countIsValid && !hasSideFiles(path) && sizeBytes < pages * pageBytes) {
    throw corrupt(path, `only ${sizeBytes} of its ${pages * pageBytes} bytes are there`);
  }
  return { version: bytes.readUInt32BE(60), sizeBytes };
}

/** True when an earlier writer left a log or a journal that SQLite must replay or roll back. */
export function hasSideFiles(path: string): boolean {
  return ['-wal', '-journal'].some((suffix) => (statSync(path + suffix, { throwIfNoEntry: false })?.size ?? 0) > 0);
}

/** Null when this process may write the project; otherwise the sentence why not. */
export function whyNotWritable(path: string): string | null {
  try {
    accessSync(path, constants.W_OK);
  } catch {
    return `You do not have permission to change ${basename(path)}, so it is open for reading only.`;
  }
  try {
    // SQLite keeps its journal beside the file.
    accessSync(dirname(path), constants.W_OK);
  } catch {
    return `You do not have permission to write in the folder ${dirname(path)}, so the project is open for reading only.`;
  }
  return null;
}
