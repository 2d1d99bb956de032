/** Measures the reference set and the blank: the scale on which everything else is expressed. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import { formatCount, plural } from '../../platform/words.ts';
import type { Saved } from '../checkpoint.ts';
import { sdOfMean } from '../objectives/normalisation.ts';
import { createObjective, type ObjectiveScale } from '../objectives/objective.ts';
import { groupsOf } from '../objectives/resolve.ts';
import { evaluate } from '../model.ts';
import type { Phase, SearchContext } from '../phase.ts';
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

/** Draws a stimulus whose responses are matched. */
export type GoalImage = () => Promise<Float32Array>;

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
  readonly #goals: readonly GoalImage[];
  /** Indices of the stimuli that are not blanks. */
  readonly #indices: number[];
  #rows: Float32Array[] = [];
  #scale: ReferenceScale | null = null;
  #measured: ReferenceResponses | null = null;
  #groupSd: Float64Array = new Float64Array(0);
  /** Responses to the goal stimuli. */
  #goalResponses: Float32Array[] = [];
  #selectiveSd: Float64Array = new Float64Array(0);
  /** Kept for held-out twins only: stimuli × units. */
  #kept: Float32Array | null = null;

  constructor(
    context: SearchContext,
    stimuli: ReferenceStimuli,
    known: ReferenceResponses | null,
    goals: readonly GoalImage[],
  ) {
    this.#context = context;
    this.#stimuli = stimuli;
    this.#known = known;
    this.#goals = goals;
    this.#indices = referenceIndices(stimuli.source);
    this.steps = referenceSteps(this.#indices.length, context.model.batchSize);
  }

  get scale(): ReferenceScale {
    if (this.#scale === null) throw new Error('the reference phase has not ended');
    return this.#scale;
  }

  /** Stimuli × units of the reference without blanks; for plans with held-out twins, once the phase has ended. */
  get rows(): Float32Array {
    if (this.#kept === null) throw new Error('the responses to the reference set were not kept');
    return this.#kept;
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
      const blank = this.#known?.blank ?? (await measureBlank(model, this.#stimuli, signal));
      const images: Float32Array[] = [];
      for (const goal of this.#goals) images.push(await goal());
      this.#finish(blank, await evaluate(model, images, 'the goal stimuli were shown', signal));
      return { evaluations: 1 + images.length, point: null };
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

  #finish(blank: Float32Array, goalResponses: Float32Array[]): void {
    const { model, terms, groups, notices } = this.#context;
    const { units } = model;
    const responses = { rows: stackRows(this.#rows, units.length), blank };
    const { scale, statistics } = scaleOf(responses, this.#stimuli.source, units);
    const groupSd = Float64Array.from(groupsOf(terms), (group) => sdOfMean(group.units, statistics, responses.rows));
    const selectiveSd = Float64Array.from(groupsOf(this.#context.selective?.terms ?? []), (group) =>
      sdOfMean(group.units, statistics, responses.rows),
    );
    const objective = createObjective(terms, { ...scale, groupSd }, goalResponses);
    for (const { label, units: members } of groups) {
      const left = members.filter((u) => statistics.sd[u] === 0).length;
      if (left > 0) {
        notices.push(
          `${formatCount(left)} of ${plural(members.length, 'unit')} of the target ${label} ${left === 1 ? 'does not respond to the reference set and is' : 'do not respond to the reference set and are'} left out.`,
        );
      }
    }
    this.#scale = scale;
    this.#groupSd = groupSd;
    this.#goalResponses = goalResponses;
    this.#context.objective = objective;
    this.#context.scale = scale;
    this.#rows = [];
    this.#selectiveSd = selectiveSd;
    this.#setSelective(scale);
    if (this.#context.plan.heldOut.length > 0) this.#kept = responses.rows;
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
            max: scale.max,
            maxIndex: scale.maxIndex,
            areaMax: scale.areaMax,
            selectiveSd: this.#selectiveSd,
            ...(this.#kept === null ? {} : { kept: this.#kept }),
            groupSd: this.#groupSd,
            goals: stackRows(this.#goalResponses, units),
          },
        };
  }

  restore({ json, arrays }: Saved): void {
    const { stimuli } = json as { stimuli: number | null };
    const units = this.#context.model.units.length;
    if (stimuli === null) {
      this.#rows = unstackRows(arrays['rows'] as Float32Array, units);
      return;
    }
    const scale: ObjectiveScale = {
      mean: arrays['mean'] as Float64Array,
      sd: arrays['sd'] as Float64Array,
      groupSd: arrays['groupSd'] as Float64Array,
    };
    this.#groupSd = scale.groupSd;
    this.#goalResponses = unstackRows(arrays['goals'] as Float32Array, units);
    this.#scale = {
      stimuli,
      mean: scale.mean,
      sd: scale.sd,
      blank: arrays['blank'] as Float32Array,
      areaCoefficient: arrays['areaCoefficient'] as Float64Array,
      max: arrays['max'] as Float64Array,
      maxIndex: arrays['maxIndex'] as Float64Array,
      areaMax: arrays['areaMax'] as Float64Array,
    };
    this.#selectiveSd = arrays['selectiveSd'] as Float64Array;
    this.#kept = (arrays['kept'] as Float32Array | undefined) ?? null;
    this.#context.scale = this.#scale;
    this.#context.objective = createObjective(this.#context.terms, scale, this.#goalResponses);
    this.#setSelective(this.#scale);
  }

  #setSelective({ mean, sd }: ReferenceScale): void {
    const { selective } = this.#context;
    if (selective === null) return;
    // A group that the set does not modulate has no scale; then there is no selective score.
    try {
      selective.objective = createObjective(selective.terms, { mean, sd, groupSd: this.#selectiveSd }, []);
    } catch (error) {
      if (!isTwinscopeError(error)) throw error;
    }
  }
}

const unstackRows = (rows: Float32Array, length: number): Float32Array[] =>
  Array.from({ length: rows.length / length }, (_, s) => rows.slice(s * length, (s + 1) * length));
