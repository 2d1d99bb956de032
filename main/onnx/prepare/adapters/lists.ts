/** Lists and switches that moved from attributes to inputs, and normalisations over an axis. */
import { floatAttribute, intAttribute, intsAttribute, stringAttribute, type GraphNode } from '../../graph.ts';
import { positiveAxis } from '../../shapes/dims.ts';
import { withoutAttributes, type Adapter, type Rewriter } from '../rewriter.ts';

/** An attribute that is a list of integers becomes the input at `position`. Returns undefined where it is absent. */
function listToInput(node: GraphNode, rewrite: Rewriter, attribute: string, position: number): GraphNode | undefined {
  const list = intsAttribute(node, attribute);
  if (list === undefined) return undefined;
  const inputs = [...node.inputs];
  while (inputs.length < position) inputs.push('');
  inputs[position] = rewrite.ints(list);
  return { ...withoutAttributes(node, attribute), inputs };
}

/** `axes` is an attribute before `since`, an input afterwards. */
function axesToInput(since: number): Adapter {
  return (node, rewrite) => (rewrite.from < since ? listToInput(node, rewrite, 'axes', 1) : undefined);
}

/** Bool is an element type of ReduceMax and ReduceMin since 20. */
const extreme: Adapter = (node, rewrite) => {
  if (rewrite.from < 20 || rewrite.context.type(node.inputs[0])?.dtype !== 'bool') {
    return axesToInput(18)(node, rewrite);
  }
  const whole = rewrite.cast(node.inputs[0]!, 'int32');
  const reduced = rewrite.node(node.op, [whole, ...node.inputs.slice(1)], node.attributes);
  rewrite.node('Cast', [reduced], { to: 9 }, node.outputs[0]);
  return true;
};

/** `split` is an attribute before 13; since 18 a split without sizes says how many parts it makes. */
const split: Adapter = (node, rewrite) => {
  const moved = rewrite.from < 13 ? (listToInput(node, rewrite, 'split', 1) ?? node) : node;
  if (rewrite.from >= 18 || moved.inputs[1]) return moved === node ? undefined : moved;
  const parts = node.outputs.length;
  return { ...moved, attributes: { ...moved.attributes, num_outputs: { kind: 'int', value: parts } } };
};

/** Before 13 the input was flattened to a matrix at `axis` (1 unless stated) and every row normalised. */
const rowwise: Adapter = (node, rewrite) => {
  if (rewrite.from >= 13) return undefined;
  const rank = rewrite.rank(node.inputs[0]);
  const axis = positiveAxis(intAttribute(node, 'axis', 1), rank);
  const last: GraphNode = { ...node, attributes: { axis: { kind: 'int', value: -1 } } };
  if (axis === rank - 1) return last;
  const rows = rewrite.node('Flatten', [node.inputs[0]!], { axis });
  const normalised = rewrite.node(node.op, [rows], { axis: -1 });
  rewrite.node('Reshape', [normalised, rewrite.node('Shape', [node.inputs[0]!])], {}, node.outputs[0]);
  return true;
};

/** Before 12 the ratio was an attribute; outside training it does nothing. */
const dropout: Adapter = (node, rewrite) =>
  rewrite.from < 12 ? { ...withoutAttributes(node, 'ratio'), inputs: node.inputs.slice(0, 1) } : undefined;

/**
 * Before 14 asking for the statistics meant training; since then an attribute says so. Over values that are fixed, as
 * where a model standardises its weights, training is a mean and a variance of its input like any other.
 */
const batchNormalization: Adapter = (node, rewrite) => {
  const asked = node.outputs.slice(1).some((name) => name !== '');
  const training = rewrite.from < 14 ? asked : intAttribute(node, 'training_mode', 0) === 1;
  if (training && rewrite.isFixed(node.inputs[0]!)) return standardisation(node, rewrite);
  if (rewrite.from >= 14) return undefined;
  if (!asked) return { ...node, outputs: node.outputs.slice(0, 1) };
  if (node.outputs.slice(3).some((name) => name !== '')) rewrite.refuse('it gives the saved statistics of training');
  return { ...node, attributes: { ...node.attributes, training_mode: { kind: 'int', value: 1 } } };
};

