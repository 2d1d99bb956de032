/** Shapes of operators that rearrange, cut and repeat. */
import { dtypeOfCode, isFloating, type Dtype } from '../elementTypes.ts';
import { intAttribute, intsAttribute, type Dim, type GraphNode, type TensorType } from '../graph.ts';
import { numbersOf } from '../tensor.ts';
import { knownIntegers, type ShapeContext, type ShapeRule } from './context.ts';
import { clampSlice } from './dimFunctions.ts';
import {
  broadcastShapes,
  derived,
  difference,
  isCount,
  isKnown,
  positiveAxis,
  product,
  quotient,
  sum,
} from './dims.ts';

/** A list that is an attribute in old opsets and an input in new ones. */
export function listed(node: GraphNode, context: ShapeContext, input: number, attribute: string): number[] | undefined {
  return node.inputs[input] ? knownIntegers(context, node.inputs[input]) : intsAttribute(node, attribute);
}

/** Applies a rule to the first input's type; nothing is known when that is not. */
function onFirst(rule: (type: TensorType, node: GraphNode, context: ShapeContext) => Dim[] | undefined): ShapeRule {
  return (node, context) => {
    const type = context.type(node.inputs[0]);
    const shape = type && rule(type, node, context);
    return [shape && { dtype: type.dtype, shape }];
  };
}

/** a ÷ b for sizes of which b is known to divide a. */
function wholeQuotient(a: Dim, b: Dim): Dim {
  const exact = quotient(a, b);
  return exact === '?' && b !== 0 ? derived('div', [a, b]) : exact;
}

const reshape = onFirst((type, node, context) => {
  const wanted = context.sizes(node.inputs[1]) ?? intsAttribute(node, 'shape');
  if (!wanted) {
    const rank = context.type(node.inputs[1])?.shape[0];
    return typeof rank === 'number' && rank <= 64 ? Array.from({ length: rank }, () => '?') : undefined;
  }
  const copiesZero = intAttribute(node, 'allowzero', 0) === 0;
  const shape = wanted.map((size, axis) => (size === 0 && copiesZero ? (type.shape[axis] ?? '?') : size));
  const open = shape.indexOf(-1);
  if (open >= 0) shape[open] = wholeQuotient(product(type.shape), product(shape.filter((_, axis) => axis !== open)));
  return shape;
});

const flatten = onFirst((type, node) => {
  const axis = positiveAxis(intAttribute(node, 'axis', 1), type.shape.length);
  return [product(type.shape.slice(0, axis)), product(type.shape.slice(axis))];
});

/**
 * The axes a Squeeze takes away, undefined where the graph computes them. Without a list, and with an empty one, those
 * of size 1; an open size is taken to be above 1.
 */
export function squeezedAxes(node: GraphNode, context: ShapeContext, shape: readonly Dim[]): number[] | undefined {
  const axes = listed(node, context, 1, 'axes');
  if (!axes && node.inputs[1]) return undefined;
  if (axes && axes.length > 0) return axes.map((axis) => positiveAxis(axis, shape.length));
  return shape.flatMap((dim, axis) => (dim === 1 ? [axis] : []));
}

const squeeze = onFirst((type, node, context) => {
  const axes = squeezedAxes(node, context, type.shape);
  return axes && type.shape.filter((_, axis) => !axes.includes(axis));
});

const unsqueeze = onFirst((type, node, context) => {
  const axes = listed(node, context, 1, 'axes');
  if (!axes) return undefined;
  const shape = [...type.shape];
  const rank = shape.length + axes.length;
  for (const axis of axes.map((item) => positiveAxis(item, rank)).toSorted((a, b) => a - b)) shape.splice(axis, 0, 1);
  return shape;
});

const transpose = onFirst((type, node) => {
  const order = intsAttribute(node, 'perm') ?? type.shape.map((_, axis) => type.shape.length - 1 - axis);
  return order.map((axis) => type.shape[axis] ?? '?');
});

const concat: ShapeRule = (node, context) => {
  const types = node.inputs.map((name) => context.type(name));
  const first = types[0];
  if (!first || types.some((type) => type?.shape.length !== first.shape.length)) return [undefined];
  const along = positiveAxis(intAttribute(node, 'axis', 0), first.shape.length);
  const shape = first.shape.map((_, axis): Dim => {
    const sizes = types.map((type) => type!.shape[axis]!);
    return axis === along ? sum(sizes) : (sizes.find(isKnown) ?? sizes[0]!);
  });
  return [{ dtype: first.dtype, shape }];
};

