/** Operators that take elements by computed or constant positions, and those that put elements there. */
import { intAttribute, stringAttribute } from '../../onnx/index.ts';
import { positiveAxis, product } from '../../onnx/shapes/dims.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import {
  addAtPlaces,
  countUp,
  fromStart,
  scatterAlong,
  sizeAlong,
  spreadAlong,
  swapWithLast,
  zerosLike,
} from './indexing.ts';

const gather: GradientRule = (context) => {
  const { emit, node } = context;
  const { shape } = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', 0), shape.length);
  const size = shape[axis]!;
  const indexShape = context.inputType(1).shape;
  const gradient = indexShape.length === 1 ? context.gradient : flattened(context, axis);
  const indices = emit.constantNumbers(context.input(1));
  if (indices && typeof size === 'number') {
    const places = indices.map((index) => positiveAxis(index, size));
    return [spreadAlong(context, gradient, axis, size, places)];
  }
  const known = sizeAlong(emit, context.input(0), axis, size);
  const flat = emit.node('Reshape', [context.input(1), emit.ints([-1])]);
  return [scatterAlong(context, gradient, axis, fromStart(emit, flat, known), known)];
};

/** The gradient of Gather with the axes of the indices made one. */
function flattened(context: RuleContext, axis: number): string {
  const { emit, gradient } = context;
  const { shape } = context.inputType(0);
  const sizes = shape.with(axis, product(context.inputType(1).shape));
  const open = sizes.filter((dim) => typeof dim !== 'number').length;
  if (open <= 1 && !sizes.includes(0)) {
    return emit.node('Reshape', [gradient, emit.ints(sizes.map((dim) => (typeof dim === 'number' ? dim : -1)))]);
  }
  const pieces = sizes.map((dim, at) => (at === axis ? emit.ints([-1]) : sizeAlong(emit, context.input(0), at, dim)));
  return emit.node('Reshape', [gradient, emit.node('Concat', pieces, { axis: 0 })]);
}

/** Elements of one axis, each position of the result with an index of its own. */
const gatherElements: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', 0), shape.length);
  const swap = (name: string): string => swapWithLast(emit, name, axis, shape.length);
  const size = sizeAlong(emit, context.input(0), axis, shape[axis]);
  const places = swap(fromStart(emit, context.input(1), size));
  return [swap(addAtPlaces(emit, dtype, swap(zerosLike(context, 0)), places, swap(gradient)))];
};

/**
 * Every index is a path through the axes behind the batch axes. Paths are made places in one long axis, and what lies
 * behind them is made the rows that are added up there.
 */
const gatherNd: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const indexShape = context.inputType(1).shape;
  const depth = indexShape.at(-1);
  if (typeof depth !== 'number') return context.refuse('the length of its indices is fixed only at run time');
  const batchAxes = intAttribute(node, 'batch_dims', 0);
  const size = (axis: number): string => sizeAlong(emit, context.input(0), axis, shape[axis]);
  const total = (axes: readonly number[]): string =>
    axes.map(size).reduce((left, right) => emit.node('Mul', [left, right]), emit.ints([1]));
  const axes = shape.map((_, axis) => axis);
  const path = axes.slice(batchAxes, batchAxes + depth);
  let places = emit.ints([0]);
  for (const [level, axis] of path.entries()) {
    const step = emit.node('Gather', [context.input(1), emit.table([], [level])], { axis: -1 });
    const within = fromStart(emit, step, size(axis));
    places = level === 0 ? within : emit.node('Add', [emit.node('Mul', [places, size(axis)]), within]);
  }
  const batches = total(axes.slice(0, batchAxes));
  const rows = total(axes.slice(batchAxes + depth));
  const rest = emit.ints([-1]);
  const perBatch = emit.node('Reshape', [places, emit.node('Concat', [batches, emit.ints([1]), rest], { axis: 0 })]);
  // Rows before paths, so that what is added up lies along the last axis.
  const turn = (name: string): string => emit.node('Transpose', [name], { perm: [0, 2, 1] });
  const updates = turn(emit.node('Reshape', [gradient, emit.node('Concat', [batches, rest, rows], { axis: 0 })]));
  const wide = emit.node('Concat', [batches, rows, total(path)], { axis: 0 });
  const zeros = emit.node('Expand', [emit.scalar(0, dtype), wide]);
  const spread = emit.node('Expand', [perBatch, emit.node('Shape', [updates])]);
  const added = turn(addAtPlaces(emit, dtype, zeros, spread, updates));
  return [emit.node('Reshape', [added, emit.shapeOf(context.input(0), shape)])];
};

/** Takes the elements a condition marks: their positions are found by sending positions through the same operator. */
const compress: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const axis = node.attributes['axis'] ? positiveAxis(intAttribute(node, 'axis', 0), shape.length) : undefined;
  if (axis !== undefined) {
    const size = sizeAlong(emit, context.input(0), axis, shape[axis]);
    const places = emit.node('Compress', [countUp(emit, size), context.input(1)], { axis: 0 });
    return [scatterAlong(context, gradient, axis, places, size)];
  }
  const size = emit.node('Reshape', [emit.node('Size', [context.input(0)]), emit.ints([1])]);
  const places = emit.node('Compress', [countUp(emit, size), context.input(1)], { axis: 0 });
  const zeros = emit.node('Expand', [emit.scalar(0, dtype), size]);
  return [emit.reshapeLike(addAtPlaces(emit, dtype, zeros, places, gradient), context.input(0), shape)];
};

/**
 * Puts updates into data. Replaced elements pass nothing on to the data; where one place is written twice, which ONNX
 * leaves undefined, every update gets the gradient of that place.
 */
function scatter(take: 'GatherElements' | 'GatherND'): GradientRule {
  return (context) => {
    const { emit, gradient, node } = context;
    const reduction = stringAttribute(node, 'reduction', 'none');
    if (reduction !== 'none' && reduction !== 'add') {
      context.refuse(`it combines updates by "${reduction}", and only "none" and "add" have a rule`);
    }
    const place = take === 'GatherND' ? 'ScatterND' : 'ScatterElements';
    const attributes = take === 'GatherND' ? {} : { axis: intAttribute(node, 'axis', 0) };
    const toData = (): string =>
      reduction === 'add'
        ? gradient
        : emit.node(place, [gradient, context.input(1), zerosLike(context, 2)], attributes);
    return [
      context.wanted(0) ? toData() : undefined,
      undefined,
      context.wanted(2) ? emit.node(take, [gradient, context.input(1)], attributes) : undefined,
    ];
  };
}

/** Indices count through the whole output, as MaxPool gives them. */
const maxUnpool: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (node.inputs[2]) context.refuse('it states its output shape, and there is no rule for that');
  return [emit.node('Gather', [emit.node('Reshape', [gradient, emit.ints([-1])]), context.input(1)], { axis: 0 })];
};

export const gatheringRules: Record<string, GradientRule> = {
  Gather: gather,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  Compress: compress,
  Scatter: scatter('GatherElements'),
  ScatterElements: scatter('GatherElements'),
  ScatterND: scatter('GatherND'),
  MaxUnpool: maxUnpool,
};
