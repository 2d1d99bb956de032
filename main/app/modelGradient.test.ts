/** `twinscope twins gradient` as a process: PyTorch's gradients, closed forms, and what it says to bad input. */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { GraphBuilder, readGraph, writeGraph } from '../onnx/index.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { writeNpyHeader } from '../stimuli/npyHeader.ts';
import { decodeNpyArray } from '../stimuli/npyArray.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const fixtures = path.resolve(import.meta.dirname, '..', 'engine', 'fixtures', 'gradient');
const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-gradient-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const stored = (name: string): string => path.join(fixtures, name);
const own = (name: string): string => path.join(folder, name);
const valuesOf = (file: string): number[] => Array.from(decodeNpyArray(readFileSync(file)).data, Number);

function gradient(model: string, ...args: string[]): Promise<CliResult> {
  return runCli(['twins', 'gradient', model, ...args, '--json'], own('home'));
}

type Report = {
  values: number[];
  norms: number[];
  batch: string;
  check: { verdict: string; sentence: string };
  memory: { weightBytes: number; peakBytes: number };
};

function expectClose(file: string, expected: readonly number[], tolerance: number): void {
  const found = valuesOf(file);
  const scale = Math.max(...expected.map(Math.abs));
  const worst = Math.max(...found.map((value, index) => Math.abs(value - (expected[index] as number))));
  expect(found).toHaveLength(expected.length);
  expect(worst / scale).toBeLessThanOrEqual(tolerance);
}

describe("PyTorch's gradients", () => {
  test.each([
    ['convnet.onnx', ['--input', stored('picture.npy')], 'responses', 'convnet.responses.npy', 3],
    ['external.onnx', ['--input', `picture=${stored('picture.npy')}`], 'features', 'convnet.features.npy', 3],
    ['behaviour.onnx', ['picture', 'behaviour'], 'picture', 'behaviour.picture.npy', 2],
    ['behaviour.onnx', ['picture', 'behaviour'], 'behaviour', 'behaviour.behaviour.npy', 2],
  ])('%s %o: %s', async (model, given, name, expected, samples) => {
    const both = ['--input', `picture=${stored('grey.npy')}`, `behaviour=${stored('speed.npy')}`, '--wrt', name];
    const args = given[0] === '--input' ? [...given, '--output', name] : both;
    const out = own(`${expected}.out.npy`);
    const { code, stdout, stderr } = await gradient(stored(model), ...args, '--out', out);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    const found = decodeNpyArray(readFileSync(out));
    const reference = decodeNpyArray(readFileSync(stored(expected)));
    expect([found.dtype, found.shape]).toEqual(['float32', reference.shape]);
    expectClose(out, valuesOf(stored(expected)), 1e-5);
    const report = JSON.parse(stdout) as Report;
    expect(report.check.verdict).toBe('verified');
    expect(report.norms).toHaveLength(samples);
    expect(report.memory.weightBytes).toBeGreaterThan(0);
  });
});

/** y = weight · x² for any shape and type; gradient of the mean: 2 · weight · x ÷ elements per sample. */
function squares(
  file: string,
  dtype: 'float32' | 'float64' | 'float16',
  shape: (number | string)[],
  flat = false,
): string {
  const builder = new GraphBuilder();
  builder.input('x', dtype, shape);
  const square = builder.node('Mul', ['x', 'x'], {}, flat ? 'square' : 'y');
  if (flat) builder.node('ReduceSum', [square], { keepdims: 0 }, 'y');
  builder.output('y', dtype, flat ? [] : shape);
  writeFileSync(own(file), writeGraph(builder.build()));
  return own(file);
}

const ramp = (length: number): Float32Array => Float32Array.from({ length }, (_, index) => (index % 13) / 8 - 0.5);

test('a model behind a link', async () => {
  mkdirSync(own('links'));
  symlinkSync(stored('convnet.onnx'), own('links/model.onnx'));
  const args = ['--input', stored('picture.npy'), '--output', 'responses', '--out', own('link.g.npy')];
  expect((await gradient(own('links/model.onnx'), ...args)).code).toBe(0);
  expectClose(own('link.g.npy'), valuesOf(stored('convnet.responses.npy')), 1e-5);
});

