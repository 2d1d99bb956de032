/**
 * Batches that memory does not suffice for, with a twin for which ONNX Runtime is really refused it: the job goes on with
 * half the batch, and its provenance says from where.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { JobSnapshot } from '../contract/jobs.ts';
import { runPlan, searchPlan, type Plan, type SearchPlan } from '../contract/plans.ts';
import { stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import type { ComputeProcess } from '../engine/computeContract.ts';
import { isBatchMemory, mayRestart } from '../engine/failures.ts';
import { shortageDraft } from '../engine/testing/shortageTwin.ts';
import { silentLog } from '../platform/node/log.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { computeTwin, defaultSession } from './services.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-halving-'));
const home = process.env['TWINSCOPE_HOME'];
const projectFile = path.join(folder, 'halving.twinscope');
let current: ComputeProcess;
let onSpawn: (process: ComputeProcess) => void = () => undefined;
let backend: Backend;

const noise = (count: number, contrastRms: number): StimulusSpec[] =>
  Array.from({ length: count }, (_, seed) =>
    stimulusSpec.parse({ type: 'noise', spectrum: 'white', contrastRms, diameterDeg: 2, seed }),
  );

/** Sixteen of the first, four of the second and two of the third fit together. */
const rising = [...noise(64, 0.05), ...noise(64, 0.2), ...noise(20, 0.3)];

const run = (stimuli: StimulusSpec[], batchSize: number): Plan =>
  runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'shortage-twin',
    stimuli: { design: { type: 'list', stimuli } },
    device: 'cpu',
    threads: 1,
    batchSize,
  });

const search = (batchSize: number, random = 40): Plan =>
  searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'shortage-twin',
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels' },
    reference: { design: { type: 'list', stimuli: [{ type: 'blank' }, ...noise(20, 0.05)] } },
    optimiser: { type: 'gradient', steps: 20 },
    controls: { random, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    checkCandidate: false,
    starts: 12,
    seed: 3,
    device: 'cpu',
    threads: 1,
    batchSize,
  });

async function open(): Promise<Backend> {
  const opened = await createBackend({
    host: 'cli',
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
    spawnCompute: async () => {
      current = await spawnCompute();
      onSpawn(current);
      return current;
    },
  });
  await opened.openProject(projectFile, existsSync(projectFile) ? undefined : { name: 'Halving' });
  return opened;
}

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  backend = await open();
  const twin = path.join(folder, 'shortage.twin');
  await writePackage(twin, packDraft(shortageDraft(), { card: '# Shortage\n', licence: 'MIT\n' }));
  await backend.services.library.import(twin);
});
afterAll(async () => {
  await backend.close();
  if (home === undefined) delete process.env['TWINSCOPE_HOME'];
  else process.env['TWINSCOPE_HOME'] = home;
  rmSync(folder, { recursive: true, force: true });
});

async function start(plan: Plan, onChange: (job: JobSnapshot) => void = () => undefined): Promise<JobSnapshot> {
  const { queue } = backend.services.current();
  const { id } = await queue.start(plan.kind as 'run' | 'search', 'A job', plan);
  const stop = queue.onChange((job) => {
    if (job.id === id) onChange(job);
  });
  const ended = await queue.waitFor(id);
  stop();
  return ended;
}

async function finish(plan: Plan) {
  const job = await start(plan);
  expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished' });
  return resultOf(job);
}

async function resultOf({ id, notices }: JobSnapshot) {
  const { project } = backend.services.current();
  const found = (await project.runs.getByJob(id)) ?? (await project.searches.getByJob(id));
  if (found === null) throw new Error('the job has made nothing');
  const { batchSize, segments } = found.provenance;
  return { id: found.id, batchSize, segments, content: found.contentSha256, notices };
}

const rows = async (id: string, first: number, end: number) => {
  const { project } = backend.services.current();
  return (await project.runs.readArea(id, 'V1')).slice(2 * first, 2 * end);
};

const valuesOf = async (kind: string, id: string): Promise<number[]> =>
  kind === 'run' ? [...(await rows(id, 0, rising.length))] : objectivesOf(id);

