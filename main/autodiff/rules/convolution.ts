/** Convolutions. The gradient of a convolution is a transposed convolution with the same weights, and the other way. */
import { intAttribute, intsAttribute, type Dim } from '../../onnx/index.ts';
import { convolutionKernel, windowOf, type Window } from '../../onnx/shapes/spatial.ts';
import type { Emitter } from '../emitter.ts';
import type { GradientRule, RuleContext } from '../rule.ts';
import type { Transposed } from './transposed.ts';
import { exchangeChannels, loweredStride } from './stridedConvolution.ts';

/** Explicit pads of a window over spatial axes, with those that auto_pad stands for worked out. */
export function padsOf(context: RuleContext, window: Window, spatial: readonly Dim[]): number[] {
  if (window.autoPad === 'NOTSET' || window.autoPad === 'VALID') return window.pads;
  const totals = window.kernel.map((kernel, axis) => {
    const size = spatial[axis];
    if (typeof size !== 'number') return context.refuse('auto_pad over a size that is fixed only at run time');
    const stride = window.strides[axis]!;
    const extent = (kernel - 1) * window.dilations[axis]! + 1;
    return Math.max(0, (Math.ceil(size / stride) - 1) * stride + extent - size);
  });
  const less = totals.map((total) => Math.floor(total / 2));
  const more = totals.map((total, axis) => total - less[axis]!);
  return window.autoPad === 'SAME_UPPER' ? [...less, ...more] : [...more, ...less];
}

/** Spreads a gradient back over the window's input by ConvTranspose. */
export function transposedConvolution(emit: Emitter, parts: Transposed): string {
  const { kernel, strides, dilations } = parts.window;
  const { pads, group, inputSpatial, outputSpatial } = parts;
  const attributes = { strides, dilations, group, kernel_shape: kernel };
  const axes = kernel.map((_, axis) => axis);
  const extent = axes.map((axis) => (kernel[axis]! - 1) * dilations[axis]! + 1);
  const rest = axes.map((axis) => {
    const [size, positions] = [inputSpatial[axis], outputSpatial[axis]];
    if (typeof size === 'number' && typeof positions === 'number') {
      const reached = (positions - 1) * strides[axis]! + extent[axis]!;
      return size + pads[axis]! + pads[axis + kernel.length]! - reached;
    }
    return strides[axis] === 1 ? 0 : undefined;
  });
  const fits = rest.every((value, axis) => value !== undefined && value >= 0 && value < strides[axis]!);
  if (fits) {
    const output_padding = rest.some((value) => value! > 0) ? (rest as number[]) : undefined;
    return emit.node('ConvTranspose', [parts.gradient, parts.weights], { ...attributes, pads, output_padding });
  }
  // The rows behind the last window are unknown here, so make all there can be and cut the input's extent out.
  const output_padding = strides.map((stride) => stride - 1);
  const whole = emit.node('ConvTranspose', [parts.gradient, parts.weights], { ...attributes, output_padding });
  const sizes = emit.node('Slice', [emit.node('Shape', [parts.input]), emit.ints([2]), emit.ints([2 + kernel.length])]);
  const begin = emit.ints(pads.slice(0, kernel.length));
  return emit.node('Slice', [whole, begin, emit.node('Add', [begin, sizes]), emit.ints(axes.map((axis) => axis + 2))]);
}

/**
 * With stride 1 the transposed convolution is an ordinary one with rotated weights, whose input and output channels
 * change places within each group; ONNX Runtime runs that several times faster on the CPU.
 */
function rotatedConvolution(emit: Emitter, parts: Transposed, weightShape: readonly number[]): string {
  const { kernel, dilations } = parts.window;
  const { group } = parts;
  const rank = kernel.length;
  const spatialAxes = kernel.map((_, axis) => axis + 2);
  const backwards = emit.ints(kernel.map(() => -1));
  const rotated = kernel.every((size) => size === 1)
    ? parts.weights
    : emit.node('Slice', [
        parts.weights,
        backwards,
        emit.ints(kernel.map(() => -(2 ** 31))),
        emit.ints(spatialAxes),
        backwards,
      ]);
  const weights = exchangeChannels(emit, rotated, weightShape, group, kernel);
  const reach = kernel.map((size, axis) => (size - 1) * dilations[axis]!);
  const pads = parts.pads.map((pad, side) => reach[side % rank]! - pad);
  return emit.node('Conv', [parts.gradient, weights], { dilations, group, kernel_shape: kernel, pads });
}

const convolution: GradientRule = (context) => {
  const { emit, node } = context;
  const weights = context.inputType(1);
  const type = context.wanted(0) ? context.inputType(0) : undefined;
  const spatialAxes = context
    .outputType(0)
    .shape.slice(2)
    .map((_, axis) => axis + 2);
  const toBias = context.wanted(2) ? emit.reduceSum(context.gradient, [0, ...spatialAxes], false) : undefined;
  if (!type) return [undefined, undefined, toBias];
  const kernel = convolutionKernel(node, weights);
  if (!kernel) return context.refuse('the size of its kernel is not known');
  const window = windowOf(node, kernel);
  const inputSpatial = type.shape.slice(2);
  const pads = padsOf(context, window, inputSpatial);
  const parts: Transposed = {
    gradient: context.gradient,
    weights: context.input(1),
    group: intAttribute(node, 'group', 1),
    window,
    pads,
    inputSpatial,
    outputSpatial: context.outputType(0).shape.slice(2),
    input: context.input(0),
  };
  const shape = weights.shape;
  const coversPads = pads.every((pad, side) => {
    const axis = side % kernel.length;
    return pad <= (kernel[axis]! - 1) * window.dilations[axis]!;
  });
  const known = shape.every((size) => typeof size === 'number');
  if (known && coversPads && window.strides.every((stride) => stride === 1)) {
    return [rotatedConvolution(emit, parts, shape), undefined, toBias];
  }
  if (known && (type.dtype === 'float32' || type.dtype === 'float64')) {
    const layer = { weightShape: shape, group: parts.group, window, pads, inputSpatial };
    const lowering = emit.stridedLowering(layer);
    if (lowering !== 'transposed') return [loweredStride(emit, parts, shape, lowering, type.dtype), undefined, toBias];
  }
  return [transposedConvolution(emit, parts), undefined, toBias];
};

const transposed: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (intsAttribute(node, 'output_shape') || node.attributes['auto_pad']) {
    context.refuse('it states its output shape or auto_pad instead of its pads, and there is no rule for that');
  }
  const kernel = convolutionKernel(node, context.inputType(1));
  if (!kernel) return context.refuse('the size of its kernel is not known');
  const { strides, dilations, pads } = windowOf(node, kernel);
  const group = intAttribute(node, 'group', 1);
  const attributes = { strides, dilations, pads, group, kernel_shape: kernel };
  const spatialAxes = kernel.map((_, axis) => axis + 2);
  return [
    context.wanted(0) ? emit.node('Conv', [gradient, context.input(1)], attributes) : undefined,
    undefined,
    context.wanted(2) ? emit.reduceSum(gradient, [0, ...spatialAxes], false) : undefined,
  ];
};

export const convolutionRules: Record<string, GradientRule> = { Conv: convolution, ConvTranspose: transposed };