describe('closed forms', () => {
  test('a batch of films, five axes', async () => {
    const model = squares('film.onnx', 'float32', ['batch', 2, 3, 4, 5]);
    const x = ramp(240);
    writeFileSync(own('film.npy'), encodeNpy(x, [2, 2, 3, 4, 5]));
    const { stdout } = await gradient(model, '--input', own('film.npy'), '--out', own('film.g.npy'));
    expectClose(
      own('film.g.npy'),
      Array.from(x, (value) => (2 * value) / 120),
      1e-6,
    );
    expect((JSON.parse(stdout) as Report).values).toHaveLength(2);
  });

  test('sound in double precision keeps it', async () => {
    const model = squares('sound.onnx', 'float64', ['batch', 'samples']);
    const x = Float64Array.from(ramp(64), (value) => value / 3);
    writeFileSync(own('sound.npy'), encodeNpy(x, [1, 64]));
    const { stdout } = await gradient(model, '--input', own('sound.npy'), '--out', own('sound.g.npy'));
    expect(decodeNpyArray(readFileSync(own('sound.g.npy'))).dtype).toBe('float64');
    expectClose(
      own('sound.g.npy'),
      Array.from(x, (value) => (2 * value) / 64),
      1e-15,
    );
    expect((JSON.parse(stdout) as Report).check.verdict).toBe('verified');
  });

  test('half precision is computed in half precision and written as float32', async () => {
    const model = squares('half.onnx', 'float16', ['batch', 8]);
    const x = ramp(16);
    writeFileSync(own('half.npy'), encodeNpy(x, [2, 8]));
    const { code, stderr } = await gradient(model, '--input', own('half.npy'), '--out', own('half.g.npy'));
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(decodeNpyArray(readFileSync(own('half.g.npy'))).dtype).toBe('float32');
    expectClose(
      own('half.g.npy'),
      Array.from(x, (value) => value / 4),
      1e-3,
    );
  });

  test('a graph without a batch axis: one sample, said so', async () => {
    const model = squares('single.onnx', 'float32', [3, 4], true);
    const x = ramp(12);
    writeFileSync(own('single.npy'), encodeNpy(Float64Array.from(x), [3, 4]));
    const { stdout } = await gradient(model, '--input', own('single.npy'), '--out', own('single.g.npy'));
    expectClose(
      own('single.g.npy'),
      Array.from(x, (value) => 2 * value),
      1e-6,
    );
    const report = JSON.parse(stdout) as Report;
    expect(report.batch).toContain('no batch axis');
    expect(report.values).toHaveLength(1);
  });

  test('kinks nearer than the rounding of the responses do not make a gradient wrong', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 16]);
    builder.node('Add', [builder.node('Relu', ['x']), builder.constant('one', 'float32', [1], [1])], {}, 'y');
    builder.output('y', 'float32', ['batch', 16]);
    writeFileSync(own('offset.onnx'), writeGraph(builder.build()));
    const x = ramp(16).map((value) => 1e-6 * (value + 0.01));
    writeFileSync(own('tiny.npy'), encodeNpy(x, [1, 16]));
    const { code, stdout } = await gradient(own('offset.onnx'), '--input', own('tiny.npy'), '--out', own('tiny.g.npy'));
    expect(code).toBe(0);
    expect(valuesOf(own('tiny.g.npy'))).toEqual(Array.from(x, (value) => (value > 0 ? 1 / 16 : 0)));
    expect((JSON.parse(stdout) as Report).check.verdict).toBe('inconclusive');
  });

  test('integers choose, floats are differentiated, and a blank input on a kink is not called wrong', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 4]);
    builder.input('which', 'int64', [2]);
    builder.node('Gather', [builder.node('Relu', ['x']), 'which'], { axis: 1 }, 'y');
    builder.output('y', 'float32', ['batch', 2]);
    writeFileSync(own('choice.onnx'), writeGraph(builder.build()));
    writeFileSync(own('blank.npy'), encodeNpy(new Float32Array(4), [1, 4]));
    const which = [...writeNpyHeader('>i4', [2]), 0, 0, 0, 3, 0, 0, 0, 1];
    writeFileSync(own('which.npy'), Uint8Array.from(which));
    const given = ['--input', `x=${own('blank.npy')}`, '--input', `which=${own('which.npy')}`];
    const { code, stdout } = await gradient(own('choice.onnx'), ...given, '--out', own('choice.g.npy'));
    expect(code).toBe(0);
    // PyTorch's convention: the slope of Relu at 0 is 0.
    expect(valuesOf(own('choice.g.npy'))).toEqual([0, 0, 0, 0]);
    expect((JSON.parse(stdout) as Report).check.verdict).not.toBe('verified');
  });
});

