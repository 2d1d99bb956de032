/** Bare ONNX files: what is read from them, how a draft looks to them, the import, and everything that is refused. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { modelAnswers, openQuestions, type ModelAnswers, type ModelInspection } from '../contract/bareModels.ts';
import { readValues, zoo, zooModelBytes } from '../autodiff/testing/zoo.ts';
import { imagenetMean, imagenetStd, colourModel } from '../engine/testing/colourTwin.ts';
import { GraphBuilder, readGraph, writeGraph } from '../onnx/index.ts';
import { silentLog } from '../platform/node/log.ts';
import { decodeNpy } from '../stimuli/npy.ts';
import { authorContents, snapshotOf, writeContents } from '../twins/testing/authorFolder.ts';
import { smallModel } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { computeTwin, defaultSession } from './services.ts';
import { spawnCompute } from './spawnCompute.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bare-'));
process.env['TWINSCOPE_HOME'] = home;
const own = (...parts: string[]): string => path.join(home, ...parts);
const fixtures = path.resolve(import.meta.dirname, '..', 'engine', 'fixtures', 'gradient');
const signal = new AbortController().signal;
let backend: Backend;
beforeAll(async () => {
  mkdirSync(own('none'));
  mkdirSync(own('models'));
  backend = await createBackend({ host: 'cli', spawnCompute, log: silentLog(), builtInTwins: own('none') });
});
afterAll(async () => {
  await backend.close();
  rmSync(home, { recursive: true, force: true });
});

let files = 0;
function place(content: Uint8Array | string, name = `model-${files++}.onnx`): { path: string } {
  writeFileSync(own('models', name), content);
  return { path: own('models', name) };
}
const inspect = (model: { path: string }, sizePx: number | null = null): Promise<ModelInspection> =>
  backend.handlers['library.inspectModel']({ model, sizePx }, { signal });

type Change = Omit<Partial<ModelAnswers>, 'picture' | 'areas'> & {
  picture?: Partial<ModelAnswers['picture']>;
  areas?: { tensor: string; name: string; basis?: string }[];
};
/** Complete answers; areas are those of the test. */
const answered = ({ picture, ...change }: Change = {}): ModelAnswers =>
  modelAnswers.parse({
    id: 'bare-model',
    version: '1.0.0',
    title: 'Bare model',
    summary: 'A model for tests.',
    species: 'none',
    modality: 'vision',
    recording: 'none',
    responseUnits: 'arbitrary',
    picture: { fieldOfViewDeg: 4, encoding: 'grey-linear', range: [0, 1], ...picture },
    areas: [{ tensor: 'y', name: 'V1' }],
    licences: { weights: 'MIT' },
    ...change,
  });
const importModel = (model: { path: string }, answers: ModelAnswers) =>
  backend.handlers['library.importModel']({ model, answers }, { signal });
const preview = (
  model: { path: string },
  answers: ModelAnswers,
  picture: { photograph: string } | { spatialFrequencyCpd: number; orientationDeg: number } = {
    spatialFrequencyCpd: 1,
    orientationDeg: 0,
  },
) => backend.handlers['library.previewModel']({ model, answers, picture }, { signal });

/** What the twin answers to a tensor as it stands. */
async function responsesOf(id: string, images: Float32Array, n: number): Promise<Map<string, Float32Array>> {
  const twin = computeTwin(await backend.services.library.resolve(id), defaultSession());
  const { areas } = await backend.services.compute.call('twin.forward', { twin, images, n, others: {} });
  return new Map(areas.map(({ area, data }) => [area, data]));
}
const largestDifference = (a: Float32Array, b: Float32Array): number => {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
};

/** The refusal of an import, after which the library holds the same bytes, and nothing under way. */
async function refusal(work: () => Promise<unknown>): Promise<string> {
  const before = snapshotOf(own('library'));
  const error: unknown = await work().catch((reason: unknown) => reason);
  expect(error).toMatchObject({ name: 'TwinscopeError' });
  expect(snapshotOf(own('library'))).toEqual(before);
  const { message } = error as Error;
  expect(message).not.toMatch(/undefined|\.import-|\.pack-/);
  return message;
}

