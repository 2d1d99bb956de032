/** Between an output's tensor, with or without time bins, and one response of each unit to each stimulus. */
import { outputAxes, type OutputAxes } from '../contract/pictureAxes.ts';
import type { TwinManifest } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { imageInput } from './inputAdapter.ts';
import { otherInputs, type Behaviour } from './otherInputs.ts';

/** Throws the reason why this version cannot run the twin with this behaviour; see `imageInput` and `otherInputs`. */
export function requireRunnable(manifest: TwinManifest, behaviour?: Behaviour): void {
  imageInput(manifest);
  otherInputs(manifest, behaviour);
  layoutsOf(manifest);
}

export type AreaLayout = OutputAxes & { area: string; tensor: string };

/** Throws 'corrupt' or 'unsupported' where the responses of an area cannot be told from the manifest. */
export function layoutsOf(manifest: TwinManifest): AreaLayout[] {
  return manifest.outputs.map((output) => {
    if (!manifest.areas.some(({ name }) => name === output.area)) {
      throw new TwinscopeError(
        'corrupt',
        `The manifest of ${manifest.title} has an output for an area it does not list.`,
      );
    }
    const axes = outputAxes(output);
    if (axes === null) {
      const shape = output.axes.map(({ name, size }) => `${name} ${size ?? 'open'}`).join(' × ');
      throw new TwinscopeError(
        'unsupported',
        `The output "${output.tensor}" of ${manifest.title} is ${shape}. This version takes units, or units over time.`,
      );
    }
    return { ...axes, area: output.area, tensor: output.tensor };
  });
}

/** n × units: the mean of each unit's time bins within the window. */
export function meanOverWindow(layout: AreaLayout, data: ArrayLike<number>, n: number): Float32Array {
  const { units, bins, timeFirst, window } = layout;
  if (bins === 1) return Float32Array.from({ length: n * units }, (_, at) => data[at] as number);
  const result = new Float32Array(n * units);
  for (let i = 0; i < n; i++) {
    for (let unit = 0; unit < units; unit++) {
      let sum = 0;
      for (let bin = window.from; bin < window.to; bin++) {
        sum += data[i * units * bins + (timeFirst ? bin * units + unit : unit * bins + bin)] as number;
      }
      result[i * units + unit] = sum / (window.to - window.from);
    }
  }
  return result;
}

/** The way back of `meanOverWindow`: each bin of the window carries its part of the weight, others none. */
export function spread(
  layout: AreaLayout,
  weights: Float32Array,
  n: number,
): { values: Float32Array; shape: number[] } {
  const { units, bins, timeFirst, window, hasTime } = layout;
  if (!hasTime) return { values: weights, shape: [n, units] };
  const values = new Float32Array(n * units * bins);
  for (let i = 0; i < n; i++) {
    for (let unit = 0; unit < units; unit++) {
      const part = (weights[i * units + unit] as number) / (window.to - window.from);
      for (let bin = window.from; bin < window.to; bin++) {
        values[i * units * bins + (timeFirst ? bin * units + unit : unit * bins + bin)] = part;
      }
    }
  }
  return { values, shape: timeFirst ? [n, bins, units] : [n, units, bins] };
}

/** Which unit the value at this place of the tensor belongs to. */
export function unitAt({ units, bins, timeFirst }: AreaLayout, at: number): number {
  return timeFirst ? at % units : Math.floor(at / bins) % units;
}