describe('refusals: a sentence, an exit code, and nothing written', () => {
  async function expectRefusal(result: CliResult, code: number, said: RegExp, out: string): Promise<void> {
    const { error } = JSON.parse(result.stdout) as { error: { message: string } };
    expect(error.message).toMatch(said);
    expect(error.message).not.toMatch(/\n|undefined|\[object|Error:/);
    expect(result.code).toBe(code);
    expect(existsSync(out)).toBe(false);
    expect(readdirSync(folder).filter((name) => name.includes('.part'))).toEqual([]);
  }

  const picture = (): string[] => ['--input', stored('picture.npy')];
  beforeAll(() => {
    const bytes = readFileSync(stored('picture.npy'));
    bytes.writeFloatLE(Number.NaN, bytes.length - 4);
    writeFileSync(own('nan.npy'), bytes);
  });
  test.each([
    ['a missing model', own('none.onnx'), picture(), /There is no file or folder .*none\.onnx/],
    [
      'a missing input',
      stored('convnet.onnx'),
      ['--input', own('none.npy'), '--output', 'features'],
      /no file or folder .*none\.npy/,
    ],
    [
      'an input with NaN',
      stored('convnet.onnx'),
      ['--input', own('nan.npy'), '--output', 'features'],
      /nan\.npy holds 1 value that is not a finite number/,
    ],
    ['a model that is none', stored('picture.npy'), picture(), /cannot be read as an ONNX model/],
    [
      'an input that is none',
      stored('convnet.onnx'),
      ['--input', stored('convnet.onnx'), '--output', 'features'],
      /convnet\.onnx: .*no NPY header/,
    ],
    ['an open choice of outputs', stored('convnet.onnx'), picture(), /2 outputs: "features".*--output NAME/],
    [
      'a misspelt output',
      stored('convnet.onnx'),
      [...picture(), '--output', 'respones'],
      /no output "respones"\. The nearest name is "responses"/,
    ],
    [
      'a misspelt input',
      stored('convnet.onnx'),
      ['--input', `pictur=${stored('picture.npy')}`, '--output', 'features'],
      /nearest name is "picture"/,
    ],
    [
      'an input left out',
      stored('behaviour.onnx'),
      ['--input', `picture=${stored('grey.npy')}`, '--wrt', 'picture'],
      /No values were given for "behaviour"/,
    ],
    [
      'another shape',
      stored('convnet.onnx'),
      ['--input', stored('grey.npy'), '--output', 'features'],
      /"picture" .*another shape.*grey\.npy holds float32 of 2 × 1 × 8 × 8/,
    ],
  ])('%s', async (_, model, args, said) => {
    await expectRefusal(await gradient(model, ...args, '--out', own('refused.npy')), 2, said, own('refused.npy'));
  });

  test('another type', async () => {
    const integers = new Uint8Array([...writeNpyHeader('|u1', [1, 3, 10, 10]), ...new Uint8Array(300)]);
    writeFileSync(own('bytes.npy'), integers);
    const args = ['--input', own('bytes.npy'), '--output', 'features', '--out', own('refused.npy')];
    await expectRefusal(
      await gradient(stored('convnet.onnx'), ...args),
      2,
      /cannot be given uint8.*astype/,
      own('refused.npy'),
    );
  });

  test('two inputs with different numbers of samples', async () => {
    const builder = new GraphBuilder();
    builder.input('picture', 'float32', ['n', 2]);
    builder.input('speed', 'float32', ['n', 2]);
    builder.node('Add', ['picture', 'speed'], {}, 'y');
    builder.output('y', 'float32', ['n', 2]);
    writeFileSync(own('two.onnx'), writeGraph(builder.build()));
    for (const n of [64, 5, 1]) writeFileSync(own(`of-${n}.npy`), encodeNpy(ramp(2 * n), [n, 2]));
    const ask = (speeds: string, out: string): Promise<CliResult> => {
      const given = ['--input', `picture=${own('of-64.npy')}`, `speed=${own(speeds)}`];
      return gradient(own('two.onnx'), ...given, '--wrt', 'picture', '--out', own(out));
    };
    const said =
      /^"picture" has 64 and "speed" has 5 on an axis that the graph calls "n" in both\. Nothing was written\./;
    await expectRefusal(await ask('of-5.npy', 'refused.npy'), 2, said, own('refused.npy'));
    // One sample beside many is repeated by Add.
    expect((await ask('of-1.npy', 'repeated.npy')).code).toBe(0);
  });

  test('a step on every path, and an operator without a rule', async () => {
    for (const [op, said] of [
      ['Round', /zero everywhere.*Round \(node "step"\).*Gradient-free search .*this model once/],
      ['Det', /Det \(node "step"\): it has no rule.*Gradient-free search .*this model once/],
    ] as const) {
      const builder = new GraphBuilder();
      builder.input('x', 'float32', ['batch', 2, 2]);
      builder.node(op, ['x'], {}, 'step');
      builder.node('Neg', ['step'], {}, 'y');
      builder.output('y', 'float32', null);
      writeFileSync(own(`${op}.onnx`), writeGraph(builder.build()));
      writeFileSync(own('square.npy'), encodeNpy(ramp(4), [1, 2, 2]));
      const result = await gradient(own(`${op}.onnx`), '--input', own('square.npy'), '--out', own('refused.npy'));
      await expectRefusal(result, 2, said, own('refused.npy'));
    }
  });

  test('a gradient that is not finite names the node', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 2]);
    builder.node('Sqrt', [builder.node('Mul', ['x', 'x'])], {}, 'root');
    builder.node('Neg', ['root'], {}, 'y');
    builder.output('y', 'float32', ['batch', 2]);
    writeFileSync(own('root.onnx'), writeGraph(builder.build()));
    writeFileSync(own('zero.npy'), encodeNpy(Float32Array.of(1, 0), [1, 2]));
    const result = await gradient(own('root.onnx'), '--input', own('zero.npy'), '--out', own('refused.npy'));
    await expectRefusal(
      result,
      1,
      /gradient of "y" with respect to "x" is not finite.*first at Sqrt \(node "root"\)/,
      own('refused.npy'),
    );
    writeFileSync(own('nan.npy'), encodeNpy(Float32Array.of(1, 3e38), [1, 2]));
    const overflow = await gradient(own('root.onnx'), '--input', own('nan.npy'), '--out', own('refused.npy'));
    await expectRefusal(overflow, 1, /The output "y" is not finite.*first at Mul/, own('refused.npy'));
  });

  test('weights outside the folder, cut off or missing', async () => {
    const place = own('elsewhere');
    mkdirSync(place);
    const damaged = (change: (graph: ReturnType<typeof readGraph>) => void): string => {
      const graph = readGraph(readFileSync(stored('external.onnx')));
      change(graph);
      writeFileSync(path.join(place, 'damaged.onnx'), writeGraph(graph));
      return path.join(place, 'damaged.onnx');
    };
    cpSync(stored('external.data'), own('outside.data'));
    cpSync(stored('external.data'), path.join(place, 'external.data'));
    symlinkSync(own('outside.data'), path.join(place, 'link.data'));
    const each = (change: Record<string, string>) => (graph: ReturnType<typeof readGraph>) => {
      for (const tensor of graph.initializers.values()) Object.assign(tensor.external ?? {}, change);
    };
    const args = [...picture(), '--output', 'features', '--out', own('refused.npy')];
    for (const [change, said] of [
      [{ location: '../outside.data' }, /not a file beside the model/],
      [{ location: own('outside.data') }, /not a file beside the model/],
      [{ location: 'link.data' }, /outside the model's folder/],
      [{ location: 'gone.data' }, /no file gone\.data/],
      [{ offset: '4600' }, /ends before its data do/],
    ] as const) {
      await expectRefusal(await gradient(damaged(each(change)), ...args), 2, said, own('refused.npy'));
    }
  });

  test('a folder that is not there is found before anything is computed', async () => {
    const args = [...picture(), '--output', 'features', '--out', own('no/where.npy')];
    await expectRefusal(
      await gradient(stored('convnet.onnx'), ...args),
      2,
      /no folder .*Nothing was computed/,
      own('no/where.npy'),
    );
  });

  test('the model and the inputs are not written over', async () => {
    const model = own('kept.onnx');
    const input = own('kept.npy');
    cpSync(stored('convnet.onnx'), model);
    cpSync(stored('picture.npy'), input);
    symlinkSync(input, own('kept-link.npy'));
    for (const [out, said] of [
      [input, /kept\.npy is one of the files to be read.*left as it is/],
      [own('kept-link.npy'), /kept-link\.npy is one of the files to be read/],
      [model, /does not end in \.npy/],
    ] as const) {
      const { code, stdout } = await gradient(
        model,
        '--input',
        `picture=${input}`,
        '--output',
        'features',
        '--out',
        out,
      );
      expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toMatch(said);
      expect(code).toBe(2);
    }
    expect(readFileSync(model)).toEqual(readFileSync(stored('convnet.onnx')));
    expect(readFileSync(input)).toEqual(readFileSync(stored('picture.npy')));
  });
});
