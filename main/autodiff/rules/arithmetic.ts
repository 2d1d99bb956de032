/** Operators of several operands that broadcast against each other. */
import { toInput } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { masked } from './mask.ts';
import { inSinglePrecision } from './singlePrecision.ts';

/** One gradient of the result's shape per wanted operand, summed back to the operand's shape. */
function broadcasting(gradientOf: (context: RuleContext, input: number) => string): GradientRule {
  return (context) =>
    context.node.inputs.map((_, input) =>
      context.wanted(input) ? toInput(context, gradientOf(context, input), input) : undefined,
    );
}

const multiply = broadcasting(({ emit, gradient, input }, index) => emit.node('Mul', [gradient, input(1 - index)]));

const divide = broadcasting((context, index) => {
  const { emit, gradient } = context;
  const share = emit.node('Div', [gradient, context.input(1)]);
  return index === 0 ? share : emit.node('Neg', [emit.node('Mul', [share, context.output(0)])]);
});

/** b·x^(b − 1) to the base, x^b·ln x to the exponent. */
const power: GradientRule = (context) => {
  const { gradient, emit } = context;
  const toBase = (): string => toInput(context, emit.node('Mul', [gradient, baseSlope(context)]), 0);
  return [
    context.wanted(0) ? toBase() : undefined,
    context.wanted(1) ? toInput(context, exponentGradient(context), 1) : undefined,
  ];
};

function baseSlope(context: RuleContext): string {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const x = context.input(0);
  const known = emit.constantNumbers(context.input(1));
  const single = known?.length === 1 ? known[0] : undefined;
  if (single === 0 || single === 1) return emit.scalar(single, dtype);
  if (single === 2) return emit.node('Mul', [x, emit.scalar(2, dtype)]);
  if (single === 3) return emit.node('Mul', [emit.node('Mul', [x, x]), emit.scalar(3, dtype)]);
  if (single !== undefined) {
    const lowered = emit.node('Pow', [x, emit.scalar(single - 1, dtype)]);
    return emit.node('Mul', [lowered, emit.scalar(single, dtype)]);
  }
  const b = context.inputType(1).dtype === dtype ? context.input(1) : emit.cast(context.input(1), dtype);
  const lowered = emit.node('Pow', [x, emit.node('Sub', [b, emit.scalar(1, dtype)])]);
  const general = emit.node('Mul', [lowered, b]);
  // x⁰ is constant, also at x = 0 where 0·x⁻¹ is not a number.
  const constant = emit.node('Equal', [b, emit.scalar(0, dtype)]);
  return emit.node('Where', [constant, emit.scalar(0, dtype), general]);
}

/** 0 at base 0, where 0^b stays 0 (and 0⁰ counts as flat). */
function exponentGradient(context: RuleContext): string {
  const { emit, gradient } = context;
  const { dtype } = context.inputType(0);
  const zero = emit.node('Equal', [context.input(0), emit.scalar(0, dtype)]);
  const safe = emit.node('Where', [zero, emit.scalar(1, dtype), context.input(0)]);
  const slope = emit.node('Mul', [context.output(0), emit.node('Log', [safe])]);
  const typed = context.inputType(1).dtype === dtype ? slope : emit.cast(slope, context.inputType(1).dtype);
  return emit.node('Mul', [gradient, typed]);
}

/** x − y·trunc(x/y) (fmod): 1 to x, −trunc(x/y) to y. */
const remainder = broadcasting((context, index) => {
  const { emit, gradient, input } = context;
  if (index === 0) return gradient;
  const wholes = emit.node('Div', [emit.node('Sub', [context.output(0), input(0)]), input(1)]);
  // The quotient is a whole number but for rounding.
  return emit.node('Mul', [gradient, emit.node('Round', [wholes])]);
});

/** Equal extremes share the gradient evenly. */
const extreme: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (node.inputs.length === 1) return [gradient];
  const { dtype } = context.outputType(0);
  const equal = node.inputs.map((name) => emit.node('Equal', [name, context.output(0)]));
  const chosen = equal.map((test) => emit.cast(test, dtype));
  const share = emit.node('Div', [gradient, chosen.reduce((total, mask) => emit.node('Add', [total, mask]))]);
  return node.inputs.map((_, input) =>
    context.wanted(input) ? toInput(context, masked(emit, share, equal[input]!, dtype), input) : undefined,
  );
};

const select = broadcasting(({ emit, gradient, input, inputType }, index) => {
  const zero = emit.scalar(0, inputType(index).dtype);
  return emit.node('Where', index === 1 ? [input(0), gradient, zero] : [input(0), zero, gradient]);
});

export const arithmeticRules: Record<string, GradientRule> = {
  Add: broadcasting(({ gradient }) => gradient),
  Sum: broadcasting(({ gradient }) => gradient),
  Sub: broadcasting(({ emit, gradient }, index) => (index === 0 ? gradient : emit.node('Neg', [gradient]))),
  Mean: broadcasting(({ emit, gradient, node, outputType }) =>
    emit.node('Div', [gradient, emit.scalar(node.inputs.length, outputType(0).dtype)]),
  ),
  Mul: multiply,
  Div: divide,
  Pow: power,
  Mod: remainder,
  Min: inSinglePrecision(extreme),
  Max: inSinglePrecision(extreme),
  Where: select,
};