async function objectivesOf(id: string): Promise<number[]> {
  const { report } = await backend.services.current().project.searches.get(id);
  return report?.candidates.map(({ objective }) => objective) ?? [];
}

function expectClose(actual: readonly number[], expected: readonly number[]): void {
  expect(actual).toHaveLength(expected.length);
  expect(actual.length).toBeGreaterThan(0);
  for (const [i, value] of actual.entries()) expect(value).toBeCloseTo(expected[i] as number, 4);
}

const halvings = ({ notices }: Pick<JobSnapshot, 'notices'>) => notices.filter((text) => text.includes('goes on with'));

test('a run goes on with half the batch from where memory did not suffice, as one that was started with it', async () => {
  const halved = await finish(run(rising, 16));
  expect(halved).toMatchObject({
    batchSize: 16,
    segments: [
      { first: 64, batchSize: 4 },
      { first: 128, batchSize: 2 },
    ],
  });
  expect(halvings(halved)).toEqual(
    [8, 4, 2].map((size) =>
      expect.stringMatching(
        new RegExp(`^There was not enough memory .* is saved\\. It was started again .* with batches of ${size};`),
      ),
    ),
  );
  const small = await finish(run(rising, 2));
  expect(small).toMatchObject({ batchSize: 2, segments: undefined, notices: [] });
  const middle = await finish(run(rising, 4));
  expect(middle.segments).toEqual([{ first: 128, batchSize: 2 }]);
  expect(await rows(halved.id, 64, 128)).toEqual(await rows(middle.id, 64, 128));
  expect(await rows(halved.id, 128, 148)).toEqual(await rows(small.id, 128, 148));
});

test.each([
  ['run', () => run(rising, 16)],
  ['search', () => search(16)],
])(
  '%s: what was halved stays so when it is resumed, also where a kill came before it was stored',
  async (kind, plan) => {
    const undisturbed = await finish(plan());
    let paused = false;
    const stopped = await start(plan(), (job) => {
      if (paused || halvings(job).length === 0) return;
      paused = true;
      void backend.services.current().queue.pause(job.id);
    });
    expect(stopped.state).toBe('paused');
    expect(halvings(stopped)).toHaveLength(1);
    const { project } = backend.services.current();
    const stored = kind === 'run' ? project.runs : project.searches;
    const before = await stored.getByJob(stopped.id);
    if (before === null) throw new Error('the job has made nothing');
    const { segments, ...unhalved } = before.provenance;
    expect(segments).toEqual([{ first: expect.any(Number), batchSize: 8 }]);
    await stored.setProvenance(before.id, unhalved);
    await backend.close();
    backend = await open();
    const { queue } = backend.services.current();
    await queue.resume(stopped.id);
    const resumed = await queue.waitFor(stopped.id);
    expect(resumed, JSON.stringify(resumed.error)).toMatchObject({ state: 'finished' });
    const result = await resultOf(resumed);
    expect(result.segments?.at(-1)?.batchSize).toBe(undisturbed.segments?.at(-1)?.batchSize);
    // Where a slice of a search begins is a matter of time, and with it from which step on its batches are smaller.
    expect(kind === 'search' || result.content === undisturbed.content).toBe(true);
    expectClose(await valuesOf(kind, result.id), await valuesOf(kind, undisturbed.id));
    expect(halvings(result)).toHaveLength(halvings(undisturbed).length);
  },
);

test('a search keeps its steps and gives the twin half as much at once', async () => {
  const halved = await finish(search(16));
  expect(halved).toMatchObject({ batchSize: 16, segments: [{ first: expect.any(Number), batchSize: 8 }] });
  expect(halvings(halved)).toHaveLength(1);
  const small = await finish(search(8));
  expect(small).toMatchObject({ batchSize: 8, segments: undefined });
  expectClose(await objectivesOf(halved.id), await objectivesOf(small.id));
});

test('a search whose gradients alone find no memory does likewise', async () => {
  const halved = await finish(search(16, 4));
  expect(halved).toMatchObject({ batchSize: 16, segments: [{ first: expect.any(Number), batchSize: 8 }] });
  const small = await finish(search(8, 4));
  expect(small.segments).toBeUndefined();
  expectClose(await objectivesOf(halved.id), await objectivesOf(small.id));
});

