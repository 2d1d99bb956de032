/** What a search needs of a twin and of stimulus sets; whoever runs the search supplies both. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { CancelSignal } from '../platform/cancel.ts';

/** The raster a twin sees: a square of `sizePx`² pixels, row 0 at the top, linear luminance. */
export type SearchField = { sizePx: number; fieldOfViewDeg: number; background: number };

export type ModelUnit = { area: string; unit: string };

export interface ResponseModel {
  /** Largest number of images in one call; frozen for the life of a search. */
  readonly batchSize: number;
  readonly units: readonly ModelUnit[];
  readonly field: SearchField;
  /** `images` is n × sizePx²; returns n × units. */
  responses(images: Float32Array, n: number): Promise<Float32Array>;
  /** Per-sample vector–Jacobian product: `cotangent` is n × units, `gradient` n × sizePx². Null where none can be had. */
  readonly gradient:
    | ((
        images: Float32Array,
        n: number,
        cotangent: Float32Array,
      ) => Promise<{ responses: Float32Array; gradient: Float32Array }>)
    | null;
}

/** An ordered set of stimuli that are rendered one by one, so that a large set never lies in memory. */
export interface StimulusSource {
  readonly count: number;
  /** Linear luminance, sizePx². */
  render(index: number): Promise<Float32Array>;
  spec(index: number): StimulusSpec;
}

const unitName = ({ area, unit }: ModelUnit): string => `${area} ${unit}`;

function requireFinite(values: Float32Array, model: ResponseModel, what: string): void {
  for (let i = 0; i < values.length; i++) {
    if (Number.isFinite(values[i])) continue;
    const unit = model.units[i % model.units.length] as ModelUnit;
    throw new TwinscopeError(
      'compute-failed',
      `Unit ${unitName(unit)} answered ${String(values[i])} while ${what}. Everything up to the last checkpoint is safe. ` +
        'Verify the twin on this device, or leave this unit out of the target.',
      { area: unit.area, unit: unit.unit },
    );
  }
}

/**
 * Responses to any number of images, in calls of at most `batchSize`; between two calls the signal is asked.
 * `what` completes the sentence 'Unit V1 7 answered NaN while …'.
 */
export async function evaluate(
  model: ResponseModel,
  images: readonly Float32Array[],
  what: string,
  signal?: CancelSignal,
): Promise<Float32Array[]> {
  const units = model.units.length;
  const result: Float32Array[] = [];
  for (let from = 0; from < images.length; from += model.batchSize) {
    signal?.throwIfAborted();
    const chunk = images.slice(from, from + model.batchSize);
    const responses = await model.responses(pack(chunk), chunk.length);
    requireFinite(responses, model, what);
    for (let i = 0; i < chunk.length; i++) result.push(responses.slice(i * units, (i + 1) * units));
  }
  return result;
}

/** As `evaluate`, with the gradient of v·responses for one cotangent v (units) shared by all images. */
export async function evaluateWithGradient(
  model: ResponseModel,
  images: readonly Float32Array[],
  cotangent: Float32Array,
  what: string,
  signal?: CancelSignal,
): Promise<{ responses: Float32Array; gradient: Float32Array }[]> {
  if (model.gradient === null) throw noGradient();
  const units = model.units.length;
  const result: { responses: Float32Array; gradient: Float32Array }[] = [];
  for (let from = 0; from < images.length; from += model.batchSize) {
    signal?.throwIfAborted();
    const chunk = images.slice(from, from + model.batchSize);
    const pixels = (chunk[0] as Float32Array).length;
    const cotangents = new Float32Array(chunk.length * units);
    for (let i = 0; i < chunk.length; i++) cotangents.set(cotangent, i * units);
    const answer = await model.gradient(pack(chunk), chunk.length, cotangents);
    requireFinite(answer.responses, model, what);
    for (let i = 0; i < chunk.length; i++) {
      const gradient = answer.gradient.slice(i * pixels, (i + 1) * pixels);
      if (!gradient.every(Number.isFinite)) {
        throw new TwinscopeError(
          'compute-failed',
          `The twin's gradient holds values that are not numbers (met while ${what}). Everything up to the last ` +
            'checkpoint is safe. Search with CMA-ES or screening, which need no gradient.',
        );
      }
      result.push({ responses: answer.responses.slice(i * units, (i + 1) * units), gradient });
    }
  }
  return result;
}

export function noGradient(): TwinscopeError {
  return new TwinscopeError(
    'unsupported',
    'This twin offers no gradient, so pixels cannot be searched by gradient ascent. Nothing was started. ' +
      'CMA-ES over grating parameters and screening of a set still work with it.',
  );
}

function pack(images: readonly Float32Array[]): Float32Array {
  const pixels = (images[0] as Float32Array).length;
  const packed = new Float32Array(images.length * pixels);
  for (const [i, image] of images.entries()) packed.set(image, i * pixels);
  return packed;
}
