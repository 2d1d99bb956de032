/** Gradients that reach only the elements a condition holds for. */
import type { Dtype } from '../../onnx/index.ts';
import type { Emitter } from '../emitter.ts';

/**
 * The gradient where a condition holds, elsewhere 0. A product with the condition shares its cast with what counts the
 * elements; where slopes may be infinite, 0 times one would be no number, and PyTorch has 0.
 */
export function masked(emit: Emitter, gradient: string, condition: string, dtype: Dtype): string {
  if (emit.steepSlopes) return emit.node('Where', [condition, gradient, emit.scalar(0, dtype)]);
  return emit.node('Mul', [gradient, emit.cast(condition, dtype)]);
}
