/** Who may write. A row in the project names the one process that has it open; SQLite makes taking it atomic. */
import type { Database } from 'better-sqlite3';
import { computerName, isAlive, isThisComputer, thisComputer, thisProcess } from '../../platform/node/process.ts';
import { corrupt } from './failures.ts';

export interface Owner {
  pid: number;
  startTime: string | null;
  /** As `thisComputer` gives it; a name alone in rows of earlier versions. */
  computer: string;
  /** What opened it: 'desktop', 'browser' or 'cli'. */
  host: string;
  /** Tells two openings by one process apart. */
  token: string;
  since: string;
}

export interface Claim {
  host: string;
  token: string;
  /** Tokens of the projects that this process has open. */
  liveTokens: readonly string[];
  /** Ignores an owner of whom this process cannot tell whether it still runs. */
  takeOver: boolean;
}

export function readOwner(database: Database): Owner | null {
  return database.prepare<[], Owner>('SELECT pid, startTime, computer, host, token, since FROM owner').get() ?? null;
}

/** True when the process in the row still has the project open, or cannot be shown not to. */
export function isHeld(owner: Owner, { liveTokens, takeOver }: Claim): boolean {
  if (!isThisComputer(owner.computer)) return !takeOver;
  const self = thisProcess();
  // Our own row is alive only while that opening is: its thread may have failed without closing.
  if (owner.pid === self.pid && owner.startTime === self.startTime) return liveTokens.includes(owner.token);
  return isAlive(owner) && !(takeOver && isUncertain(owner));
}

/** True when nobody here can tell whether the owner still runs: it is elsewhere, or its pid may be another's by now. */
function isUncertain({ computer, startTime }: Owner): boolean {
  return startTime === null || !isThisComputer(computer);
}

const hosts: Record<string, string> = {
  desktop: 'the Twinscope app',
  browser: 'a Twinscope workbench in a browser',
  cli: 'a twinscope command',
};

/** The sentence why the project at `path` can only be read, and what the person can do. */
export function describeOwner(owner: Owner, path: string): string {
  const { pid, computer, host, since } = owner;
  const where = isThisComputer(computer)
    ? `process ${pid}`
    : `process ${pid} on the computer ${computerName(computer)}`;
  const sentence =
    `This project is already open in ${hosts[host] ?? host} (${where}, since ${since}), ` +
    'so it is open for reading only here. Close it there to make changes.';
  return isUncertain(owner)
    ? `${sentence} If it no longer runs there, release the project with: twinscope project unlock "${path}".`
    : sentence;
}

/**
 * Takes the project for this process. Returns the living owner when there is one, and whether a dead one had left it
 * open; in that case the whole file is checked first and a damaged one is refused.
 */
export function takeOwnership(
  database: Database,
  path: string,
  claim: Claim,
): { heldBy: Owner | null; unclean: boolean } {
  return database
    .transaction(() => {
      const owner = readOwner(database);
      if (owner && isHeld(owner, claim)) return { heldBy: owner, unclean: false };
      if (owner) requireIntegrity(database, path);
      const { pid, startTime } = thisProcess();
      database
        .prepare(
          `INSERT OR REPLACE INTO owner (only, pid, startTime, computer, host, token, since) VALUES (1, ?, ?, ?, ?, ?, ?)`,
        )
        .run(pid, startTime, thisComputer(), claim.host, claim.token, new Date().toISOString());
      return { heldBy: null, unclean: owner !== null };
    })
    .immediate();
}

export function releaseOwnership(database: Database, token: string): void {
  database.prepare('DELETE FROM owner WHERE token = ?').run(token);
}

/** Findings of SQLite's check; empty when the file is whole. */
export function findings(database: Database, check: 'quick_check' | 'integrity_check'): string[] {
  const rows = database.pragma(`${check}(5)`) as Record<string, string>[];
  return rows.map((row) => Object.values(row)[0] as string).filter((text) => text !== 'ok');
}

function requireIntegrity(database: Database, path: string): void {
  const [finding] = findings(database, 'integrity_check');
  if (finding !== undefined) throw corrupt(path, finding);
}
