import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, makeTensor, readGraph, writeGraph, type Graph } from '../onnx/index.ts';
import { deriveVjp, type VjpRequest } from './index.ts';
import { elementwise } from './testing/graphs.ts';

/** Runs a product graph on one input; cotangents are ones unless given. */
async function gradientOf(
  forward: Graph,
  request: VjpRequest,
  x: number[],
  shape: number[],
  cotangents: Record<string, { data: number[]; shape: number[] }>,
): Promise<number[]> {
  const vjp = deriveVjp(forward, request);
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const feeds: Record<string, RuntimeTensor> = {
    [request.wrt]: new RuntimeTensor('float32', Float32Array.from(x), shape),
  };
  for (const [output, { data, shape: sizes }] of Object.entries(cotangents)) {
    feeds[vjp.cotangents[output]!] = new RuntimeTensor('float32', Float32Array.from(data), sizes);
  }
  const results = await session.run(feeds);
  await session.release();
  return Array.from(results[vjp.gradient]!.data as Float32Array);
}

describe('kinks follow PyTorch', () => {
  test.each([
    ['Relu', [], [-1, 0, 1], [0, 0, 1]],
    ['Abs', [], [-2, 0, 2], [-1, 0, 1]],
    ['Clip', [-1, 1], [-2, -1, 0, 1, 2], [0, 0, 1, 0, 0]],
    ['Max', [0.5], [0, 0.5, 1], [0, 0.5, 1]],
    ['Min', [0.5], [0, 0.5, 1], [1, 0.5, 0]],
    ['Sqrt', [], [0, 4], [Infinity, 0.25]],
    ['LeakyRelu', [], [-1, 0, 1], [Math.fround(0.01), Math.fround(0.01), 1]],
  ])('%s %o', async (op, constants, x, expected) => {
    const ones = x.map(() => 1);
    const found = await gradientOf(elementwise(op, constants), { wrt: 'x', outputs: ['y'] }, x, [x.length], {
      y: { data: ones, shape: [x.length] },
    });
    expect(found).toEqual(expected);
  });
});

