/** Mathematical functions of one operand. */
import { dropoutTrains } from '../../onnx/shapes/elementwise.ts';
import type { GradientRule } from '../rule.ts';
import { unary } from './unary.ts';

const cast: GradientRule = (context) => [context.emit.cast(context.gradient, context.inputType(0).dtype)];

export const elementwiseRules: Record<string, GradientRule> = {
  Identity: unary(({ g }) => g),
  // Outside training Dropout passes its input on.
  Dropout: (context) => {
    if (dropoutTrains(context.node, context.emit.inference.context)) context.refuse('it may run in training mode');
    return [context.gradient];
  },
  Cast: cast,
  Neg: unary(({ emit, g }) => emit.node('Neg', [g])),
  Abs: unary(({ emit, x, g, mul }) => mul(g, emit.node('Sign', [x]))),
  Exp: unary(({ y, g, mul }) => mul(g, y)),
  Log: unary(({ x, g, div }) => div(g, x)),
  Sqrt: unary(({ y, g, mul, div, scalar }) => div(g, mul(y, scalar(2)))),
  Reciprocal: unary(({ emit, y, g, mul, square }) => emit.node('Neg', [mul(g, square(y))])),
  Sin: unary(({ emit, x, g, mul }) => mul(g, emit.node('Cos', [x]))),
  Cos: unary(({ emit, x, g, mul }) => emit.node('Neg', [mul(g, emit.node('Sin', [x]))])),
  Tan: unary(({ y, g, add, mul, scalar, square }) => mul(g, add(square(y), scalar(1)))),
  // (1 − x)(1 + x) keeps the digits that 1 − x² loses next to ±1.
  Asin: unary(({ emit, x, g, add, sub, mul, div, scalar }) =>
    div(g, emit.node('Sqrt', [mul(sub(scalar(1), x), add(scalar(1), x))])),
  ),
  Acos: unary(({ emit, x, g, add, sub, mul, div, scalar }) =>
    emit.node('Neg', [div(g, emit.node('Sqrt', [mul(sub(scalar(1), x), add(scalar(1), x))]))]),
  ),
  Atan: unary(({ x, g, add, div, scalar, square }) => div(g, add(square(x), scalar(1)))),
  Sinh: unary(({ emit, x, g, mul }) => mul(g, emit.node('Cosh', [x]))),
  Cosh: unary(({ emit, x, g, mul }) => mul(g, emit.node('Sinh', [x]))),
  Asinh: unary(({ emit, x, g, add, div, scalar, square }) => div(g, emit.node('Sqrt', [add(square(x), scalar(1))]))),
  Acosh: unary(({ emit, x, g, add, sub, mul, div, scalar }) =>
    div(g, emit.node('Sqrt', [mul(sub(x, scalar(1)), add(x, scalar(1)))])),
  ),
  Atanh: unary(({ x, g, add, sub, mul, div, scalar }) => div(g, mul(sub(scalar(1), x), add(scalar(1), x)))),
  // d erf/dx = 2/√π · exp(−x²)
  Erf: unary(({ emit, x, g, mul, scalar, square }) => {
    const bell = emit.node('Exp', [emit.node('Neg', [square(x)])]);
    return mul(g, mul(bell, scalar(1.1283791670955126)));
  }),
};
