/** Bare ONNX files that are refused or given up: the library is as it was, and nothing of them is left. */
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, truncateSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, test, vi } from 'vitest';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { authorContents, snapshotOf, writeContents } from '../twins/testing/authorFolder.ts';
import { smallModel } from '../twins/testing/smallTwin.ts';
import { answered, exportedFixtures as fixtures, useModelBench } from './testing/modelBench.ts';

const { own, signal, backend, place, inspect, importModel, refusal } = useModelBench();

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
      backend().handlers['library.importModel'](
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
    backend().handleResource(
      new Request(`http://localhost/resource/package/${batch}/${encodeURIComponent(name)}`, {
        method: 'PUT',
        body: body as BodyInit,
      }),
    );
  const uploads = (): string[] => (existsSync(own('uploads')) ? readdirSync(own('uploads')) : []);

  test('a name that cannot be decoded is refused in a sentence, and nothing is stored', async () => {
    for (const address of ['package/batch-of-a-name/%E0%A4%A', 'upload/batch-of-a-name/%E0%A4%A']) {
      const request = new Request(`http://localhost/resource/${address}`, { method: 'PUT', body: 'x' });
      const answer = await backend().handleResource(request);
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
    const found = await backend().handlers['library.inspectModel']({ model, sizePx: null }, { signal });
    expect(found.file).toBe('external.onnx');
    const answers = answered({ picture: { encoding: 'srgb' }, areas: [{ tensor: 'features', name: 'V4' }] });
    const shown = await backend().handlers['library.previewModel'](
      { model, answers, picture: { spatialFrequencyCpd: 1, orientationDeg: 45 } },
      { signal },
    );
    expect(shown.why).toBeNull();
    expect(shown.areas[0]).toMatchObject({ units: 108 });
    // A map is laid out in a row, so a changed graph was written.
    expect(uploads()).toHaveLength(2);
    const asked = vi.spyOn(backend().services.compute, 'call');
    await backend().handlers['library.discardModel']({ model }, { signal });
    expect(uploads()).toEqual([]);
    expect(asked).not.toHaveBeenCalled();
    asked.mockRestore();
  });

  test('a package is imported, and what was handed over is removed', async () => {
    const packed = await backend().handlers['library.pack'](
      { folder: writeContents(own('author'), authorContents({ id: 'handed' })), out: own('handed.twin') },
      { signal },
    );
    await hand('batch-of-a-twin', 'handed.twin', readFileSync(packed.path));
    expect(await backend().handlers['library.import']({ upload: 'batch-of-a-twin' }, { signal })).toMatchObject({
      id: 'handed',
    });
    expect(uploads()).toEqual([]);
    await hand('batch-of-nothing', 'notes.txt', 'hello');
    expect(
      await refusal(() => backend().handlers['library.import']({ upload: 'batch-of-nothing' }, { signal })),
    ).toMatch(/no \.twin or \.zip file, and no twin\.json/);
    expect(uploads()).toEqual([]);
  });

  test('names that lead elsewhere are refused', async () => {
    const answer = await hand('batch-of-evil', '../../evil.onnx', smallModel());
    expect(answer.status).toBe(400);
    expect(await answer.text()).toMatch(/leaves the package or is not in plain form/);
    expect(existsSync(own('evil.onnx'))).toBe(false);
  });
});

test('giving up a model reads it no more, whatever was asked of it before', async () => {
  const model = place(smallModel());
  await inspect(model, 6);
  const asked = vi.spyOn(backend().services.compute, 'call');
  await backend().handlers['library.discardModel']({ model }, { signal });
  expect(asked).not.toHaveBeenCalled();
  await inspect(model, 6);
  // What was known of it is forgotten.
  expect(asked.mock.calls.map(([method]) => method)).toEqual(['model.inspect']);
  asked.mockRestore();
});
