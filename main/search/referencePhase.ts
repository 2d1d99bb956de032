/** Measures the reference set and the blank: the scale on which everything else is expressed. */
import type { CancelSignal } from '../platform/cancel.ts';
import { formatCount, plural } from '../platform/words.ts';
import type { Saved } from './checkpoint.ts';
import { createObjective } from './normalisation.ts';
import type { Phase, SearchContext } from './phase.ts';
import {
  measureBatch,
  measureBlank,
  type ReferenceResponses,
  type ReferenceScale,
  type ReferenceStimuli,
  referenceIndices,
  referenceSteps,
  scaleOf,
  stackRows,
} from './reference.ts';

/**
 * Responses that are known from before take the place of the twin's answers, batch by batch: steps, checkpoints and
 * counts are those of a phase that measures, bit for bit.
 */
export class ReferencePhase implements Phase {
  readonly name = 'measuring the reference set';
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #stimuli: ReferenceStimuli;
  readonly #known: ReferenceResponses | null;
  /** Indices of the stimuli that are not blanks. */
  readonly #indices: number[];
  #rows: Float32Array[] = [];
  #scale: ReferenceScale | null = null;
  #measured: ReferenceResponses | null = null;

  constructor(context: SearchContext, stimuli: ReferenceStimuli, known: ReferenceResponses | null) {
    this.#context = context;
    this.#stimuli = stimuli;
    this.#known = known;
    this.#indices = referenceIndices(stimuli.source);
    this.steps = referenceSteps(this.#indices.length, context.model.batchSize);
  }

  get scale(): ReferenceScale {
    if (this.#scale === null) throw new Error('the reference phase has not ended');
    return this.#scale;
  }

  /** Stimuli measured, and how many there are; the blank counts in neither. */
  get shown(): { done: number; total: number } {
    const total = this.#indices.length;
    return { done: this.#scale === null ? this.#rows.length : total, total };
  }

  /** What the twin answered, once and after the last step only; null where it was known, or another process measured it. */
  takeMeasured(): ReferenceResponses | null {
    const measured = this.#measured;
    this.#measured = null;
    return measured;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    const { model } = this.#context;
    if (index === this.steps - 1) {
      this.#finish(this.#known?.blank ?? (await measureBlank(model, this.#stimuli, signal)));
      return { evaluations: 1, point: null };
    }
    const rows =
      this.#known === null
        ? await measureBatch(model, this.#stimuli, this.#indices, index, signal)
        : this.#knownBatch(this.#known.rows, index);
    this.#rows.push(...rows);
    return { evaluations: rows.length, point: null };
  }

  #knownBatch(rows: Float32Array, index: number): Float32Array[] {
    const { batchSize, units } = this.#context.model;
    const to = Math.min((index + 1) * batchSize, this.#indices.length);
    const batch: Float32Array[] = [];
    for (let i = index * batchSize; i < to; i++) batch.push(rows.slice(i * units.length, (i + 1) * units.length));
    return batch;
  }

  #finish(blank: Float32Array): void {
    const { model, groups, notices } = this.#context;
    const { units } = model;
    const responses = { rows: stackRows(this.#rows, units.length), blank };
    const { scale, statistics } = scaleOf(responses, this.#stimuli.source, units);
    const objective = createObjective(groups, statistics, responses.rows);
    for (const { label, units: members } of groups) {
      const left = members.filter((u) => statistics.sd[u] === 0).length;
      if (left > 0) {
        notices.push(
          `${formatCount(left)} of ${plural(members.length, 'unit')} of the target ${label} ${left === 1 ? 'does not respond to the reference set and is' : 'do not respond to the reference set and are'} left out.`,
        );
      }
    }
    this.#scale = scale;
    this.#context.objective = objective;
    this.#rows = [];
    if (this.#known === null) this.#measured = responses;
  }

  save(): Saved {
    const scale = this.#scale;
    const units = this.#context.model.units.length;
    return scale === null
      ? { json: { stimuli: null }, arrays: { rows: stackRows(this.#rows, units) } }
      : {
          json: { stimuli: scale.stimuli },
          arrays: {
            mean: scale.mean,
            sd: scale.sd,
            blank: scale.blank,
            areaCoefficient: scale.areaCoefficient,
            weight: this.#context.objective?.weight as Float64Array,
          },
        };
  }

  restore({ json, arrays }: Saved): void {
    const { stimuli } = json as { stimuli: number | null };
    const units = this.#context.model.units.length;
    if (stimuli === null) {
      const rows = arrays['rows'] as Float32Array;
      this.#rows = Array.from({ length: rows.length / units }, (_, s) => rows.slice(s * units, (s + 1) * units));
      return;
    }
    const mean = arrays['mean'] as Float64Array;
    this.#scale = {
      stimuli,
      mean,
      sd: arrays['sd'] as Float64Array,
      blank: arrays['blank'] as Float32Array,
      areaCoefficient: arrays['areaCoefficient'] as Float64Array,
    };
    this.#context.objective = { weight: arrays['weight'] as Float64Array, mean };
  }
}
