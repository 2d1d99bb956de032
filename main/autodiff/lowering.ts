/**
 * In which operators a gradient is written down where several forms give the same numbers. Which is quickest depends on
 * the device, the runtime and the sizes, so whoever runs the graph measures and hands its choice in; the figures behind
 * the defaults are in docs/decisions/gradient-lowering.md.
 */
import type { Dim } from '../onnx/index.ts';
import type { Window } from '../onnx/shapes/spatial.ts';

/**
 * The gradient of a convolution with a stride above 1. transposed: one ConvTranspose. phases: an ordinary convolution for
 * every residue of the position modulo the stride, interleaved by DepthToSpace. joint: all residues in one convolution
 * with a common window, for few channels and one group. stuffed (1 × 1 only): an ordinary convolution, then zeros between its elements.
 */
export type StridedLowering = 'transposed' | 'phases' | 'joint' | 'stuffed';

export interface Lowering {
  /** By the signature of the layer; a layer that is not listed takes the default for its sizes. */
  strided: Readonly<Record<string, StridedLowering>>;
  /** What makes 1 of a positive and 0 of a zero output of Relu. */
  mask: 'comparison' | 'hard-sigmoid';
  /** Whether elementwise operators are kept in the blocked layout (NCHWc) of ONNX Runtime's CPU convolutions. */
  blockedLayout: boolean;
}

/** One pass of HardSigmoid is the quickest mask on the CPU, which alone has a blocked layout; every device can compare. */
export function defaultLowering(device: string): Lowering {
  const cpu = device === 'cpu';
  return { strided: {}, mask: cpu ? 'hard-sigmoid' : 'comparison', blockedLayout: cpu };
}

export interface StridedLayer {
  /** Weights [outputs, inputs ÷ group, …kernel] of the forward convolution. */
  weightShape: readonly number[];
  group: number;
  window: Window;
  /** Begin of every axis, then end of every axis. */
  pads: readonly number[];
  inputSpatial: readonly Dim[];
}

/** Layers of equal signature take the same time. */
export function strideSignature({ weightShape, group, window, pads, inputSpatial }: StridedLayer): string {
  const { strides, dilations } = window;
  return [weightShape, strides, dilations, pads, [group], inputSpatial].map((list) => list.join('×')).join(' ');
}

/** The forms that a layer can take, the default first. */
export function stridedChoices(layer: StridedLayer): StridedLowering[] {
  const { weightShape, group, window, inputSpatial } = layer;
  const planar = window.kernel.length === 2;
  const divisible = inputSpatial.every((size, axis) => typeof size === 'number' && size % window.strides[axis]! === 0);
  const undilated = window.dilations.every((dilation) => dilation === 1);
  const equalStride = window.strides.every((stride) => stride === window.strides[0]);
  if (!planar || !divisible || !undilated || !equalStride) return ['transposed'];
  if (window.kernel.every((size) => size === 1) && layer.pads.every((pad) => pad === 0)) {
    return ['stuffed', 'transposed'];
  }
  if (window.kernel.some((size, axis) => size < window.strides[axis]!)) return ['transposed'];
  if (group > 1) return ['transposed', 'phases'];
  return weightShape[1]! < fewChannels ? ['joint', 'transposed', 'phases'] : ['transposed', 'phases', 'joint'];
}

/** Below this the blocked kernels of a convolution for one residue would be mostly empty. */
const fewChannels = 16;
