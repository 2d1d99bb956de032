/** Takes a gradient back from the shape operands were broadcast to, to the shape an operand has. */
import type { Dim, TensorType } from '../onnx/index.ts';
import type { RuleContext } from './rule.ts';

/** 'sum': the axis was repeated; 'keep': it was not; 'open': that is fixed only at run time. */
function axisKind(operand: Dim, result: Dim): 'sum' | 'keep' | 'open' {
  if (operand === 1) return result === 1 ? 'keep' : 'sum';
  // A number above 1, or the very size of the result, cannot have been repeated.
  if (typeof operand === 'number' || (operand === result && operand !== '?')) return 'keep';
  return 'open';
}

/** Sums a gradient of shape `result` over the axes along which `operand` was broadcast. */
export function unbroadcast(
  context: RuleContext,
  gradient: string,
  operand: string,
  from: TensorType,
  to: TensorType,
): string {
  const { emit } = context;
  const extra = from.shape.length - to.shape.length;
  const leading = Array.from({ length: extra }, (_, axis) => axis);
  const kinds = to.shape.map((dim, axis) => axisKind(dim, from.shape[axis + extra]!));
  if (kinds.includes('open')) return unbroadcastAtRunTime(context, gradient, operand, extra);
  const repeated = kinds.flatMap((kind, axis) => (kind === 'sum' ? [axis + extra] : []));
  if (repeated.length === 0) return extra === 0 ? gradient : emit.reduceSum(gradient, leading, false);
  const summed = emit.reduceSum(gradient, [...leading, ...repeated], true);
  return extra === 0 ? summed : emit.squeeze(summed, leading);
}

/** The axes are those where the operand has size 1 when the graph runs; summing over an axis of size 1 changes nothing. */
function unbroadcastAtRunTime(context: RuleContext, gradient: string, operand: string, extra: number): string {
  const { emit } = context;
  const shape = emit.node('Shape', [operand]);
  const ones = emit.ints(Array.from({ length: extra }, () => 1));
  const aligned = extra === 0 ? shape : emit.node('Concat', [ones, shape], { axis: 0 });
  const single = emit.node('Equal', [aligned, emit.ints([1])]);
  const axes = emit.node('Reshape', [emit.node('NonZero', [single]), emit.ints([-1])]);
  const summed = emit.node('ReduceSum', [gradient, axes], { keepdims: 1, noop_with_empty_axes: 1 });
  return emit.node('Reshape', [summed, shape]);
}

/** `unbroadcast` for an input of a rule's node, from the shape of its first output. */
export function toInput(context: RuleContext, gradient: string, input: number): string {
  const from = context.outputType(0);
  const to = context.inputType(input);
  return unbroadcast(context, gradient, context.input(input), from, to);
}