describe('a network that PyTorch exported, with its weights beside it', () => {
  const model = { path: own('models', 'external.onnx') };
  beforeAll(() => {
    for (const file of ['external.onnx', 'external.data']) cpSync(path.join(fixtures, file), own('models', file));
  });
  const picture = { encoding: 'srgb', range: [0, 1], mean: imagenetMean, std: imagenetStd } as const;
  const areas = [
    { tensor: 'responses', name: 'IT' },
    { tensor: 'features', name: 'V4', basis: 'a guess' },
    { tensor: '/ReduceMean_output_0', name: 'V2' },
  ];
  const answers = (): ModelAnswers =>
    answered({ id: 'external', picture: { ...picture, range: [0, 1], mean: imagenetMean, std: imagenetStd }, areas });

  test('says what it is, and asks the rest', async () => {
    const found = await inspect(model);
    expect(found).toMatchObject({
      file: 'external.onnx',
      dataFiles: ['external.data'],
      opset: 17,
      producer: 'pytorch 2.15.0',
      deterministic: true,
      picture: { tensor: 'picture', channels: 3, channelsLast: false, sizePx: 10, fixedBatch: null },
    });
    const size =
      readFileSync(own('models', 'external.onnx')).length + readFileSync(own('models', 'external.data')).length;
    expect(found.sizeBytes).toBe(size);
    expect(found.areas.filter(({ output }) => output)).toEqual([
      { tensor: 'features', operator: 'Tanh', units: 108, sizes: [12, 3, 3], output: true },
      { tensor: 'responses', operator: 'Gemm', units: 5, sizes: [5], output: true },
    ]);
    expect(openQuestions(found, found.answers).map(({ field }) => field)).toEqual([
      'picture.fieldOfViewDeg',
      'picture.encoding',
      'picture.range',
      'summary',
      'species',
      'recording',
      'responseUnits',
      'licences.weights',
      'areas[0].name',
      'areas[1].name',
    ]);
    expect(openQuestions(found, answers())).toEqual([]);
  });

  test('becomes a twin with a row of units, a map, and a value inside', async () => {
    const twin = await importModel(model, answers());
    expect(twin).toMatchObject({ id: 'external', units: 5 + 108 + 12, builtIn: false });
    expect(twin.gradientCheck?.verdict, twin.gradientCheck?.sentence).toBe('verified');
    expect(twin.notices[0]).toMatch(/Golden checks were made on the CPU: 2 stimuli/);
    const stimulus = decodeNpy(readFileSync(path.join(fixtures, 'picture.npy')));
    const found = await responsesOf('external', stimulus.data, stimulus.shape[0] as number);
    // The graph's own mean over the map of `features`, channel by channel.
    const means = new Float32Array((stimulus.shape[0] as number) * 12);
    for (const [at, value] of (found.get('V4') as Float32Array).entries()) means[Math.floor(at / 9)]! += value / 9;
    expect(largestDifference(found.get('V2') as Float32Array, means)).toBeLessThan(1e-6);
    expect(Math.max(...means)).toBeGreaterThan(0.01);
    const verified = await backend.handlers['library.verify']({ id: 'external' }, { signal });
    expect(verified.reproduces).toMatchObject({ passed: true });
    const { manifest, card } = await backend.handlers['library.get']({ id: 'external' }, { signal });
    expect(manifest.commitments).toEqual([{ layer: 'features', area: 'V4', basis: 'a guess' }]);
    // Constants as small as these are taken into a graph that is written anew.
    expect(Object.keys(manifest.files).toSorted()).toEqual(['card.md', 'checks.npz', 'model.onnx']);
    expect(card).toMatch(/Imported from the bare graph `external\.onnx`, exported by pytorch 2\.15\.0\./);
  });

  test('goes in as it is, data and all, where its rows are the areas', async () => {
    await importModel(model, { ...answers(), id: 'with-data', areas: answers().areas.slice(0, 1) });
    const stored = snapshotOf(own('library', 'with-data@1.0.0'));
    const given = snapshotOf(own('models'));
    expect(stored['external.data']).toBe(given['external.data']);
    expect(stored['model.onnx']).toBe(given['external.onnx']);
  });

  test('the same once more changes nothing; other content under its name is refused with both hashes', async () => {
    const before = snapshotOf(own('library', 'external@1.0.0'));
    await importModel(model, answers());
    expect(snapshotOf(own('library', 'external@1.0.0'))).toEqual(before);
    const said = await refusal(() => importModel(model, { ...answers(), title: 'Another' }));
    expect(said).toMatch(/already has external@1\.0\.0 with other content/);
    expect(new Set(said.match(/[0-9a-f]{64}/g)).size).toBe(2);
  });

  test('without the data it is refused, and so is data outside its folder', async () => {
    const bytes = readFileSync(own('models', 'external.onnx'));
    mkdirSync(own('models', 'alone'));
    writeFileSync(own('models', 'alone', 'm.onnx'), bytes);
    const alone = { path: own('models', 'alone', 'm.onnx') };
    expect(await refusal(() => inspect(alone))).toMatch(/there is no file external\.data beside the model/);
    symlinkSync(own('models', 'external.data'), own('models', 'alone', 'external.data'));
    expect(await refusal(() => inspect(alone))).toMatch(/outside the model's folder/);
  });
});

test.each(
  zoo
    .filter(({ name }) => name === 'torchvision_resnet_basic' || name === 'timm_vit_qk_norm')
    .flatMap((model) => model.files.map((file) => ({ model, file }))),
)('imported, $model.name of $file.exporter answers as PyTorch does', async ({ model, file }) => {
  const id = `${file.exporter}-${model.name}`.replaceAll('_', '-');
  const picture = { encoding: 'srgb', mean: imagenetMean, std: imagenetStd } as const;
  const answers = answered({
    id,
    picture: { ...picture, mean: imagenetMean, std: imagenetStd },
    areas: [{ tensor: 'responses', name: 'IT' }],
  });
  const twin = await importModel(place(zooModelBytes(file)), answers);
  expect(twin.gradientCheck?.verdict, twin.gradientCheck?.sentence).toBe('verified');
  const values = readValues(model);
  const stimuli = values.get('input stimulus')!;
  const expected = values.get('output responses')!.data;
  const found = (await responsesOf(id, stimuli.data, stimuli.shape[0] as number)).get('IT') as Float32Array;
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  expect(largestDifference(found, expected) / scale).toBeLessThan(1e-5);
});

describe('what a draft shows', () => {
  test('the picture as the graph gets it, and responses that follow the answers', async () => {
    const model = place(colourModel());
    const base = answered({ picture: { fieldOfViewDeg: 8, encoding: 'srgb', mean: imagenetMean, std: imagenetStd } });
    const photograph = (await inspect(model)).photographs.find((name) => name.includes('fruit')) as string;
    const shown = await preview(model, base, { photograph });
    expect(shown).toMatchObject({ why: null, picture: { sizePx: 8, fieldOfViewDeg: 8 } });
    // The network is the mean of each channel, so that its answers are figures of the picture.
    const means = shown.picture?.channels.map(({ mean }) => mean) ?? [];
    expect(shown.areas).toHaveLength(1);
    for (const [at, response] of shown.areas[0]!.responses.entries())
      expect(response).toBeCloseTo(means[at] as number, 4);
    expect(new Set(means.map((mean) => mean.toFixed(2))).size).toBe(3);
    // Linear .5 on the sRGB curve, by IEC 61966-2-1.
    const grey = 1.055 * 0.5 ** (1 / 2.4) - 0.055;
    const blank = imagenetMean.map((mean, at) => (grey - mean) / (imagenetStd[at] as number));
    for (const [at, response] of shown.areas[0]!.blank.entries()) expect(response).toBeCloseTo(blank[at] as number, 4);
    const png = await sharp(Buffer.from(shown.picture!.png.split(',')[1] as string, 'base64'))
      .raw()
      .toBuffer({ resolveWithObject: true });
    expect(png.info).toMatchObject({ width: 8, height: 8, channels: 3 });
    // What is drawn are the values before the mean was taken off and the standard deviation divided by.
    for (const [channel, value] of means.entries()) {
      const drawn = png.data.filter((_, at) => at % 3 === channel).reduce((sum, code) => sum + code, 0) / 64;
      const encoded = value * (imagenetStd[channel] as number) + (imagenetMean[channel] as number);
      expect(Math.abs(drawn - 255 * encoded)).toBeLessThan(0.5);
    }

    const plain = await preview(
      model,
      answered({ picture: { fieldOfViewDeg: 8, encoding: 'linear', range: [0, 255] } }),
      { photograph },
    );
    expect(plain.areas[0]!.blank.every((value) => Math.abs(value - 127.5) < 1e-3)).toBe(true);
    const grating = await preview(model, base, { spatialFrequencyCpd: 2, orientationDeg: 0 });
    expect(grating.why).toMatch(/2 cpd needs at least 4 px per degree/);
  });

  test('says what is missing, and why a model does not answer', async () => {
    const model = place(colourModel());
    const open = await preview(model, answered({ picture: { fieldOfViewDeg: null } }));
    expect(open).toMatchObject({ picture: null, areas: [] });
    expect(open.why).toBe('The picture needs its field of view in degrees.');
    const builder = new GraphBuilder({ name: 'odd' });
    builder.input('x', 'float32', ['batch', 1, 4, 4]);
    const flat = builder.node('Flatten', ['x'], { axis: 1 });
    builder.node('Log', [builder.node('Neg', [flat])], {}, 'y');
    builder.output('y', 'float32', ['batch', 16]);
    const odd = await preview(place(writeGraph(builder.build())), answered(), { photograph: '12-stripes' });
    expect(odd.picture).not.toBeNull();
    expect(odd.why).toMatch(/answers this picture, or the background, with NaN in "y"/);
  });
});

/** One 8 × 8 grey picture at a time to two units. */
function fixedModel(finish: (builder: GraphBuilder, flat: string) => string, units = 2): Uint8Array {
  const builder = new GraphBuilder({ name: 'fixed' });
  builder.input('x', 'float32', [1, 1, 8, 8]);
  const flat = builder.node('Reshape', ['x', builder.constant('flat', 'int64', [2], [1n, 64n])]);
  const weights = Array.from({ length: 128 }, (_, i) => Math.sin(i) / 64);
  const last = finish(builder, builder.node('MatMul', [flat, builder.constant('w', 'float32', [64, 2], weights)]));
  builder.node('Identity', [last], {}, 'y');
  builder.output('y', 'float32', [1, units]);
  return writeGraph(builder.build());
}

describe('graphs that have to be changed', () => {
  test('a batch of one is opened, and each picture is answered as before', async () => {
    const bytes = fixedModel((_, units) => units);
    const model = place(bytes);
    const found = await inspect(model);
    expect(found.picture.fixedBatch).toBe(1);
    expect(found.notices.join(' ')).toMatch(/takes 1 picture at once\. Its batch is opened/);
    const twin = await importModel(model, answered({ id: 'opened' }));
    expect(twin.gradientCheck?.verdict).toBe('verified');
    const images = Float32Array.from({ length: 128 }, (_, i) => Math.cos(3 * i));
    const responses = (await responsesOf('opened', images, 2)).get('V1') as Float32Array;
    for (let picture = 0; picture < 2; picture++) {
      for (let unit = 0; unit < 2; unit++) {
        let expected = 0;
        for (let i = 0; i < 64; i++) expected += (images[64 * picture + i] as number) * (Math.sin(2 * i + unit) / 64);
        expect(responses[2 * picture + unit]).toBeCloseTo(expected, 5);
      }
    }
    expect(readFileSync(model.path).equals(bytes)).toBe(true);
  });

  test('a batch that stands in more places is refused with the way out, and the draft says so too', async () => {
    const stuck = fixedModel(
      (builder, units) =>
        builder.node('Concat', [units, builder.constant('more', 'float32', [1, 2], [0, 0])], { axis: 1 }),
      4,
    );
    const model = place(stuck.slice());
    const answers = answered({ id: 'stuck' });
    const said = /written for 1 picture at once, in more places than its input: .* Export it with an open batch/;
    expect((await preview(model, answers)).why).toMatch(said);
    expect(await refusal(() => importModel(model, answers))).toMatch(said);
  });

  test('a graph whose pictures answer for each other is refused', async () => {
    const builder = new GraphBuilder({ name: 'mixing' });
    builder.input('x', 'float32', ['batch', 1, 4, 4]);
    const flat = builder.node('Flatten', ['x'], { axis: 1 });
    const mean = builder.node('ReduceMean', [flat, builder.constant('axes', 'int64', [1], [0n])], { keepdims: 1 });
    builder.node('Sub', [flat, mean], {}, 'y');
    builder.output('y', 'float32', ['batch', 16]);
    const model = place(writeGraph(builder.build()));
    expect(await refusal(() => importModel(model, answered({ id: 'mixing' })))).toMatch(
      /answers a picture differently beside another one than alone .* Nothing was imported\./,
    );
  });

  test('pictures of any size get the one that is asked for; channels may be last; names get plain', async () => {
    const builder = new GraphBuilder({ name: 'any size' });
    builder.input('serving:0', 'float32', ['batch', 'h', 'w', 3]);
    const pooled = builder.node('ReduceMean', ['serving:0', builder.constant('axes', 'int64', [2], [1n, 2n])], {
      keepdims: 0,
    });
    builder.node('Identity', [pooled], {}, 'y');
    builder.output('y', 'float32', ['batch', 3]);
    builder.node(
      'Slice',
      [
        'serving:0',
        builder.constant('from', 'int64', [1], [0n]),
        builder.constant('to', 'int64', [1], [1n]),
        builder.constant('last', 'int64', [1], [3n]),
      ],
      {},
      'red/map',
    );
    builder.output('red/map', 'float32', ['batch', 'h', 'w', 1]);
    const model = place(writeGraph(builder.build()));
    const open = await inspect(model);
    expect(open.picture).toMatchObject({ sizePx: null, channelsLast: true, channels: 3 });
    expect(openQuestions(open, open.answers)[0]?.field).toBe('picture.sizePx');
    const areas = [
      { tensor: 'y', name: 'V1' },
      { tensor: 'red/map', name: 'V2' },
    ];
    const answers = answered({ id: 'any-size', picture: { sizePx: 6, encoding: 'linear' }, areas });
    expect((await inspect(model, 6)).areas.filter(({ output }) => output).map(({ units }) => units)).toEqual([3, 36]);
    await importModel(model, answers);
    const images = Float32Array.from({ length: 108 }, (_, i) => i % 3);
    const responses = await responsesOf('any-size', images, 1);
    expect([...(responses.get('V1') as Float32Array)]).toEqual([0, 1, 2]);
    expect(responses.get('V2')).toEqual(new Float32Array(36));
    const { manifest } = await backend.handlers['library.get']({ id: 'any-size' }, { signal });
    expect(manifest.inputs[0]).toMatchObject({ tensor: 'twinscope.picture' });
    expect(manifest.outputs.map(({ tensor }) => tensor)).toEqual(['y', 'twinscope.units.red_map']);
  });
});

function withInput(
  dtype: 'float32' | 'uint8' | 'int8',
  shape: (number | string)[],
  output: (number | string)[] = ['batch', 4],
): Uint8Array {
  const builder = new GraphBuilder({ name: 'input' });
  builder.input('x', dtype, shape);
  builder.node('Flatten', [dtype === 'float32' ? 'x' : builder.node('Cast', ['x'], { to: 1 })], { axis: 1 }, 'y');
  builder.output('y', 'float32', output);
  return writeGraph(builder.build());
}

describe('what is refused leaves the library as it was, byte for byte', () => {
  beforeAll(() => writeContents(own('library', 'resident@1.0.0'), authorContents({ id: 'resident' })));

  const two = new GraphBuilder({ name: 'two' });
  two.input('x', 'float32', ['batch', 1, 4, 4]);
  two.input('speed', 'float32', ['batch', 1]);
  two.node('Add', [two.node('Flatten', ['x'], { axis: 1 }), 'speed'], {}, 'y');
  two.output('y', 'float32', ['batch', 16]);
  const scalar = new GraphBuilder({ name: 'scalar' });
  scalar.input('x', 'float32', ['batch', 1, 4, 4]);
  scalar.node('ReduceMean', ['x'], { keepdims: 0 }, 'y');
  scalar.output('y', 'float32', []);

  const bad: [string, () => Uint8Array | string, RegExp][] = [
    ['no model at all', () => 'a letter to a friend', /not an ONNX|no ONNX|ONNX/],
    ['an empty file', () => '', /empty \(0 bytes\)/],
    ['a damaged model', () => smallModel().slice(0, 200), /damaged|ONNX/],
    ['several inputs', () => writeGraph(two.build()), /takes 2 inputs: "x" \(batch × 1 × 4 × 4\), "speed"/],
    [
      'whole numbers',
      () => withInput('int8', ['batch', 1, 4, 4]),
      /input "x" takes int8, and pictures are given as float32/,
    ],
    [
      'a row of numbers',
      () => withInput('float32', ['batch', 16]),
      /"x" is batch × 16, which is no picture of four axes/,
    ],
    ['no square', () => withInput('float32', ['batch', 3, 4, 6]), /"x" is batch × 3 × 4 × 6, which is not square/],
    ['two channels', () => withInput('float32', ['batch', 2, 4, 4]), /without an axis of one or three channels/],
    [
      'one number for all',
      () => writeGraph(scalar.build()),
      /No output of this graph can be an area\. .*no axis of units/,
    ],
    [
      'too many units',
      () => withInput('float32', ['batch', 3, 400, 400], ['batch', 480_000]),
      /480,000 values for a picture, and an area may have 100,000/,
    ],
  ];
  test.each(bad)('%s', async (_, content, said) => {
    const model = place(content());
    expect(await refusal(() => inspect(model))).toMatch(said);
    expect(await refusal(() => importModel(model, answered()))).toMatch(said);
  });

  test('other things than a file', async () => {
    expect(await refusal(() => inspect({ path: own('models', 'nowhere.onnx') }))).toMatch(/there is no such file/);
    mkdirSync(own('models', 'folder.onnx'));
    expect(await refusal(() => inspect({ path: own('models', 'folder.onnx') }))).toMatch(/it is not a plain file/);
    const vast = place('');
    // Nothing of it is on the disk.
    truncateSync(vast.path, 2 ** 31 + 2 ** 20);
    expect(await refusal(() => inspect(vast))).toMatch(/larger than 2 GiB, the most one \.onnx file can hold/);
    rmSync(vast.path);
  });

  test('answers that are missing or cannot be', async () => {
    const model = place(smallModel());
    const wrong = answered({
      id: 'Not an id',
      version: '1',
      picture: { range: [1, 0], mean: [1, 2, 3], std: [0] },
      areas: [
        { tensor: 'y', name: 'V1' },
        { tensor: 'z', name: 'V1' },
      ],
    });
    const said = await refusal(() => importModel(model, wrong));
    expect(said).toMatch(/7 answers are missing or cannot be: version .*; id .*; picture\.range \(the value of black/);
    expect(said).toMatch(/picture\.mean \(one number, for one channel\)/);
    expect(said).toMatch(/areas\[1\]\.name \("V1" is taken by another area\)/);
    expect(said).toMatch(
      /areas\[1\]\.tensor \(the graph has no value z that can be an area; the nearest name is \w+\)/,
    );
  });

  test('a model that answers with no numbers, and an import that is stopped', async () => {
    const builder = new GraphBuilder({ name: 'odd' });
    builder.input('x', 'float32', ['batch', 1, 4, 4]);
    builder.node('Log', [builder.node('Neg', [builder.node('Flatten', ['x'], { axis: 1 })])], {}, 'y');
    builder.output('y', 'float32', ['batch', 16]);
    const model = place(writeGraph(builder.build()));
    expect(await refusal(() => importModel(model, answered({ id: 'odd' })))).toMatch(
      /answers a golden stimulus with NaN .* Nothing was imported\. Correct the answers or the model/,
    );
    const stopping = new AbortController();
    stopping.abort();
    const stopped = (): Promise<unknown> =>
      backend.handlers['library.importModel'](
        { model: place(smallModel()), answers: answered({ id: 'stopped' }) },
        { signal: stopping.signal },
      );
    const before = snapshotOf(own('library'));
    await expect(stopped()).rejects.toThrow(/abort|stopped|withdrawn|cancel/i);
    expect(snapshotOf(own('library'))).toEqual(before);
  });
});

describe('files that a browser hands over', () => {
  beforeAll(() => rmSync(own('uploads'), { recursive: true, force: true }));
  const hand = (batch: string, name: string, body: Uint8Array | string): Promise<Response> =>
    backend.handleResource(
      new Request(`http://localhost/resource/package/${batch}/${encodeURIComponent(name)}`, {
        method: 'PUT',
        body: body as BodyInit,
      }),
    );
  const uploads = (): string[] => (existsSync(own('uploads')) ? readdirSync(own('uploads')) : []);

  test('a name that cannot be decoded is refused in a sentence, and nothing is stored', async () => {
    for (const address of ['package/batch-of-a-name/%E0%A4%A', 'upload/batch-of-a-name/%E0%A4%A']) {
      const request = new Request(`http://localhost/resource/${address}`, { method: 'PUT', body: 'x' });
      const answer = await backend.handleResource(request);
      expect(answer.status).toBe(400);
      expect(await answer.text()).toMatch(/name of this file cannot be read\. Nothing was stored/);
    }
    expect(uploads()).toEqual([]);
  });

  test('a model with data in a folder is inspected, tried, and leaves nothing when it is given up', async () => {
    for (const file of ['external.onnx', 'external.data']) {
      expect((await hand('batch-of-a-model', `net/${file}`, readFileSync(path.join(fixtures, file)))).status).toBe(204);
    }
    const model = { upload: 'batch-of-a-model' };
    const found = await backend.handlers['library.inspectModel']({ model, sizePx: null }, { signal });
    expect(found.file).toBe('external.onnx');
    const answers = answered({ picture: { encoding: 'srgb' }, areas: [{ tensor: 'features', name: 'V4' }] });
    const shown = await backend.handlers['library.previewModel'](
      { model, answers, picture: { spatialFrequencyCpd: 1, orientationDeg: 45 } },
      { signal },
    );
    expect(shown.why).toBeNull();
    expect(shown.areas[0]).toMatchObject({ units: 108 });
    // A map is laid out in a row, so a changed graph was written.
    expect(uploads()).toHaveLength(2);
    await backend.handlers['library.discardModel']({ model }, { signal });
    expect(uploads()).toEqual([]);
  });

  test('a package is imported, and what was handed over is removed', async () => {
    const packed = await backend.handlers['library.pack'](
      { folder: writeContents(own('author'), authorContents({ id: 'handed' })), out: own('handed.twin') },
      { signal },
    );
    await hand('batch-of-a-twin', 'handed.twin', readFileSync(packed.path));
    expect(await backend.handlers['library.import']({ upload: 'batch-of-a-twin' }, { signal })).toMatchObject({
      id: 'handed',
    });
    expect(uploads()).toEqual([]);
    await hand('batch-of-nothing', 'notes.txt', 'hello');
    expect(await refusal(() => backend.handlers['library.import']({ upload: 'batch-of-nothing' }, { signal }))).toMatch(
      /no \.twin or \.zip file, and no twin\.json/,
    );
    expect(uploads()).toEqual([]);
  });

  test('names that lead elsewhere are refused', async () => {
    const answer = await hand('batch-of-evil', '../../evil.onnx', smallModel());
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/leaves the package or is not in plain form/);
    expect(existsSync(own('evil.onnx'))).toBe(false);
  });
});

test('the graph of the package is the author’s, byte for byte, where nothing had to be changed', async () => {
  const bytes = smallModel();
  await importModel(place(bytes), answered({ id: 'as-it-stands' }));
  const stored = readFileSync(own('library', 'as-it-stands@1.0.0', 'model.onnx'));
  expect(stored.equals(bytes)).toBe(true);
  expect(readGraph(stored).outputs.map(({ name }) => name)).toEqual(['y']);
});
