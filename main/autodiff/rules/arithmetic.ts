/** Operators of several operands that broadcast against each other. */
import { toInput } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

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

/** b·x^(b − 1). The exponent may be computed by the graph, but not from the stimulus. */
const power: GradientRule = (context) => {
  const { emit, gradient } = context;
  const base = context.inputType(0);
  const exponent = context.inputType(1);
  const x = context.input(0);
  const known = emit.constantNumbers(context.input(1));
  const single = known?.length === 1 ? known[0] : undefined;
  let derivative: string;
  if (single === 0) return [toInput(context, emit.node('Mul', [gradient, emit.scalar(0, base.dtype)]), 0)];
  if (single === 1) return [toInput(context, gradient, 0)];
  if (single === 2) {
    derivative = emit.node('Mul', [x, emit.scalar(2, base.dtype)]);
  } else if (single !== undefined) {
    const lowered = emit.node('Pow', [x, emit.scalar(single - 1, base.dtype)]);
    derivative = emit.node('Mul', [lowered, emit.scalar(single, base.dtype)]);
  } else {
    const b = exponent.dtype === base.dtype ? context.input(1) : emit.cast(context.input(1), base.dtype);
    const lowered = emit.node('Pow', [x, emit.node('Sub', [b, emit.scalar(1, base.dtype)])]);
    const general = emit.node('Mul', [lowered, b]);
    // x⁰ is constant, also at x = 0 where 0·x⁻¹ is not a number.
    const constant = emit.node('Equal', [b, emit.scalar(0, base.dtype)]);
    derivative = emit.node('Where', [constant, emit.scalar(0, base.dtype), general]);
  }
  return [toInput(context, emit.node('Mul', [gradient, derivative]), 0)];
};

/** Equal extremes share the gradient evenly. */
const extreme: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (node.inputs.length === 1) return [gradient];
  const { dtype } = context.outputType(0);
  const chosen = node.inputs.map((name) => emit.cast(emit.node('Equal', [name, context.output(0)]), dtype));
  const share = emit.node('Div', [gradient, chosen.reduce((total, mask) => emit.node('Add', [total, mask]))]);
  return node.inputs.map((_, input) =>
    context.wanted(input) ? toInput(context, emit.node('Mul', [share, chosen[input]!]), input) : undefined,
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
  Min: extreme,
  Max: extreme,
  Where: select,
};
