/**
 * Searches over several twins, states of behaviour and windows of time, through the whole of the product: the command
 * line on two built-in twins, and a twin of a few bytes against the closed form of its graph.
 */
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, expect, test } from 'vitest';
import type { JobSnapshot } from '../contract/jobs.ts';
import { runPlan, searchPlan, type RunPlan, type SearchPlan } from '../contract/plans.ts';
import { gaborSpec, stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import { clip, clipDraft, clipResponses } from '../engine/testing/clipTwin.ts';
import { openProject } from '../projects/node/project.ts';
import { renderSpec } from '../stimuli/render.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { runCli } from './testing/cliProcess.ts';
import { openWatchedBackend, type WatchedBackend } from './testing/watchedBackend.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-many-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const inUse: WatchedBackend[] = [];
afterEach(async () => {
  for (const one of inUse.splice(0)) await one.close();
});

async function open(name: string): Promise<WatchedBackend> {
  const watched = await openWatchedBackend(name);
  inUse.push(watched);
  return watched;
}

async function endOf({ backend }: WatchedBackend, plan: RunPlan | SearchPlan): Promise<JobSnapshot> {
  const { queue } = backend.services.current();
  const { id } = await queue.start(plan.kind, 'many', plan);
  return queue.waitFor(id);
}

async function searchOf(watched: WatchedBackend, plan: SearchPlan) {
  const ended = await endOf(watched, plan);
  expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
  return watched.backend.services.current().project.searches.get(ended.resultId as string);
}

const twoTwins = {
  format: 1,
  kind: 'search',
  name: 'V1, and what another model says of it',
  twin: 'macaque-v1-gabor-energy',
  as: 'energy',
  with: [{ twin: 'macaque-ventral-hierarchy', as: 'ventral' }],
  target: [{ area: 'V1-complex' }, { twin: 'ventral', area: 'V1', weight: -1 }],
  space: { type: 'pixels' },
  reference: { design: { type: 'gratings', factors: { orientationDeg: [0, 60, 120], spatialFrequencyCpd: [1.5, 3] } } },
  optimiser: { type: 'gradient', steps: 4 },
  controls: { random: 4 },
  starts: 2,
  seed: 3,
  device: 'cpu',
  batchSize: 4,
};

test('the command line drives one twin against another on other rasters, and each answers as by itself', async () => {
  const home = path.join(folder, 'home');
  const file = path.join(folder, 'two.plan.json');
  writeFileSync(file, JSON.stringify(twoTwins));
  const project = path.join(folder, 'two.twinscope');
  const made = await runCli(['search', file, '--project', project], home);
  expect(made, made.stderr).toMatchObject({ code: 0 });

  const opened = await openProject(project, { host: 'cli' });
  const [summary] = await opened.searches.list();
  const search = await opened.searches.get(summary?.id as string);
  const { provenance, report } = search;
  expect(provenance.plan).toMatchObject({
    as: 'energy',
    with: [{ as: 'ventral', twin: { id: 'macaque-ventral-hierarchy', sha256: expect.any(String) as string } }],
  });
  expect(provenance.others).toMatchObject([
    { as: 'ventral', twin: { id: 'macaque-ventral-hierarchy' }, device: 'cpu', reference: { from: 'search' } },
  ]);
  expect(provenance.reference).toMatchObject({ from: 'search' });
  const [best] = report?.candidates ?? [];
  expect(best?.areas.map(({ area }) => area)).toEqual([
    'V1-simple',
    'V1-complex',
    'ventral: V1',
    'ventral: V2',
    'ventral: V4',
    'ventral: IT',
  ]);
  const z = Object.fromEntries((best?.areas ?? []).map((area) => [area.area, area.z]));
  expect(best?.objective).toBeCloseTo((z['V1-complex'] as number) - (z['ventral: V1'] as number), 6);
  expect(search.trajectory.at(-1)?.best).toBeGreaterThan(search.trajectory[0]?.best as number);
  await opened.close();

  // The second twin, shown the found picture by a run of its own: 224 px of 8° on its 192.
  const shown = path.join(folder, 'shown.plan.json');
  const run = { format: 1, kind: 'run', twin: 'macaque-ventral-hierarchy', device: 'cpu', batchSize: 4 };
  writeFileSync(shown, JSON.stringify({ ...run, stimuli: { design: { type: 'list', stimuli: [best?.spec] } } }));
  const ran = await runCli(['run', shown, '--project', project], home);
  expect(ran, ran.stderr).toMatchObject({ code: 0 });
  const again = await openProject(project, { host: 'cli' });
  const [runSummary] = await again.runs.list();
  const responses = await again.runs.readArea(runSummary?.id as string, 'V1');
  const { areas } = await again.runs.get(runSummary?.id as string);
  const units = areas.find(({ area }) => area === 'V1')?.units as string[];
  const found = (best?.units ?? []).filter(({ area }) => area === 'ventral: V1');
  expect(found.length).toBeGreaterThan(100);
  for (const { unit, response } of found) {
    const own = responses[units.indexOf(unit)] as number;
    expect(Math.abs(response - own)).toBeLessThan(1e-3 * Math.abs(own) + 1e-4);
  }
  await again.close();

  // What was measured for one search serves the next, also one with the second twin alone.
  const second = path.join(folder, 'alone.plan.json');
  const { as: _, with: __, target: ___, ...alone } = twoTwins;
  const changes = {
    name: 'Alone',
    twin: 'macaque-ventral-hierarchy',
    target: [{ area: 'IT' }],
    space: { type: 'set', stimuli: twoTwins.reference },
    optimiser: { type: 'screening', keep: 1 },
  };
  writeFileSync(second, JSON.stringify({ ...alone, ...changes }));
  const last = await runCli(['search', second, '--project', project], home);
  expect(last, last.stderr).toMatchObject({ code: 0 });
  const third = await openProject(project, { host: 'cli' });
  const lone = (await third.searches.list()).find(({ name }) => name === 'Alone');
  expect((await third.searches.get(lone?.id as string)).provenance.reference).toMatchObject({ from: 'cache' });
  await third.close();

  const slips = [
    [
      { target: [{ twin: 'ventrl', area: 'V1' }] },
      /No twin of this plan is called 'ventrl'.*It has 'energy', 'ventral'/,
    ],
    [{ target: [{ twin: 'ventral', area: 'V1-complex' }] }, /no area 'ventral: V1-complex'/],
    [{ window: { fromMs: 0, toMs: 100 } }, /its responses have no time/],
  ] as const;
  for (const [slip, words] of slips) {
    writeFileSync(file, JSON.stringify({ ...twoTwins, ...slip }));
    const unmade = path.join(folder, 'unmade.twinscope');
    const refused = await runCli(['search', file, '--project', unmade], home);
    expect(refused.code).not.toBe(0);
    expect(refused.stderr).toMatch(words);
    expect(existsSync(unmade)).toBe(false);
  }
});

const field = { sizePx: clip.sizePx, fieldOfViewDeg: 2, background: 0.5 };
const drift = (directionDeg: number, temporalFrequencyHz: number): StimulusSpec =>
  stimulusSpec.parse({
    type: 'drifting-grating',
    directionDeg,
    spatialFrequencyCpd: 0.4,
    temporalFrequencyHz,
    phaseDeg: 40,
    diameterDeg: 1,
  });
const still = (orientationDeg: number, phaseDeg: number): StimulusSpec =>
  gaborSpec.parse({ type: 'gabor', orientationDeg, spatialFrequencyCpd: 0.5, sigmaDeg: 0.4, phaseDeg });
const reference = [drift(90, 1), drift(0, 2), still(0, 0), still(90, 180), still(0, 90)];
const screened = [drift(0, 1), drift(180, 2), still(45, 0), still(45, 180), drift(90, 3), still(0, 45)];
const list = (stimuli: StimulusSpec[]) => ({ design: { type: 'list', stimuli } });

const lightsOf = (spec: StimulusSpec): number[] =>
  Array.from({ length: clip.frames }, (_, frame) => {
    const raster = renderSpec(spec, field, {}, undefined, frame / clip.frameRateHz);
    return raster.reduce((sum, value) => sum + value, 0) / clip.sizePx ** 2;
  });

/** Responses of both units in the last two bins, which begin 250 ms after the onset, in float64. */
const answer = (spec: StimulusSpec, running: number, pupil: number): number[] => {
  const state = 0.5 * (1 + 0.5 + 0.25 + 0.125);
  return clipResponses(lightsOf(spec), { state, running, pupil }).overTime.map(
    ([, , a, b]) => ((a as number) + (b as number)) / 2,
  );
};
/** z of each unit under one behaviour, over the reference under the same. */
const zOf = (spec: StimulusSpec, running: number, pupil: number): number[] =>
  answer(spec, running, pupil).map((response, unit) => {
    const rows = reference.map((each) => answer(each, running, pupil)[unit] as number);
    const mean = rows.reduce((sum, value) => sum + value, 0) / rows.length;
    const sd = Math.sqrt(rows.reduce((sum, value) => sum + (value - mean) ** 2, 0) / rows.length);
    return (response - mean) / sd;
  });

const inStates = (changes: Record<string, unknown>): SearchPlan =>
  searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: 'clip-twin',
    device: 'cpu',
    batchSize: 2,
    window: { fromMs: 250, toMs: 500 },
    target: [
      { area: 'V1', units: ['u0'] },
      { area: 'V1', units: ['u1'], weight: 0.5 },
    ],
    space: { type: 'set', stimuli: list(screened) },
    optimiser: { type: 'screening', keep: screened.length },
    reference: list(reference),
    controls: { random: 3 },
    seed: 1,
    ...changes,
  });

