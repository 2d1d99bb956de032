/** Responses to a reference set and the scale that follows from them. */
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { plural } from '../../platform/words.ts';
import { tsr1Weight } from '../../stimuli/tsr1/classes.ts';
import { tsr1vWeight } from '../../stimuli/tsr1v/classes.ts';
import { evaluate, type ModelUnit, type ResponseModel, type StimulusSource } from '../model.ts';
import { areasOf, groupActivity, sdOfMean, unitStatistics, type UnitStatistics } from '../objectives/normalisation.ts';

/** What a twin answered; everything that a search needs of its reference set follows from it. */
export type ReferenceResponses = {
  /** Stimuli × units, in the order of the set, blanks left out. */
  rows: Float32Array;
  /** Units. */
  blank: Float32Array;
};

/** All arrays have one entry per unit. */
export type ReferenceScale = {
  /** Reference stimuli, blanks left out. */
  stimuli: number;
  mean: Float64Array;
  /** 0 marks an unmodulated unit. */
  sd: Float64Array;
  blank: Float32Array;
  /** Coefficient of each unit's deviation from its mean in its area's activity; 0 for unmodulated units. */
  areaCoefficient: Float64Array;
  /** Largest response over the reference, and the index of its stimulus in the set. */
  max: Float64Array;
  maxIndex: Float64Array;
  /** Largest activity of every area over the reference, z, in the order of `areasOf`. */
  areaMax: Float64Array;
};

/** A reference set and how the blank is drawn. */
export type ReferenceStimuli = { source: StimulusSource; renderSpec: (spec: StimulusSpec) => Float32Array };

const fewestStimuli = 2;

/** Indices of the stimuli that are not blanks. Throws 'bad-input' where there are too few of them. */
export function referenceIndices(source: Pick<StimulusSource, 'count' | 'spec'>): number[] {
  const indices: number[] = [];
  for (let i = 0; i < source.count; i++) if (source.spec(i).type !== 'blank') indices.push(i);
  if (indices.length < fewestStimuli) {
    throw new TwinscopeError(
      'bad-input',
      `The reference set holds ${plural(indices.length, 'stimulus', 'stimuli')} besides blanks; a mean and a standard deviation need at least ` +
        `${fewestStimuli}. Nothing was started. Choose a larger reference set.`,
    );
  }
  return indices;
}

/** Steps of measuring `stimuli` stimuli: one per batch, and one for the blank. */
export const referenceSteps = (stimuli: number, batchSize: number): number => Math.ceil(stimuli / batchSize) + 1;

/** Responses to batch number `index` of the set; `indices` as `referenceIndices` gives them. */
export async function measureBatch(
  model: ResponseModel,
  { source }: ReferenceStimuli,
  indices: readonly number[],
  index: number,
  signal?: CancelSignal,
): Promise<Float32Array[]> {
  const images: Float32Array[] = [];
  for (const i of indices.slice(index * model.batchSize, (index + 1) * model.batchSize)) {
    signal?.throwIfAborted();
    images.push(await shown(source, i));
  }
  return evaluate(model, images, 'the reference set was shown', signal);
}

export async function measureBlank(
  model: ResponseModel,
  { renderSpec }: ReferenceStimuli,
  signal?: CancelSignal,
): Promise<Float32Array> {
  const [responses] = await evaluate(model, [renderSpec({ type: 'blank' })], 'the blank was shown', signal);
  return responses as Float32Array;
}

/** A search of the same batch size gets the same bits. `onBatch` is told how many images have been shown. */
export async function measureReference(
  model: ResponseModel,
  stimuli: ReferenceStimuli,
  options: { signal?: CancelSignal; onBatch?: (done: number, total: number) => void } = {},
): Promise<ReferenceResponses> {
  const { signal, onBatch } = options;
  const indices = referenceIndices(stimuli.source);
  const rows: Float32Array[] = [];
  for (let step = 0; step < referenceSteps(indices.length, model.batchSize) - 1; step++) {
    rows.push(...(await measureBatch(model, stimuli, indices, step, signal)));
    onBatch?.(rows.length, indices.length);
  }
  const blank = await measureBlank(model, stimuli, signal);
  return { rows: stackRows(rows, model.units.length), blank };
}

