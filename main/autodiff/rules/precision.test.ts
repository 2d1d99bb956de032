/** Operators in half and double precision inside a graph of float32: the gradient is that of single precision, rounded. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type AttributeValues, type Graph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { deriveVjp } from '../index.ts';

const codes = { float32: 1, float16: 10, float64: 11 } as const;
type Precision = keyof typeof codes;

interface Form {
  op: string;
  shape: number[];
  /** How often the stimulus is an operand, each time a quarter above the last; then constants. */
  operands?: number;
  integers?: number[];
  attributes?: AttributeValues;
}

function graphOf({ op, shape, operands = 1, integers, attributes = {} }: Form, precision: Precision): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', shape);
  const names = Array.from({ length: operands }, (_, index) => {
    const turned =
      index === 0
        ? 'x'
        : builder.node('Sin', [builder.node('Mul', ['x', builder.constant(`c${index}`, 'float32', [], [7])])]);
    return builder.node('Cast', [turned], { to: codes[precision] });
  });
  // Positions that the graph computes: known ones would become a table.
  if (integers) {
    builder.input('places', 'int64', [integers.length]);
    names.push('places');
  }
  builder.node('Cast', [builder.node(op, names, attributes)], { to: codes.float32 }, 'y');
  builder.output('y', 'float32', null);
  return builder.build();
}

async function gradientOf(form: Form, precision: Precision): Promise<number[]> {
  const vjp = deriveVjp(graphOf(form, precision), { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const random = Random.fromSeed(5, form.op);
  const count = form.shape.reduce((product, size) => product * size, 1);
  const x = Float32Array.from({ length: count }, () => random.normal());
  const cotangent = vjp.graph.inputs.find(({ name }) => name === vjp.cotangents['y'])!;
  const shape = cotangent.shape as number[];
  const length = shape.reduce((product, size) => product * size, 1);
  const feeds = {
    x: new RuntimeTensor('float32', x, form.shape),
    places: new RuntimeTensor('int64', BigInt64Array.from(form.integers ?? [], BigInt), [form.integers?.length ?? 0]),
    [cotangent.name]: new RuntimeTensor('float32', new Float32Array(length).fill(1), shape),
  };
  const given = session.inputNames.map((name) => [name, feeds[name as 'x']] as const);
  const results = await session.run(Object.fromEntries(given));
  await session.release();
  return [...(results[vjp.gradient]!.data as Float32Array)];
}

const image = [1, 2, 7, 8];
const gaps = { kernel_shape: [2, 2], strides: [3, 3] };

describe.each<[string, Form, Precision[]]>([
  ['MaxPool', { op: 'MaxPool', shape: image, attributes: { kernel_shape: [3, 3], strides: [2, 2] } }, ['float16']],
  ['MaxPool with gaps', { op: 'MaxPool', shape: image, attributes: gaps }, ['float16', 'float64']],
  ['AveragePool with gaps', { op: 'AveragePool', shape: image, attributes: gaps }, ['float16']],
  ['Mish', { op: 'Mish', shape: [3, 4] }, ['float16', 'float64']],
  ['Max', { op: 'Max', shape: [3, 4], operands: 3 }, ['float16', 'float64']],
  ['Min', { op: 'Min', shape: [3, 4], operands: 2 }, ['float16', 'float64']],
  ['ReduceMax', { op: 'ReduceMax', shape: [3, 4] }, ['float16', 'float64']],
  ['Gather', { op: 'Gather', shape: [3, 4], integers: [2, 0, 2, -1] }, ['float16', 'float64']],
])('%s', (_, form, precisions) => {
  test.each(precisions)('%s', async (precision) => {
    const expected = await gradientOf(form, 'float32');
    const found = await gradientOf(form, precision);
    expect(Math.max(...expected.map(Math.abs))).toBeGreaterThan(0.1);
    const largest = Math.max(...expected.map(Math.abs));
    found.forEach((value, index) => expect(Math.abs(value - expected[index]!) / largest).toBeLessThan(4e-3));
  });
});
