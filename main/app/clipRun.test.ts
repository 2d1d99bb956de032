/**
 * A twin that sees clips, is told behaviour and remembers, through the whole of the product: imported, verified, run,
 * tapped and searched by a real compute process, against the closed form of its graph.
 */
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPlan, searchPlan } from '../contract/plans.ts';
import { gaborSpec, stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import { adaptedState, clip, clipDraft, clipResponses } from '../engine/testing/clipTwin.ts';
import { silentLog } from '../platform/node/log.ts';
import { deviceFile } from '../platform/node/paths.ts';
import { decodeNpy } from '../stimuli/npy.ts';
import { renderSpec } from '../stimuli/render.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { createBackend, type Backend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-clips-'));
const home = process.env['TWINSCOPE_HOME'];
let backend: Backend;

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
    spawnCompute: () => spawnCompute(),
  });
  const twin = path.join(folder, 'clip.twin');
  await writePackage(twin, packDraft(clipDraft(), { card: '# Clips\n', licence: 'MIT\n' }));
  await backend.services.library.import(twin);
  await backend.openProject(path.join(folder, 'clips.twinscope'), { name: 'Clips' });
});
afterAll(async () => {
  await backend.close();
  if (home === undefined) delete process.env['TWINSCOPE_HOME'];
  else process.env['TWINSCOPE_HOME'] = home;
  rmSync(folder, { recursive: true, force: true });
});

const call = { signal: new AbortController().signal };
const presented: StimulusSpec[] = [
  stimulusSpec.parse({
    type: 'drifting-grating',
    directionDeg: 90,
    spatialFrequencyCpd: 0.4,
    temporalFrequencyHz: 1,
    diameterDeg: 1,
  }),

  { type: 'blank' } as const,
  gaborSpec.parse({ type: 'gabor', orientationDeg: 0, spatialFrequencyCpd: 0.5, sigmaDeg: 0.4 }),
];
const field = { sizePx: clip.sizePx, fieldOfViewDeg: 2, background: 0.5 };
/** The mean light of every frame. */
const lightsOf = (spec: StimulusSpec): number[] =>
  Array.from({ length: clip.frames }, (_, frame) => {
    const raster = renderSpec(spec, field, {}, undefined, frame / clip.frameRateHz);
    return raster.reduce((sum, value) => sum + value, 0) / clip.sizePx ** 2;
  });
const still = (light: number): number[] => Array.from({ length: clip.frames }, () => light);

test('golden checks with their own behaviour and state pass, and the gradient is verified', async () => {
  const { reproduces, gradientCheck } = await backend.handlers['library.verify']({ id: 'clip-twin' }, call);
  expect(reproduces).toMatchObject({ passed: true });
  expect(gradientCheck?.verdict).toBe('verified');
});

test('a run shows moving stimuli frame by frame and still ones in all frames, under the behaviour of its plan', async () => {
  const { project, queue } = backend.services.current();
  const plan = (behaviour?: Record<string, number>) =>
    runPlan.parse({
      format: 1,
      kind: 'run',
      twin: 'clip-twin',
      device: 'cpu',
      stimuli: {
        design: {
          type: 'list',
          stimuli: presented,
        },
      },
      ...(behaviour === undefined ? {} : { behaviour }),
    });
  for (const behaviour of [undefined, { running_cm_per_s: 20, pupil: 0.5 }]) {
    const { id } = await queue.start('run', 'clips', plan(behaviour));
    const ended = await queue.waitFor(id);
    expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
    const run = await project.runs.get(ended.resultId as string);
    expect(run.provenance.plan).toMatchObject(behaviour === undefined ? {} : { behaviour });
    const responses = await project.runs.readArea(run.id, 'V1');
    const given = { running: behaviour?.running_cm_per_s ?? 0, pupil: behaviour?.pupil ?? 1 };
    const expected = presented.flatMap(
      (spec) => clipResponses(lightsOf(spec), { state: adaptedState, ...given }).responses,
    );
    for (const other of [0, 2]) expect(expected[other]).not.toBeCloseTo(expected[4] as number, 3);
    for (const [at, value] of expected.entries()) expect(responses[at]).toBeCloseTo(value, 5);
  }
  const { id } = await queue.start('run', 'wrong', plan({ licking: 1 }));
  const refused = await queue.waitFor(id);
  expect(refused.state).toBe('failed');
  expect(refused.error?.message).toMatch(/no behaviour "licking"/);
});

