/** Activation functions. At kinks the slope is PyTorch's, see docs/decisions/onnx-gradients.md. */
import { floatAttribute, stringAttribute } from '../../onnx/index.ts';
import { toInput, unbroadcast } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { unary } from './unary.ts';

/** Where a condition holds g, elsewhere 0. */
function where({ emit, inputType }: RuleContext, condition: string, gradient: string): string {
  return emit.node('Where', [condition, gradient, emit.scalar(0, inputType(0).dtype)]);
}

/** 1 strictly between constant bounds, as where PyTorch clamps by numbers; by tensors it is a Max and a Min. */
const clip: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const computed = (name: string | undefined): boolean => Boolean(name) && !emit.inference.context.constant(name);
  if (computed(node.inputs[1]) || computed(node.inputs[2])) return clipBetweenComputed(context);
  const y = context.output(0);
  const tests = [
    ...(node.inputs[1] ? [emit.node('Greater', [y, context.input(1)])] : []),
    ...(node.inputs[2] ? [emit.node('Less', [y, context.input(2)])] : []),
  ];
  if (tests.length === 0) return [gradient];
  const inside = tests.length === 1 ? tests[0]! : emit.node('And', tests);
  return [where(context, inside, gradient)];
};

/** min(max(x, low), high), where equal operands share evenly. */
function clipBetweenComputed(context: RuleContext): (string | undefined)[] {
  const { emit, gradient, node } = context;
  const type = context.inputType(0);
  const [low, high] = [node.inputs[1], node.inputs[2]];
  const x = context.input(0);
  const raised = low ? emit.node('Max', [x, low]) : x;
  const toRaised = high ? halved(context, gradient, raised, high, 'Less') : gradient;
  const toHigh = high ? halved(context, gradient, raised, high, 'Greater') : undefined;
  const toX = low ? halved(context, toRaised, x, low, 'Greater') : toRaised;
  const toLow = low ? halved(context, toRaised, x, low, 'Less') : undefined;
  const summed = (value: string | undefined, index: number): string | undefined =>
    value && context.wanted(index)
      ? unbroadcast(context, value, context.input(index), type, context.inputType(index))
      : undefined;
  return [toX, summed(toLow, 1), summed(toHigh, 2)];
}

/** The gradient where the comparison holds, half of it where both sides are equal. */
function halved(context: RuleContext, gradient: string, a: string, b: string, op: 'Less' | 'Greater'): string {
  const { emit } = context;
  const half = emit.node('Mul', [gradient, emit.scalar(0.5, context.inputType(0).dtype)]);
  const shared = where(context, emit.node('Equal', [a, b]), half);
  return emit.node('Where', [emit.node(op, [a, b]), gradient, shared]);
}

/** A product with a mask is quickest; where slopes may be infinite, 0 times one would be no number, and PyTorch has 0. */
const rectifier: GradientRule = (context) => {
  const { emit, gradient } = context;
  if (!emit.steepSlopes) return unary(({ y, g, mul, positive }) => mul(g, positive(y)))(context);
  const zero = emit.scalar(0, context.inputType(0).dtype);
  return [emit.node('Where', [emit.node('Greater', [context.output(0), zero]), gradient, zero])];
};

const parametricRelu: GradientRule = (context) => {
  const { emit, gradient } = context;
  const { dtype } = context.inputType(0);
  const [x, slope] = [context.input(0), context.input(1)];
  const zero = emit.scalar(0, dtype);
  const positive = emit.node('Greater', [x, zero]);
  const toX = (): string => emit.node('Where', [positive, gradient, emit.node('Mul', [gradient, slope])]);
  const toSlope = (): string => emit.node('Mul', [gradient, emit.node('Min', [x, zero])]);
  return [context.wanted(0) ? toX() : undefined, context.wanted(1) ? toInput(context, toSlope(), 1) : undefined];
};

/** x − bias above lambd, x + bias below −lambd, 0 between them and on them. */
const shrink: GradientRule = (context) => {
  const { emit, node } = context;
  const magnitude = emit.node('Abs', [context.input(0)]);
  const threshold = emit.scalar(floatAttribute(node, 'lambd', 0.5), context.inputType(0).dtype);
  return [where(context, emit.node('Greater', [magnitude, threshold]), context.gradient)];
};

const thresholdedRelu: GradientRule = (context) => {
  const threshold = context.emit.scalar(floatAttribute(context.node, 'alpha', 1), context.inputType(0).dtype);
  return [where(context, context.emit.node('Greater', [context.input(0), threshold]), context.gradient)];
};

/** The slope alpha strictly between the bounds 0 and 1 of the output. */
const hardSigmoid: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype } = context.inputType(0);
  const y = context.output(0);
  const rising = emit.node('And', [
    emit.node('Greater', [y, emit.scalar(0, dtype)]),
    emit.node('Less', [y, emit.scalar(1, dtype)]),
  ]);
  const alpha = emit.scalar(floatAttribute(node, 'alpha', 0.2), dtype);
  return [where(context, rising, emit.node('Mul', [gradient, alpha]))];
};

const gelu: GradientRule = (context) =>
  stringAttribute(context.node, 'approximate', 'none') === 'tanh' ? geluByTanh(context) : geluByErf(context);

