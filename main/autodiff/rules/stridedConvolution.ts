/**
 * The gradient of a strided convolution as ordinary convolutions, one for every residue of the position modulo the
 * stride. With stride s, pads p and position x = s·i + r: the taps that reach x are t = t₀ + s·m with t₀ = (r + p) mod s,
 * and tap m meets the output i + ⌊(r + p)/s⌋ − m.
 */
import type { Emitter } from '../emitter.ts';
import type { StridedLowering } from '../lowering.ts';
import type { Transposed } from './transposed.ts';

/** Along one axis and for one residue: which taps there are, and the pads of the convolution that applies them. */
interface Phase {
  firstTap: number;
  taps: number;
  begin: number;
  end: number;
}

function phaseOf(parts: Transposed, axis: number, residue: number): Phase {
  const stride = parts.window.strides[axis]!;
  const kernel = parts.window.kernel[axis]!;
  const shifted = residue + parts.pads[axis]!;
  const firstTap = shifted % stride;
  const taps = Math.ceil((kernel - firstTap) / stride);
  const begin = taps - 1 - Math.floor(shifted / stride);
  const positions = (parts.inputSpatial[axis] as number) / stride;
  return { firstTap, taps, begin, end: positions - (parts.outputSpatial[axis] as number) + taps - 1 - begin };
}

/** Weights of shape [outputs, inputs ÷ group, …] with inputs and outputs exchanged within each group. */
export function exchangeChannels(
  emit: Emitter,
  weights: string,
  [outputs, inputsPerGroup]: readonly number[],
  group: number,
  kernel: readonly number[],
): string {
  const spatialAxes = kernel.map((_, axis) => axis + 2);
  if (group === 1) return emit.node('Transpose', [weights], { perm: [1, 0, ...spatialAxes] });
  const grouped = emit.node('Reshape', [weights, emit.ints([group, outputs! / group, inputsPerGroup!, ...kernel])]);
  const swapped = emit.node('Transpose', [grouped], { perm: [0, 2, 1, ...spatialAxes.map((axis) => axis + 1)] });
  return emit.node('Reshape', [swapped, emit.ints([group * inputsPerGroup!, outputs! / group, ...kernel])]);
}

/** Taps first, first + step, … (`count` of them) along each axis, last tap first. */
function reversedTaps(emit: Emitter, weights: string, phases: readonly Phase[], strides: readonly number[]): string {
  const last = phases.map(({ firstTap, taps }, axis) => firstTap + strides[axis]! * (taps - 1));
  const before = phases.map(({ firstTap }, axis) => {
    const end = firstTap - strides[axis]!;
    return end < 0 ? -(2 ** 31) : end;
  });
  return emit.node('Slice', [
    weights,
    emit.ints(last),
    emit.ints(before),
    emit.ints(phases.map((_, axis) => axis + 2)),
    emit.ints(strides.map((stride) => -stride)),
  ]);
}

/** Crops what negative pads ask for and returns the pads that are left. */
function cropped(emit: Emitter, x: string, pads: readonly number[]): { x: string; pads: number[] } {
  if (pads.every((pad) => pad >= 0)) return { x, pads: [...pads] };
  const half = pads.length / 2;
  const crops = pads.map((pad) => Math.max(0, -pad));
  const axes = Array.from({ length: half }, (_, axis) => axis);
  const sliced = emit.node('Slice', [
    x,
    emit.ints(crops.slice(0, half)),
    emit.ints(axes.map((axis) => (crops[axis + half]! > 0 ? -crops[axis + half]! : 2 ** 62))),
    emit.ints(axes.map((axis) => axis + 2)),
  ]);
  return { x: sliced, pads: pads.map((pad) => Math.max(0, pad)) };
}

/** One convolution per residue; the results are interleaved by DepthToSpace (mode DCR, residues outermost). */
function separatePhases(emit: Emitter, parts: Transposed, weightShape: readonly number[]): string {
  const { strides } = parts.window;
  const [rows, columns] = strides as [number, number];
  const pieces: string[] = [];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      const phases = [phaseOf(parts, 0, row), phaseOf(parts, 1, column)];
      const kernel = phases.map(({ taps }) => taps);
      const taps = reversedTaps(emit, parts.weights, phases, strides);
      const weights = exchangeChannels(emit, taps, weightShape, parts.group, kernel);
      const wanted = [...phases.map(({ begin }) => begin), ...phases.map(({ end }) => end)];
      const { x, pads } = cropped(emit, parts.gradient, wanted);
      pieces.push(emit.node('Conv', [x, weights], { group: parts.group, kernel_shape: kernel, pads }));
    }
  }
  const joined = emit.node('Concat', pieces, { axis: 1 });
  return emit.node('DepthToSpace', [joined], { blocksize: rows, mode: 'DCR' });
}

