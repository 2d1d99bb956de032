/** A saved protocol stays what it was, and its export says where every stimulus came from. */
import { mkdir, readFile, rename } from 'node:fs/promises';
import path from 'node:path';
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { display as screenOf, protocolPlan, searchPlan, type Aperture, type ProtocolPlan } from '../contract/plans.ts';
import { expandedProtocol, type Control } from '../contract/results.ts';
import { stimulusDesign, type StimulusSpec } from '../contract/stimuli.ts';
import { sha256Hex } from '../platform/hash.ts';
import type { Project } from '../projects/node/project.ts';
import { newJob, newProject, searchOf, temporaryFolder } from '../projects/testing/fixtures.ts';
import { exportManifest } from '../protocols/manifest.ts';
import { apertureWeights } from '../stimuli/aperture.ts';
import { decodeNpy, encodeNpy } from '../stimuli/npy.ts';
import { stimulusHash } from '../stimuli/design.ts';
import type { JobContext } from '../jobs/node/queue.ts';
import { resultHandlers } from './handlers/resultHandlers.ts';
import { createExportJob } from './jobs/exportJob.ts';
import { noProject, type Services } from './services.ts';
import { createStimulusService, thumbnailPath } from './stimulusService.ts';

/** The parts of the backend that protocols touch; there is no twin and no compute process. */
function backendOf(project: Project) {
  const open = () => ({ project }) as ReturnType<Services['current']>;
  const services = {
    version: '0.1.0',
    emit: () => undefined,
    current: open,
    currentOrNull: open,
    open: () => Promise.reject(noProject()),
  } as unknown as Services;
  const handlers = resultHandlers(services);
  const call = { signal: new AbortController().signal };
  return {
    save: (plan: ProtocolPlan, name = 'Session') => handlers['protocols.save']({ name, plan }, call),
    get: (id: string) => handlers['protocols.get']({ id }, call),
    searches: () => handlers['searches.list']({}, call),
    preview: (plan: ProtocolPlan) => handlers['protocols.preview']({ plan }, call),
    async export(protocolId: string, format: 'bundle' | 'psychopy') {
      const out = path.join(temporaryFolder(), 'export');
      const context = {
        plan: { kind: 'export', protocolId, format, out },
        signal: call.signal,
        progress: () => undefined,
      } as unknown as JobContext;
      await createExportJob(services, open)(context);
      const manifest = exportManifest.parse(JSON.parse(await readFile(path.join(out, 'manifest.json'), 'utf8')));
      return { out, manifest };
    },
  };
}

const planOf = (...items: unknown[]): ProtocolPlan => protocolPlan.parse({ format: 1, kind: 'protocol', items });

/** A finished search over pixels whose pictures are bars of `cpd`, at the contrast it asks for, in the aperture if there is one. */
async function storeSearch(project: Project, name: string, cpd: number, aperture?: Aperture): Promise<string> {
  const weights = apertureWeights(aperture, { sizePx: 64, fieldOfViewDeg: 8 });
  const arrays: { sha256: string; bytes: Uint8Array }[] = [];
  const picture = (phase: number): { spec: StimulusSpec; sha256: string; thumbnail: string } => {
    const linear = Float32Array.from({ length: 64 * 64 }, (_, at) => {
      const x = ((at % 64) + 0.5) / 8;
      return 0.5 + (weights[at] as number) * 0.075 * Math.SQRT2 * Math.cos(2 * Math.PI * cpd * x + phase);
    });
    const bytes = encodeNpy(linear, [64, 64]);
    arrays.push({ sha256: sha256Hex(bytes), bytes });
    const spec: StimulusSpec = { type: 'raster', arraySha256: sha256Hex(bytes), sizeDeg: 8 };
    return { spec, sha256: stimulusHash(spec), thumbnail: thumbnailPath(spec) };
  };
  const grating: StimulusSpec = {
    type: 'grating',
    orientationDeg: 45,
    spatialFrequencyCpd: cpd,
    phaseDeg: 0,
    contrast: 0.4,
    diameterDeg: 2,
    edgeDeg: 0.25,
    xDeg: 0,
    yDeg: 0,
  };
  const control = (kind: Control['kind'], n: number, best: number, stimulus: ReturnType<typeof picture>): Control => ({
    kind,
    label: `${kind} of ${n}`,
    sourceSpec: null,
    n,
    best,
    median: 0,
    values: [best],
    beaten: true,
    ...stimulus,
  });
  const jobId = await newJob(project);
  const base = searchOf(jobId);
  const plan = searchPlan.parse({ ...base.plan, constraints: { contrastRms: 0.15, aperture } });
  const { id } = await project.searches.create({ ...base, name, plan, provenance: { ...base.provenance, plan } });
  await project.searches.finish({
    searchId: id,
    arrays,
    contentSha256: sha256Hex(name + cpd),
    report: {
      referenceName: 'Gratings',
      referenceStimuli: 2,
      candidates: [1, 2].map((rank) => ({
        rank,
        start: rank - 1,
        objective: 5 - rank,
        areas: [],
        units: [],
        residuals: null,
        ...picture(rank),
      })),
      controls: [
        control('random', 999, 2, picture(3)),
        control('best-of-set', 24, 1.5, picture(4)),
        control('same-space', 200, 1, {
          spec: grating,
          sha256: stimulusHash(grating),
          thumbnail: thumbnailPath(grating),
        }),
        control('best-grating', 32, 0.5, picture(5)),
      ],
      evaluations: 10,
      controlEvaluations: 6,
      responseUnits: 'spikes/s',
      seconds: 1,
    },
  });
  return id;
}

