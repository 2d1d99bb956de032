/**
 * Shows every stimulus of a set, or samples of a space, once and keeps the best few: neither memory nor checkpoint grows
 * with their number. Where the kept ones have to differ, a stimulus is kept only while no better one is too similar to it
 * (greedy; what gave way to a better one that was itself replaced later does not come back).
 */
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { medianOf } from '../../platform/median.ts';
import type { DiversityLimit } from '../../contract/plans.ts';
import type { Saved } from '../checkpoint.ts';
import { type Similarity, similarityOf } from '../objectives/similarity.ts';
import { evaluate, type StimulusSource } from '../model.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';

/** `index`: its number in the source. */
export type Kept = { index: number; value: number; image: Float32Array; responses: Float32Array };

/** Points of the trajectory of one screening; a long one tells every so many steps only. */
const mostPoints = 1000;

export class ScreeningPhase implements OptimisationPhase {
  readonly name: string;
  readonly steps: number;
  readonly evaluations: number;
  readonly #context: SearchContext;
  readonly #source: StimulusSource;
  readonly #keep: number;
  readonly #pointEvery: number;
  readonly #diversity: { similarity: Similarity; limit: number } | null;
  /** Best first; of equal values the one shown first stands first. */
  #kept: Kept[] = [];

  /** `what` completes 'screening …'. */
  constructor(
    context: SearchContext,
    source: StimulusSource,
    { keep, diversity = null }: { keep: number; diversity?: DiversityLimit | null | undefined },
    what = 'the set',
  ) {
    if (source.count === 0) {
      throw new TwinscopeError(
        'bad-input',
        'The set to be screened is empty. Nothing was started. Choose another set.',
      );
    }
    this.#context = context;
    this.#source = source;
    this.#keep = keep;
    this.name = `screening ${what}`;
    this.#diversity =
      diversity === null ? null : { similarity: similarityOf(diversity.over, context), limit: diversity.limit };
    this.steps = Math.ceil(source.count / context.model.batchSize);
    this.evaluations = source.count;
    this.#pointEvery = Math.ceil(this.steps / mostPoints);
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint | null }> {
    const { model } = this.#context;
    const objective = objectiveOf(this.#context);
    const from = index * model.batchSize;
    const to = Math.min(from + model.batchSize, this.#source.count);
    const images: Float32Array[] = [];
    for (let i = from; i < to; i++) images.push(await this.#source.render(i));
    const responses = await evaluate(model, images, `stimuli ${from + 1} to ${to} of the set were shown`, signal);
    let kept = this.#kept;
    for (const [k, row] of responses.entries()) {
      const value = objective.value(row);
      kept = this.#withCandidate(kept, { index: from + k, value, image: images[k] as Float32Array, responses: row });
    }
    this.#kept = kept;
    const values = kept.map(({ value }) => value);
    const tells = (index + 1) % this.#pointEvery === 0 || index + 1 === this.steps;
    return {
      evaluations: images.length,
      point: tells ? { step: index + 1, best: Math.max(...values), median: medianOf(values) } : null,
    };
  }

  #withCandidate(kept: Kept[], candidate: Kept): Kept[] {
    const found = kept.findIndex((other) => candidate.value > other.value);
    const rank = found < 0 ? kept.length : found;
    if (rank >= this.#keep) return kept;
    const tooClose = (other: Kept): boolean =>
      this.#diversity !== null && this.#diversity.similarity.cosine(candidate, other) > this.#diversity.limit;
    if (kept.slice(0, rank).some(tooClose)) return kept;
    const worse = kept.slice(rank).filter((other) => !tooClose(other));
    return [...kept.slice(0, rank), candidate, ...worse].slice(0, this.#keep);
  }

  /** Best first. */
  get kept(): readonly Kept[] {
    return this.#kept;
  }

  found(): FoundStimulus[] {
    return this.#kept.map(({ index, ...rest }) => ({
      start: 0,
      ...rest,
      spec: this.#source.spec(index),
      sourceIndex: index,
    }));
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const json = this.#kept.map(({ index, value, responses }, i) => {
      arrays[`${i}/responses`] = responses;
      return { index, value };
    });
    return { json, arrays };
  }

  /** Draws the kept stimuli again. */
  async restore({ json, arrays }: Saved): Promise<void> {
    const kept: Kept[] = [];
    for (const [i, { index, value }] of (json as { index: number; value: number }[]).entries()) {
      const image = await this.#source.render(index);
      kept.push({ index, value, image, responses: arrays[`${i}/responses`] as Float32Array });
    }
    this.#kept = kept;
  }
}
