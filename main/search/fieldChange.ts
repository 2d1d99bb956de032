/**
 * A stimulus on the raster of one twin, shown on that of another at its size in degrees: both fields are centred on
 * fixation, and beyond that of the stimulus stands its background. A linear map of the deviation from the background,
 * so that gradients go back through its transpose.
 */
import { type AxisWeights, axisWeights } from '../stimuli/resample.ts';
import type { SearchField } from './model.ts';

export type FieldChange = {
  /** @param images any number of frames of the one raster; returns as many of the other. */
  apply(images: Float32Array): Float32Array;
  /** ∂/∂images of what has this gradient with respect to `apply(images)`. */
  adjoint(gradient: Float32Array): Float32Array;
};

type Field = Pick<SearchField, 'sizePx' | 'fieldOfViewDeg' | 'background'>;

/**
 * Weighed as a run shows a picture (stimuli/resample.ts): pixels that become larger average over their area, those that
 * become smaller are interpolated by a windowed sinc, which beside sharp edges may leave the range by a little; a run holds
 * it there, which would not be linear, so that a notice of the search tells of it. Null where nothing changes.
 */
export function createFieldChange(from: Field, to: Field): FieldChange | null {
  if (from.sizePx === to.sizePx && from.fieldOfViewDeg === to.fieldOfViewDeg) return null;
  const extent = (from.fieldOfViewDeg / to.fieldOfViewDeg) * to.sizePx;
  const weights = axisWeights(
    { size: to.sizePx, start: (to.sizePx - extent) / 2, extent },
    { size: from.sizePx, from: 0, length: from.sizePx },
    false,
  );
  const fromPixels = from.sizePx ** 2;
  const toPixels = to.sizePx ** 2;
  const { background } = from;
  const across = new Float64Array(from.sizePx * to.sizePx);
  return {
    apply(images) {
      const frames = images.length / fromPixels;
      const result = new Float32Array(frames * toPixels);
      const deviation = new Float64Array(fromPixels);
      for (let frame = 0; frame < frames; frame++) {
        for (let i = 0; i < fromPixels; i++) deviation[i] = (images[frame * fromPixels + i] as number) - background;
        gatherColumns(weights, deviation, from.sizePx, across);
        const shown = result.subarray(frame * toPixels, (frame + 1) * toPixels);
        gatherRows(weights, across, shown);
        for (let i = 0; i < toPixels; i++) shown[i] = (shown[i] as number) + background;
      }
      return result;
    },
    adjoint(gradient) {
      const frames = gradient.length / toPixels;
      const result = new Float32Array(frames * fromPixels);
      for (let frame = 0; frame < frames; frame++) {
        scatterRows(weights, gradient.subarray(frame * toPixels, (frame + 1) * toPixels), across);
        scatterColumns(weights, across, from.sizePx, result.subarray(frame * fromPixels, (frame + 1) * fromPixels));
      }
      return result;
    },
  };
}

/** source rows × source columns → `out`: source rows × target columns. */
function gatherColumns(weights: AxisWeights, source: Float64Array, size: number, out: Float64Array): void {
  const targets = weights.count.length;
  for (let row = 0; row < size; row++) {
    for (let target = 0; target < targets; target++) {
      const first = row * size + (weights.first[target] as number);
      let sum = 0;
      for (let k = 0; k < (weights.count[target] as number); k++)
        sum += (weights.weights[target * weights.stride + k] as number) * (source[first + k] as number);
      out[row * targets + target] = sum;
    }
  }
}

/** source rows × target columns → `out`: target rows × target columns. */
function gatherRows(weights: AxisWeights, source: Float64Array, out: Float32Array): void {
  const targets = weights.count.length;
  const line = new Float64Array(targets);
  for (let target = 0; target < targets; target++) {
    line.fill(0);
    for (let k = 0; k < (weights.count[target] as number); k++) {
      const weight = weights.weights[target * weights.stride + k] as number;
      const from = ((weights.first[target] as number) + k) * targets;
      for (let column = 0; column < targets; column++)
        line[column] = (line[column] as number) + weight * (source[from + column] as number);
    }
    out.set(line, target * targets);
  }
}

/** The transpose of `gatherRows`. */
function scatterRows(weights: AxisWeights, gradient: Float32Array, out: Float64Array): void {
  const targets = weights.count.length;
  out.fill(0);
  for (let target = 0; target < targets; target++) {
    for (let k = 0; k < (weights.count[target] as number); k++) {
      const weight = weights.weights[target * weights.stride + k] as number;
      const to = ((weights.first[target] as number) + k) * targets;
      for (let column = 0; column < targets; column++)
        out[to + column] = (out[to + column] as number) + weight * (gradient[target * targets + column] as number);
    }
  }
}

/** The transpose of `gatherColumns`. */
function scatterColumns(weights: AxisWeights, across: Float64Array, size: number, out: Float32Array): void {
  const targets = weights.count.length;
  const line = new Float64Array(size);
  for (let row = 0; row < size; row++) {
    line.fill(0);
    for (let target = 0; target < targets; target++) {
      const first = weights.first[target] as number;
      const value = across[row * targets + target] as number;
      for (let k = 0; k < (weights.count[target] as number); k++)
        line[first + k] =
          (line[first + k] as number) + (weights.weights[target * weights.stride + k] as number) * value;
    }
    out.set(line, row * size);
  }
}
