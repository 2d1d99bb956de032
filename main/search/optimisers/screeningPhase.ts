/** Shows every stimulus of a set once and keeps the best few: memory does not grow with the set. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { medianOf } from '../../platform/median.ts';
import type { Saved } from '../checkpoint.ts';
import { evaluate, type StimulusSource } from '../model.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';

type Kept = { index: number; value: number; image: Float32Array; responses: Float32Array };

export class ScreeningPhase implements OptimisationPhase {
  readonly name = 'screening the set';
  readonly steps: number;
  readonly evaluations: number;
  readonly #context: SearchContext;
  readonly #source: StimulusSource;
  readonly #keep: number;
  /** Best first; of equal values the one shown first stands first. */
  #kept: Kept[] = [];

  constructor(context: SearchContext, source: StimulusSource, keep: number) {
    if (source.count === 0) {
      throw new TwinscopeError(
        'bad-input',
        'The set to be screened is empty. Nothing was started. Choose another set.',
      );
    }
    this.#context = context;
    this.#source = source;
    this.#keep = keep;
    this.steps = Math.ceil(source.count / context.model.batchSize);
    this.evaluations = source.count;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const { model } = this.#context;
    const objective = objectiveOf(this.#context);
    const from = index * model.batchSize;
    const to = Math.min(from + model.batchSize, this.#source.count);
    const images: Float32Array[] = [];
    for (let i = from; i < to; i++) images.push(await this.#source.render(i));
    const responses = await evaluate(model, images, `stimuli ${from + 1} to ${to} of the set were shown`, signal);
    const kept = [...this.#kept];
    for (const [k, row] of responses.entries()) {
      const value = objective.value(row);
      const rank = kept.findIndex((other) => value > other.value);
      if (rank < 0 && kept.length >= this.#keep) continue;
      kept.splice(rank < 0 ? kept.length : rank, 0, {
        index: from + k,
        value,
        image: images[k] as Float32Array,
        responses: row,
      });
      if (kept.length > this.#keep) kept.pop();
    }
    this.#kept = kept;
    const values = kept.map(({ value }) => value);
    return {
      evaluations: images.length,
      point: { step: index + 1, best: Math.max(...values), median: medianOf(values) },
    };
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
