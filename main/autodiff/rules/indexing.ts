/** Gradients of taking elements by index: each element collects from every place it was taken to. */
import type { Dim, Dtype } from '../../onnx/index.ts';
import type { Emitter } from '../emitter.ts';
import type { RuleContext } from '../rule.ts';

/** Above this many copies of one element a table of its places costs more than adding them up one by one. */
const mostCopies = 8;

/**
 * The transpose of taking elements of the node's first input at `places` along an axis: a value of `size` elements along
 * it, where element e is the sum of the gradient's elements i with places[i] = e.
 */
export function spreadAlong(
  context: RuleContext,
  gradient: string,
  axis: number,
  size: number,
  places: readonly number[],
): string {
  const { emit } = context;
  const rank = context.inputType(0).shape.length;
  const sources: number[][] = Array.from({ length: size }, () => []);
  places.forEach((place, index) => sources[place]!.push(index));
  const copies = Math.max(1, ...sources.map((list) => list.length));
  if (copies > mostCopies) return scatterAlong(context, gradient, axis, emit.ints(places), emit.ints([size]));
  // Elements nobody took read a zero appended behind the gradient.
  const needsZero = sources.some((list) => list.length < copies);
  let source = gradient;
  if (needsZero) {
    const pads = Array.from({ length: 2 * rank }, (_, at) => (at === rank + axis ? 1 : 0));
    source = emit.node('Pad', [gradient, emit.ints(pads)]);
  }
  const entry = (list: number[], copy: number): number => list[copy] ?? places.length;
  if (copies === 1) return emit.node('Gather', [source, emit.ints(sources.map((list) => entry(list, 0)))], { axis });
  const table = sources.flatMap((list) => Array.from({ length: copies }, (_, copy) => entry(list, copy)));
  const gathered = emit.node('Gather', [source, emit.table([size, copies], table)], { axis });
  return emit.reduceSum(gathered, [axis + 1], false);
}

/**
 * `spreadAlong` for places known only when the graph runs: a vector of int64, none negative, and the axis's size as a
 * vector of one element.
 */
export function scatterAlong(
  context: RuleContext,
  gradient: string,
  axis: number,
  places: string,
  size: string,
): string {
  const { emit } = context;
  const { dtype, shape } = context.inputType(0);
  const last = shape.length - 1;
  const swap = (name: string): string => swapWithLast(emit, name, axis, shape.length);
  const updates = swap(gradient);
  const own = emit.node('Shape', [updates]);
  const others = last === 0 ? [] : [emit.node('Slice', [own, emit.ints([0]), emit.ints([last])])];
  const zeros = emit.node('Expand', [
    emit.scalar(0, dtype),
    others.length === 0 ? size : emit.node('Concat', [...others, size], { axis: 0 }),
  ]);
  return swap(addAtPlaces(emit, dtype, zeros, emit.node('Expand', [places, own]), updates));
}

/** A value of `rank` axes with one of them and the last exchanged, which is its own inverse. */
export function swapWithLast(emit: Emitter, name: string, axis: number, rank: number): string {
  const last = rank - 1;
  if (axis === last) return name;
  const order = Array.from({ length: rank }, (_, at) => (at === axis ? last : at === last ? axis : at));
  return emit.node('Transpose', [name], { perm: order });
}

/**
 * Adds updates to a value along its last axis; `places` has the shape of the updates. Not ScatterND, which loses updates
 * on the CPU where several threads add to one place (docs/decisions/onnx-gradients.md). Half precision is added up in
 * single, which the CPU's operator asks for.
 */
export function addAtPlaces(emit: Emitter, dtype: Dtype, value: string, places: string, updates: string): string {
  const attributes = { axis: -1, reduction: 'add' };
  if (dtype === 'float32' || dtype === 'float64') {
    return emit.node('ScatterElements', [value, places, updates], attributes);
  }
  const wide = [emit.cast(value, 'float32'), places, emit.cast(updates, 'float32')];
  return emit.cast(emit.node('ScatterElements', wide, attributes), dtype);
}

/** One size of a value as a vector of one element: constant where it is known. */
export function sizeAlong(emit: Emitter, name: string, axis: number, size: Dim | undefined): string {
  return typeof size === 'number' ? emit.ints([size]) : emit.element(emit.node('Shape', [name]), axis);
}

/** 0, 1 … n − 1 as a vector of int64, for a size given as a vector of one element. */
export function countUp(emit: Emitter, size: string): string {
  return emit.node('Range', [emit.table([], [0]), emit.squeeze(size, [0]), emit.table([], [1])]);
}

/** Positions with those counted from the end counted from the start, as int64. */
export function fromStart(emit: Emitter, positions: string, size: string): string {
  const indices = emit.cast(positions, 'int64');
  const negative = emit.node('Less', [indices, emit.ints([0])]);
  return emit.node('Where', [negative, emit.node('Add', [indices, size]), indices]);
}

/** Zeros of a value's type and shape. */
export function zerosLike(context: RuleContext, input: number): string {
  const { emit } = context;
  const { dtype, shape } = context.inputType(input);
  return emit.node('Expand', [emit.scalar(0, dtype), emit.shapeOf(context.input(input), shape)]);
}
