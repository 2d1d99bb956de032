/** What every repository needs of the open database. */
import type { Database } from 'better-sqlite3';
import { TwinscopeError } from '../../platform/errors.ts';

export interface Session {
  database: Database;
  /** Null when this connection may write; otherwise the sentence why not. */
  readOnly: string | null;
  /** Runs `change` in one transaction: all of it is stored, or nothing. Throws 'read-only' when it may not write. */
  write<T>(change: () => T): T;
  /** The time now, as stored. */
  now(): string;
}

export function createSession(database: Database, readOnly: string | null): Session {
  return {
    database,
    readOnly,
    write(change) {
      if (readOnly !== null) throw new TwinscopeError('read-only', `${readOnly} Nothing was changed.`);
      return database.transaction(change).immediate();
    },
    now: () => new Date().toISOString(),
  };
}

export function notFound(what: string, id: string): TwinscopeError {
  return new TwinscopeError('not-found', `This project holds no ${what} "${id}".`);
}

/** A Buffer out of the database as plain bytes that own their memory, so that they can be handed to another thread. */
export function ownBytes(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes);
}