async function photographs(folder: string, greys: readonly number[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const [index, value] of greys.entries()) {
    const codes = Buffer.alloc(16 * 16, value);
    await sharp(codes, { raw: { width: 16, height: 16, channels: 1 } })
      .toColourspace('b-w')
      .png()
      .toFile(path.join(folder, `${index}.png`));
  }
}

const gratings = (orientationDeg: number[]) =>
  stimulusDesign.parse({
    type: 'gratings',
    factors: { orientationDeg, spatialFrequencyCpd: [2], phaseDeg: [0], contrast: [0.5] },
  });

test('a saved protocol and its exports stay as they were saved', async () => {
  const project = await newProject();
  const backend = backendOf(project);
  const stimuli = createStimulusService(project);
  const set = await stimuli.createSet('Bars', gratings([0, 90]));
  const search = await storeSearch(project, 'Drive', 1);
  const folder = path.join(temporaryFolder(), 'Scenes');
  await photographs(folder, [100, 150]);
  const plan = planOf({ stimuli: { set: 'Bars' } }, { search: 'Drive' }, { stimuli: { imageFolder: folder } });
  const saved = await backend.save(plan);
  expect(saved.stimuli).toHaveLength(2 + 5 + 2);
  expect(expandedProtocol.parse(saved)).toEqual(saved);
  const [first, second, third] = saved.plan.items;
  expect(first).toEqual({ stimuli: { set: set.id } });
  expect(second).toMatchObject({ search, candidates: 1, controls: true });
  expect(third).toMatchObject({ stimuli: { name: 'Scenes', design: { type: 'images', labels: ['0', '1'] } } });

  // Another set and a later search take the names; the folder is gone.
  await project.sets.rename(set.id, 'Old bars');
  await stimuli.createSet('Bars', gratings([10, 20, 30]));
  await storeSearch(project, 'Drive', 2);
  await rename(folder, `${folder} moved`);
  expect(await backend.get(saved.id as string)).toEqual(saved);
  const { manifest } = await backend.export(saved.id as string, 'bundle');
  expect(manifest.stimuli.map(({ sha256, condition }) => [sha256, condition])).toEqual(
    saved.stimuli.map(({ sha256, condition }) => [sha256, condition]),
  );
  expect(manifest.plan).toEqual(saved.plan);
  // Saved again with the plan that was pinned, it shows the same stimuli, also without the folder.
  const again = await backend.save(saved.plan, 'Again');
  expect(again.stimuli.map(({ sha256 }) => sha256)).toEqual(saved.stimuli.map(({ sha256 }) => sha256));
  // The plan by name, looked up now, is another protocol.
  const now = await backend.preview(planOf({ stimuli: { set: 'Bars' } }, { search: 'Drive' }));
  expect(now.stimuli).toHaveLength(3 + 5);
});

