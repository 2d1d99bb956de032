/** Bare ONNX files: what is read from them, how a draft looks to them, and the twins that they become. */
import { cpSync, mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import sharp from 'sharp';
import { beforeAll, describe, expect, test } from 'vitest';
import { openQuestions, type ModelAnswers } from '../contract/bareModels.ts';
import { readValues, zoo, zooModelBytes } from '../autodiff/testing/zoo.ts';
import { imagenetMean, imagenetStd, colourModel } from '../engine/testing/colourTwin.ts';
import { GraphBuilder, readGraph, writeGraph } from '../onnx/index.ts';
import { decodeNpy } from '../stimuli/npy.ts';
import { snapshotOf } from '../twins/testing/authorFolder.ts';
import { smallModel } from '../twins/testing/smallTwin.ts';
import { answered, exportedFixtures as fixtures, useModelBench } from './testing/modelBench.ts';

const { own, signal, backend, place, inspect, importModel, preview, responsesOf, refusal } = useModelBench();

const largestDifference = (a: Float32Array, b: Float32Array): number => {
  expect(a.length).toBe(b.length);
  return a.reduce((most, value, at) => Math.max(most, Math.abs(value - (b[at] as number))), 0);
};

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
    const verified = await backend().handlers['library.verify']({ id: 'external' }, { signal });
    expect(verified.reproduces).toMatchObject({ passed: true });
    const { manifest, card } = await backend().handlers['library.get']({ id: 'external' }, { signal });
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
    const { manifest } = await backend().handlers['library.get']({ id: 'any-size' }, { signal });
    expect(manifest.inputs[0]).toMatchObject({ tensor: 'twinscope.picture' });
    expect(manifest.outputs.map(({ tensor }) => tensor)).toEqual(['y', 'twinscope.units.red_map']);
  });
});

test('the graph of the package is the author’s, byte for byte, where nothing had to be changed', async () => {
  const bytes = smallModel();
  await importModel(place(bytes), answered({ id: 'as-it-stands' }));
  const stored = readFileSync(own('library', 'as-it-stands@1.0.0', 'model.onnx'));
  expect(stored.equals(bytes)).toBe(true);
  expect(readGraph(stored).outputs.map(({ name }) => name)).toEqual(['y']);
});