/** The size of a slice; "to the end" is any end beyond 2^31. */
function sliced(dim: Dim, start: Dim, end: Dim, step: number): Dim {
  const last = isKnown(end) ? Math.min(Math.max(end, -(2 ** 31)), 2 ** 31) : end;
  if (start === 0 && step === 1) {
    if (last === 2 ** 31) return dim;
    if (!isKnown(last) && isCount(last)) return dim === last ? dim : derived('min', [dim, last].toSorted());
  }
  return derived('slice', [dim, start, last, step]);
}

/** Starts, ends, axes and steps of a Slice, undefined where the graph computes them. */
export function sliceBounds(
  node: GraphNode,
  context: ShapeContext,
  rank: number,
): { starts: number[]; ends: number[]; axes: number[]; steps: number[] } | undefined {
  const starts = listed(node, context, 1, 'starts');
  const ends = listed(node, context, 2, 'ends');
  const axes = listed(node, context, 3, 'axes') ?? starts?.map((_, axis) => axis);
  const steps = node.inputs[4] ? knownIntegers(context, node.inputs[4]) : starts?.map(() => 1);
  if (!starts || !ends || !axes || !steps || (node.inputs[3] && !knownIntegers(context, node.inputs[3])))
    return undefined;
  return { starts, ends, axes: axes.map((axis) => positiveAxis(axis, rank)), steps };
}

const slice = onFirst((type, node, context) => {
  const rank = type.shape.length;
  const starts = node.inputs[1] ? context.sizes(node.inputs[1]) : intsAttribute(node, 'starts');
  const ends = node.inputs[2] ? context.sizes(node.inputs[2]) : intsAttribute(node, 'ends');
  const named = listed(node, context, 3, 'axes');
  const steps = node.inputs[4] ? knownIntegers(context, node.inputs[4]) : starts?.map(() => 1);
  if (node.inputs[3] && !named) return type.shape.map(() => '?');
  const axes = named?.map((axis) => positiveAxis(axis, rank)) ?? type.shape.map((_, axis) => axis);
  return type.shape.map((dim, axis): Dim => {
    const at = axes.indexOf(axis);
    if (at < 0) return dim;
    const [start, end, step] = [starts?.[at], ends?.[at], steps?.[at]];
    // Without a list of axes the first ones are cut, as many as there are ends.
    if (starts && ends && !named && at >= starts.length) return dim;
    return start === undefined || end === undefined || !step ? '?' : sliced(dim, start, end, step);
  });
});

const split: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const sizes = node.inputs[1] ? context.sizes(node.inputs[1]) : intsAttribute(node, 'split');
  if (!type || (node.inputs[1] && !sizes)) return node.outputs.map(() => undefined);
  const along = positiveAxis(intAttribute(node, 'axis', 0), type.shape.length);
  const whole = type.shape[along]!;
  const parts = node.outputs.length;
  return node.outputs.map((_, part) => {
    const even = isKnown(whole) ? '?' : quotient(whole, parts);
    const size = sizes?.[part] ?? (even === '?' ? derived('part', [whole, parts, part]) : even);
    return { dtype: type.dtype, shape: type.shape.with(along, size) };
  });
};

const gather: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const indices = context.type(node.inputs[1]);
  if (!type || !indices) return [undefined];
  const axis = positiveAxis(intAttribute(node, 'axis', 0), type.shape.length);
  return [{ dtype: type.dtype, shape: type.shape.toSpliced(axis, 1, ...indices.shape) }];
};

const gatherElements: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const indices = context.type(node.inputs[1]);
  return [type && indices && { dtype: type.dtype, shape: indices.shape }];
};

const gatherNd: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const indices = context.type(node.inputs[1]);
  const depth = indices?.shape.at(-1);
  if (!type || !indices || typeof depth !== 'number') return [undefined];
  const batch = intAttribute(node, 'batch_dims', 0);
  return [{ dtype: type.dtype, shape: [...indices.shape.slice(0, -1), ...type.shape.slice(batch + depth)] }];
};

const pad = onFirst((type, node, context) => {
  const pads = listed(node, context, 1, 'pads');
  const axes = node.inputs[3] ? knownIntegers(context, node.inputs[3]) : type.shape.map((_, axis) => axis);
  if (!pads || !axes) return type.shape.map(() => '?');
  return type.shape.map((dim, axis) => {
    const at = axes.findIndex((item) => positiveAxis(item, type.shape.length) === axis);
    return at < 0 ? dim : sum([dim, pads[at]! + pads[at + axes.length]!]);
  });
});

