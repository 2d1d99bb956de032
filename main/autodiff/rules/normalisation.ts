/** Normalisations over a batch's statistics fixed at inference, over neighbouring channels, and to unit norm. */
import { floatAttribute, intAttribute, type Dtype } from '../../onnx/index.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import { type GradientRule, type RuleContext } from '../rule.ts';
import { statisticsRules } from './normalisationLayers.ts';

/** With fixed statistics the operator multiplies each channel by scale ÷ √(variance + ε). */
const batchNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (intAttribute(node, 'training_mode', 0) === 1)
    context.refuse('it is in training mode, where images of a batch mix');
  const type = context.inputType(0);
  const scaleType = context.inputType(1).dtype;
  const raised = emit.node('Add', [
    context.input(4),
    emit.scalar(floatAttribute(node, 'epsilon', 1e-5), context.inputType(4).dtype),
  ]);
  const deviation = emit.node('Sqrt', [raised]);
  const matching = context.inputType(4).dtype === scaleType ? deviation : emit.cast(deviation, scaleType);
  const factor = emit.node('Div', [context.input(1), matching]);
  const typed = scaleType === type.dtype ? factor : emit.cast(factor, type.dtype);
  const shaped = emit.node('Reshape', [typed, emit.ints([-1, ...type.shape.slice(2).map(() => 1)])]);
  return [emit.node('Mul', [gradient, shaped])];
};

/** Means over `size` neighbouring channels, zeros outside; `before` of them lie before the channel. */
function channelMeans(context: RuleContext, x: string, size: number, before: number): string {
  const { emit, inputType } = context;
  const planes = emit.node('Reshape', [x, emit.ints([0, 1, channelsOf(context), -1])]);
  const means = emit.node('AveragePool', [planes], {
    kernel_shape: [size, 1],
    pads: [before, 0, size - 1 - before, 0],
    count_include_pad: 1,
  });
  return emit.reshapeLike(means, context.input(0), inputType(0).shape);
}

function channelsOf(context: RuleContext): number {
  const channels = context.inputType(0).shape[1];
  return typeof channels === 'number' ? channels : context.refuse('its number of channels is fixed only at run time');
}

/** y = x·s^−β with s = bias + α·(mean of x² over `size` channels). */
const localResponseNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype } = context.inputType(0);
  const x = context.input(0);
  const size = intAttribute(node, 'size', 1);
  const [alpha, beta] = [floatAttribute(node, 'alpha', 1e-4), floatAttribute(node, 'beta', 0.75)];
  const before = Math.floor((size - 1) / 2);
  const power = channelMeans(context, emit.node('Mul', [x, x]), size, before);
  const scaled = emit.node('Mul', [power, emit.scalar(alpha, dtype)]);
  const sums = emit.node('Add', [scaled, emit.scalar(floatAttribute(node, 'bias', 1), dtype)]);
  const direct = emit.node('Mul', [gradient, emit.node('Pow', [sums, emit.scalar(-beta, dtype)])]);
  const pulled = emit.node('Div', [emit.node('Mul', [direct, x]), sums]);
  // A channel lies in the windows of those before it as far as theirs reach behind them.
  const spread = channelMeans(context, pulled, size, size - 1 - before);
  const indirect = emit.node('Mul', [emit.node('Mul', [x, emit.scalar(2 * alpha * beta, dtype)]), spread]);
  return [emit.node('Sub', [direct, indirect])];
};

/** y = x/‖x‖ along one axis: (g − ∂‖x‖/∂x·Σ g·y)/‖x‖, and 0 where the norm is 0. */
const lpNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const [x, y] = [context.input(0), context.output(0)];
  const p = intAttribute(node, 'p', 2);
  if (p !== 1 && p !== 2) context.refuse(`it divides by a norm of order ${p}, and there are rules for 1 and 2`);
  const axes = [positiveAxis(intAttribute(node, 'axis', -1), shape.length)];
  const size = emit.node(p === 1 ? 'ReduceL1' : 'ReduceL2', [x, emit.ints(axes)], { keepdims: 1 });
  const along = emit.reduceSum(emit.node('Mul', [gradient, y]), axes, true);
  const direction = p === 1 ? emit.node('Sign', [x]) : y;
  const left = emit.node('Sub', [gradient, emit.node('Mul', [direction, along])]);
  return [emit.node('Mul', [left, reciprocalOrZero(context, size, dtype)])];
};

function reciprocalOrZero({ emit }: RuleContext, value: string, dtype: Dtype): string {
  const zero = emit.scalar(0, dtype);
  return emit.node('Where', [emit.node('Equal', [value, zero]), zero, emit.node('Reciprocal', [value])]);
}

export const normalisationRules: Record<string, GradientRule> = {
  BatchNormalization: batchNormalization,
  LRN: localResponseNormalization,
  LpNormalization: lpNormalization,
  ...statisticsRules,
};
