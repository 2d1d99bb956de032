/** What a search needs of a twin and of stimulus sets; whoever runs the search supplies both. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { UnitPlace } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import type { Objective } from './objectives/objective.ts';

/**
 * The raster a twin sees: a square of `sizePx`² pixels, row 0 at the top, linear luminance. A twin that sees clips has more
 * than one of `frames`; a still picture is shown in all of them.
 */
export type SearchField = {
  sizePx: number;
  fieldOfViewDeg: number;
  background: number;
  frames?: number;
  /** Of clips. */
  frameRateHz?: number | null;
};

/** `area` is unique over all twins; `member` is left out for the plan's own twin in its first state. */
export type ModelUnit = { area: string; unit: string; place?: UnitPlace | undefined; member?: string | undefined };

export interface ResponseModel {
  /** Stimuli per step, and at most as many images in one call; frozen for the life of a search. */
  readonly batchSize: number;
  /** Largest number of images in one call where memory allows fewer than `batchSize`; may differ after a resume. */
  readonly mostPerRun?: number;
  readonly units: readonly ModelUnit[];
  readonly field: SearchField;
  /** `images` is n × frames × sizePx²; returns n × units. */
  responses(images: Float32Array, n: number): Promise<Float32Array>;
  /** Per-sample vector–Jacobian product: `cotangent` is n × units, `gradient` n × frames × sizePx². Null where none can be had. */
  readonly gradient:
    | ((
        images: Float32Array,
        n: number,
        cotangent: Float32Array,
      ) => Promise<{ responses: Float32Array; gradient: Float32Array }>)
    | null;
  /** Of several twins in one: those without a gradient, where there are any. */
  readonly withoutGradient?: readonly string[];
  /** Sentences about how stimuli reach the twins. */
  readonly notices?: readonly string[];
  /**
   * The node where numbers stop being finite for one image in all its frames, described for people: on the way to the responses, or, with
   * a cotangent (units), on the way back. Null where that cannot be told.
   */
  nodeAtFault?: ((image: Float32Array, cotangent: Float32Array | null) => Promise<string | null>) | undefined;
}

/** An ordered set of stimuli that are rendered one by one, so that a large set never lies in memory. */
export interface StimulusSource {
  readonly count: number;
  /** Linear luminance, sizePx²; of a moving stimulus frames × sizePx². */
  render(index: number): Promise<Float32Array>;
  spec(index: number): StimulusSpec;
}

const unitName = ({ area, unit }: ModelUnit): string => `${area} ${unit}`;

const isFinite = (values: Float32Array): boolean => values.every(Number.isFinite);

/** ', first at Sqrt (node "root")', or nothing where that cannot be told; looking must not hide what was found. */
async function atNode(model: ResponseModel, image: Float32Array, cotangent: Float32Array | null): Promise<string> {
  const node = (await model.nodeAtFault?.(pack(model.field, [image]), cotangent).catch(() => null)) ?? null;
  return node === null ? '' : `, first at ${node}`;
}

async function requireFinite(
  values: Float32Array,
  model: ResponseModel,
  images: readonly Float32Array[],
  what: string,
): Promise<void> {
  const at = values.findIndex((value) => !Number.isFinite(value));
  if (at === -1) return;
  const units = model.units.length;
  const { area, unit } = model.units[at % units] as ModelUnit;
  const where = await atNode(model, images[Math.floor(at / units)] as Float32Array, null);
  throw new TwinscopeError(
    'compute-failed',
    `Unit ${unitName({ area, unit })} answered ${String(values[at])} while ${what}${where}. Everything up to the last checkpoint is safe. ` +
      'Verify the twin on this device, or leave this unit out of the target.',
    { area, unit },
  );
}

/**
 * The first unit whose own gradient is not finite at this image, found by halving the units of the target; null where
 * only their sum is not.
 */
async function unitAtFault(
  gradient: NonNullable<ResponseModel['gradient']>,
  shown: Float32Array,
  cotangent: Float32Array,
): Promise<number | null> {
  let open = [...cotangent.keys()].filter((unit) => cotangent[unit] !== 0);
  const bad = async (units: readonly number[]): Promise<boolean> => {
    const part = new Float32Array(cotangent.length);
    for (const unit of units) part[unit] = cotangent[unit] as number;
    return !isFinite((await gradient(shown, 1, part)).gradient);
  };
  while (open.length > 1) {
    const halves = [open.slice(0, Math.ceil(open.length / 2)), open.slice(Math.ceil(open.length / 2))];
    const found = (await bad(halves[0] as number[])) ? 0 : (await bad(halves[1] as number[])) ? 1 : null;
    if (found === null) return null;
    open = halves[found] as number[];
  }
  return open[0] ?? null;
}

