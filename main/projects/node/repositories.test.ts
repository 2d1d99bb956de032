/** What is stored comes back, in one transaction or not at all. */
import { createHash } from 'node:crypto';
import { statSync } from 'node:fs';
import Database from 'better-sqlite3';
import { expect, test } from 'vitest';
import { display, protocolPlan } from '../../contract/plans.ts';
import { stimulusDesign, type StimulusDesign } from '../../contract/stimuli.ts';
import type { SearchFindings } from '../rows.ts';
import { areaOf, design, newJob, newProject, open, runOf, searchOf, sha256, storeRun } from '../testing/fixtures.ts';
import { chunkOf, noProgress, responses } from '../testing/responses.ts';

const newSet = { name: 'Gratings', design, description: '2 orientations', count: 9, stimuliSha256: sha256('stimuli') };
const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);
const image = (content: Uint8Array, name = 'cat.png') => ({
  sha256: sha256(content),
  mediaType: 'image/png',
  widthPx: 640,
  heightPx: 480,
  name,
  bytes: content,
});

test('images are stored once and come back byte for byte', async () => {
  const { images } = await newProject();
  // A view into a larger buffer, as file readers give.
  const content = new Uint8Array(Buffer.from('----content----')).subarray(4, 11);
  expect(await images.put(image(content))).toBe(true);
  expect(await images.put(image(content, 'the same under another name.png'))).toBe(false);
  expect(await images.putMany([image(bytes(1)), image(content), image(bytes(2))])).toBe(2);
  expect(await images.count()).toBe(3);
  expect(await images.has(sha256(content))).toBe(true);
  expect(Buffer.from(await images.bytes(sha256(content))).toString()).toBe('content');
  expect(await images.get(sha256(content))).toEqual({
    sha256: sha256('content'),
    mediaType: 'image/png',
    widthPx: 640,
    heightPx: 480,
    name: 'cat.png',
    sizeBytes: 7,
  });
  expect((await images.list()).map(({ sizeBytes }) => sizeBytes)).toEqual([7, 1, 1]);
  await expect(images.put({ ...image(bytes(3)), sha256: sha256('else') })).rejects.toThrow('another SHA-256');
  await expect(images.bytes(sha256('else'))).rejects.toMatchObject({ code: 'not-found' });
});

test('arrays are content-addressed, thumbnails are kept by key', async () => {
  const { arrays, thumbnails } = await newProject();
  const array = { sha256: sha256(bytes(1, 2)), bytes: bytes(1, 2) };
  expect([await arrays.put(array), await arrays.put(array), await arrays.has(array.sha256)]).toEqual([
    true,
    false,
    true,
  ]);
  expect(await arrays.bytes(array.sha256)).toEqual(bytes(1, 2));
  await expect(arrays.put({ ...array, bytes: bytes(9) })).rejects.toThrow('another SHA-256');
  expect(await thumbnails.get('set-1/0')).toBeNull();
  await thumbnails.putMany([
    { key: 'set-1/0', png: bytes(7) },
    { key: 'set-1/1', png: bytes(8) },
  ]);
  expect(await thumbnails.get('set-1/1')).toEqual(bytes(8));
});

test('sets: names are unique while they are there; removing and restoring', async () => {
  const { sets, images } = await newProject();
  const created = await sets.create(newSet);
  expect(created).toMatchObject({ ...newSet, type: 'gratings', removedAt: null });
  expect(await sets.list()).toEqual([
    {
      id: created.id,
      name: 'Gratings',
      type: 'gratings',
      description: '2 orientations',
      count: 9,
      createdAt: created.createdAt,
    },
  ]);
  await expect(sets.create(newSet)).rejects.toMatchObject({
    code: 'conflict',
    message: 'There is already a stimulus set named "Gratings". Choose another name.',
  });

  await sets.remove(created.id);
  await sets.remove(created.id);
  expect(await sets.list()).toEqual([]);
  await expect(sets.getByNameOrId('Gratings')).rejects.toMatchObject({ code: 'not-found' });
  expect((await sets.getByNameOrId(created.id)).removedAt).not.toBeNull();
  const second = await sets.create(newSet);
  await expect(sets.restore(created.id)).rejects.toMatchObject({ code: 'conflict' });
  expect((await sets.rename(second.id, 'Gratings 2')).name).toBe('Gratings 2');
  expect((await sets.restore(created.id)).removedAt).toBeNull();
  await expect(sets.rename(second.id, 'Gratings')).rejects.toMatchObject({ code: 'conflict' });
  expect((await sets.getByNameOrId('Gratings')).id).toBe(created.id);

  const photographs = stimulusDesign.parse({ type: 'images', imageSha256s: [sha256(bytes(1))] });
  await expect(sets.create({ ...newSet, name: 'Photographs', design: photographs })).rejects.toMatchObject({
    code: 'not-found',
  });
  await images.put(image(bytes(1)));
  expect((await sets.create({ ...newSet, name: 'Photographs', design: photographs })).design).toEqual(photographs);
});