/** All residues in one convolution over the union of their windows; the weights are filled up with zeros. */
function jointPhases(emit: Emitter, parts: Transposed, weightShape: readonly number[]): string {
  const { strides } = parts.window;
  const stride = strides[0]!;
  const residues = Array.from({ length: stride }, (_, residue) => residue);
  const phases = strides.map((_, axis) => residues.map((residue) => phaseOf(parts, axis, residue)));
  const begin = phases.map((list) => Math.max(...list.map((phase) => phase.begin)));
  const reach = phases.map((list) => Math.max(...list.map((phase) => phase.taps - 1 - phase.begin)));
  const kernel = strides.map((_, axis) => begin[axis]! + reach[axis]! + 1);
  const inputs = weightShape[1]!;
  const pieces = residues.flatMap((row) =>
    residues.map((column) => {
      const own = [phases[0]![row]!, phases[1]![column]!];
      const taps = reversedTaps(emit, parts.weights, own, strides);
      const before = own.map((phase, axis) => begin[axis]! - phase.begin);
      const after = own.map((phase, axis) => kernel[axis]! - before[axis]! - phase.taps);
      const padded = emit.node('Pad', [taps, emit.ints([0, 0, ...before, 0, 0, ...after])]);
      return exchangeChannels(emit, padded, weightShape, 1, kernel);
    }),
  );
  const channels = pieces.length * inputs;
  const spare = -channels & (blockedChannels - 1);
  const weights = emit.node('Concat', pieces, { axis: 0 });
  // Output channels that nobody reads fill the last block of ONNX Runtime's blocked kernels.
  const filled = spare === 0 ? weights : emit.node('Pad', [weights, emit.ints([0, 0, 0, 0, spare, 0, 0, 0])]);
  const positions = strides.map((_, axis) => (parts.inputSpatial[axis] as number) / stride);
  const end = positions.map(
    (count, axis) => count - (parts.outputSpatial[axis] as number) + kernel[axis]! - 1 - begin[axis]!,
  );
  const { x, pads } = cropped(emit, parts.gradient, [...begin, ...end]);
  const all = emit.node('Conv', [x, filled], { kernel_shape: kernel, pads });
  const used = spare === 0 ? all : emit.slice(all, 1, 0, channels);
  return emit.node('DepthToSpace', [used], { blocksize: stride, mode: 'DCR' });
}

const blockedChannels = 16;

/** 1 × 1: an ordinary convolution, then a depthwise ConvTranspose with weights of one puts zeros between its elements. */
function stuffed(
  emit: Emitter,
  parts: Transposed,
  weightShape: readonly number[],
  dtype: 'float32' | 'float64',
): string {
  const { kernel, strides } = parts.window;
  const channels = weightShape[1]! * parts.group;
  const weights = exchangeChannels(emit, parts.weights, weightShape, parts.group, kernel);
  const spread = emit.node('Conv', [parts.gradient, weights], { group: parts.group, kernel_shape: kernel });
  const ones = emit.floats(
    dtype,
    [channels, 1, 1, 1],
    Array.from({ length: channels }, () => 1),
  );
  return emit.node('ConvTranspose', [spread, ones], {
    group: channels,
    kernel_shape: kernel,
    strides,
    output_padding: strides.map((stride) => stride - 1),
  });
}

export function loweredStride(
  emit: Emitter,
  parts: Transposed,
  weightShape: readonly number[],
  lowering: Exclude<StridedLowering, 'transposed'>,
  dtype: 'float32' | 'float64',
): string {
  if (lowering === 'stuffed') return stuffed(emit, parts, weightShape, dtype);
  return lowering === 'joint' ? jointPhases(emit, parts, weightShape) : separatePhases(emit, parts, weightShape);
}