/** Φ(x) + x·φ(x), with s = x/√2 as ½·erf(s) + ½ + s·exp(ln(1/√π) − s²). HardSigmoid makes ½·e + ½ in one pass. */
const geluByErf = unary(({ emit, x, g, add, sub, mul, scalar, square }) => {
  const s = mul(x, scalar(Math.SQRT1_2));
  const half = { kind: 'float', value: 0.5 } as const;
  const area = emit.node('HardSigmoid', [emit.node('Erf', [s])], { alpha: half, beta: half });
  const bell = emit.node('Exp', [sub(scalar(-Math.log(Math.PI) / 2), square(s))]);
  return mul(g, add(area, mul(s, bell)));
});

/** ½·x·(1 + tanh u) with u = √(2/π)·(x + 0.044715·x³). */
const geluByTanh = unary(({ emit, x, g, add, sub, mul, scalar, square }) => {
  const rise = Math.sqrt(2 / Math.PI);
  const squared = square(x);
  const inner = mul(x, add(mul(squared, scalar(0.044715 * rise)), scalar(rise)));
  const tanh = emit.node('Tanh', [inner]);
  const slope = add(mul(squared, scalar(3 * 0.044715 * rise)), scalar(rise));
  const bend = mul(mul(x, slope), sub(scalar(1), square(tanh)));
  return mul(g, mul(add(add(tanh, scalar(1)), bend), scalar(0.5)));
});

export const activationRules: Record<string, GradientRule> = {
  Relu: rectifier,
  LeakyRelu: unary(({ emit, x, g, mul, scalar, parameter }) => {
    const positive = emit.node('Greater', [x, scalar(0)]);
    return emit.node('Where', [positive, g, mul(g, scalar(parameter('alpha', 0.01)))]);
  }),
  PRelu: parametricRelu,
  ThresholdedRelu: thresholdedRelu,
  Shrink: shrink,
  Clip: clip,
  // Below 0 the slope α·exp(x) is the output + α.
  Elu: unary(({ emit, x, y, g, add, mul, scalar, parameter }) => {
    const below = mul(g, add(y, scalar(parameter('alpha', 1))));
    return emit.node('Where', [emit.node('Greater', [x, scalar(0)]), g, below]);
  }),
  Selu: unary(({ emit, x, y, g, add, mul, scalar, parameter }) => {
    const [alpha, gamma] = [parameter('alpha', 1.6732632423543772), parameter('gamma', 1.0507009873554805)];
    const slope = emit.node('Where', [
      emit.node('Greater', [x, scalar(0)]),
      scalar(gamma),
      add(y, scalar(alpha * gamma)),
    ]);
    return mul(g, slope);
  }),
  // Below 0 the slope exp(x/α) is the output ÷ α + 1.
  Celu: unary(({ emit, y, g, add, mul, scalar, parameter }) => {
    const below = emit.node('Min', [y, scalar(0)]);
    return mul(g, add(mul(below, scalar(1 / parameter('alpha', 1))), scalar(1)));
  }),
  Sigmoid: unary(({ y, g, sub, mul, scalar }) => mul(g, mul(y, sub(scalar(1), y)))),
  HardSigmoid: hardSigmoid,
  Tanh: unary(({ y, g, sub, mul, scalar, square }) => mul(g, sub(scalar(1), square(y)))),
  Softplus: unary(({ emit, x, g, mul }) => mul(g, emit.node('Sigmoid', [x]))),
  Softsign: unary(({ emit, x, g, add, div, scalar, square }) => div(g, square(add(emit.node('Abs', [x]), scalar(1))))),
  Gelu: gelu,
  // x·σ(αx): σ + αx·σ·(1 − σ) = σ + αy·(1 − σ)
  Swish: unary(({ emit, x, y, g, add, sub, mul, scalar, parameter }) => {
    const alpha = parameter('alpha', 1);
    const gate = emit.node('Sigmoid', [alpha === 1 ? x : mul(x, scalar(alpha))]);
    const bent = mul(alpha === 1 ? y : mul(y, scalar(alpha)), sub(scalar(1), gate));
    return mul(g, add(gate, bent));
  }),
  // x·clip(x/6 + ½): x/3 + ½ between the kinks at ±3, which belong to the outer, straight parts.
  HardSwish: unary(({ emit, x, g, add, mul, scalar }) => {
    const middle = add(mul(x, scalar(1 / 3)), scalar(0.5));
    const left = emit.node('LessOrEqual', [x, scalar(-3)]);
    const right = emit.node('GreaterOrEqual', [x, scalar(3)]);
    const rising = mul(g, emit.node('Where', [right, scalar(1), middle]));
    return emit.node('Where', [left, scalar(0), rising]);
  }),
  // x·t with t = tanh(softplus(x)): t + x·(1 − t²)·σ(x), none of which overflows.
  Mish: unary(({ emit, x, g, add, sub, mul, scalar, square }) => {
    const t = emit.node('Tanh', [emit.node('Softplus', [x])]);
    // x·σ(x) by itself is fused into an operator that the CPU has not in double precision.
    const bent = mul(mul(x, sub(scalar(1), square(t))), emit.node('Sigmoid', [x]));
    return mul(g, add(t, bent));
  }),
};
