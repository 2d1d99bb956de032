/** kill -9 of a process that writes a run: everything acknowledged is there afterwards, and the run can be finished. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { Random } from '../../platform/random.ts';
import { areaOf, newJob, newProject, open, runOf, storeRun } from '../testing/fixtures.ts';
import { chunkOf, responses } from '../testing/responses.ts';

const writer = fileURLToPath(new URL('../testing/chunkWriter.ts', import.meta.url));
const areas = [areaOf('V1-simple', 70), areaOf('V1-complex', 3)];
const stimuli = 60_000;

/**
 * Starts a writer and kills it `extraMs` after it has acknowledged `lines` chunks. Returns the last number it printed:
 * pipes deliver what was written before the kill.
 */
async function writeAndKill(path: string, runId: string, jobId: string, lines: number, extraMs: number) {
  const child = spawn(process.execPath, [writer, path, runId, jobId], { stdio: ['ignore', 'pipe', 'inherit'] });
  let acknowledged = 0;
  let seen = 0;
  const output = createInterface({ input: child.stdout });
  output.on('line', (line) => {
    acknowledged = Number(line);
    seen += 1;
    if (seen === lines) setTimeout(() => child.kill('SIGKILL'), extraMs);
  });
  const [, signal] = (await Promise.all([once(child, 'exit'), once(output, 'close')]))[0] as [number, string];
  expect(signal).toBe('SIGKILL');
  return acknowledged;
}

test('twelve kills at random moments lose nothing that was acknowledged', async () => {
  const project = await newProject();
  const { path } = project;
  const jobId = await newJob(project);
  const { id: runId } = await project.runs.create(runOf(jobId, areas, stimuli));
  await project.jobs.update(jobId, { state: 'running' });
  await project.close();

  const random = Random.fromSeed(20, 'moments to kill at');
  for (let trial = 0; trial < 12; trial++) {
    const before = Database(path, { readonly: true });
    const stored = before.prepare('SELECT committed FROM runProgress').pluck().get() as number;
    before.close();
    const acknowledged = await writeAndKill(path, runId, jobId, 1 + random.int(12), random.uniform() * 12);
    expect(acknowledged).toBeGreaterThan(stored);

    const reopened = await open(path);
    expect(reopened.readOnly).toBeNull();
    expect(reopened.notice).toContain('not closed properly');
    expect(await reopened.check()).toMatchObject({ ok: true, problems: [] });
    const run = await reopened.runs.get(runId);
    expect(run.committed).toBeGreaterThanOrEqual(acknowledged);
    // The checkpoint is the one that was stored with the last responses.
    expect(new TextDecoder().decode((await reopened.jobs.checkpoint(jobId)) as Uint8Array)).toBe(String(run.committed));
    expect((await reopened.jobs.get(jobId)).progress.done).toBe(run.committed);
    expect((await reopened.jobs.get(jobId)).state).toBe('interrupted');
    for (const [index, { area, units }] of areas.entries()) {
      const expected = responses(index, 0, run.committed, units.length);
      expect(
        Buffer.compare(Buffer.from((await reopened.runs.readArea(runId, area)).buffer), Buffer.from(expected.buffer)),
      ).toBe(0);
    }
    await reopened.jobs.update(jobId, { state: 'running' });
    await reopened.close();
    expect(existsSync(`${path}-wal`)).toBe(false);
  }
}, 120_000);

test('a run that was interrupted and finished has the content hash of an undisturbed one', async () => {
  const total = 700;
  const calm = await newProject();
  const undisturbed = await calm.runs.finish((await storeRun(calm, areas, total, [100])).runId);

  const project = await newProject();
  const jobId = await newJob(project);
  const { id: runId } = await project.runs.create(runOf(jobId, areas, total));
  await project.close();
  await writeAndKill(project.path, runId, jobId, 5, 1);

  const reopened = await open(project.path);
  const { committed } = await reopened.runs.get(runId);
  expect(committed).toBeLessThan(total);
  await reopened.runs.commitChunk(chunkOf(runId, jobId, areas, committed, total - committed));
  expect((await reopened.runs.finish(runId)).contentSha256).toBe(undisturbed.contentSha256);
});