test('responses come back by area and by unit, across tiles', async () => {
  const project = await newProject();
  const { runs } = project;
  const { runId: id } = await storeRun(project, [areaOf('V1', 130), areaOf('V4', 2)], 600, [1, 99, 256, 7]);
  const [run] = await runs.list();
  expect(run).toMatchObject({ state: 'partial', stimuli: 600, units: 132, twinId: 'v1-gabor', contentSha256: null });
  expect(await runs.readArea(id, 'V1')).toEqual(responses(0, 0, 600, 130));
  expect(await runs.readArea(id, 'V4')).toEqual(responses(1, 0, 600, 2));
  for (const unit of [0, 63, 64, 129]) {
    const expected = Float32Array.from({ length: 600 }, (_, stimulus) => stimulus * 256 + unit + 0.25);
    expect(await runs.readUnit(id, 'V1', unit)).toEqual(expected);
  }
  await expect(runs.readUnit(id, 'V1', 130)).rejects.toMatchObject({ code: 'not-found' });
  await expect(runs.readArea(id, 'IT')).rejects.toMatchObject({ code: 'not-found' });
});

test('an area is summarised over all its tiles', async () => {
  const project = await newProject();
  const { runs } = project;
  const { runId } = await storeRun(project, [areaOf('V1', 130), areaOf('V4', 2)], 600, [256, 344]);
  for (const area of ['V1', 'V4']) {
    const data = await runs.readArea(runId, area);
    const units = area === 'V1' ? 130 : 2;
    const largest = data.reduce((most, value) => Math.max(most, value), -Infinity);
    expect(await runs.summariseArea(runId, area)).toEqual({
      mean: data.reduce((sum, value) => sum + value, 0) / data.length,
      largest,
      unitIndex: data.indexOf(largest) % units,
    });
  }
  await expect(runs.summariseArea(runId, 'IT')).rejects.toMatchObject({ code: 'not-found' });
});

test('the content hash is of the responses, whatever the chunks were', async () => {
  const areas = [areaOf('V1', 65), areaOf('V4', 3)];
  const stimuli = 300;
  // By the definition, without the code under test: a line of sorted JSON, then each area's values.
  const hash = createHash('sha256');
  const header = areas.map(({ area, units }) => `{"area":"${area}","units":${JSON.stringify(units)}}`);
  hash.update(`{"areas":[${header.join(',')}],"stimuli":${stimuli}}\n`);
  areas.forEach(({ units }, index) => {
    for (const value of responses(index, 0, stimuli, units.length)) {
      const four = Buffer.alloc(4);
      four.writeFloatLE(value);
      hash.update(four);
    }
  });
  const expected = hash.digest('hex');

  const project = await newProject();
  for (const chunks of [[300], [1, 2, 3], [256, 44], [64]]) {
    const { runId } = await storeRun(project, areas, stimuli, chunks);
    expect((await project.runs.finish(runId)).contentSha256).toBe(expected);
  }
  const { runId, jobId } = await storeRun(project, areas, stimuli, [100]);
  const changed = chunkOf(runId, jobId, areas, 299, 1);
  (changed.areas[1] as { data: Float32Array }).data[2] = -1;
  await project.runs.commitChunk(changed);
  expect(await project.runs.contentSha256(runId)).not.toBe(expected);
});

test('a chunk is stored with its checkpoint or not at all', async () => {
  const project = await newProject();
  const areas = [areaOf('V1', 4), areaOf('V4', 2)];
  const jobId = await newJob(project);
  const { id: runId } = await project.runs.create(runOf(jobId, areas, 10));
  expect(await project.runs.commitChunk(chunkOf(runId, jobId, areas, 0, 4))).toEqual({ committed: 4 });

  const wrong = chunkOf(runId, jobId, areas, 4, 4);
  (wrong.areas[1] as { data: Float32Array }).data = new Float32Array(3);
  await expect(project.runs.commitChunk(wrong)).rejects.toThrow('V4 needs 4 × 2');
  await expect(
    project.runs.commitChunk({ ...chunkOf(runId, jobId, areas, 4, 4), jobId: 'job-x' }),
  ).rejects.toMatchObject({
    code: 'not-found',
  });
  await expect(project.runs.commitChunk(chunkOf(runId, jobId, areas, 5, 1))).rejects.toThrow('do not follow');
  await expect(project.runs.commitChunk(chunkOf(runId, jobId, areas, 4, 7))).rejects.toThrow('do not follow');
  await expect(project.runs.finish(runId)).rejects.toThrow('4 of 10');
  expect((await project.runs.get(runId)).committed).toBe(4);
  expect(await project.runs.readArea(runId, 'V1')).toEqual(responses(0, 0, 4, 4));
  expect(Buffer.from((await project.jobs.checkpoint(jobId)) as Uint8Array).toString()).toBe('4');

  // The same chunk again, as after a crash between commit and acknowledgement.
  expect(await project.runs.commitChunk(chunkOf(runId, jobId, areas, 0, 4))).toEqual({ committed: 4 });
  expect((await project.runs.getByJob(jobId))?.id).toBe(runId);
  expect(await project.runs.getByJob('job-x')).toBeNull();
});

