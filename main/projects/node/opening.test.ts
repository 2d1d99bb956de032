/** Creating, closing, upgrading, and who may write. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { hostname } from 'node:os';
import { dirname, join } from 'node:path';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { processStartTime, thisComputer } from '../../platform/node/process.ts';
import { applicationId, migrations, migrationSha256 } from '../migrations.ts';
import { areaOf, design, newJob, newProject, open, sha256, storeRun, temporaryFolder } from '../testing/fixtures.ts';
import { noProgress } from '../testing/responses.ts';
import { migrate } from './migrate.ts';
import { listProjects, openProject, unlockProject, upgradeProject } from './project.ts';

const next = { number: 30, name: 'notes', sql: 'CREATE TABLE notes (text TEXT NOT NULL) STRICT;' };
const newSet = { name: 'Gratings', design, description: '', count: 9, stimuliSha256: sha256('stimuli') };

function edit(path: string, sql: string, ...values: unknown[]): void {
  const database = new Database(path);
  database.prepare(sql).run(...values);
  database.close();
}

test('a new project is one file of ours, with its history', async () => {
  const project = await newProject({ appVersion: '0.1.0' });
  expect(await project.info()).toMatchObject({
    path: project.path,
    name: 'Study',
    readOnly: null,
    notice: null,
    counts: { sets: 0, runs: 0, searches: 0, protocols: 0, images: 0 },
  });
  await project.close();
  await project.close();
  expect(readdirSync(dirname(project.path))).toEqual(['study.twinscope']);

  const database = new Database(project.path, { readonly: true });
  expect(database.pragma('application_id', { simple: true })).toBe(0x54775363);
  expect(database.pragma('user_version', { simple: true })).toBe(20);
  expect(database.pragma('journal_mode', { simple: true })).toBe('delete');
  expect(database.prepare('SELECT number, name FROM migrations').all()).toEqual([
    { number: 10, name: 'first' },
    { number: 20, name: 'progress' },
  ]);
  expect(database.prepare('SELECT * FROM owner').all()).toEqual([]);
  database.close();
  await expect(project.sets.list()).rejects.toMatchObject({ code: 'conflict' });
});

test('released migrations are never edited', () => {
  expect(migrations.map((migration) => [migration.number, migrationSha256(migration)])).toEqual([
    [10, '89d9d3ee93f83934b5804b12ae7440335f6426b7a19a3c32b58991004cb67726'],
    [20, '200214b9deb3444d0b3889714342ab586054634df5292a11b2aee24590bf5fa4'],
  ]);
});

test('while open it is written through a log, so that readers do not wait; on a network folder it is not', async () => {
  const local = await newProject({ network: false });
  expect(readdirSync(dirname(local.path))).toContain('study.twinscope-wal');
  const remote = await newProject({ network: true });
  expect(readdirSync(dirname(remote.path))).toEqual(['study.twinscope']);
  expect((await remote.sets.create(newSet)).name).toBe('Gratings');
  expect(remote.notice).toContain('network folder');
});

test('an upgrade keeps a copy of the file as it was and everything in it', async () => {
  const project = await newProject();
  const { runId } = await storeRun(project, [areaOf('V1', 3)], 5, [2]);
  const { contentSha256 } = await project.runs.finish(runId);
  await project.close();

  const options = { host: 'cli', migrations: [...migrations, next] };
  const upgrade = await upgradeProject(project.path, options);
  const backup = project.path.replace('.twinscope', '.format-20.twinscope');
  expect(upgrade).toEqual({ from: 20, to: 30, backup });
  expect(await upgradeProject(project.path, options)).toBeNull();

  const upgraded = await open(project.path, options);
  expect((await upgraded.check()).problems).toEqual([]);
  expect(await upgraded.runs.contentSha256(runId)).toBe(contentSha256);
  const asItWas = await open(backup);
  expect([asItWas.readOnly, asItWas.notice]).toEqual([null, 'One unfinished job can be resumed.']);
  expect(await asItWas.runs.contentSha256(runId)).toBe(contentSha256);
});

test('a project of format 10 keeps how far its runs and jobs had come', async () => {
  const path = join(temporaryFolder(), 'old.twinscope');
  const database = new Database(path);
  database.pragma(`application_id = ${applicationId}`);
  migrate(database, migrations.slice(0, 1));
  const noPhase = JSON.stringify({ ...noProgress, done: 7 });
  database.exec(`INSERT INTO meta VALUES ('name', 'Old')`);
  database
    .prepare(
      `INSERT INTO jobs (key, id, kind, title, planSha256, state, progress, notices, createdAt, plan, checkpoint)
       VALUES (?, ?, 'run', 'Old', '', 'paused', ?, '[]', '', '{}', ?)`,
    )
    .run(3, 'job-a', noPhase, Buffer.from('7'));
  database.exec(
    `INSERT INTO jobs (key, id, kind, title, planSha256, state, progress, notices, createdAt, plan)
     SELECT 4, 'job-b', kind, title, '', state, progress, '[]', '', plan FROM jobs;
     INSERT INTO runs (key, id, jobId, name, twinId, twinVersion, setName, stimuli, units, committed, state, createdAt,
       plan, provenance, areas, design)
     VALUES (5, 'run-a', 'job-a', 'Old', 't', '1', 'S', 9, 1, 7, 'partial', '', '{}', '{}', '[]', '{}')`,
  );
  database.close();

  const upgraded = await open(path);
  expect((await upgraded.runs.get('run-a')).committed).toBe(7);
  expect(await upgraded.jobs.get('job-a')).toMatchObject({ progress: { done: 7 }, resumable: true });
  expect(Buffer.from((await upgraded.jobs.checkpoint('job-a')) as Uint8Array).toString()).toBe('7');
  expect(await upgraded.jobs.get('job-b')).toMatchObject({ progress: { done: 7 }, resumable: false });
  expect((await upgraded.check()).problems).toEqual([]);
});

test('a migration that fails leaves the project at the version it had', async () => {
  const project = await newProject();
  await project.close();
  const broken = { number: 30, name: 'broken', sql: 'CREATE TABLE half (n INTEGER) STRICT; SELECT * FROM nowhere;' };
  await expect(openProject(project.path, { host: 'cli', migrations: [...migrations, broken] })).rejects.toThrow(
    'nowhere',
  );

  const reopened = await open(project.path);
  expect(reopened.notice).toBeNull();
  await reopened.close();
  const database = new Database(project.path, { readonly: true });
  expect(database.prepare(`SELECT count(*) FROM sqlite_schema WHERE name = 'half'`).pluck().get()).toBe(0);
  database.close();
});

test('the second opener reads, is told why, sees what the first stores, and cannot write', async () => {
  const first = await newProject({ host: 'desktop' });
  const second = await open(first.path);
  expect(second.readOnly).toMatch(
    new RegExp(
      `^This project is already open in the Twinscope app \\(process ${process.pid}, since .*reading only here`,
    ),
  );
  const { id } = await first.sets.create(newSet);
  expect((await second.sets.get(id)).name).toBe('Gratings');
  expect((await second.info()).readOnly).toBe(second.readOnly);
  await expect(second.sets.remove(id)).rejects.toMatchObject({ code: 'read-only' });
  await expect(
    second.jobs.create({
      kind: 'run',
      title: '',
      plan: {},
      progress: (await first.jobs.get(await newJob(first))).progress,
    }),
  ).rejects.toMatchObject({ code: 'read-only' });
  // Thumbnails can be drawn again, so keeping one is not worth a refusal.
  await second.thumbnails.put('key', new Uint8Array(3));
  expect(await second.thumbnails.get('key')).toBeNull();
  expect((await second.check()).problems).toEqual([]);
  await second.close();
  await first.close();
  expect((await open(first.path)).readOnly).toBeNull();
});

test('closing the first while another still reads loses nothing', async () => {
  const first = await newProject();
  const second = await open(first.path);
  await first.sets.create(newSet);
  await first.close();
  expect(await second.sets.list()).toHaveLength(1);
  await second.close();
  const third = await open(first.path);
  expect(third.readOnly).toBeNull();
  expect(third.notice).toBeNull();
  expect(await third.sets.list()).toHaveLength(1);
});

test('an owner that no longer lives does not keep anybody out', async () => {
  const project = await newProject();
  await project.close();
  const owner = (pid: number, startTime: string | null, computer: string) =>
    edit(
      project.path,
      `INSERT INTO owner VALUES (1, ?, ?, ?, 'desktop', 'open-x', '2026-01-01T00:00:00.000Z')`,
      pid,
      startTime,
      computer,
    );
  // The pid of a living process with another start time: the number was used again.
  owner(process.ppid, 'another-boot/1', hostname());
  const reopened = await open(project.path);
  expect(reopened.readOnly).toBeNull();
  expect(reopened.notice).toContain('was not closed properly');
  await reopened.close();

  // A living process with its own start time.
  owner(process.ppid, processStartTime(process.ppid), hostname());
  const held = await open(project.path);
  expect(held.readOnly).toContain(`process ${process.ppid}`);
  await held.close();
  edit(project.path, 'DELETE FROM owner');

  // Another computer cannot be asked; the person can.
  owner(1, null, 'microscope-pc');
  const remote = await open(project.path);
  expect(remote.readOnly).toContain('process 1 on the computer microscope-pc');
  await remote.close();
  expect((await open(project.path, { takeOver: true })).readOnly).toBeNull();
});

test('a project is unlocked when its owner cannot be asked, and only then', async () => {
  const project = await newProject();
  await expect(unlockProject(project.path)).rejects.toMatchObject({
    code: 'read-only',
    message: expect.stringMatching(/^This project is already open(?!.*unlock).* Nothing was changed\.$/) as string,
  });
  await project.close();
  expect(await unlockProject(project.path)).toBeNull();

  const owner = (pid: number, startTime: string | null, computer: string) =>
    edit(
      project.path,
      `INSERT INTO owner VALUES (1, ?, ?, ?, 'desktop', 'open-x', '2026-01-01T00:00:00.000Z')`,
      pid,
      startTime,
      computer,
    );
  // The same pid number in another container, and a living pid whose start the system does not tell.
  for (const [pid, startTime, computer] of [
    [process.ppid, processStartTime(process.ppid), `${hostname()}/another-container`],
    [process.ppid, null, thisComputer()],
  ] as const) {
    owner(pid, startTime, computer);
    const held = await open(project.path);
    expect(held.readOnly).toContain(`If it no longer runs there, release the project with: twinscope project unlock "`);
    expect(held.readOnly).toContain(project.path);
    await held.close();
    expect(await unlockProject(project.path)).toContain('was not closed properly');
    const released = await open(project.path);
    expect(released.readOnly).toBeNull();
    await released.close();
  }

  // The machine has been renamed since its owner died: harmless where machines have an id, otherwise another machine.
  owner(4194305, 'boot/1', thisComputer().replace(/^[^/]*/, 'renamed-by-the-network'));
  const { readOnly } = await open(project.path);
  expect(readOnly === null).toBe(thisComputer().includes('/'));
});

