import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { beforeAll, expect, test } from 'vitest';
import { GraphBuilder, writeGraph, type Graph } from '../onnx/index.ts';
import { Random } from '../platform/random.ts';
import { deriveVjp, familyFeeds, withFamilyHead, type FamilyHead, type FamilyParameters, type Vjp } from './index.ts';

const pixels = 6;
const areas = { first: 3, second: 4 };
const units = areas.first + areas.second;
const random = Random.fromSeed(2, 'family head');
const numbers = (count: number): number[] => Array.from({ length: count }, () => Math.fround(random.normal()));
const weights = { first: numbers(pixels * areas.first), second: numbers(pixels * areas.second) };

/** r = x·W per area; the second area's units stand on a 2 × 2 map. */
function twin(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', pixels]);
  builder.constant('w1', 'float32', [pixels, areas.first], weights.first);
  builder.constant('w2', 'float32', [pixels, areas.second], weights.second);
  builder.node('MatMul', ['x', 'w1'], {}, 'first');
  builder.constant('map', 'int64', [3], [-1, 2, 2]);
  builder.node('Reshape', [builder.node('MatMul', ['x', 'w2']), 'map'], {}, 'second');
  builder.output('first', 'float32', ['batch', areas.first]);
  builder.output('second', 'float32', ['batch', 2, 2]);
  return builder.build();
}

let head: FamilyHead;
let vjp: Vjp;
let session: InferenceSession;
beforeAll(async () => {
  head = withFamilyHead(twin(), ['first', 'second']);
  vjp = deriveVjp(head.graph, { wrt: 'x', outputs: [head.objective], alsoReturn: ['first', 'second'] });
  session = await InferenceSession.create(writeGraph(vjp.graph), { logSeverityLevel: 3 });
});

async function run(x: number[], parameters: FamilyParameters) {
  const feeds: Record<string, RuntimeTensor> = {
    x: new RuntimeTensor('float32', Float32Array.from(x), [x.length / pixels, pixels]),
    [vjp.cotangents[head.objective]!]: new RuntimeTensor('float32', new Float32Array(x.length / pixels).fill(1), [
      x.length / pixels,
      1,
    ]),
  };
  for (const [name, { shape, data }] of Object.entries(familyFeeds(head.units, parameters))) {
    feeds[name] = new RuntimeTensor('float32', data, shape);
  }
  const results = await session.run(feeds);
  return {
    objective: results[head.objective]!.data as Float32Array,
    gradient: results[vjp.gradient]!.data as Float32Array,
    second: results['second']!.data as Float32Array,
  };
}

/** The definition in float64, written from the formula and not from the graph. */
function objectiveOf(x: readonly number[], parameters: FamilyParameters): number {
  const responses = [
    ...Array.from({ length: areas.first }, (_, u) =>
      x.reduce((sum, value, i) => sum + value * weights.first[i * areas.first + u]!, 0),
    ),
    ...Array.from({ length: areas.second }, (_, u) =>
      x.reduce((sum, value, i) => sum + value * weights.second[i * areas.second + u]!, 0),
    ),
  ];
  const activity = parameters.groups.map(
    ({ coefficients, offset }) => responses.reduce((sum, r, u) => sum + r * coefficients[u]!, 0) - offset,
  );
  let value = activity.reduce((sum, a, k) => sum + a * (parameters.drive?.[k] ?? 0), 0);
  if (parameters.selective) {
    const { weight, target, temperature = 1 } = parameters.selective;
    const chosen = activity.reduce((sum, a, k) => sum + (a * target[k]!) / temperature, 0);
    const mean = activity.reduce((sum, a) => sum + Math.exp(a / temperature), 0) / activity.length;
    value += weight * (chosen - Math.log(mean));
  }
  if (parameters.match) {
    const { weight, pattern, weights: w } = parameters.match;
    value -= weight * responses.reduce((sum, r, u) => sum + (w[u]! * (r - pattern[u]!)) ** 2, 0);
  }
  return value;
}

/** Central differences in float64. */
function slopesOf(x: readonly number[], parameters: FamilyParameters): number[] {
  const step = 1e-6;
  return x.map((value, i) => {
    const moved = (by: number): number => objectiveOf(x.with(i, value + by), parameters);
    return (moved(step) - moved(-step)) / (2 * step);
  });
}

const groups = [numbers(units), numbers(units), numbers(units)].map((coefficients, k) => ({
  coefficients,
  offset: [0.25, -0.5, 0.125][k]!,
}));
const cases: [string, FamilyParameters][] = [
  ['drive', { groups, drive: [1, 0, 0] }],
  ['contrast of two groups', { groups: groups.slice(0, 2), drive: [1, -0.7] }],
  ['selective', { groups, selective: { weight: 1, target: [0, 1, 0] } }],
  ['selective, cold', { groups, selective: { weight: 1, target: [1, 0, 0], temperature: 0.3 } }],
  ['match a pattern', { groups, match: { weight: 0.2, pattern: numbers(units), weights: numbers(units) } }],
  [
    'a weighted sum of all',
    {
      groups,
      drive: [0.3, 0, -1],
      selective: { weight: 2, target: [0.5, 0.5, 0], temperature: 1.6 },
      match: { weight: 0.1, pattern: numbers(units), weights: numbers(units) },
    },
  ],
];

test.each(cases)('%s, in one session with all the others', async (_, parameters) => {
  const images = [numbers(pixels), numbers(pixels)];
  const { objective, gradient, second } = await run(images.flat(), parameters);
  expect(second).toHaveLength(2 * areas.second);
  for (const [at, x] of images.entries()) {
    const expected = objectiveOf(x, parameters);
    expect(Math.abs(objective[at]! - expected)).toBeLessThan(1e-4 * Math.max(1, Math.abs(expected)));
    const slopes = slopesOf(x, parameters);
    // Terms may cancel: float32 rounds them relative to the steepest group, not to what is left.
    const temperature = parameters.selective?.temperature ?? 1;
    const steepest = parameters.groups.flatMap((_, k) =>
      slopesOf(x, {
        groups: parameters.groups,
        drive: parameters.groups.map((__, j) => (j === k ? 1 / temperature : 0)),
      }),
    );
    const scale = Math.max(...[...slopes, ...steepest].map(Math.abs));
    slopes.forEach((slope, i) => {
      expect(Math.abs(gradient[at * pixels + i]! - slope)).toBeLessThan(1e-5 * scale);
    });
  }
});

test('an area whose number of units is open has no objective', () => {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['batch', 'n']);
  builder.node('Relu', ['x'], {}, 'y');
  builder.output('y', 'float32', ['batch', 'n']);
  expect(() => withFamilyHead(builder.build(), ['y'])).toThrow(/How many units the output "y" has/);
});