const expand = onFirst((type, node, context) => {
  const wanted = context.sizes(node.inputs[1]);
  if (wanted) return broadcastShapes([type.shape, wanted]);
  const rank = context.type(node.inputs[1])?.shape[0];
  if (typeof rank !== 'number') return undefined;
  return Array.from({ length: Math.max(rank, type.shape.length) }, () => '?');
});

const tile = onFirst((type, node, context) => {
  const repeats = context.sizes(node.inputs[1]);
  return type.shape.map((dim, axis) => product([dim, repeats?.[axis] ?? '?']));
});

const topK: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined, undefined];
  const count = context.sizes(node.inputs[1])?.[0] ?? (intAttribute(node, 'k', 0) || '?');
  const shape = type.shape.with(positiveAxis(intAttribute(node, 'axis', -1), type.shape.length), count);
  return [
    { dtype: type.dtype, shape },
    { dtype: 'int64', shape },
  ];
};

const oneHot: ShapeRule = (node, context) => {
  const indices = context.type(node.inputs[0]);
  const values = context.type(node.inputs[2]);
  if (!indices || !values) return [undefined];
  const axis = positiveAxis(intAttribute(node, 'axis', -1), indices.shape.length + 1);
  return [{ dtype: values.dtype, shape: indices.shape.toSpliced(axis, 0, context.sizes(node.inputs[1])?.[0] ?? '?') }];
};

const constant: ShapeRule = (node, context) => {
  const tensor = context.constant(node.outputs[0]);
  return [tensor && { dtype: tensor.dtype, shape: tensor.shape }];
};

const constantOfShape: ShapeRule = (node, context) => {
  const shape = context.sizes(node.inputs[0]);
  const value = node.attributes['value'];
  const dtype: Dtype = value?.kind === 'tensor' ? value.value.dtype : 'float32';
  return [shape && { dtype, shape }];
};

const range: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const known = node.inputs.map((name) => floatOrSize(context, name));
  const [start, limit, step] = known;
  if (known.every((value) => typeof value === 'number')) {
    return [{ dtype: type.dtype, shape: [Math.max(0, Math.ceil((known[1]! - known[0]!) / known[2]!))] }];
  }
  if (start === undefined || limit === undefined || typeof step !== 'number' || step <= 0) {
    return [{ dtype: type.dtype, shape: ['?'] }];
  }
  const length = difference(limit, start);
  // A difference that could be negative gives no elements.
  const count = step === 1 ? length : derived('ceilDiv', [length, step]);
  return [{ dtype: type.dtype, shape: [isCount(count) ? count : derived('max', [count, 0])] }];
};

/** A scalar that a graph computes a range with: part of a shape computation, or a constant. */
function floatOrSize(context: ShapeContext, name: string | undefined): Dim | undefined {
  const size = context.sizes(name)?.[0];
  if (size !== undefined) return size;
  const tensor = context.constant(name);
  return tensor && !tensor.external && isFloating(tensor.dtype) ? numbersOf(tensor)[0] : undefined;
}

const randomNormal: ShapeRule = (node) => {
  const shape = intsAttribute(node, 'shape');
  return [shape && { dtype: dtypeOfCode(intAttribute(node, 'dtype', 1)), shape }];
};

export { clampSlice };

export const layoutShapes: Record<string, ShapeRule> = {
  Reshape: reshape,
  Flatten: flatten,
  Squeeze: squeeze,
  Unsqueeze: unsqueeze,
  Transpose: transpose,
  Concat: concat,
  Slice: slice,
  Split: split,
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Pad: pad,
  Expand: expand,
  Tile: tile,
  TopK: topK,
  OneHot: oneHot,
  Constant: constant,
  ConstantOfShape: constantOfShape,
  Range: range,
  RandomNormal: randomNormal,
  RandomUniform: randomNormal,
  Shape: (node, context) => {
    const rank = context.type(node.inputs[0])?.shape.length;
    if (rank === undefined) return [{ dtype: 'int64', shape: ['?'] }];
    const [from, to] = clampSlice(rank, intAttribute(node, 'start', 0), intAttribute(node, 'end', rank), 1);
    return [{ dtype: 'int64', shape: [Math.max(0, to - from)] }];
  },
  Size: () => [{ dtype: 'int64', shape: [] }],
  NonZero: (node, context) => {
    const rank = context.type(node.inputs[0])?.shape.length;
    return [rank === undefined ? undefined : { dtype: 'int64', shape: [rank, '?'] }];
  },
};
