/** GELU as exporters write it, against its derivative Φ(x) + x·φ(x) in float64. */
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { deriveVjp } from './index.ts';

type Writer = (builder: GraphBuilder, x: string, raised: string, half: string) => string;

const forms: [string, 'Div' | 'Mul', Writer][] = [
  ['(x·a)·½', 'Div', (b, x, a, half) => b.node('Mul', [b.node('Mul', [x, a]), half])],
  ['½·(a·x)', 'Div', (b, x, a, half) => b.node('Mul', [half, b.node('Mul', [a, x])])],
  ['x·(a·½)', 'Mul', (b, x, a, half) => b.node('Mul', [x, b.node('Mul', [a, half])])],
  ['(x·½)·a', 'Mul', (b, x, a, half) => b.node('Mul', [b.node('Mul', [x, half]), a])],
];

function network(scaling: 'Div' | 'Mul', write: Writer, { tapErf = false, constantShape = [] as number[] } = {}) {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 'n']);
  const scalar = (name: string, value: number): string => builder.constant(name, 'float32', constantShape, [value]);
  const x = builder.node('Mul', ['x', builder.constant('two', 'float32', [], [2])]);
  const scaled = builder.node(scaling, [x, scalar('root', scaling === 'Div' ? Math.SQRT2 : Math.SQRT1_2)]);
  const erf = builder.node('Erf', [scaled], {}, 'erf');
  const raised = builder.node('Add', [erf, scalar('one', 1)]);
  builder.node('Identity', [write(builder, x, raised, scalar('half', 0.5))], {}, 'y');
  builder.output('y', 'float32', null);
  if (tapErf) builder.output('erf', 'float32', ['batch', 'n']);
  return builder.build();
}

/** d/dx of gelu(2x) by a series for erf that converges for all the points used here. */
function slope(x: number): number {
  const z = 2 * x;
  const t = z / Math.SQRT2;
  let term = t;
  let sum = t;
  for (let n = 1; n < 200; n++) {
    term *= (-t * t) / n;
    sum += term / (2 * n + 1);
  }
  const erf = (2 / Math.sqrt(Math.PI)) * sum;
  return 2 * (0.5 * (1 + erf) + (z * Math.exp((-z * z) / 2)) / Math.sqrt(2 * Math.PI));
}

const points = [-1.6, -0.9, -0.3, -0.01, 0, 0.02, 0.4, 0.75, 1.5];

async function gradientAt(graph: ReturnType<typeof network>): Promise<{ gradient: Float32Array; nodes: number }> {
  const vjp = deriveVjp(graph, { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const tensor = (values: number[]) => new RuntimeTensor('float32', Float32Array.from(values), [1, values.length]);
  const results = await session.run({ x: tensor(points), [vjp.cotangents['y']!]: tensor(points.map(() => 1)) });
  return { gradient: results[vjp.gradient]!.data as Float32Array, nodes: vjp.graph.nodes.length };
}

test.each(forms)('%s', async (_, scaling, write) => {
  const graph = network(scaling, write);
  const { gradient, nodes } = await gradientAt(graph);
  points.forEach((x, i) => expect(Math.abs(gradient[i]! - slope(x))).toBeLessThan(2e-6));
  // Found as a whole: seven nodes for the GELU, one for the doubling, the Identity at the end.
  expect(nodes).toBe(graph.nodes.length + 9);
});

test('a value inside that somebody else reads leaves it to the rules, with the same result', async () => {
  const graph = network('Div', forms[0]![2], { tapErf: true });
  const { gradient, nodes } = await gradientAt(graph);
  points.forEach((x, i) => expect(Math.abs(gradient[i]! - slope(x))).toBeLessThan(2e-6));
  expect(nodes).toBeGreaterThan(graph.nodes.length + 9);
});

test('far from zero the gradient is 0 or 1, not NaN', async () => {
  const vjp = deriveVjp(network('Div', forms[0]![2]), { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const tensor = (values: number[]) => new RuntimeTensor('float32', Float32Array.from(values), [1, values.length]);
  const results = await session.run({ x: tensor([-200, -20, 20, 200]), [vjp.cotangents['y']!]: tensor([1, 1, 1, 1]) });
  expect([...(results[vjp.gradient]!.data as Float32Array)].map(Math.abs)).toEqual([0, 0, 2, 2]);
});

test('constants of more axes than the input add axes, which the gradient loses again', async () => {
  const vjp = deriveVjp(network('Div', forms[0]![2], { constantShape: [1, 1, 1] }), { wrt: 'x', outputs: ['y'] });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
  const tensor = (values: number[], shape: number[]) => new RuntimeTensor('float32', Float32Array.from(values), shape);
  const ones = points.map(() => 1);
  const results = await session.run({
    x: tensor(points, [1, points.length]),
    [vjp.cotangents['y']!]: tensor(ones, [1, 1, points.length]),
  });
  const gradient = results[vjp.gradient]!;
  expect(gradient.dims).toEqual([1, points.length]);
  points.forEach((x, i) => expect(Math.abs((gradient.data as Float32Array)[i]! - slope(x))).toBeLessThan(2e-6));
});