async function gradientNotFinite(
  model: ResponseModel,
  image: Float32Array,
  cotangent: Float32Array,
  what: string,
): Promise<TwinscopeError> {
  const index =
    model.gradient === null ? null : await unitAtFault(model.gradient, pack(model.field, [image]), cotangent);
  const alone = new Float32Array(cotangent.length);
  if (index !== null) alone[index] = cotangent[index] as number;
  const where = await atNode(model, image, index === null ? cotangent : alone);
  const unit = index === null ? null : (model.units[index] as ModelUnit);
  const whose = unit === null ? 'the weighted sum of the target' : `unit ${unitName(unit)}`;
  return new TwinscopeError(
    'compute-failed',
    `The gradient of ${whose} holds values that are not numbers (met while ${what})${where}. Everything up to the last ` +
      'checkpoint is safe. Leave this unit out of the target, or search with CMA-ES or screening, which need no gradient.',
    { ...unit },
  );
}

/**
 * Responses to any number of images, in calls of at most `mostPerRun` or `batchSize`; between two calls the signal is asked.
 * `what` completes the sentence 'Unit V1 7 answered NaN while …'.
 */
export async function evaluate(
  model: ResponseModel,
  images: readonly Float32Array[],
  what: string,
  signal?: CancelSignal,
): Promise<Float32Array[]> {
  const units = model.units.length;
  const most = mostPerCall(model);
  const result: Float32Array[] = [];
  for (let from = 0; from < images.length; from += most) {
    signal?.throwIfAborted();
    const chunk = images.slice(from, from + most);
    const responses = await model.responses(pack(model.field, chunk), chunk.length);
    await requireFinite(responses, model, chunk, what);
    for (let i = 0; i < chunk.length; i++) result.push(responses.slice(i * units, (i + 1) * units));
  }
  return result;
}

/**
 * As `evaluate`, with the gradient of the objective, which is told the index of the image too. Where its cotangent depends on the responses, these are asked for first,
 * in the same batches. The gradient of a still picture that is shown in many frames is the sum of theirs.
 */
export async function evaluateWithGradient(
  model: ResponseModel,
  images: readonly Float32Array[],
  objective: Pick<Objective, 'linear'> & { cotangent(responses: Float32Array, index: number): Float32Array },
  what: string,
  signal?: CancelSignal,
): Promise<{ responses: Float32Array; gradient: Float32Array }[]> {
  if (model.gradient === null) throw noGradient(model);
  const units = model.units.length;
  const most = mostPerCall(model);
  const result: { responses: Float32Array; gradient: Float32Array }[] = [];
  for (let from = 0; from < images.length; from += most) {
    signal?.throwIfAborted();
    const chunk = images.slice(from, from + most);
    const shown = (model.field.frames ?? 1) * model.field.sizePx ** 2;
    const before = objective.linear ? null : await evaluate(model, chunk, what, signal);
    const cotangents = new Float32Array(chunk.length * units);
    for (let i = 0; i < chunk.length; i++) {
      cotangents.set(objective.cotangent(before?.[i] ?? new Float32Array(units), from + i), i * units);
    }
    const answer = await model.gradient(pack(model.field, chunk), chunk.length, cotangents);
    await requireFinite(answer.responses, model, chunk, what);
    for (let i = 0; i < chunk.length; i++) {
      const { length } = chunk[i] as Float32Array;
      const gradient = sumOfFrames(answer.gradient.slice(i * shown, (i + 1) * shown), length);
      if (!isFinite(gradient)) {
        const cotangent = cotangents.slice(i * units, (i + 1) * units);
        throw await gradientNotFinite(model, chunk[i] as Float32Array, cotangent, what);
      }
      result.push({ responses: answer.responses.slice(i * units, (i + 1) * units), gradient });
    }
  }
  return result;
}

const mostPerCall = ({ batchSize, mostPerRun = batchSize }: ResponseModel): number => Math.min(batchSize, mostPerRun);

export function noGradient({ withoutGradient = [] }: Pick<ResponseModel, 'withoutGradient'> = {}): TwinscopeError {
  const who =
    withoutGradient.length === 0
      ? 'This twin offers'
      : `${withoutGradient.join(' and ')} offer${withoutGradient.length === 1 ? 's' : ''}`;
  return new TwinscopeError(
    'unsupported',
    `${who} no gradient, so pixels cannot be searched by gradient ascent. Nothing was started. ` +
      'CMA-ES over grating parameters and screening of a set still work with it.',
  );
}

/** Images one behind the other, still ones in every frame. */
function pack({ sizePx, frames = 1 }: SearchField, images: readonly Float32Array[]): Float32Array {
  const shown = frames * sizePx ** 2;
  const packed = new Float32Array(images.length * shown);
  for (const [i, image] of images.entries()) {
    for (let at = 0; at < shown; at += image.length) packed.set(image, i * shown + at);
  }
  return packed;
}

/** `gradient` itself where it has `length` values. */
function sumOfFrames(gradient: Float32Array, length: number): Float32Array {
  if (gradient.length === length) return gradient;
  const sum = new Float64Array(length);
  for (const [at, value] of gradient.entries()) sum[at % length] = (sum[at % length] as number) + value;
  return Float32Array.from(sum);
}
