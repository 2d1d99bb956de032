/**
 * The objectives that searches use most, as operators behind a twin's graph whose parameters are inputs at run time: one
 * session serves every target, weighting and temperature, and a step is one pass.
 *
 * With responses r (all outputs side by side), group activities a = r·G − c and K groups, the objective of an image is
 *
 *     Σ_k drive_k·a_k + σ·(Σ_k target_k·a_k/T − log[(1/K) Σ_k e^{a_k/T}]) − μ·Σ_u (w_u·(r_u − p_u))²
 *
 * drive alone gives drive, suppress and contrast; σ the selective (one-hot) objective over groups with temperature T;
 * μ a match of the response pattern p.
 */
import { toAttributes } from '../onnx/attributes.ts';
import { inferShapes, makeTensor, type Dim, type Graph, type GraphNode } from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { log } from '../platform/exactMath.ts';
import { stillWorks } from './refusal.ts';

/** The inputs that the head adds, all float32. */
export const familyInputs = {
  /** [units, K] */
  groups: 'family.groups',
  /** [1, K]: c */
  offsets: 'family.offsets',
  /** [K, 1] */
  drive: 'family.drive',
  /** [K, 1], summing to 1 */
  target: 'family.target',
  /** [] T > 0 */
  temperature: 'family.temperature',
  /** [] log K */
  logGroups: 'family.log_groups',
  /** [] σ */
  selective: 'family.selective',
  /** [1, units]: p */
  pattern: 'family.pattern',
  /** [1, units]: w */
  patternWeights: 'family.pattern_weights',
  /** [] μ */
  match: 'family.match',
} as const;

export interface FamilyHead {
  graph: Graph;
  /** Output [batch, 1]. */
  objective: string;
  units: number;
}

/**
 * @param outputs outputs of the graph, each [batch, …] with as many elements per image as the area has units
 * @throws 'unsupported' where the number of units of an output is not fixed in the graph
 */
export function withFamilyHead(forward: Graph, outputs: readonly string[]): FamilyHead {
  const types = inferShapes(forward);
  const sizes = outputs.map((output) => {
    const shape = types.get(output)?.shape.slice(1);
    if (!shape?.every((size) => typeof size === 'number')) {
      throw new TwinscopeError(
        'unsupported',
        `How many units the output "${output}" has is fixed only when the graph runs, so no objective can be built on it. ${stillWorks}`,
      );
    }
    return shape.reduce((product, size) => product * size, 1);
  });
  const units = sizes.reduce((total, size) => total + size, 0);
  const nodes: GraphNode[] = [];
  const node = (op: string, inputs: string[], name: string, attributes: Record<string, number> = {}): string => {
    const output = `family/${name}`;
    nodes.push({ op, domain: '', name: output, inputs, outputs: [output], attributes: toAttributes(attributes) });
    return output;
  };
  const flat = outputs.map((output, index) => node('Flatten', [output], `flat_${index}`, { axis: 1 }));
  const responses = flat.length === 1 ? flat[0]! : node('Concat', flat, 'responses', { axis: 1 });
  const f = familyInputs;
  const activity = node('Sub', [node('MatMul', [responses, f.groups], 'weighted'), f.offsets], 'activity');
  const driven = node('MatMul', [activity, f.drive], 'driven');
  const sharpened = node('Div', [activity, f.temperature], 'sharpened');
  const total = node('ReduceLogSumExp', [sharpened, 'family/last_axis'], 'total', { keepdims: 1 });
  const chosen = node('MatMul', [sharpened, f.target], 'chosen');
  const contrast = node('Add', [node('Sub', [chosen, total], 'against_all'), f.logGroups], 'contrast');
  const selective = node('Mul', [contrast, f.selective], 'selective');
  const distance = node('Mul', [node('Sub', [responses, f.pattern], 'miss'), f.patternWeights], 'distance');
  const squared = node('ReduceSumSquare', [distance, 'family/last_axis'], 'squared', { keepdims: 1 });
  const mismatch = node('Mul', [squared, f.match], 'mismatch');
  const objective = node('Sub', [node('Add', [driven, selective], 'rewards'), mismatch], 'objective');

  const batch = types.get(outputs[0]!)!.shape[0]!;
  const shapes: Record<keyof typeof familyInputs, Dim[]> = {
    groups: [units, 'groups'],
    offsets: [1, 'groups'],
    drive: ['groups', 1],
    target: ['groups', 1],
    temperature: [],
    logGroups: [],
    selective: [],
    pattern: [1, units],
    patternWeights: [1, units],
    match: [],
  };
  const inputs = (Object.keys(familyInputs) as (keyof typeof familyInputs)[]).map((key) => ({
    name: familyInputs[key],
    dtype: 'float32' as const,
    shape: shapes[key],
  }));
  return {
    units,
    objective,
    graph: {
      ...forward,
      inputs: [...forward.inputs, ...inputs],
      outputs: [...forward.outputs, { name: objective, dtype: 'float32', shape: [batch, 1] }],
      nodes: [...forward.nodes, ...nodes],
      initializers: new Map([...forward.initializers, ['family/last_axis', makeTensor('int64', [1], [1])]]),
    },
  };
}

/** The parameters of the head as plain arrays; what is left out does not count. */
export interface FamilyParameters {
  /** One entry per group: the coefficient of every unit (of length units) and the offset c. */
  groups: { coefficients: ArrayLike<number>; offset: number }[];
  /** Weight of every group's activity. */
  drive?: readonly number[];
  /** σ, the target weights of the groups, and T (1 unless given). */
  selective?: { weight: number; target: readonly number[]; temperature?: number };
  /** μ, the wanted response of every unit and the weight of its error. */
  match?: { weight: number; pattern: ArrayLike<number>; weights: ArrayLike<number> };
}

/** Shapes and values of the head's inputs. */
export function familyFeeds(
  units: number,
  { groups, drive, selective, match }: FamilyParameters,
): Record<string, { shape: number[]; data: Float32Array<ArrayBuffer> }> {
  const count = groups.length;
  const table = new Float32Array(units * count);
  for (const [k, { coefficients }] of groups.entries()) {
    for (let unit = 0; unit < units; unit++) table[unit * count + k] = coefficients[unit]!;
  }
  const vector = (shape: number[], values: ArrayLike<number> | undefined) => ({
    shape,
    data: values ? Float32Array.from(values) : new Float32Array(shape.reduce((product, size) => product * size, 1)),
  });
  const scalar = (value: number) => ({ shape: [], data: Float32Array.of(value) });
  const f = familyInputs;
  return {
    [f.groups]: { shape: [units, count], data: table },
    [f.offsets]: vector(
      [1, count],
      groups.map(({ offset }) => offset),
    ),
    [f.drive]: vector([count, 1], drive),
    [f.target]: vector([count, 1], selective?.target),
    [f.temperature]: scalar(selective?.temperature ?? 1),
    [f.logGroups]: scalar(log(count)),
    [f.selective]: scalar(selective?.weight ?? 0),
    [f.pattern]: vector([1, units], match?.pattern),
    [f.patternWeights]: vector([1, units], match?.weights),
    [f.match]: scalar(match?.weight ?? 0),
  };
}