test('a chunk writes as many pages for a run of 20,000 listed stimuli as for one of 9', async () => {
  const areas = [areaOf('V1', 4)];
  const grating = { type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 2, diameterDeg: 4 };
  const large = stimulusDesign.parse({ type: 'list', stimuli: Array.from({ length: 20_000 }, () => grating) });

  /** Bytes of the log after one chunk: its header and a frame for every page that was written. */
  async function logBytes(presented: StimulusDesign): Promise<number> {
    const project = await newProject({ network: false });
    const { jobs, runs } = project;
    const plan = { stimuli: { design: presented } };
    const { id: jobId } = await jobs.create({ kind: 'run', title: '', plan, progress: noProgress });
    await jobs.update(jobId, { frozen: { design: presented } });
    const { id } = await runs.create({ ...runOf(jobId, areas, 1000), design: presented });
    await runs.commitChunk(chunkOf(id, jobId, areas, 0, 64));
    const other = new Database(project.path);
    other.pragma('wal_checkpoint(TRUNCATE)');
    expect(statSync(`${project.path}-wal`).size).toBe(0);
    await runs.commitChunk(chunkOf(id, jobId, areas, 64, 64));
    const { size } = statSync(`${project.path}-wal`);
    other.close();
    return size;
  }

  const small = await logBytes(design);
  expect(small).toBeGreaterThan(4096);
  expect(await logBytes(large)).toBe(small);
});

test('searches: checkpoint with trajectory, report with rasters', async () => {
  const project = await newProject();
  const { searches, jobs, arrays } = project;
  const jobId = await newJob(project);
  const { id } = await searches.create(searchOf(jobId));
  const point = (step: number, best: number) => ({ step, best, median: best / 2 });
  await searches.saveCheckpoint({
    searchId: id,
    jobId,
    checkpoint: bytes(1),
    progress: { ...noProgress, done: 10 },
    trajectory: [point(0, 1), point(10, 2)],
  });
  await searches.saveCheckpoint({
    searchId: id,
    jobId,
    checkpoint: bytes(2),
    progress: { ...noProgress, done: 20 },
    trajectory: [point(10, 2.5), point(20, 3)],
  });
  expect(await searches.get(id)).toMatchObject({ state: 'partial', report: null, contentSha256: null });
  expect((await searches.get(id)).trajectory).toEqual([point(0, 1), point(10, 2.5), point(20, 3)]);
  expect(await jobs.checkpoint(jobId)).toEqual(bytes(2));
  expect((await jobs.get(jobId)).progress.done).toBe(20);

  const raster = { sha256: sha256(bytes(5)), bytes: bytes(5) };
  const report: SearchFindings = {
    referenceName: 'Gratings',
    referenceStimuli: 100,
    candidates: [
      {
        rank: 1,
        start: 0,
        objective: 4.5,
        spec: { type: 'raster', arraySha256: raster.sha256, sizeDeg: 8 },
        sha256: sha256('candidate'),
        thumbnail: '/thumbnails/a.png',
        areas: [],
        units: [],
        residuals: null,
      },
    ],
    controls: [
      {
        kind: 'random',
        label: 'random',
        n: 2,
        best: 1.5,
        median: 1,
        values: [0.5, 1.5],
        beaten: true,
        spec: null,
        sourceSpec: null,
        sha256: null,
        thumbnail: null,
      },
    ],
    evaluations: 480,
    controlEvaluations: 120,
    responseUnits: 'spikes/s',
    seconds: 2,
  };
  const wrong = { sha256: sha256('else'), bytes: bytes(6) };
  const finished = { searchId: id, report, arrays: [raster, wrong], contentSha256: sha256('content') };
  await expect(searches.finish(finished)).rejects.toThrow('another SHA-256');
  expect(await arrays.has(raster.sha256)).toBe(false);
  expect((await searches.get(id)).state).toBe('partial');

  expect(await searches.finish({ ...finished, arrays: [raster] })).toMatchObject({ state: 'complete', report });
  expect(await arrays.bytes(raster.sha256)).toEqual(bytes(5));
  expect(await searches.list()).toMatchObject([
    { id, jobId, best: 4.5, bestControl: 1.5, thumbnail: '/thumbnails/a.png', state: 'complete' },
  ]);
  expect((await searches.getByJob(jobId))?.id).toBe(id);
  expect(await searches.getByJob('job-x')).toBeNull();
});

