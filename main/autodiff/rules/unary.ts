/** What rules of operators of one operand, element by element, are written with. */
import { float, floatAttribute, type Dtype } from '../../onnx/index.ts';
import type { Emitter } from '../emitter.ts';
import type { GradientRule } from '../rule.ts';

export interface Operand {
  emit: Emitter;
  /** Input. */
  x: string;
  /** Output: using it instead of the input lets the runtime keep what it fused with the operator before. */
  y: string;
  /** Gradient with respect to the output. */
  g: string;
  scalar(value: number): string;
  /** A float attribute. */
  parameter(name: string, otherwise: number): number;
  add(a: string, b: string): string;
  sub(a: string, b: string): string;
  mul(a: string, b: string): string;
  div(a: string, b: string): string;
  square(a: string): string;
  /** 1 where a value that is never negative is above 0, elsewhere 0. */
  positive(a: string): string;
}

function positiveMask(emit: Emitter, y: string, dtype: Dtype): string {
  if (emit.lowering.mask === 'comparison' || dtype !== 'float32') {
    return emit.cast(emit.node('Greater', [y, emit.scalar(0, dtype)]), dtype);
  }
  return emit.node('HardSigmoid', [y], { alpha: float(steep), beta: float(0) });
}

/** min(max(steep · y, 0), 1) is a step for every normal float32; below 1e-38, among the subnormal ones, it is a slope. */
const steep = 1e38;

/** A rule from the expression of its gradient, cotangent × derivative. */
export function unary(gradient: (operand: Operand) => string): GradientRule {
  return (context) => {
    const { emit } = context;
    const { dtype } = context.inputType(0);
    return [
      gradient({
        emit,
        x: context.input(0),
        y: context.output(0),
        g: context.gradient,
        scalar: (value) => emit.scalar(value, dtype),
        parameter: (name, otherwise) => floatAttribute(context.node, name, otherwise),
        add: (a, b) => emit.node('Add', [a, b]),
        sub: (a, b) => emit.node('Sub', [a, b]),
        mul: (a, b) => emit.node('Mul', [a, b]),
        div: (a, b) => emit.node('Div', [a, b]),
        square: (a) => emit.node('Mul', [a, a]),
        positive: (a) => positiveMask(emit, a, dtype),
      }),
    ];
  };
}