test('an unclean end is followed by the full check, which refuses a damaged file', async () => {
  const project = await newProject();
  await project.close();
  edit(
    project.path,
    `INSERT INTO owner VALUES (1, 4194305, 'boot/1', ?, 'desktop', 'open-x', '2026-01-01T00:00:00.000Z')`,
    hostname(),
  );
  // An index over another column than it was filled from: integrity_check sees it, quick_check does not.
  const database = new Database(project.path);
  database.exec(`INSERT INTO sets VALUES (1, 'set-1', 'A', 'gratings', '', 1, '', '', NULL, '{}')`);
  database.unsafeMode();
  database.pragma('writable_schema = ON');
  database.exec(`UPDATE sqlite_schema SET sql = replace(sql, '(name)', '(description)') WHERE name = 'setNames'`);
  database.close();
  await expect(openProject(project.path, { host: 'cli' })).rejects.toMatchObject({ code: 'corrupt' });
});

test('jobs of a crashed session are interrupted and its compute process is ended', async () => {
  const compute = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1000)'], { stdio: 'ignore' });
  const project = await newProject();
  const [running, queued, paused, finished] = [
    await newJob(project),
    await newJob(project),
    await newJob(project),
    await newJob(project),
  ];
  await project.jobs.update(running, { state: 'running' });
  await project.jobs.recordCompute(running, compute.pid as number);
  await project.jobs.update(paused, { state: 'paused' });
  await project.jobs.update(finished, { state: 'finished' });
  await project.close();

  const exited = once(compute, 'exit');
  const reopened = await open(project.path);
  expect((await exited)[1]).toBe('SIGKILL');
  expect((await reopened.jobs.list()).map(({ state }) => state)).toEqual([
    'interrupted',
    'interrupted',
    'paused',
    'finished',
  ]);
  expect((await reopened.jobs.get(queued)).state).toBe('interrupted');
  expect(reopened.notice).toBe('2 unfinished jobs can be resumed.');
});

test('a copy is whole, belongs to nobody, and does not overwrite', async () => {
  const project = await newProject();
  await project.sets.create(newSet);
  const target = join(temporaryFolder(), 'copy.twinscope');
  await project.copyTo(target);
  await expect(project.copyTo(target)).rejects.toMatchObject({ code: 'conflict' });
  const copy = await open(target);
  expect([copy.readOnly, copy.notice]).toEqual([null, null]);
  expect(await copy.sets.list()).toHaveLength(1);
});

test('projects of a folder are listed, other files are not', async () => {
  const project = await newProject();
  await project.close();
  expect(await listProjects(dirname(project.path))).toMatchObject([{ path: project.path, name: 'study' }]);
  expect(await listProjects(join(dirname(project.path), 'missing'))).toEqual([]);
});