test('protocols and exports', async () => {
  const { protocols, exports } = await newProject();
  const plan = protocolPlan.parse({ format: 1, kind: 'protocol', items: [{ stimuli: { set: 'Gratings' } }] });
  const trial = { index: 0, block: 0, stimulus: null, onsetFrame: 0, durationFrames: 12, blankFrames: 18 };
  const expanded = {
    id: null,
    name: 'Session 1',
    plan,
    display: display.parse({}),
    stimuli: [],
    trials: [trial, { ...trial, index: 1 }],
    totalFrames: 60,
    minutes: 1.5,
    pixelsPerDegCentre: 36,
    generator: 'xoroshiro128+',
    warnings: [],
  };
  const saved = await protocols.save({ name: 'Session 1', plan, expanded });
  expect(saved).toMatchObject({ name: 'Session 1', plan, expanded, removedAt: null });
  expect(await protocols.list()).toMatchObject([{ id: saved.id, name: 'Session 1', trials: 2, minutes: 1.5 }]);
  await protocols.save({ id: saved.id, name: 'Session 2', plan, expanded: null });
  expect(await protocols.list()).toMatchObject([{ id: saved.id, name: 'Session 2', trials: 0, minutes: 0 }]);
  expect((await protocols.getByNameOrId('Session 2')).id).toBe(saved.id);
  await protocols.remove(saved.id);
  expect(await protocols.list()).toEqual([]);
  expect((await protocols.restore(saved.id)).name).toBe('Session 2');
  await expect(protocols.save({ id: 'protocol-x', name: '', plan, expanded })).rejects.toMatchObject({
    code: 'not-found',
  });

  const record = {
    protocolId: saved.id,
    format: 'bundle' as const,
    folder: '/exports/session-2',
    files: [{ path: 'trials.csv', bytes: 12, sha256: sha256('trials') }],
    checks: [{ passed: true, text: 'Every file has the listed SHA-256.' }],
  };
  const added = await exports.add(record);
  expect(added).toMatchObject(record);
  expect(await exports.list(saved.id)).toEqual([added]);
  await expect(exports.add({ ...record, protocolId: 'protocol-x' })).rejects.toMatchObject({ code: 'not-found' });
});

test('the check names what was altered', async () => {
  const project = await newProject();
  const { runId } = await storeRun(project, [areaOf('V1', 4)], 10, [4]);
  await project.runs.finish(runId);
  await project.images.putMany([image(bytes(1)), image(bytes(2))]);
  const imageSha256s = [sha256(bytes(1)), sha256(bytes(2))];
  const photographs = stimulusDesign.parse({ type: 'images', imageSha256s });
  await project.sets.create({ ...newSet, name: 'Photographs', design: photographs });
  expect(await project.check()).toEqual({
    ok: true,
    problems: [],
    checked: { images: 2, arrays: 0, runs: 1, sets: 1, searches: 0 },
  });
  await project.close();

  const database = new Database(project.path);
  database.prepare('UPDATE tiles SET data = zeroblob(length(data))').run();
  database.prepare('UPDATE images SET bytes = ? WHERE sha256 = ?').run(bytes(9), sha256(bytes(1)));
  database.prepare('DELETE FROM images WHERE sha256 = ?').run(sha256(bytes(2)));
  database.close();
  expect((await (await open(project.path)).check()).problems).toEqual([
    `The image ${sha256(bytes(1))} is altered.`,
    'The stimulus set "Photographs" lacks 1 of its pictures.',
    'The responses of run "Gratings on V1" are not the ones that were stored.',
  ]);
});

test('on a full disk the last change is refused in a sentence and everything before it stays', async () => {
  const project = await newProject({ maxPages: 120 });
  const areas = [areaOf('V1', 64)];
  const jobId = await newJob(project);
  const { id: runId } = await project.runs.create(runOf(jobId, areas, 10_000));
  let acknowledged = 0;
  const error = await (async () => {
    for (;;) acknowledged = (await project.runs.commitChunk(chunkOf(runId, jobId, areas, acknowledged, 100))).committed;
  })().catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'disk-full',
    message: expect.stringContaining('Everything saved before is safe') as string,
  });
  expect(acknowledged).toBeGreaterThan(0);
  // What is there can still be read, and small changes may still fit.
  expect(await project.runs.readArea(runId, 'V1')).toEqual(responses(0, 0, acknowledged, 64));
  await project.close();

  const reopened = await open(project.path);
  expect((await reopened.runs.get(runId)).committed).toBe(acknowledged);
  expect((await reopened.check()).problems).toEqual([]);
  // With space again the run goes on.
  await reopened.runs.commitChunk(chunkOf(runId, jobId, areas, acknowledged, 100));
});