test('conditions and file names say what a control is', async () => {
  const project = await newProject();
  await storeSearch(project, 'Drive one complex cell with a very long name', 1);
  const { stimuli } = await backendOf(project).preview(
    planOf({ search: 'Drive one complex cell with a very long name', candidates: 2 }),
  );
  expect(stimuli.map(({ condition }) => condition)).toEqual([
    'candidates of Drive one complex cell with a very long name',
    'candidates of Drive one complex cell with a very long name',
    'control: best of 999 noise images',
    'control: best of 24 images',
    'control: best of 200 random gratings',
    'control: best of 32 gratings',
  ]);
  expect(stimuli.map(({ name }) => name.slice(0, 30))).toEqual([
    's001_candidate_1_Drive_one_com',
    's002_candidate_2_Drive_one_com',
    's003_best_of_999_noise_images_',
    's004_best_of_24_images_Drive_o',
    's005_best_of_200_random_gratin',
    's006_best_of_32_gratings_Drive',
  ]);
});

test('controls that move are called clips', async () => {
  const project = await newProject();
  const base = await project.searches.get(await storeSearch(project, 'Still', 1));
  const moving: StimulusSpec = {
    type: 'drifting-grating',
    directionDeg: 0,
    spatialFrequencyCpd: 1,
    temporalFrequencyHz: 4,
    phaseDeg: 0,
    contrast: 0.4,
    diameterDeg: 2,
    edgeDeg: 0.25,
    xDeg: 0,
    yDeg: 0,
  };
  const controls = [
    { label: '999 pink noise clips of the same mean and RMS contrast', kind: 'random' as const, sourceSpec: null },
    { label: 'best of 24 clips', kind: 'best-of-set' as const, sourceSpec: moving },
  ].map((control, at) => ({ ...base.report!.controls[at]!, ...control }));
  const { id } = await project.searches.create({ ...searchOf(await newJob(project)), name: 'Moving' });
  const contentSha256 = sha256Hex('Moving');
  await project.searches.finish({ searchId: id, arrays: [], contentSha256, report: { ...base.report!, controls } });
  const { stimuli } = await backendOf(project).preview(planOf({ search: 'Moving' }));
  expect(stimuli.map(({ condition }) => condition).slice(1)).toEqual([
    'control: best of 999 noise clips',
    'control: best of 24 clips',
  ]);
});

test('an export says where every stimulus came from, and shows what was found', async () => {
  const project = await newProject();
  const backend = backendOf(project);
  await createStimulusService(project).createSet('Bars', gratings([0, 90]));
  const id = await storeSearch(project, 'Drive', 1);
  const search = await project.searches.get(id);
  const saved = await backend.save(planOf({ search: 'Drive', candidates: 2 }, { stimuli: { set: 'Bars' } }));
  for (const format of ['bundle', 'psychopy'] as const) {
    const { out, manifest } = await backend.export(saved.id as string, format);
    const [first, second, random] = manifest.stimuli;
    const { plan, ...provenance } = search.provenance;
    expect(manifest.searchPlans).toEqual({ [id]: plan });
    expect(first!.source).toEqual({
      type: 'search',
      searchId: id,
      searchName: 'Drive',
      searchContentSha256: search.contentSha256,
      role: { kind: 'candidate', rank: 1, start: 0 },
      objective: 4,
      constraints: { meanLuminance: 0.5, contrastRms: 0.15, range: [0, 1] },
      aperture: null,
      provenance,
    });
    expect(second!.source).toMatchObject({ role: { rank: 2 }, objective: 3 });
    expect(random!.source).toMatchObject({
      role: { kind: 'control', control: 'random', label: 'random of 999', n: 999 },
      objective: 2,
    });
    expect(manifest.stimuli.at(-1)!.source).toMatchObject({
      type: 'set',
      name: 'Bars',
      setId: expect.any(String) as string,
    });
    expect(first!.measured.asked).toEqual({ meanLuminance: 0.5, contrastRms: 0.15 });
    expect(first!.measured.encoded.contrastRms).toBeCloseTo(0.15, 2);
    if (format === 'psychopy') continue;
    const stored = await project.arrays.bytes((first!.spec as { arraySha256: string }).arraySha256);
    const written = decodeNpy(await readFile(path.join(out, first!.npy as string)));
    expect(written).toEqual(decodeNpy(stored));
  }
});

