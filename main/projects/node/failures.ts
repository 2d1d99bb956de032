/** SQLite's errors as sentences. */
import { statfsSync } from 'node:fs';
import { dirname } from 'node:path';
import Database from 'better-sqlite3';
import { TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';

// SQLite needs a few pages for any change; a disk with less than this is full for every purpose here.
const nearlyFullBytes = 1024 * 1024;

function diskIsFull(path: string): boolean {
  try {
    const { bavail, bsize } = statfsSync(dirname(path));
    return bavail * bsize < nearlyFullBytes;
  } catch {
    return false;
  }
}

export function diskFull(path: string): TwinscopeError {
  return new TwinscopeError(
    'disk-full',
    `The disk that holds ${path} is full. Everything saved before is safe; the last change was not saved. ` +
      'Free some space and try again.',
  );
}

export function corrupt(path: string, finding: string): TwinscopeError {
  return new TwinscopeError(
    'corrupt',
    `The project ${path} is damaged (${finding}). It was left as it is. Restore it from a backup, or work on a copy.`,
  );
}

/** The error to pass on: a TwinscopeError where there is a sentence for it, otherwise the error itself. */
export function explain(error: unknown, path: string): unknown {
  if (!(error instanceof Database.SqliteError)) return fileError(error, path);
  const { code } = error;
  if (code === 'SQLITE_FULL') return diskFull(path);
  // A full disk also shows as a failed write or as a log that could not be created.
  if ((code.startsWith('SQLITE_IOERR') || code.startsWith('SQLITE_CANTOPEN')) && diskIsFull(path))
    return diskFull(path);
  if (code.startsWith('SQLITE_READONLY')) {
    return new TwinscopeError('read-only', `The project ${path} cannot be written here. Nothing was changed.`);
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB') return corrupt(path, error.message);
  if (code.startsWith('SQLITE_BUSY') || code.startsWith('SQLITE_LOCKED')) {
    return new TwinscopeError(
      'conflict',
      `Another program is using ${path} at the moment. Nothing was changed. Try again.`,
    );
  }
  if (code.startsWith('SQLITE_CANTOPEN') || code.startsWith('SQLITE_PERM') || code.startsWith('SQLITE_AUTH')) {
    return new TwinscopeError(
      'read-only',
      `The project ${path} could not be opened: permission is missing. Nothing was changed.`,
    );
  }
  if (code.startsWith('SQLITE_IOERR')) {
    return new TwinscopeError(
      'corrupt',
      `The disk reported a fault while working on ${path} (${code}). Everything saved before is kept. ` +
        'Check the disk, and run the project check before going on.',
    );
  }
  return error;
}