async function withClipTwin(name: string): Promise<WatchedBackend> {
  const watched = await open(name);
  const blind = smallDraft({
    id: 'blind-twin',
    title: 'Blind twin',
    capabilities: { inputGradient: 'none', deterministic: true, opset: 18 },
  });
  for (const draft of [clipDraft(), smallDraft(), blind]) {
    const twin = path.join(folder, `${name}-${draft.manifest.id}`);
    await writePackage(twin, packDraft(draft, { card: '# A twin\n', licence: 'MIT\n' }));
    await watched.backend.services.library.import(twin);
  }
  return watched;
}

const states = [{ behaviour: { running_cm_per_s: 0 } }, { behaviour: { running_cm_per_s: 20, pupil: 3 }, weight: 3 }];

test('the mean over states of behaviour, in a window of time, is that of the closed form', async () => {
  const watched = await withClipTwin('states');
  const { report, provenance } = await searchOf(watched, inStates({ states }));
  expect(provenance.others).toMatchObject([
    { as: 'state 2', twin: { id: 'clip-twin' }, behaviour: { running_cm_per_s: 20, pupil: 3 }, device: 'cpu' },
  ]);
  const drive = (z: number[]): number => (z[0] as number) + 0.5 * (z[1] as number);
  const expected = screened
    .map((spec) => 0.25 * drive(zOf(spec, 0, 1)) + 0.75 * drive(zOf(spec, 20, 3)))
    .toSorted((a, b) => b - a);
  const found = report?.candidates.map(({ objective }) => objective) ?? [];
  expect(found).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(found[i]).toBeCloseTo(value, 2);
  expect((expected[0] as number) - (expected.at(-1) as number)).toBeGreaterThan(1);

  // Nothing of it is the same in the manifest's own window.
  const usual = await searchOf(watched, inStates({ states, window: undefined }));
  expect(usual.report?.candidates[0]?.objective).not.toBeCloseTo(found[0] as number, 2);
  const again = await searchOf(watched, inStates({ states }));
  expect(again.provenance.others?.[0]?.reference).toMatchObject({ from: 'cache' });
  expect(again.contentSha256).toBe((await searchOf(watched, inStates({ states }))).contentSha256);
});

