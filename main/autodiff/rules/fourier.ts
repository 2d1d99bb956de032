/** Fourier transforms. A complex number is two elements of the last axis, a real signal has one there. */
import { intAttribute } from '../../onnx/index.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { sizeAlong } from './indexing.ts';

/**
 * With F the matrix of the transform of length n, the forward direction is F·x and its transpose in real and imaginary
 * parts is Fᴴ·g, n times the inverse transform; the inverse direction is Fᴴ·x/n and its transpose F·g/n. The frequencies
 * that `onesided` leaves out have no gradient, which is what the transform pads with when it is told the length.
 */
const fourier: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', 1), shape.length);
  const inverse = intAttribute(node, 'inverse', 0);
  if (inverse === 1 && intAttribute(node, 'onesided', 0) === 1) return [halfToReal(context, axis)];
  const signal = sizeAlong(emit, context.input(0), axis, shape[axis]);
  const length = node.inputs[1] ? emit.node('Reshape', [context.input(1), emit.ints([1])]) : signal;
  const back = emit.node('DFT', [gradient, emit.node('Squeeze', [length])], { axis, inverse: 1 - inverse });
  const scaled = emit.node(inverse === 1 ? 'Div' : 'Mul', [back, emit.cast(length, dtype)]);
  const real = shape.at(-1) === 1 ? emit.slice(scaled, shape.length - 1, 0, 1) : scaled;
  return [node.inputs[1] ? resized(context, real, axis, signal, length) : real];
};

/**
 * The real signal of half of its frequencies: all but the first and the one in the middle count twice, for themselves and
 * for their mirror image.
 */
function halfToReal(context: RuleContext, axis: number): string {
  const { emit, gradient } = context;
  const { dtype, shape } = context.inputType(0);
  const given = shape[axis];
  const length = context.outputType(0).shape[axis];
  if (typeof length !== 'number' || typeof given !== 'number') {
    return context.refuse('the length of its signal is fixed only at run time');
  }
  const frequencies = Math.floor(length / 2) + 1;
  // The runtime does not drop the rest, as others do.
  if (given > frequencies) return context.refuse('it is given more frequencies than its signal has');
  const half = emit.node('DFT', [gradient], { axis, onesided: 1 });
  const weights = Array.from({ length: frequencies }, (_, at) => (at === 0 || 2 * at === length ? 1 : 2) / length);
  const sizes = shape.map((_, at) => (at === axis ? frequencies : 1));
  const weighted = emit.node('Mul', [half, emit.floats(dtype, sizes, weights)]);
  return given === frequencies ? weighted : emit.slice(weighted, axis, 0, given);
}

/** Of a signal that was cut to the length of the transform, the rest has no gradient; what was padded is cut off. */
function resized({ emit }: RuleContext, x: string, axis: number, signal: string, length: string): string {
  const missing = emit.node('Max', [emit.node('Sub', [signal, length]), emit.ints([0])]);
  const padded = emit.node('Pad', [
    x,
    emit.node('Concat', [emit.ints([0]), missing], { axis: 0 }),
    '',
    emit.ints([axis]),
  ]);
  return emit.node('Slice', [padded, emit.ints([0]), signal, emit.ints([axis])]);
}

export const fourierRules: Record<string, GradientRule> = { DFT: fourier };