/** A set that the twin cannot be shown is refused with what can be done about it. */
async function shown(source: StimulusSource, index: number): Promise<Float32Array> {
  try {
    return await source.render(index);
  } catch (error) {
    if (!isTwinscopeError(error) || error.code !== 'bad-input') throw error;
    throw new TwinscopeError(
      'bad-input',
      `The reference set cannot be shown to this twin: ${error.message} Choose a set of your own whose stimuli this twin can ` +
        'see as the reference, or leave the reference out of the plan: then a built-in one that suits the twin is used.',
      error.details,
    );
  }
}

/** Every class of a reference set counts equally, however many images or clips it has. */
function referenceWeight(spec: StimulusSpec): number {
  if (spec.type === 'tsr1') return tsr1Weight(spec.index);
  return spec.type === 'tsr1v' ? tsr1vWeight(spec.index) : 1;
}

/** Mean, sd, blank and area coefficients; deterministic, so equal responses give equal bits. */
export function scaleOf(
  { rows, blank }: ReferenceResponses,
  source: Pick<StimulusSource, 'count' | 'spec'>,
  units: readonly ModelUnit[],
): { scale: ReferenceScale; statistics: UnitStatistics } {
  const weights = Float64Array.from(referenceIndices(source), (i) => referenceWeight(source.spec(i)));
  const statistics = unitStatistics(rows, units, weights);
  const areaCoefficient = new Float64Array(units.length);
  for (const members of areasOf(units).values()) {
    const activity = groupActivity(members, statistics.sd, sdOfMean(members, statistics, rows));
    for (const [i, u] of (activity?.units ?? []).entries()) areaCoefficient[u] = activity?.coefficient[i] as number;
  }
  const { stimuli, mean, sd } = statistics;
  const scale = { stimuli, mean, sd, blank, areaCoefficient, ...largestOf(rows, source, units, areaCoefficient, mean) };
  return { scale, statistics };
}

/** Of equal responses the first one of the set. */
function largestOf(
  rows: Float32Array,
  source: Pick<StimulusSource, 'count' | 'spec'>,
  units: readonly ModelUnit[],
  areaCoefficient: Float64Array,
  mean: Float64Array,
): Pick<ReferenceScale, 'max' | 'maxIndex' | 'areaMax'> {
  const n = units.length;
  const max = new Float64Array(n).fill(-Infinity);
  const maxIndex = new Float64Array(n);
  const areas = [...areasOf(units).values()];
  const areaMax = new Float64Array(areas.length).fill(-Infinity);
  for (const [s, index] of referenceIndices(source).entries()) {
    const row = rows.subarray(s * n, (s + 1) * n);
    for (let u = 0; u < n; u++) {
      if ((row[u] as number) <= (max[u] as number)) continue;
      max[u] = row[u] as number;
      maxIndex[u] = index;
    }
    for (const [a, members] of areas.entries()) {
      areaMax[a] = Math.max(areaMax[a] as number, activityOfArea(members, areaCoefficient, mean, row));
    }
  }
  return { max, maxIndex, areaMax };
}

/** Σ coefficient · (response − mean) over the units of an area, z. */
export function activityOfArea(
  members: readonly number[],
  areaCoefficient: Float64Array,
  mean: Float64Array,
  responses: Float32Array,
): number {
  let z = 0;
  for (const u of members) z += (areaCoefficient[u] as number) * ((responses[u] as number) - (mean[u] as number));
  return z;
}

export function stackRows(rows: readonly Float32Array[], length: number): Float32Array {
  const stacked = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) stacked.set(row, i * length);
  return stacked;
}
