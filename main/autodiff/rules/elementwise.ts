/** Operators of one operand, element by element: gradient = cotangent × derivative. */
import { float, floatAttribute, stringAttribute, type Dtype } from '../../onnx/index.ts';
import type { Emitter } from '../emitter.ts';
import { type GradientRule } from '../rule.ts';

interface Operand {
  emit: Emitter;
  /** Input. */
  x: string;
  /** Output: using it instead of the input lets the runtime keep what it fused with the operator before. */
  y: string;
  /** Gradient with respect to the output. */
  g: string;
  dtype: Dtype;
  scalar(value: number): string;
  parameter(name: string, otherwise: number): number;
}

function unary(gradient: (operand: Operand) => string): GradientRule {
  return (context) => {
    const { emit } = context;
    const { dtype } = context.inputType(0);
    return [
      gradient({
        emit,
        x: context.input(0),
        y: context.output(0),
        g: context.gradient,
        dtype,
        scalar: (value) => emit.scalar(value, dtype),
        parameter: (name, otherwise) => floatAttribute(context.node, name, otherwise),
      }),
    ];
  };
}

/** 1 where a value that is never negative is above 0, and 0 where it is 0. */
function positiveMask(emit: Emitter, y: string, dtype: Dtype): string {
  if (emit.lowering.mask === 'sign' || dtype !== 'float32') return emit.node('Sign', [y]);
  return emit.node('HardSigmoid', [y], { alpha: float(steep), beta: float(0) });
}

/** min(max(steep · y, 0), 1) is a step for every y that float32 does not round to 0. */
const steep = 1e38;

const square = (emit: Emitter, x: string): string => emit.node('Mul', [x, x]);

const clip: GradientRule = (context) => {
  const { emit } = context;
  // Inside the bounds, and on them, the output equals the input.
  const inside = emit.node('Equal', [context.input(0), context.output(0)]);
  return [emit.node('Where', [inside, context.gradient, emit.scalar(0, context.inputType(0).dtype)])];
};

const cast: GradientRule = (context) => [context.emit.cast(context.gradient, context.inputType(0).dtype)];

export const elementwiseRules: Record<string, GradientRule> = {
  Identity: unary(({ g }) => g),
  // Inference only: Dropout passes its input on.
  Dropout: (context) => {
    if (context.node.inputs[2]) context.refuse('it may run in training mode');
    return [context.gradient];
  },
  Neg: unary(({ emit, g }) => emit.node('Neg', [g])),
  Abs: unary(({ emit, x, g }) => emit.node('Mul', [g, emit.node('Sign', [x])])),
  Relu: unary(({ emit, y, g, dtype }) => emit.node('Mul', [g, positiveMask(emit, y, dtype)])),
  LeakyRelu: unary(({ emit, x, g, scalar, parameter }) => {
    const positive = emit.node('Greater', [x, scalar(0)]);
    return emit.node('Where', [positive, g, emit.node('Mul', [g, scalar(parameter('alpha', 0.01))])]);
  }),
  Elu: unary(({ emit, x, y, g, scalar, parameter }) => {
    const alpha = scalar(parameter('alpha', 1));
    const below = emit.node('Mul', [g, emit.node('Add', [y, alpha])]);
    return emit.node('Where', [emit.node('Greater', [x, scalar(0)]), g, below]);
  }),
  Sigmoid: unary(({ emit, y, g, scalar }) => {
    const rest = emit.node('Sub', [scalar(1), y]);
    return emit.node('Mul', [g, emit.node('Mul', [y, rest])]);
  }),
  Tanh: unary(({ emit, y, g, scalar }) => emit.node('Mul', [g, emit.node('Sub', [scalar(1), square(emit, y)])])),
  Softplus: unary(({ emit, x, g }) => emit.node('Mul', [g, emit.node('Sigmoid', [x])])),
  Softsign: unary(({ emit, x, g, scalar }) => {
    const below = emit.node('Add', [emit.node('Abs', [x]), scalar(1)]);
    return emit.node('Div', [g, square(emit, below)]);
  }),
  Exp: unary(({ emit, y, g }) => emit.node('Mul', [g, y])),
  Log: unary(({ emit, x, g }) => emit.node('Div', [g, x])),
  Sqrt: unary(({ emit, y, g, scalar }) => emit.node('Div', [g, emit.node('Mul', [y, scalar(2)])])),
  Reciprocal: unary(({ emit, y, g }) => emit.node('Neg', [emit.node('Mul', [g, square(emit, y)])])),
  Sin: unary(({ emit, x, g }) => emit.node('Mul', [g, emit.node('Cos', [x])])),
  Cos: unary(({ emit, x, g }) => emit.node('Neg', [emit.node('Mul', [g, emit.node('Sin', [x])])])),
  Atan: unary(({ emit, x, g, scalar }) => emit.node('Div', [g, emit.node('Add', [square(emit, x), scalar(1)])])),
  // d erf/dx = 2/√π · exp(−x²)
  Erf: unary(({ emit, x, g, scalar }) => {
    const bell = emit.node('Exp', [emit.node('Neg', [square(emit, x)])]);
    return emit.node('Mul', [g, emit.node('Mul', [bell, scalar(1.1283791670955126)])]);
  }),
  // x·Φ(x) and its approximation by tanh, as the operator's `approximate` says.
  Gelu: (context) => {
    const { emit } = context;
    const { dtype } = context.inputType(0);
    const x = context.input(0);
    const scalar = (value: number): string => emit.scalar(value, dtype);
    if (stringAttribute(context.node, 'approximate', 'none') === 'tanh') {
      const cubed = emit.node('Mul', [square(emit, x), scalar(0.044715)]);
      const inner = emit.node('Mul', [
        emit.node('Mul', [x, scalar(0.7978845608028654)]),
        emit.node('Add', [cubed, scalar(1)]),
      ]);
      const tanh = emit.node('Tanh', [inner]);
      const slope = emit.node('Mul', [
        emit.node('Add', [emit.node('Mul', [cubed, scalar(3)]), scalar(1)]),
        scalar(0.7978845608028654),
      ]);
      const bend = emit.node('Mul', [emit.node('Mul', [x, slope]), emit.node('Sub', [scalar(1), square(emit, tanh)])]);
      const total = emit.node('Add', [emit.node('Add', [tanh, scalar(1)]), bend]);
      return [emit.node('Mul', [context.gradient, emit.node('Mul', [total, scalar(0.5)])])];
    }
    const area = emit.node('Mul', [
      emit.node('Add', [emit.node('Erf', [emit.node('Mul', [x, scalar(0.7071067811865476)])]), scalar(1)]),
      scalar(0.5),
    ]);
    const bell = emit.node('Exp', [emit.node('Mul', [square(emit, x), scalar(-0.5)])]);
    const density = emit.node('Mul', [bell, scalar(0.3989422804014327)]);
    return [emit.node('Mul', [context.gradient, emit.node('Add', [area, emit.node('Mul', [x, density])])])];
  },
  Clip: clip,
  Cast: cast,
};
