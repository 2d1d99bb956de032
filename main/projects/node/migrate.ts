/** Bringing a project file to the newest version, and refusing one whose history this version does not know. */
import { existsSync, rmSync } from 'node:fs';
import Database from 'better-sqlite3';
import { TwinscopeError } from '../../platform/errors.ts';
import { latestMigration, migrationSha256 } from '../migrations.ts';
import type { Migration } from '../migrations.ts';
import type { Upgrade } from '../rows.ts';

export function refuseNewer(path: string, version: number, known: readonly Migration[]): void {
  if (version <= latestMigration(known)) return;
  throw new TwinscopeError(
    'newer-format',
    `The project ${path} was saved by a newer version of Twinscope (format ${version}; this one reads up to ` +
      `${latestMigration(known)}). It was left as it is. Open it with the newer version.`,
  );
}

/** Throws unless the migrations recorded in the file are the first ones of `known`, unaltered. */
export function requireKnownHistory(database: Database.Database, path: string, known: readonly Migration[]): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  refuseNewer(path, version, known);
  const recorded = hasTable(database, 'migrations')
    ? database
        .prepare<[], { number: number; sha256: string }>('SELECT number, sha256 FROM migrations ORDER BY number')
        .all()
    : [];
  const expected = known.slice(0, recorded.length);
  const same = recorded.every(
    ({ number, sha256 }, at) => expected[at]?.number === number && migrationSha256(expected[at]) === sha256,
  );
  if (!same || recorded.length === 0 || recorded.at(-1)?.number !== version) {
    throw new TwinscopeError(
      'unsupported',
      `The project ${path} was made by a version of Twinscope that this one does not know. It was left as it is. ` +
        'Open it with the version that made it.',
    );
  }
}

function hasTable(database: Database.Database, name: string): boolean {
  return database.prepare(`SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?`).get(name) !== undefined;
}

/** Applies what is missing, each migration in its own transaction. */
export function migrate(database: Database.Database, known: readonly Migration[]): void {
  const version = database.pragma('user_version', { simple: true }) as number;
  for (const migration of known.filter(({ number }) => number > version)) {
    database
      .transaction(() => {
        database.exec(migration.sql);
        database
          .prepare('INSERT INTO migrations (number, name, sha256, appliedAt) VALUES (?, ?, ?, ?)')
          .run(migration.number, migration.name, migrationSha256(migration), new Date().toISOString());
        database.pragma(`user_version = ${migration.number}`);
      })
      .immediate();
  }
}

/** Writes a whole copy of the project to `path`, which must not exist; the copy belongs to nobody. */
export function copyTo(database: Database.Database, path: string): void {
  try {
    database.prepare('VACUUM INTO ?').run(path);
    // This commit also flushes the copy to the disk, which VACUUM INTO alone does not.
    const copy = new Database(path);
    copy.exec('DELETE FROM owner; UPDATE meta SET value = value');
    copy.close();
  } catch (error) {
    rmSync(path, { force: true });
    throw error;
  }
}

/** Keeps a copy of the file as it is, then upgrades it. Null when there is nothing to upgrade. */
export function upgrade(database: Database.Database, path: string, known: readonly Migration[]): Upgrade | null {
  const from = database.pragma('user_version', { simple: true }) as number;
  const to = latestMigration(known);
  if (from === to) return null;
  const backup = freePath(path, from);
  copyTo(database, backup);
  migrate(database, known);
  return { from, to, backup };
}

/** 'study.twinscope' → 'study.format-10.twinscope', or with a number behind when that is taken. */
function freePath(path: string, version: number): string {
  const stem = path.replace(/\.twinscope$/, '');
  for (let n = 1; ; n++) {
    const candidate = `${stem}.format-${version}${n === 1 ? '' : `-${n}`}.twinscope`;
    if (!existsSync(candidate)) return candidate;
  }
}