describe('graphs', () => {
  test('a value read several times collects from every reader, the same node included', async () => {
    // y = x·x + x·exp(x) + x: dy/dx = 2x + exp(x)·(1 + x) + 1.
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    const square = builder.node('Mul', ['x', 'x']);
    const bent = builder.node('Mul', ['x', builder.node('Exp', ['x'])]);
    builder.node('Sum', [square, bent, 'x'], {}, 'y');
    builder.output('y', 'float32', ['n']);
    const x = [0, 0.5, -1];
    const found = await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, x, [3], {
      y: { data: [1, 1, 2], shape: [3] },
    });
    const expected = x.map((value, index) => [1, 1, 2][index]! * (2 * value + Math.exp(value) * (1 + value) + 1));
    found.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 5));
  });

  test('an output that another output is computed from takes both cotangents', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    builder.constant('three', 'float32', [], [3]);
    builder.node('Mul', ['x', 'three'], {}, 'first');
    builder.node('Mul', ['first', 'first'], {}, 'second');
    builder.output('first', 'float32', ['n']);
    builder.output('second', 'float32', ['n']);
    const graph = builder.build();
    const ones = { data: [1], shape: [1] };
    // second = 9x²: 18x; first = 3x: 3.
    expect(
      await gradientOf(graph, { wrt: 'x', outputs: ['first', 'second'] }, [2], [1], { first: ones, second: ones }),
    ).toEqual([39]);
    expect(await gradientOf(graph, { wrt: 'x', outputs: ['first'] }, [2], [1], { first: ones })).toEqual([3]);
  });

  test('an output named twice counts once', async () => {
    const request = { wrt: 'x', outputs: ['y', 'y'], alsoReturn: ['y'] };
    const graph = elementwise('Exp');
    const vjp = deriveVjp(graph, request);
    expect(vjp.graph.outputs.map(({ name }) => name)).toEqual(['y', vjp.gradient]);
    expect(await gradientOf(graph, request, [0], [1], { y: { data: [3], shape: [1] } })).toEqual([3]);
  });

  test('an output that is the input itself', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2]);
    builder.output('x', 'float32', [2]);
    expect(
      await gradientOf(builder.build(), { wrt: 'x', outputs: ['x'] }, [1, 2], [2], { x: { data: [5, 7], shape: [2] } }),
    ).toEqual([5, 7]);
  });

  test('every sample of a batch has its own gradient', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 2]);
    builder.constant('w', 'float32', [2, 2], [1, 2, 3, 4]);
    const product = builder.node('MatMul', ['x', 'w']);
    builder.node('Mul', [product, product], {}, 'y');
    builder.output('y', 'float32', ['batch', 2]);
    const graph = builder.build();
    const run = (x: number[], v: number[]): Promise<number[]> =>
      gradientOf(graph, { wrt: 'x', outputs: ['y'] }, x, [x.length / 2, 2], {
        y: { data: v, shape: [x.length / 2, 2] },
      });
    const together = await run([1, 2, -1, 3], [1, 0, 2, 1]);
    expect(together).toEqual([...(await run([1, 2], [1, 0])), ...(await run([-1, 3], [2, 1]))]);
    // The first sample by hand: y₀ = (x₀ + 3x₁)² = 49, gradient 2·7·(1, 3).
    expect(together.slice(0, 2)).toEqual([14, 42]);
  });

  test('the product graph holds what is needed and nothing else', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 3]);
    builder.input('behaviour', 'float32', ['batch', 1]);
    builder.input('unused', 'float32', ['batch', 1]);
    builder.constant('w', 'float32', [3, 1], [1, 2, 3]);
    builder.constant('other', 'float32', [3, 4], new Float32Array(12));
    builder.node('Mul', [builder.node('Exp', [builder.node('MatMul', ['x', 'w'])]), 'behaviour'], {}, 'y');
    builder.node('MaxPool', [builder.node('MatMul', ['x', 'other'])], {}, 'z');
    builder.output('y', 'float32', ['batch', 1]);
    builder.output('z', 'float32', null);
    const { graph, cotangents, gradient } = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
    expect(graph.inputs).toEqual([
      { name: 'x', dtype: 'float32', shape: ['batch', 3] },
      { name: 'behaviour', dtype: 'float32', shape: ['batch', 1] },
      { name: cotangents['y'], dtype: 'float32', shape: ['batch', 1] },
    ]);
    expect(graph.outputs.map(({ name }) => name)).toEqual(['y', gradient]);
    expect(graph.outputs[1]?.shape).toEqual(['batch', 3]);
    expect([...graph.initializers.keys()]).toEqual(['w']);
    expect(graph.nodes.map(({ op }) => op)).toEqual([
      'MatMul',
      'Exp',
      'Mul',
      'Mul',
      'Mul',
      'Transpose',
      'MatMul',
      'Identity',
    ]);
  });

  test('equal requests give equal bytes', () => {
    const forward = readGraph(writeGraph(elementwise('Tanh')));
    const bytes = (): Uint8Array => writeGraph(deriveVjp(forward, { wrt: 'x', outputs: ['y'] }).graph);
    expect(bytes()).toEqual(bytes());
  });

  test('names already taken are left alone', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1]);
    builder.input('y.cotangent', 'float32', [1]);
    builder.node('Mul', ['x', 'y.cotangent'], {}, 'x.gradient');
    builder.node('Exp', ['x.gradient'], {}, 'y');
    builder.output('y', 'float32', [1]);
    const vjp = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
    expect([vjp.cotangents['y'], vjp.gradient]).toEqual(['y.cotangent_2', 'x.gradient_2']);
    await expect(InferenceSession.create(writeGraph(vjp.graph))).resolves.toBeDefined();
  });

  test.each([
    ['Sqrt', undefined],
    ['Pow', 0.5],
  ])('behind a rectifier the infinite slope of %s at 0 counts for nothing, as in PyTorch', async (op, exponent) => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    const driven = builder.node('Relu', ['x']);
    const more = exponent === undefined ? [] : [builder.constant('e', 'float32', [], [exponent])];
    builder.node(op, [driven, ...more], {}, 'y');
    builder.output('y', 'float32', ['n']);
    expect(
      await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, [-1, 0, 4], [3], {
        y: { data: [1, 1, 1], shape: [3] },
      }),
    ).toEqual([0, 0, 0.25]);
  });

  test('a mask by comparison has a kink, a shape has none', () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    const zero = builder.constant('zero', 'float32', [], [0]);
    const mask = builder.node('Cast', [builder.node('Greater', ['x', zero])], { to: 1 });
    builder.node('Mul', ['x', mask], {}, 'y');
    builder.node('Reshape', ['x', builder.node('Shape', ['x'])], {}, 'z');
    builder.output('y', 'float32', ['n']);
    builder.output('z', 'float32', ['n']);
    const graph = builder.build();
    expect(deriveVjp(graph, { wrt: 'x', outputs: ['y'] }).smooth).toBe(false);
    expect(deriveVjp(graph, { wrt: 'x', outputs: ['z'] }).smooth).toBe(true);
  });

  test('steps beside a smooth path are constants: x − Round(x) has slope 1', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    builder.node('Sub', ['x', builder.node('Round', ['x'])], {}, 'y');
    builder.output('y', 'float32', ['n']);
    expect(
      await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, [0.2, 1.7], [2], {
        y: { data: [1, 3], shape: [2] },
      }),
    ).toEqual([1, 3]);
  });

  test('an order found by sorting is a constant: its values may be left unused', async () => {
    // x in ascending order times 1, 2, 3, taken by GatherElements from the places of TopK.
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [1, 3]);
    builder.constant('all', 'int64', [1], [3]);
    builder.constant('weights', 'float32', [1, 3], [1, 2, 3]);
    const places = builder.nodes('TopK', ['x', 'all'], { axis: 1, largest: 0 }, ['values', 'places'])[1]!;
    builder.node('Mul', [builder.node('GatherElements', ['x', places], { axis: 1 }), 'weights'], {}, 'y');
    builder.output('y', 'float32', [1, 3]);
    const vjp = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
    expect(vjp.smooth).toBe(false);
    expect(
      await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, [5, -1, 2], [1, 3], {
        y: { data: [1, 1, 1], shape: [1, 3] },
      }),
    ).toEqual([3, 1, 2]);
  });

  test('a shape computed from the input is a constant', async () => {
    // Flattening by Shape → Gather → Concat → Reshape, as exporters write it.
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 2, 2]);
    const batch = builder.node('Gather', [builder.node('Shape', ['x']), builder.constant('zero', 'int64', [1], [0])]);
    const shape = builder.node('Concat', [batch, builder.constant('rest', 'int64', [1], [-1])], { axis: 0 });
    const flat = builder.node('Reshape', ['x', shape]);
    builder.constant('w', 'float32', [4, 1], [1, 2, 3, 4]);
    builder.node('MatMul', [flat, 'w'], {}, 'y');
    builder.output('y', 'float32', ['batch', 1]);
    const found = await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, [0, 0, 0, 0], [1, 2, 2], {
      y: { data: [2], shape: [1, 1] },
    });
    expect(found).toEqual([2, 4, 6, 8]);
  });

  test('overlapping crops of an image add up where they overlap', async () => {
    const size = 8;
    const crop = 4;
    const places = [0, 2, 4].flatMap((row) => [0, 1, 4].map((column) => [row, column] as const));
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 1, size, size]);
    const axes = builder.constant('axes', 'int64', [2], [2, 3]);
    const flat = builder.constant('flat', 'int64', [2], [-1, crop * crop]);
    const weights = places.map((_, place) =>
      Float32Array.from({ length: crop * crop }, (__, index) => place + index / 16),
    );
    const parts = places.map(([row, column], place) => {
      const starts = builder.constant(`starts${place}`, 'int64', [2], [row, column]);
      const ends = builder.constant(`ends${place}`, 'int64', [2], [row + crop, column + crop]);
      const window = builder.node('Reshape', [builder.node('Slice', ['x', starts, ends, axes]), flat]);
      return builder.node('MatMul', [
        window,
        builder.constant(`w${place}`, 'float32', [crop * crop, 1], weights[place]!),
      ]);
    });
    builder.node('Concat', parts, { axis: 1 }, 'y');
    builder.output('y', 'float32', ['batch', places.length]);
    const cotangent = places.flatMap((_, place) => [place + 1, -place]).toSorted();
    const samples = 2;
    const expected = Array.from({ length: samples * size * size }, () => 0);
    for (let sample = 0; sample < samples; sample++) {
      places.forEach(([row, column], place) => {
        weights[place]!.forEach((weight, index) => {
          const at = (row + Math.floor(index / crop)) * size + column + (index % crop);
          expected[sample * size * size + at]! += weight * cotangent[sample * places.length + place]!;
        });
      });
    }
    const x = Array.from({ length: samples * size * size }, () => 0);
    const found = await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, x, [samples, 1, size, size], {
      y: { data: cotangent, shape: [samples, places.length] },
    });
    found.forEach((value, index) => expect(value).toBeCloseTo(expected[index]!, 3));
  });

  test('the value whose type another takes is not read', async () => {
    // y = CastLike(x, exp(x)) + x: dy/dx = 2.
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2]);
    const like = builder.node('CastLike', ['x', builder.node('Exp', ['x'])]);
    builder.node('Add', [like, 'x'], {}, 'y');
    builder.node('CastLike', [builder.constant('c', 'float32', [2], [1, 2]), 'x'], {}, 'typed');
    builder.output('y', 'float32', [2]);
    builder.output('typed', 'float32', [2]);
    const graph = builder.build();
    expect(
      await gradientOf(graph, { wrt: 'x', outputs: ['y'] }, [1, 2], [2], { y: { data: [1, 3], shape: [2] } }),
    ).toEqual([2, 6]);
    expect(() => deriveVjp(graph, { wrt: 'x', outputs: ['typed'] })).toThrow(
      'The output "typed" does not depend on the input "x"',
    );
  });

  test('an input with a default value', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', [2]);
    builder.node('Mul', ['x', 'x'], {}, 'y');
    builder.output('y', 'float32', [2]);
    const graph = builder.build();
    graph.initializers.set('x', makeTensor('float32', [2], [0, 0]));
    expect(
      await gradientOf(graph, { wrt: 'x', outputs: ['y'] }, [1, 2], [2], { y: { data: [1, 3], shape: [2] } }),
    ).toEqual([2, 12]);
  });

  test('half precision flows through, constants of the rules included', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['n']);
    const half = builder.node('Cast', ['x'], { to: 10 });
    const result = builder.node('Tanh', [builder.node('Sqrt', [half])]);
    builder.node('Cast', [result], { to: 1 }, 'y');
    builder.output('y', 'float32', ['n']);
    const [found] = await gradientOf(builder.build(), { wrt: 'x', outputs: ['y'] }, [4], [1], {
      y: { data: [1], shape: [1] },
    });
    const expected = (1 - Math.tanh(2) ** 2) / 4;
    expect(Math.abs(found! - expected)).toBeLessThan(2e-3 * expected + 1e-3);
  });

  test('a float64 graph has a float64 gradient', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float64', ['n']);
    const scaled = builder.node('Mul', ['x', builder.constant('c', 'float64', [], [0.3])]);
    builder.node('ReduceMean', [builder.node('Tanh', [scaled]), builder.constant('axes', 'int64', [1], [0])], {}, 'y');
    builder.output('y', 'float64', [1]);
    const vjp = deriveVjp(builder.build(), { wrt: 'x', outputs: ['y'] });
    const session = await InferenceSession.create(writeGraph(vjp.graph));
    const x = Float64Array.of(0.1, -2, 3);
    const results = await session.run({
      x: new RuntimeTensor('float64', x, [3]),
      [vjp.cotangents['y']!]: new RuntimeTensor('float64', Float64Array.of(1), [1]),
    });
    const gradient = results[vjp.gradient]!.data as Float64Array;
    x.forEach((value, index) => expect(gradient[index]).toBeCloseTo((0.3 * (1 - Math.tanh(0.3 * value) ** 2)) / 3, 13));
  });

  test('smooth and kinked graphs are told apart', () => {
    expect(deriveVjp(elementwise('Tanh'), { wrt: 'x', outputs: ['y'] }).smooth).toBe(true);
    expect(deriveVjp(elementwise('Relu'), { wrt: 'x', outputs: ['y'] }).smooth).toBe(false);
  });
});
