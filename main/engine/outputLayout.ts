/** Between an output's tensor, with or without time bins, and one response of each unit to each stimulus. */
import { outputAxes, type OutputAxes } from '../contract/pictureAxes.ts';
import type { ResponseWindow } from '../contract/plans.ts';
import type { TwinManifest } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { formatNumber } from '../stimuli/words.ts';
import { framesOf, imageInput } from './inputAdapter.ts';
import { otherInputs, type Behaviour } from './otherInputs.ts';

/**
 * Throws the reason why this version cannot run the twin with this behaviour and this window; see `imageInput`,
 * `otherInputs` and `layoutsOf`.
 */
export function requireRunnable(manifest: TwinManifest, behaviour?: Behaviour, window?: ResponseWindow): void {
  imageInput(manifest);
  otherInputs(manifest, behaviour);
  layoutsOf(manifest, window);
}

export type AreaLayout = OutputAxes & { area: string; tensor: string };

/**
 * @param asked instead of the window that the manifest states
 * @throws 'corrupt' or 'unsupported' where the responses of an area cannot be told from the manifest, 'bad-input' for a
 * window that they do not have
 */
export function layoutsOf(manifest: TwinManifest, asked?: ResponseWindow): AreaLayout[] {
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
    const window = asked === undefined ? axes.window : binsWithin(asked, axes, manifest, output.area);
    return { ...axes, window, area: output.area, tensor: output.tensor };
  });
}

/** The time bins that lie whole within a window; bin k covers k to k + 1 frame durations from the onset of the clip. */
function binsWithin(
  { fromMs, toMs }: ResponseWindow,
  { bins, hasTime }: OutputAxes,
  manifest: TwinManifest,
  area: string,
): OutputAxes['window'] {
  const refuse = (why: string): TwinscopeError =>
    new TwinscopeError(
      'bad-input',
      `The window ${formatNumber(fromMs)} to ${formatNumber(toMs)} ms cannot be used for ${area} of ${manifest.title}: ${why}`,
    );
  const { format } = imageInput(manifest);
  const rate = format.clip?.frameRateHz;
  if (!hasTime || rate === undefined) {
    throw refuse('its responses have no time. Nothing was started. Leave the window out of the plan.');
  }
  if (bins !== framesOf(format)) {
    throw refuse(
      `it answers in ${bins} time bins to ${framesOf(format)} frames, and its manifest does not say when they are. Nothing was ` +
        'started. Leave the window out of the plan.',
    );
  }
  const clipMs = (1000 * bins) / rate;
  if (fromMs >= toMs || toMs > clipMs * (1 + 1e-9)) {
    throw refuse(
      `it must begin before it ends, within the ${formatNumber(clipMs)} ms of the clip. Nothing was started. Choose another window.`,
    );
  }
  const from = Math.ceil((fromMs * rate) / 1000 - 1e-9);
  const to = Math.floor((toMs * rate) / 1000 + 1e-9);
  if (from >= to) {
    throw refuse(
      `no time bin of ${formatNumber(1000 / rate)} ms lies whole within it. Nothing was started. Choose a longer window.`,
    );
  }
  return { from, to };
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
