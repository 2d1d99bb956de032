/** Normalisations by the mean and the deviation of the stimulus itself. */
import { floatAttribute, intAttribute, intsAttribute } from '../../onnx/index.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import { unbroadcast } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/**
 * With n = (x − mean)/σ and h the gradient with respect to n: (h − mean(h) − n·mean(h·n))/σ. As n has mean 0, the mean
 * of h − n·mean(h·n) is that of h.
 */
function throughStatistics(
  context: RuleContext,
  h: string,
  n: string,
  inverse: string,
  axes: readonly number[],
): string {
  const { emit } = context;
  const mean = (value: string): string => emit.node('ReduceMean', [value, emit.ints(axes)], { keepdims: 1 });
  const along = mean(emit.node('Mul', [h, n]));
  const centred = emit.node('Sub', [h, mean(h)]);
  const left = emit.node('Sub', [centred, emit.node('Mul', [n, along])]);
  return emit.node('Mul', [left, inverse]);
}

/** x − mean, and 1/√(variance + ε), over the given axes. */
function standardised(context: RuleContext, axes: readonly number[], epsilon: number): { n: string; inverse: string } {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const mean = (value: string): string => emit.node('ReduceMean', [value, emit.ints(axes)], { keepdims: 1 });
  const centred = emit.node('Sub', [context.input(0), mean(context.input(0))]);
  const variance = mean(emit.node('Mul', [centred, centred]));
  const raised = emit.node('Add', [variance, emit.scalar(epsilon, dtype)]);
  const inverse = emit.node('Reciprocal', [emit.node('Sqrt', [raised])]);
  return { n: emit.node('Mul', [centred, inverse]), inverse };
}

const layerNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const type = context.inputType(0);
  const first = positiveAxis(intAttribute(node, 'axis', -1), type.shape.length);
  const axes = type.shape.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const { n, inverse } = standardised(context, axes, floatAttribute(node, 'epsilon', 1e-5));
  const h = emit.node('Mul', [gradient, context.input(1)]);
  return [throughStatistics(context, h, n, inverse, axes), ...parameterGradients(context, n)];
};

/** Gradients with respect to scale and bias, where the graph computes them from the stimulus. */
function parameterGradients(context: RuleContext, n: string): (string | undefined)[] {
  const { emit, gradient } = context;
  const type = context.inputType(0);
  const summed = (value: string, index: number): string =>
    unbroadcast(context, value, context.input(index), type, context.inputType(index));
  return [
    context.wanted(1) ? summed(emit.node('Mul', [gradient, n]), 1) : undefined,
    context.wanted(2) ? summed(gradient, 2) : undefined,
  ];
}

const instanceNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { shape } = context.inputType(0);
  const axes = shape.slice(2).map((_, axis) => axis + 2);
  const { n, inverse } = standardised(context, axes, floatAttribute(node, 'epsilon', 1e-5));
  const scale = emit.node('Reshape', [context.input(1), emit.ints([-1, ...axes.map(() => 1)])]);
  const h = emit.node('Mul', [gradient, scale]);
  return [throughStatistics(context, h, n, inverse, axes)];
};

/** The operator adds 1e-9 to the deviation, which changes no float32 gradient that is finite. */
const meanVarianceNormalization: GradientRule = (context) => {
  const { shape } = context.inputType(0);
  const axes = (intsAttribute(context.node, 'axes') ?? [0, 2, 3]).map((axis) => positiveAxis(axis, shape.length));
  const { n, inverse } = standardised(context, axes, 1e-18);
  return [throughStatistics(context, context.gradient, n, inverse, axes)];
};

export const statisticsRules: Record<string, GradientRule> = {
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
};
