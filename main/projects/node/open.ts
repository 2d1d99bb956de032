/** Opening and closing a project file. Runs in the project's own thread. */
import { existsSync, renameSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { alreadyThere } from '../../platform/node/files.ts';
import { newId } from '../../platform/node/ids.ts';
import { applicationId, latestMigration } from '../migrations.ts';
import type { Migration } from '../migrations.ts';
import type { Upgrade } from '../rows.ts';
import { corrupt, explain } from './failures.ts';
import { hasSideFiles, readHeader, whyNotWritable } from './header.ts';
import { interruptJobs } from './jobs.ts';
import { migrate, refuseNewer, requireKnownHistory, upgrade } from './migrate.ts';
import { describeOwner, findings, isHeld, readOwner, releaseOwnership, takeOwnership } from './owner.ts';
import type { Claim } from './owner.ts';
import { createSession } from './session.ts';
import type { Session } from './session.ts';

export interface OpenRequest extends Claim {
  path: string;
  create: { name: string } | null;
  appVersion: string;
  migrations: readonly Migration[];
  /** The folder is on another machine. */
  network: boolean;
  /** Limits the file's size, in pages; for testing a full disk. */
  maxPages: number | null;
}

export interface Opened {
  session: Session;
  notice: string | null;
  upgrade: Upgrade | null;
  close(): void;
}

/** Throws a TwinscopeError with the reason, or an error of SQLite, and leaves a refused file as it was. */
export function openDatabase(request: OpenRequest): Opened {
  if (request.create) createFile(request, request.create.name);
  const { path } = request;
  refuseNewer(path, readHeader(path).version, request.migrations);
  let readOnly = whyNotWritable(path);

  // A log left behind can only be replayed by a connection that writes; without one, looking changes nothing.
  let database = connect(request, readOnly !== null || !hasSideFiles(path));
  try {
    inspect(database, request);
    const owner = readOwner(database);
    if (readOnly === null && owner && isHeld(owner, request)) readOnly = describeOwner(owner, request.path);

    if (readOnly === null) {
      database = reconnect(database, request, false);
      const opened = openOwned(database, request);
      if (typeof opened !== 'string') return opened;
      readOnly = opened;
    }
    database = reconnect(database, request, true);
    return openForReading(database, request, readOnly);
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Takes the project and prepares it for writing, or returns the sentence why it can only be read now. */
function openOwned(database: Database.Database, request: OpenRequest): Opened | string {
  try {
    const { heldBy, unclean } = takeOwnership(database, request.path, request);
    return heldBy ? describeOwner(heldBy, request.path) : openForWriting(database, request, unclean);
  } catch (error) {
    const reason = explain(error, request.path);
    if (!isTwinscopeError(reason) || reason.code !== 'disk-full') throw error;
    return 'The disk that holds this project is full, so it is open for reading only. Free some space and open it again.';
  }
}

function connect({ path, maxPages }: OpenRequest, readonly: boolean): Database.Database {
  const database = new Database(path, { readonly, fileMustExist: true, timeout: 5000 });
  if (maxPages !== null && !readonly) database.pragma(`max_page_count = ${maxPages}`);
  return database;
}

function reconnect(database: Database.Database, request: OpenRequest, readonly: boolean): Database.Database {
  if (database.open && database.readonly === readonly) return database;
  database.close();
  return connect(request, readonly);
}

function inspect(database: Database.Database, { path, migrations }: OpenRequest): void {
  const [finding] = findings(database, 'quick_check');
  if (finding !== undefined) throw corrupt(path, finding);
  requireKnownHistory(database, path, migrations);
}

/** Makes the file under a temporary name, so that a project exists whole or not at all. */
function createFile({ path, migrations, appVersion }: OpenRequest, name: string): void {
  const folder = dirname(path);
  if (!existsSync(folder)) throw new TwinscopeError('not-found', `The folder ${folder} does not exist.`);
  if (existsSync(path)) throw alreadyThere(path);
  const temporary = join(folder, `.${basename(path)}.${newId('part')}`);
  try {
    const database = new Database(temporary);
    try {
      database.pragma(`application_id = ${applicationId}`);
      migrate(database, migrations);
      const setMeta = database.prepare('INSERT INTO meta (key, value) VALUES (?, ?)');
      setMeta.run('name', name);
      setMeta.run('createdAt', new Date().toISOString());
      setMeta.run('createdBy', appVersion);
    } finally {
      database.close();
    }
    renameSync(temporary, path);
  } catch (error) {
    rmSync(temporary, { force: true });
    rmSync(`${temporary}-journal`, { force: true });
    throw error;
  }
}

function openForReading(database: Database.Database, request: OpenRequest, readOnly: string): Opened {
  const version = database.pragma('user_version', { simple: true }) as number;
  if (version < latestMigration(request.migrations)) {
    throw new TwinscopeError(
      'read-only',
      `The project ${request.path} was saved by an earlier version of Twinscope and must be upgraded before it can be ` +
        `read. ${readOnly} Nothing was changed.`,
    );
  }
  return {
    session: createSession(database, readOnly),
    notice: null,
    upgrade: null,
    close: () => void database.close(),
  };
}

function openForWriting(database: Database.Database, request: OpenRequest, unclean: boolean): Opened {
  const { path, network } = request;
  try {
    // Migrations run on a rollback journal, so that the file's own header always tells its version.
    database.pragma('journal_mode = DELETE');
    const upgraded = upgrade(database, path, request.migrations);
    // With a write-ahead log readers and checks do not wait for the writer. It needs shared memory, which files on
    // another machine do not have, so there the rollback journal stays.
    if (!network) database.pragma('journal_mode = WAL');
    // A commit that was acknowledged is on the disk, also after a power cut; a rollback journal needs its folder
    // written too, which only EXTRA does.
    database.pragma(`synchronous = ${network ? 'EXTRA' : 'FULL'}`);
    // Tiles belong to runs, exports to protocols; SQLite does not enforce this unless asked.
    database.pragma('foreign_keys = ON');
    // The log is folded into the file every 16 MiB (4,096 pages): chunks of responses are large.
    database.pragma('wal_autocheckpoint = 4096');
    const session = createSession(database, null);
    const interrupted = interruptJobs(session);
    const setMeta = database.prepare('INSERT OR REPLACE INTO meta (key, value) VALUES (?, ?)');
    session.write(() => {
      setMeta.run('openedAt', session.now());
      setMeta.run('openedBy', request.appVersion);
    });
    return {
      session,
      notice: describeOpening({ unclean, interrupted, network, upgraded }),
      upgrade: upgraded,
      close: () => close(database, request.token),
    };
  } catch (error) {
    close(database, request.token);
    throw error;
  }
}

function describeOpening(what: {
  unclean: boolean;
  interrupted: number;
  network: boolean;
  upgraded: Upgrade | null;
}): string | null {
  const sentences: string[] = [];
  if (what.unclean) {
    sentences.push('This project was not closed properly last time. It was checked and everything saved is there.');
  }
  if (what.interrupted > 0) {
    sentences.push(
      what.interrupted === 1
        ? 'One unfinished job can be resumed.'
        : `${what.interrupted} unfinished jobs can be resumed.`,
    );
  }
  if (what.upgraded) {
    sentences.push(`It was upgraded to this version; a copy as it was is at ${what.upgraded.backup}.`);
  }
  if (what.network) sentences.push('It lies on a network folder, so saving is slower here.');
  return sentences.length === 0 ? null : sentences.join(' ');
}

/** Leaves one file: the log is folded in and removed. Whatever fails here loses nothing, the next opening does it. */
function close(database: Database.Database, token: string): void {
  try {
    releaseOwnership(database, token);
    database.pragma('wal_checkpoint(TRUNCATE)');
    database.pragma('journal_mode = DELETE');
  } catch {
    // A full disk, or a reader that still looks at the log: committed changes stay in the log beside the file.
  } finally {
    database.close();
  }
}
