/** Sums, means and their relatives over axes, and softmax. */
import { intAttribute } from '../../onnx/index.ts';
import { positiveAxis } from '../../onnx/shapes/dims.ts';
import { reducedAxes } from '../../onnx/shapes/elementwise.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import { masked } from './mask.ts';
import { inSinglePrecision } from './singlePrecision.ts';

/** Brings a value of the reduction's output shape back to the input's rank, axes of size 1 where it reduced. */
function withReducedAxes(context: RuleContext, value: string): string {
  const { emit, node } = context;
  const axes = axesOf(context);
  return intAttribute(node, 'keepdims', 1) === 1 || axes.length === 0 ? value : emit.unsqueeze(value, axes);
}

function axesOf(context: RuleContext): number[] {
  const axes = reducedAxes(context.node, context.emit.inference.context, context.inputType(0).shape.length);
  return axes ?? context.refuse('the axes it reduces are computed while it runs');
}

function repeated(context: RuleContext, value: string): string {
  return context.emit.node('Expand', [value, context.emit.shapeOf(context.input(0), context.inputType(0).shape)]);
}

/** How many elements go into one mean: a constant, or ratio of sizes when the graph runs. */
function countOf(context: RuleContext): string {
  const { emit } = context;
  const { shape, dtype } = context.inputType(0);
  const sizes = axesOf(context).map((axis) => shape[axis]!);
  if (sizes.every((size) => typeof size === 'number')) {
    return emit.scalar(
      sizes.reduce((total, size) => total * size, 1),
      dtype,
    );
  }
  const ratio = emit.node('Div', [emit.node('Size', [context.input(0)]), emit.node('Size', [context.output(0)])]);
  return emit.cast(ratio, dtype);
}

const sum: GradientRule = (context) => [repeated(context, withReducedAxes(context, context.gradient))];

const mean: GradientRule = (context) => {
  const share = context.emit.node('Div', [context.gradient, countOf(context)]);
  return [repeated(context, withReducedAxes(context, share))];
};

const sumOfSquares: GradientRule = (context) => {
  const { emit } = context;
  const doubled = emit.node('Mul', [context.gradient, emit.scalar(2, context.inputType(0).dtype)]);
  return [emit.node('Mul', [context.input(0), withReducedAxes(context, doubled)])];
};

const absoluteSum: GradientRule = (context) => {
  const { emit } = context;
  const direction = emit.node('Sign', [context.input(0)]);
  return [emit.node('Mul', [direction, withReducedAxes(context, context.gradient)])];
};

/** x/‖x‖, and 0 where the norm is 0. */
const norm: GradientRule = (context) => {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const y = withReducedAxes(context, context.output(0));
  const share = emit.node('Div', [withReducedAxes(context, context.gradient), y]);
  const zero = emit.scalar(0, dtype);
  const safe = emit.node('Where', [emit.node('Equal', [y, zero]), zero, share]);
  return [emit.node('Mul', [context.input(0), safe])];
};

/** Equal extremes share the gradient evenly. */
const extreme: GradientRule = (context) => {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const equal = emit.node('Equal', [context.input(0), withReducedAxes(context, context.output(0))]);
  const count = emit.reduceSum(emit.cast(equal, dtype), axesOf(context), true);
  return [masked(emit, emit.node('Div', [withReducedAxes(context, context.gradient), count]), equal, dtype)];
};

/** The product of the other elements, also where some are 0: zeros are left out of the product and counted. */
const multiplied: GradientRule = (context) => {
  const { emit } = context;
  const { dtype } = context.inputType(0);
  const x = context.input(0);
  const [zero, one] = [emit.scalar(0, dtype), emit.scalar(1, dtype)];
  const isZero = emit.node('Equal', [x, zero]);
  const others = emit.node('Where', [isZero, one, x]);
  const kept = { keepdims: 1, noop_with_empty_axes: 1 };
  const product = emit.node('ReduceProd', [others, emit.ints(axesOf(context))], kept);
  const zeros = emit.cast(isZero, dtype);
  const zerosElsewhere = emit.node('Sub', [emit.reduceSum(zeros, axesOf(context), true), zeros]);
  const alone = emit.node('Equal', [zerosElsewhere, zero]);
  const slope = emit.node('Where', [alone, emit.node('Div', [product, others]), zero]);
  return [emit.node('Mul', [slope, withReducedAxes(context, context.gradient)])];
};

const logSum: GradientRule = (context) => {
  const { emit } = context;
  const share = emit.node('Div', [context.gradient, emit.node('Exp', [context.output(0)])]);
  return [repeated(context, withReducedAxes(context, share))];
};

const logSumExp: GradientRule = (context) => {
  const { emit } = context;
  const distance = emit.node('Sub', [context.input(0), withReducedAxes(context, context.output(0))]);
  return [emit.node('Mul', [emit.node('Exp', [distance]), withReducedAxes(context, context.gradient)])];
};

function softmaxAxis(context: RuleContext): number {
  return positiveAxis(intAttribute(context.node, 'axis', -1), context.inputType(0).shape.length);
}

const softmax: GradientRule = (context) => {
  const { emit, gradient } = context;
  const y = context.output(0);
  const mean = emit.reduceSum(emit.node('Mul', [gradient, y]), [softmaxAxis(context)], true);
  return [emit.node('Mul', [y, emit.node('Sub', [gradient, mean])])];
};

const logSoftmax: GradientRule = (context) => {
  const { emit, gradient } = context;
  const total = emit.reduceSum(gradient, [softmaxAxis(context)], true);
  const probability = emit.node('Exp', [context.output(0)]);
  return [emit.node('Sub', [gradient, emit.node('Mul', [probability, total])])];
};

/** Every value goes back to the place it was taken from. */
const largest: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  const { dtype, shape } = context.inputType(0);
  const axis = positiveAxis(intAttribute(node, 'axis', -1), shape.length);
  const largestFirst = intAttribute(node, 'largest', 1);
  const attributes = { axis, largest: largestFirst, sorted: intAttribute(node, 'sorted', 1) };
  const places = node.outputs[1] || emit.split('TopK', [context.input(0), context.input(1)], attributes, 2)[1]!;
  const zeros = emit.node('Expand', [emit.scalar(0, dtype), emit.shapeOf(context.input(0), shape)]);
  return [emit.node('ScatterElements', [zeros, places, gradient], { axis })];
};

export const reductionRules: Record<string, GradientRule> = {
  ReduceSum: sum,
  ReduceMean: mean,
  ReduceMax: inSinglePrecision(extreme),
  ReduceMin: inSinglePrecision(extreme),
  ReduceProd: multiplied,
  ReduceSumSquare: sumOfSquares,
  ReduceL1: absoluteSum,
  ReduceL2: norm,
  ReduceLogSum: logSum,
  ReduceLogSumExp: logSumExp,
  Softmax: softmax,
  LogSoftmax: logSoftmax,
  TopK: largest,
};