test('reference sets under behaviour that the twin does not know are refused before any device is measured', async () => {
  const { handlers } = backend;
  for (const [name, words] of [
    [
      'runing_cm_per_s',
      /has no behaviour "runing_cm_per_s"; the nearest is "running_cm_per_s"\. Nothing was computed\. It takes/,
    ],
    ['licking', /has no behaviour "licking"\. Nothing was computed\. It takes running_cm_per_s, pupil\.$/],
  ] as const) {
    const request = { id: 'clip-twin', device: 'auto', by: 'responses', behaviour: { [name]: 1 } } as const;
    for (const method of ['references.get', 'references.measure'] as const) {
      const refused = { code: 'bad-input', message: expect.stringMatching(words) as string };
      await expect(handlers[method](request, call)).rejects.toMatchObject(refused);
    }
  }
  expect(existsSync(deviceFile())).toBe(false);
});

test('a search over pixels climbs through all frames and keeps its constraints', async () => {
  const { project, queue } = backend.services.current();
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'clip-twin',
    device: 'cpu',
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels', start: 'white' },
    constraints: { meanLuminance: 0.6, contrastRms: 0.1 },
    optimiser: { type: 'gradient', steps: 5 },
    starts: 2,
    seed: 1,
    controls: {
      random: 4,
      bestOf: {
        design: {
          type: 'drifting-gratings',
          factors: { directionDeg: [0, 90], spatialFrequencyCpd: [0.4], temporalFrequencyHz: [1] },
        },
      },
    },
    reference: {
      design: { type: 'gabors', factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [0.5], sigmaDeg: [0.4] } },
    },
  });
  const { id } = await queue.start('search', 'clips', plan);
  const ended = await queue.waitFor(id);
  expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
  const search = await project.searches.get(ended.resultId as string);
  const [best] = search.report?.candidates ?? [];
  const unit = best?.units.find(({ unit: name }) => name === 'u0');
  // The mean light is all that this unit sees.
  const [expected] = clipResponses(still(0.6), { state: adaptedState, running: 0, pupil: 1 }).responses;
  expect(unit?.response).toBeCloseTo(expected, 4);
  // Its frames were brought to the constraints, and are kept as a clip.
  const control = search.report?.controls.find(({ kind }) => kind === 'best-of-set');
  expect(control).toMatchObject({
    n: 2,
    spec: { type: 'raster', sizeDeg: 2, clip: { frames: clip.frames, frameRateHz: clip.frameRateHz } },
  });
  expect(control?.sourceSpec).toMatchObject({ type: 'drifting-grating', temporalFrequencyHz: 1 });
});

test('a search for clips keeps what it finds: shown to the twin again it evokes the same', async () => {
  const { project, queue } = backend.services.current();
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'clip-twin',
    device: 'cpu',
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels', start: 'white', motion: 'moving' },
    constraints: { meanLuminance: 0.5, contrastRms: 0.2 },
    optimiser: { type: 'first-order', rule: 'normalised', rate: 0.05, steps: 10 },
    starts: 2,
    seed: 1,
    controls: { random: 4 },
    reference: {
      design: { type: 'gabors', factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [0.5], sigmaDeg: [0.4] } },
    },
  });
  const { id } = await queue.start('search', 'moving', plan);
  const ended = await queue.waitFor(id);
  expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
  const { report } = await project.searches.get(ended.resultId as string);
  const [best] = report?.candidates ?? [];
  expect(best?.residuals?.contrastRms).toBeLessThan(1e-6);
  const spec = best?.spec as Extract<StimulusSpec, { type: 'raster' }>;
  expect(spec.clip).toEqual({ frames: clip.frames, frameRateHz: clip.frameRateHz });
  const { data, shape } = decodeNpy(await project.arrays.bytes(spec.arraySha256));
  expect(shape).toEqual([clip.frames, clip.sizePx, clip.sizePx]);
  // Frames differ: the unit looks at the later ones, so light was moved there at one mean over all of them.
  const lights = Array.from({ length: clip.frames }, (_, frame) => {
    const pixels = clip.sizePx ** 2;
    return data.subarray(frame * pixels, (frame + 1) * pixels).reduce((sum, value) => sum + value, 0) / pixels;
  });
  expect(Math.max(...lights) - Math.min(...lights)).toBeGreaterThan(0.1);
  const [expected] = clipResponses(lights, { state: adaptedState, running: 0, pupil: 1 }).responses;
  const unit = best?.units.find(({ unit: name }) => name === 'u0');
  expect(unit?.response).toBeCloseTo(expected as number, 4);

  const run = runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'clip-twin',
    device: 'cpu',
    stimuli: { design: { type: 'list', stimuli: [spec] } },
  });
  const shown = await queue.waitFor((await queue.start('run', 'again', run)).id);
  expect(shown, shown.error?.message).toMatchObject({ state: 'finished' });
  const responses = await project.runs.readArea(shown.resultId as string, 'V1');
  expect(responses[0]).toBeCloseTo(unit?.response as number, 5);
});
