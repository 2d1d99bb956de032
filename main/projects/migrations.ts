/**
 * The history of the project file. Numbered by ten; a migration that has been released is never edited, only followed
 * (a test pins its hash). Each runs in one transaction that also records it and sets PRAGMA user_version.
 */
import { sha256Hex } from '../platform/hash.ts';

export interface Migration {
  number: number;
  name: string;
  sql: string;
}

/** PRAGMA application_id of a project: 'TwSc' in ASCII. */
export const applicationId = 0x54775363;

const first = `
CREATE TABLE migrations (
  number INTEGER PRIMARY KEY,
  name TEXT NOT NULL,
  sha256 TEXT NOT NULL,
  appliedAt TEXT NOT NULL
) STRICT;

CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;

-- The one writer that has the project open; no row when it is closed.
CREATE TABLE owner (
  only INTEGER PRIMARY KEY CHECK (only = 1),
  pid INTEGER NOT NULL,
  startTime TEXT,
  computer TEXT NOT NULL,
  host TEXT NOT NULL,
  token TEXT NOT NULL,
  since TEXT NOT NULL
) STRICT;

-- Bytes stand last in every table, so that reading the other columns does not walk through them.
CREATE TABLE images (
  key INTEGER PRIMARY KEY,
  sha256 TEXT NOT NULL UNIQUE,
  mediaType TEXT NOT NULL,
  widthPx INTEGER NOT NULL,
  heightPx INTEGER NOT NULL,
  name TEXT NOT NULL,
  sizeBytes INTEGER NOT NULL,
  bytes BLOB NOT NULL
) STRICT;

CREATE TABLE arrays (key INTEGER PRIMARY KEY, sha256 TEXT NOT NULL UNIQUE, bytes BLOB NOT NULL) STRICT;

CREATE TABLE thumbnails (id TEXT NOT NULL UNIQUE, png BLOB NOT NULL) STRICT;

CREATE TABLE sets (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  type TEXT NOT NULL,
  description TEXT NOT NULL,
  count INTEGER NOT NULL,
  stimuliSha256 TEXT NOT NULL,
  createdAt TEXT NOT NULL,
  removedAt TEXT,
  design TEXT NOT NULL
) STRICT;
CREATE UNIQUE INDEX setNames ON sets (name) WHERE removedAt IS NULL;

CREATE TABLE jobs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  kind TEXT NOT NULL,
  title TEXT NOT NULL,
  planSha256 TEXT NOT NULL,
  state TEXT NOT NULL,
  progress TEXT NOT NULL,
  error TEXT,
  notices TEXT NOT NULL,
  resultId TEXT,
  frozen TEXT,
  computePid INTEGER,
  computeStartTime TEXT,
  createdAt TEXT NOT NULL,
  startedAt TEXT,
  endedAt TEXT,
  plan TEXT NOT NULL,
  checkpoint BLOB
) STRICT;

CREATE TABLE runs (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  jobId TEXT NOT NULL,
  name TEXT NOT NULL,
  twinId TEXT NOT NULL,
  twinVersion TEXT NOT NULL,
  setName TEXT NOT NULL,
  stimuli INTEGER NOT NULL,
  units INTEGER NOT NULL,
  committed INTEGER NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('partial', 'complete')),
  contentSha256 TEXT,
  createdAt TEXT NOT NULL,
  plan TEXT NOT NULL,
  provenance TEXT NOT NULL,
  areas TEXT NOT NULL,
  design TEXT NOT NULL
) STRICT;

-- Up to 256 stimuli × 64 units of one area, float32 little-endian, stimulus-major.
CREATE TABLE tiles (
  runKey INTEGER NOT NULL REFERENCES runs (key),
  area INTEGER NOT NULL,
  unitBlock INTEGER NOT NULL,
  stimulusBlock INTEGER NOT NULL,
  data BLOB NOT NULL,
  UNIQUE (runKey, area, unitBlock, stimulusBlock)
) STRICT;

CREATE TABLE searches (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  jobId TEXT NOT NULL,
  name TEXT NOT NULL,
  state TEXT NOT NULL CHECK (state IN ('partial', 'complete')),
  best REAL,
  bestControl REAL,
  thumbnail TEXT,
  contentSha256 TEXT,
  createdAt TEXT NOT NULL,
  plan TEXT NOT NULL,
  provenance TEXT NOT NULL,
  report TEXT
) STRICT;

CREATE TABLE trajectories (
  searchKey INTEGER NOT NULL REFERENCES searches (key),
  step INTEGER NOT NULL,
  best REAL NOT NULL,
  median REAL NOT NULL,
  PRIMARY KEY (searchKey, step)
) STRICT, WITHOUT ROWID;

CREATE TABLE protocols (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  name TEXT NOT NULL,
  trials INTEGER NOT NULL,
  minutes REAL NOT NULL,
  updatedAt TEXT NOT NULL,
  removedAt TEXT,
  plan TEXT NOT NULL,
  expanded TEXT
) STRICT;

CREATE TABLE exports (
  key INTEGER PRIMARY KEY,
  id TEXT NOT NULL UNIQUE,
  protocolId TEXT NOT NULL REFERENCES protocols (id),
  format TEXT NOT NULL,
  folder TEXT NOT NULL,
  files TEXT NOT NULL,
  checks TEXT NOT NULL,
  createdAt TEXT NOT NULL
) STRICT;
`;

// SQLite writes a whole row again when one of its values changes its length. What changes with every chunk of a job
// therefore stands in rows of its own, away from plans and designs, which list every photograph.
const progress = `
CREATE TABLE runProgress (
  runKey INTEGER PRIMARY KEY REFERENCES runs (key) ON DELETE CASCADE,
  committed INTEGER NOT NULL
) STRICT;
INSERT INTO runProgress (runKey, committed) SELECT key, committed FROM runs;
ALTER TABLE runs DROP COLUMN committed;

CREATE TABLE jobProgress (
  jobKey INTEGER PRIMARY KEY REFERENCES jobs (key) ON DELETE CASCADE,
  progress TEXT NOT NULL,
  checkpoint BLOB
) STRICT;
INSERT INTO jobProgress (jobKey, progress, checkpoint) SELECT key, progress, checkpoint FROM jobs;
ALTER TABLE jobs DROP COLUMN progress;
ALTER TABLE jobs DROP COLUMN checkpoint;
`;

export const migrations: readonly Migration[] = [
  { number: 10, name: 'first', sql: first },
  { number: 20, name: 'progress', sql: progress },
];

export const migrationSha256 = (migration: Migration): string => sha256Hex(migration.sql);
export const latestMigration = (known: readonly Migration[]): number => known.at(-1)?.number ?? 0;
