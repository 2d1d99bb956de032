/** Normalisations by the mean and the deviation of the stimulus itself. */
import { floatAttribute, intAttribute, intsAttribute } from '../../onnx/index.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import { unbroadcast } from '../broadcast.ts';
import type { GradientRule, RuleContext } from '../rule.ts';

/** x − mean over some axes, and 1/σ = 1/√(variance + ε). */
interface Standardised {
  centred: string;
  inverse: string;
  axes: readonly number[];
}

function standardise(context: RuleContext, axes: readonly number[], epsilon: number): Standardised {
  const { emit } = context;
  const mean = (value: string): string => emit.node('ReduceMean', [value, emit.ints(axes)], { keepdims: 1 });
  const centred = emit.node('Sub', [context.input(0), mean(context.input(0))]);
  const variance = mean(emit.node('Mul', [centred, centred]));
  const raised = emit.node('Add', [variance, emit.scalar(epsilon, context.inputType(0).dtype)]);
  return { centred, inverse: emit.node('Reciprocal', [emit.node('Sqrt', [raised])]), axes };
}

/**
 * With n = (x − mean)/σ and h the gradient with respect to n: (h − mean(h) − n·mean(h·n))/σ. The small factors of n are
 * put together, so that n itself is never written.
 */
function throughStatistics({ emit }: RuleContext, h: string, { centred, inverse, axes }: Standardised): string {
  const mean = (value: string): string => emit.node('ReduceMean', [value, emit.ints(axes)], { keepdims: 1 });
  const along = emit.node('Mul', [mean(emit.node('Mul', [h, centred])), emit.node('Mul', [inverse, inverse])]);
  const rest = emit.node('Sub', [emit.node('Sub', [h, mean(h)]), emit.node('Mul', [centred, along])]);
  return emit.node('Mul', [rest, inverse]);
}

const layerNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const type = context.inputType(0);
  const first = positiveAxis(intAttribute(node, 'axis', -1), type.shape.length);
  const axes = type.shape.flatMap((_, axis) => (axis >= first ? [axis] : []));
  const statistics = standardise(context, axes, floatAttribute(node, 'epsilon', 1e-5));
  const h = emit.node('Mul', [gradient, context.input(1)]);
  return [throughStatistics(context, h, statistics), ...parameterGradients(context, statistics)];
};

/** Gradients with respect to scale and bias, where the graph computes them from the stimulus. */
function parameterGradients(context: RuleContext, { centred, inverse }: Standardised): (string | undefined)[] {
  const { emit, gradient } = context;
  const type = context.inputType(0);
  const summed = (value: string, index: number): string =>
    unbroadcast(context, value, context.input(index), type, context.inputType(index));
  return [
    context.wanted(1) ? summed(emit.node('Mul', [gradient, emit.node('Mul', [centred, inverse])]), 1) : undefined,
    context.wanted(2) ? summed(gradient, 2) : undefined,
  ];
}

const instanceNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { shape } = context.inputType(0);
  const axes = shape.slice(2).map((_, axis) => axis + 2);
  const statistics = standardise(context, axes, floatAttribute(node, 'epsilon', 1e-5));
  const scale = emit.node('Reshape', [context.input(1), emit.ints([-1, ...axes.map(() => 1)])]);
  const h = emit.node('Mul', [gradient, scale]);
  return [throughStatistics(context, h, statistics)];
};

/** The operator adds 1e-9 to the deviation, which changes no float32 gradient that is finite. */
const meanVarianceNormalization: GradientRule = (context) => {
  const { shape } = context.inputType(0);
  const axes = (intsAttribute(context.node, 'axes') ?? [0, 2, 3]).map((axis) => positiveAxis(axis, shape.length));
  const statistics = standardise(context, axes, 1e-18);
  return [throughStatistics(context, context.gradient, statistics)];
};

export const statisticsRules: Record<string, GradientRule> = {
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  MeanVarianceNormalization: meanVarianceNormalization,
};