/** (x − mean)/√(variance + ε) per channel, scaled and shifted; the batch's own statistics. */
function standardisation(node: GraphNode, rewrite: Rewriter): true {
  const [x, scale, bias] = node.inputs as [string, string, string];
  const rank = rewrite.rank(x);
  const { dtype } = rewrite.context.type(x)!;
  const axes = rewrite.ints(Array.from({ length: rank }, (_, axis) => axis).filter((axis) => axis !== 1));
  const perChannel = rewrite.ints([-1, ...Array.from({ length: rank - 2 }, () => 1)]);
  const spread = (name: string): string => rewrite.node('Reshape', [name, perChannel]);
  const centred = rewrite.node('Sub', [x, rewrite.node('ReduceMean', [x, axes], { keepdims: 1 })]);
  const variance = rewrite.node('ReduceMean', [rewrite.node('Mul', [centred, centred]), axes], { keepdims: 1 });
  const raised = rewrite.node('Add', [variance, rewrite.scalar(floatAttribute(node, 'epsilon', 1e-5), dtype)]);
  const standard = rewrite.node('Div', [centred, rewrite.node('Sqrt', [raised])]);
  rewrite.node('Add', [rewrite.node('Mul', [standard, spread(scale)]), spread(bias)], {}, node.outputs[0]);
  return true;
}

/**
 * Pads of mode "wrap" (since 19, known to the runtime before) are slices from the other end. Of an axis whose size is
 * open and below its pads a slice is too short: the Reshape that states its length then ends the run.
 */
const pad: Adapter = (node, rewrite) => {
  if (stringAttribute(node, 'mode', 'constant') !== 'wrap') return undefined;
  const rank = rewrite.rank(node.inputs[0]);
  const pads = rewrite.numbers(node.inputs[1]) ?? rewrite.refuse('its padding wraps around and is computed');
  const axes = node.inputs[3]
    ? (rewrite.numbers(node.inputs[3]) ?? rewrite.refuse('its axes are computed'))
    : Array.from({ length: rank }, (_, axis) => axis);
  const shape = rewrite.context.type(node.inputs[0])!.shape;
  let current = node.inputs[0]!;
  axes.forEach((listed, index) => {
    const axis = positiveAxis(listed, rank);
    const [before, after] = [pads[index]!, pads[index + axes.length]!];
    if (before === 0 && after === 0) return;
    const size = shape[axis];
    if (before < 0 || after < 0 || (typeof size === 'number' && Math.max(before, after) > size)) {
      rewrite.refuse('it crops or wraps around more than once');
    }
    const cut = (from: number, to: number, length: number): string => {
      const part = rewrite.node('Slice', [current, rewrite.ints([from]), rewrite.ints([to]), rewrite.ints([axis])]);
      const sizes = rewrite.ints(shape.map((_, at) => (at === axis ? length : 0)));
      return typeof size === 'number' || length === 1 ? part : rewrite.node('Reshape', [part, sizes]);
    };
    const first = before > 0 ? [cut(-before, 2 ** 40, before)] : [];
    const parts = [...first, current, ...(after > 0 ? [cut(0, after, after)] : [])];
    current = rewrite.node('Concat', parts, { axis });
  });
  rewrite.node('Identity', [current], {}, node.outputs[0]);
  return true;
};

/** What float8 overflows to and how it rounds; no other type is concerned. */
const cast: Adapter = (node) =>
  node.attributes['saturate'] || node.attributes['round_mode']
    ? withoutAttributes(node, 'saturate', 'round_mode')
    : undefined;

const range: Adapter = (node) => (node.attributes['stash_type'] ? withoutAttributes(node, 'stash_type') : undefined);

/** The axis is an input since 20, where it counts from the last by default; before it was an attribute, 1 by default. */
const fourier: Adapter = (node, rewrite) => {
  if (rewrite.from < 20) return undefined;
  const axis = node.inputs[2] ? (rewrite.numbers(node.inputs[2])?.[0] ?? rewrite.refuse('its axis is computed')) : -2;
  const value = positiveAxis(axis, rewrite.rank(node.inputs[0]));
  return { ...node, inputs: node.inputs.slice(0, 2), attributes: { ...node.attributes, axis: { kind: 'int', value } } };
};

const spaceToDepth: Adapter = (node, rewrite) => {
  if (stringAttribute(node, 'mode', 'DCR') !== 'DCR') rewrite.refuse('its mode is not DCR');
  return node.attributes['mode'] ? withoutAttributes(node, 'mode') : undefined;
};

const reductions = 'ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceMean ReduceProd ReduceSumSquare';

export const listAdapters: Record<string, Adapter> = {
  ...Object.fromEntries(reductions.split(' ').map((op) => [op, axesToInput(18)])),
  ReduceMax: extreme,
  ReduceMin: extreme,
  ReduceSum: axesToInput(13),
  Squeeze: axesToInput(13),
  Unsqueeze: axesToInput(13),
  Split: split,
  Softmax: rowwise,
  LogSoftmax: rowwise,
  Hardmax: rowwise,
  Dropout: dropout,
  BatchNormalization: batchNormalization,
  Pad: pad,
  Cast: cast,
  CastLike: cast,
  Range: range,
  DFT: fourier,
  SpaceToDepth: spaceToDepth,
};
