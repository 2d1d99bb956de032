/** Gradients of taking elements by index: each element collects from every place it was taken to. */
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
  const { dtype, shape } = context.inputType(0);
  const rank = shape.length;
  const sources: number[][] = Array.from({ length: size }, () => []);
  places.forEach((place, index) => sources[place]!.push(index));
  const copies = Math.max(1, ...sources.map((list) => list.length));
  if (copies > mostCopies && emit.opset >= 16) {
    const own = emit.node('Shape', [gradient]);
    const sizes = shape.map((_, at) => (at === axis ? emit.ints([size]) : emit.element(own, at)));
    const zeros = emit.node('Expand', [emit.scalar(0, dtype), emit.node('Concat', sizes, { axis: 0 })]);
    return scatterAdd(context, zeros, gradient, emit.table([places.length, 1], places), axis);
  }
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

/** Adds the elements of `updates` along an axis to `zeros` at positions `indices` (a column). */
function scatterAdd(context: RuleContext, zeros: string, updates: string, indices: string, axis: number): string {
  const { emit } = context;
  const order = context.inputType(0).shape.map((_, at) => at);
  [order[0], order[axis]] = [axis, 0];
  const swap = (name: string): string => (axis === 0 ? name : emit.node('Transpose', [name], { perm: order }));
  return swap(emit.node('ScatterND', [swap(zeros), indices, swap(updates)], { reduction: 'add' }));
}

/** The gradient of Gather where the indices or the size of the axis are known only when the graph runs. */
export function gatherAlong(context: RuleContext, axis: number): string {
  const { emit, gradient } = context;
  if (emit.opset < 16) context.refuse('it takes elements at positions computed while it runs, which needs opset 16');
  const { dtype, shape } = context.inputType(0);
  const indexRank = context.inputType(1).shape.length;
  const whole = emit.node('Shape', [context.input(0)]);
  const zeros = emit.node('Expand', [emit.scalar(0, dtype), whole]);
  // The axes of the indices become one.
  const sizes = shape.map((_, at) => (at === axis ? emit.ints([-1]) : emit.element(whole, at)));
  const flat = indexRank === 1 ? gradient : emit.node('Reshape', [gradient, emit.node('Concat', sizes, { axis: 0 })]);
  const indices = emit.node('Reshape', [emit.cast(context.input(1), 'int64'), emit.ints([-1, 1])]);
  const fromEnd = emit.node('Add', [indices, emit.element(whole, axis)]);
  const counted = emit.node('Where', [emit.node('Less', [indices, emit.ints([0])]), fromEnd, indices]);
  return scatterAdd(context, zeros, flat, counted, axis);
}