test('a preview warns of pictures that the display clips, and the export counts their pixels', async () => {
  const project = await newProject();
  const backend = backendOf(project);
  const folder = path.join(temporaryFolder(), 'Scenes');
  // sRGB codes 64 and 240 are linear .0513 and .8714: 5.2 and 87.6 of black + white = 100.5 cd/m².
  await photographs(folder, [64, 240]);
  const scenes = { stimuli: { imageFolder: folder } };
  expect((await backend.preview(planOf(scenes))).warnings).toEqual([]);
  const display = { minLuminanceCdM2: 10, maxLuminanceCdM2: 90.5 };
  const dark = { ...planOf(scenes), display: { ...planOf(scenes).display, ...display } };
  const saved = await backend.save(dark);
  expect(saved.warnings.join()).toMatch(
    /^1 stimulus asks for 5\.2 to 87\.6 cd\/m²; the display has 10 to 90\.5 cd\/m²/,
  );
  for (const format of ['bundle', 'psychopy'] as const) {
    const { manifest } = await backend.export(saved.id as string, format);
    expect(manifest.stimuli.map(({ clippedFraction }) => clippedFraction > 0.9)).toEqual([true, false]);
  }
  // Bars of .5 ± .075·√2 are 39.6 to 60.9 of 100.5 cd/m².
  await storeSearch(project, 'Drive', 1);
  const found = await backend.preview({ ...dark, items: [{ search: 'Drive', candidates: 1, controls: false }] });
  expect(found.warnings).toEqual([]);
  const narrow = { ...dark.display, minLuminanceCdM2: 45, maxLuminanceCdM2: 55.5 };
  const clipped = await backend.preview({
    ...dark,
    display: narrow,
    items: [{ search: 'Drive', candidates: 1, controls: false }],
  });
  expect(clipped.warnings.join()).toMatch(/^1 stimulus asks for 39\.\d to 60\.\d cd\/m²; the display has 45 to 55\.5/);
});

test('a protocol refuses what moves instead of showing its first frame', async () => {
  const project = await newProject();
  const backend = backendOf(project);
  const drifting = (temporalFrequencyHz: number[]) =>
    stimulusDesign.parse({
      type: 'drifting-gratings',
      factors: { directionDeg: [0, 90], spatialFrequencyCpd: [2], temporalFrequencyHz },
    });
  await createStimulusService(project).createSet('Drift', drifting([0, 4]));
  await expect(backend.preview(planOf({ stimuli: { set: 'Drift' } }))).rejects.toThrow(
    'A protocol shows still pictures so far, and 2 stimuli of “Drift” move. Nothing was made.',
  );
  await expect(backend.save(planOf({ stimuli: { design: { type: 'tsr1v', half: 'A' } } }))).rejects.toThrow(
    /128 stimuli of “TSR-1V, half A/,
  );
  expect(await project.protocols.list()).toEqual([]);
  // At 0 Hz there is nothing to freeze.
  const preview = await backend.preview(planOf({ stimuli: { design: drifting([0]) } }));
  expect(preview.stimuli).toHaveLength(2);
});

test('a candidate needs as much of the screen as its aperture, and lies there in the list of searches', async () => {
  const project = await newProject();
  const backend = backendOf(project);
  const aperture = { xDeg: 1, yDeg: -0.5, diameterDeg: 1.5, edgeDeg: 0.25 };
  await storeSearch(project, 'Small', 1, aperture);
  await storeSearch(project, 'Whole', 1);
  const display = { widthPx: 800, heightPx: 600, widthCm: 5, distanceCm: 57 };
  const preview = (name: string) =>
    backend.preview({ ...planOf({ search: name, controls: false }), display: screenOf.parse(display) });
  const small = await preview('Small');
  // 1° and half of 1.75° to the right of fixation: 1.875°, the edge of a pixel of 1/8°, where the weight is still above nothing.
  expect(small.stimuli[0]).toMatchObject({ sizeDeg: 8, patternDeg: 3.75 });
  expect(small.warnings.filter((sentence) => sentence.includes('larger than the screen'))).toEqual([]);
  const whole = await preview('Whole');
  expect(whole.stimuli[0]).not.toHaveProperty('patternDeg');
  expect(whole.warnings.join()).toContain('needs 8.0° × 8.0°');
  expect((await backend.searches()).map((search) => [search.name, search.aperture])).toEqual([
    ['Small', aperture],
    ['Whole', null],
  ]);
});
