/** Infinite slopes that meet a flat part of the operator before: 0 there, as in PyTorch 2.15 (float64), never no number. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type Graph } from '../onnx/index.ts';
import { deriveVjp } from './index.ts';

type Body = (builder: GraphBuilder, x: string) => string;

const number = (builder: GraphBuilder, value: number): string => builder.constant(`c${value}`, 'float32', [], [value]);

function graphOf(body: Body, shape: number[]): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', shape);
  builder.node('Identity', [body(builder, 'x')], {}, 'y');
  builder.output('y', 'float32', null);
  return builder.build();
}

/** The gradient of the sum of the outputs. */
async function gradientOf(graph: Graph, x: number[], shape: number[]): Promise<number[]> {
  const vjp = deriveVjp(graph, { wrt: 'x', outputs: ['y'] });
  const sizes = vjp.graph.inputs.find(({ name }) => name === vjp.cotangents['y'])!.shape as number[];
  const count = sizes.reduce((product, size) => product * size, 1);
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const feeds = {
    x: new RuntimeTensor('float32', Float32Array.from(x), shape),
    [vjp.cotangents['y']!]: new RuntimeTensor('float32', new Float32Array(count).fill(1), sizes),
  };
  const results = await session.run(
    Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!] as const)),
  );
  await session.release();
  return [...(results[vjp.gradient]!.data as Float32Array)];
}

const offset = (builder: GraphBuilder, x: string, by: number): string =>
  builder.node('Add', [builder.node('Relu', [x]), number(builder, by)]);

describe('as in PyTorch', () => {
  test.each<[string, Body, number[], number[], number[]]>([
    [
      'a root of the larger',
      (b, x) => b.node('Sqrt', [b.node('Max', [x, number(b, 0)])]),
      [-1, 0, 1],
      [3],
      [0, Infinity, 0.5],
    ],
    [
      'a root of the smaller',
      (b, x) => b.node('Sqrt', [b.node('Neg', [b.node('Min', [x, number(b, 0)])])]),
      [-1, 0, 1],
      [3],
      [-0.5, Infinity, 0],
    ],
    ['a root of the largest', (b, x) => b.node('Sqrt', [b.node('ReduceMax', [x])]), [-1, 0, -2], [3], [0, Infinity, 0]],
    [
      'a root of a maximum over windows',
      (b, x) => b.node('Sqrt', [b.node('MaxPool', [x], { kernel_shape: [2], strides: [2] })]),
      [0, -1, 1, 4],
      [1, 1, 4],
      [Infinity, 0, 0, 0.25],
    ],
    [
      'a root of HardSwish',
      (b, x) => b.node('Sqrt', [b.node('HardSwish', [x])]),
      [-4, 1],
      [2],
      [0, 0.5103103630798287],
    ],
    ['an arc cosine', (b, x) => b.node('Acos', [offset(b, x, -1)]), [-1, 0.5], [2], [0, -1.1547005383792517]],
    ['an arc sine', (b, x) => b.node('Asin', [offset(b, x, -1)]), [-1, 0.5], [2], [0, 1.1547005383792517]],
    ['an area cosine', (b, x) => b.node('Acosh', [offset(b, x, 1)]), [-1, 0.5], [2], [0, 0.8944271909999159]],
    ['an area tangent', (b, x) => b.node('Atanh', [offset(b, x, -1)]), [-1, 0.5], [2], [0, 1.3333333333333333]],
    [
      'the logarithm of a sum',
      (b, x) => b.node('ReduceLogSum', [b.node('Relu', [x]), b.constant('axes', 'int64', [1], [1])]),
      [-1, -0.5, 1, 2],
      [2, 2],
      [0, 0, 1 / 3, 1 / 3],
    ],
    ['a quotient', (b, x) => b.node('Div', [number(b, 1), b.node('Relu', [x])]), [-1, 0.5], [2], [0, -4]],
  ])('%s', async (_, body, x, shape, expected) => {
    const found = await gradientOf(graphOf(body, shape), x, shape);
    expected.forEach((value, index) => expect(found[index]).toBeCloseTo(value, 5));
  });
});

/** The operators that mask a rectifier's gradient: HardSigmoid is the quick one. */
describe('the mask of a rectifier', () => {
  const masksOf = (body: Body): string[] =>
    deriveVjp(graphOf(body, [4]), { wrt: 'x', outputs: ['y'] }).graph.nodes.flatMap(({ op }) =>
      op === 'HardSigmoid' || op === 'Where' ? [op] : [],
    );

  test.each<[string, Body]>([
    ['a constant', (b) => number(b, 2)],
    ['what a positive constant is added to', (b, x) => b.node('Add', [b.node('Mul', [x, x]), number(b, 0.1)])],
    [
      'what is not below a positive constant',
      (b, x) => b.node('Expand', [b.node('Clip', [b.node('ReduceL2', [x]), number(b, 0.1)]), b.node('Shape', [x])]),
    ],
  ])('stays a product where a quotient is divided by %s', (_, divisor) => {
    const operators = masksOf((b, x) => b.node('Div', [b.node('Relu', [x]), divisor(b, x)]));
    expect(operators).toContain('HardSigmoid');
  });

  test('is Where behind roots', () => {
    expect(masksOf((b, x) => b.node('Sqrt', [b.node('Relu', [x])]))).toEqual(['Where']);
  });
});