test('where another twin of a search finds no memory, all of its twins go on with smaller batches', async () => {
  const small = path.join(folder, 'small.twin');
  await writePackage(small, packDraft(smallDraft(), { card: '# Small\n', licence: 'MIT\n' }));
  await backend.services.library.import(small);
  const both = (batchSize: number): Plan => ({
    ...(search(batchSize) as SearchPlan),
    twin: { id: 'small-twin' },
    with: [{ twin: { id: 'shortage-twin' } }],
    target: [{ twin: 'B', area: 'V1', units: ['u0'], weight: 1 }],
  });
  const halved = await finish(both(16));
  expect(halved).toMatchObject({ batchSize: 16, segments: [{ first: expect.any(Number), batchSize: 8 }] });
  expect(halvings(halved)).toHaveLength(1);
  const few = await finish(both(8));
  expect(few.segments).toBeUndefined();
  expectClose(await objectivesOf(halved.id), await objectivesOf(few.id));
});

test('memory that one job was refused tells only its own requests to take smaller batches', async () => {
  const { compute, library } = backend.services;
  const resolved = await library.resolve({ id: 'shortage-twin' });
  const twin = { ...computeTwin(resolved, defaultSession()), graphCacheFolder: null };
  await compute.call('twin.describe', { twin });
  const pid = compute.pid();
  const ask = (jobId: string, stimuli: StimulusSpec[], batchSize: number) =>
    compute.call('twin.responses', { twin: { ...twin, batchSize }, stimuli }, { jobId }).then(
      () => null,
      (error: unknown) => error,
    );
  const many = noise(2_000, 0.05);
  const [refused, ofTheSame, ofAnother] = await Promise.all([
    ask('a', noise(32, 0.3), 32),
    ask('a', many, 1),
    ask('b', many, 1),
  ]);
  expect(isBatchMemory(refused)).toBe(true);
  expect(isBatchMemory(ofTheSame)).toBe(true);
  expect(isBatchMemory(ofAnother)).toBe(false);
  expect(mayRestart(ofAnother)).toBe(true);
  expect((ofAnother as Error).message).toContain('other work in it found no memory');
  await compute.call('twin.describe', { twin });
  expect(compute.pid()).not.toBe(pid);
});

test('with one stimulus at a time nothing is left to halve, and the job ends with a sentence', async () => {
  const grating = { type: 'grating', spatialFrequencyCpd: 0.5, orientationDeg: 0, diameterDeg: 4 };
  const job = await start(run([stimulusSpec.parse({ type: 'blank' }), stimulusSpec.parse(grating)], 2));
  expect(job.state).toBe('failed');
  expect(halvings(job)).toEqual([expect.stringContaining('goes on with one stimulus at a time;')]);
  expect(job.error?.message).toMatch(
    /not enough memory .* is saved\. It failed three times in a row with one stimulus at a time, so the job was stopped/,
  );
  expect((await resultOf(job)).segments).toEqual([{ first: 0, batchSize: 1 }]);
});

test('processes that end as if memory had run out: the third in a row halves the batch', async () => {
  const plan = run(noise(3000, 0.05), 16);
  let begun = false;
  let halved = false;
  let kills = 0;
  const kill = (process: ComputeProcess): void => {
    kills += 1;
    process.kill();
  };
  const job = await start(plan, (change) => {
    halved ||= halvings(change).length > 0;
    if (begun || change.progress.done === 0) return;
    begun = true;
    onSpawn = (process) => {
      if (!halved) kill(process);
    };
    kill(current);
  });
  onSpawn = () => undefined;
  expect(job, JSON.stringify(job.error)).toMatchObject({ state: 'finished' });
  expect(kills).toBeGreaterThanOrEqual(3);
  expect(halvings(job)).toEqual([expect.stringMatching(/SIGKILL.* is saved\. .* goes on with batches of 8;/)]);
  const { segments } = await resultOf(job);
  expect(segments).toEqual([{ first: expect.any(Number), batchSize: 8 }]);
  const first = segments?.[0]?.first as number;
  expect(first).toBeGreaterThan(0);
  expect(first % 64).toBe(0);
});