test('several twins and states: killed on the way, the search ends as if it had not been', async () => {
  const plan = inStates({
    states,
    with: [{ twin: 'clip-twin', as: 'resting', behaviour: { pupil: 2 } }],
    objective: { type: 'ensemble', kappa: 0.5 },
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels', start: 'white' },
    constraints: { contrastRms: 0.1 },
    optimiser: { type: 'gradient', steps: 400 },
    controls: { random: 500, sameSpace: 0 },
    starts: 2,
  });
  const watched = await withClipTwin('killed');
  const whole = await searchOf(watched, plan);
  expect(whole.provenance.others?.map(({ as }) => as)).toEqual(['state 2', 'resting']);

  const { queue, project } = watched.backend.services.current();
  for (const share of [0.1, 0.5]) {
    let killed = false;
    const { id } = await queue.start('search', 'killed', plan);
    const stop = queue.onChange(({ id: changed, state, progress: { done, total, noun } }) => {
      if (changed !== id || state !== 'running' || killed || noun !== 'steps' || done < share * (total ?? Infinity))
        return;
      killed = true;
      watched.current.kill();
    });
    const ended = await queue.waitFor(id);
    stop();
    expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
    expect(ended.notices.some((notice) => notice.includes('started again from what is saved'))).toBe(true);
    expect((await project.searches.get(ended.resultId as string)).contentSha256).toBe(whole.contentSha256);
  }
});

test('still twins beside clips, and behaviour and twins that are not there, are refused by name', async () => {
  const watched = await withClipTwin('refused');
  const refused = async (changes: Record<string, unknown>): Promise<string | undefined> =>
    (await endOf(watched, inStates({ window: undefined, ...changes }))).error?.message;
  expect(await refused({ with: [{ twin: 'small-twin' }], reference: list([still(0, 0), still(90, 0)]) })).toMatch(
    /Clip twin sees clips of 4 frames at 8 Hz, and Small twin still pictures, so they cannot be shown the same stimulus/,
  );
  expect(await refused({ states: [{ behaviour: { licking: 1 } }] })).toMatch(/no behaviour "licking"/);
  expect(await refused({ states: [{ behaviour: {} }, { behaviour: { licking: 1 } }] })).toMatch(
    /no behaviour "licking"/,
  );
  expect(await refused({ with: [{ twin: 'clip-twin', as: 'A' }] })).toMatch(/Two twins of the plan are called 'A'/);
  expect(await refused({ with: [{ twin: 'no-such-twin' }] })).toMatch(/no-such-twin/);
  const climb = {
    twin: 'small-twin',
    with: [{ twin: 'blind-twin' }],
    reference: list([still(0, 0), still(90, 0)]),
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: 2 },
  };
  expect(await refused(climb)).toMatch(
    /^Blind twin: The package says that this twin has no gradient\. .*A gradient search was not started/,
  );
  expect(await refused({ window: { fromMs: 0, toMs: 900 } })).toMatch(/within the 500 ms of the clip/);
  expect(
    await endOf(
      watched,
      runPlan.parse({ format: 1, kind: 'run', twin: 'clip-twin', device: 'cpu', stimuli: list(screened) }),
    ),
  ).toMatchObject({ state: 'finished' });
});
