/** Gradient ascent over pixels: all starts in one batch, one step of every start per step. */
import type { CancelSignal } from '../../platform/cancel.ts';
import { medianOf } from '../../platform/median.ts';
import {
  absorb,
  type AscentStart,
  type GradientOptimiser,
  isSilent,
  newStarts,
  propose,
  silentTarget,
  stepLength,
} from './ascent.ts';
import type { Saved } from '../checkpoint.ts';
import type { ConstraintSet } from '../constraints/constraints.ts';
import { evaluateWithGradient, noGradient } from '../model.ts';
import type { PixelSearch } from '../spaces/pixelSearch.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';

export class AscentPhase implements OptimisationPhase {
  readonly name = 'climbing the gradient';
  readonly steps: number;
  readonly evaluations: number;
  readonly gradients: number;
  readonly #context: SearchContext;
  readonly #optimiser: GradientOptimiser;
  readonly #constraints: ConstraintSet;
  readonly #pixels: PixelSearch;
  #starts: AscentStart[];

  constructor(context: SearchContext, optimiser: GradientOptimiser, pixels: PixelSearch) {
    if (context.model.gradient === null) throw noGradient(context.model);
    this.#context = context;
    this.#optimiser = optimiser;
    this.#constraints = pixels.constraints;
    this.#pixels = pixels;
    this.#starts = newStarts(context.plan.starts);
    this.steps = optimiser.steps;
    this.evaluations = optimiser.steps * context.plan.starts;
    this.gradients = this.evaluations;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const { model, groups, plan } = this.#context;
    const objective = objectiveOf(this.#context);
    const length = stepLength(this.#optimiser, index);
    const { starts, direction } = this.#pixels;
    await starts.prepare();
    const images = this.#starts.map((start, i) => propose(start, i, plan.starts, length, this.#constraints, starts));
    const answers = await evaluateWithGradient(model, images, objective, `step ${index + 1} was evaluated`, signal);
    const restartScale = (this.#optimiser.stepSize[0] as number) / length;
    const next = this.#starts.map((start) => ({ ...start }));
    for (const [i, { responses, gradient }] of answers.entries()) {
      const value = objective.value(responses);
      absorb(
        next[i] as AscentStart,
        { image: images[i] as Float32Array, value, responses, gradient: direction(gradient) },
        this.#constraints.weights,
        restartScale,
      );
    }
    if (isDriven(this.#context) && next.every(isSilent)) {
      throw silentTarget(groups.map(({ label }) => label).join(' and '), index + 1);
    }
    this.#starts = next;
    const best = this.found().map(({ value }) => value);
    return { evaluations: images.length, point: { step: index + 1, best: Math.max(...best), median: medianOf(best) } };
  }

  found(): FoundStimulus[] {
    return this.#starts.flatMap(({ best }, start) =>
      best === null ? [] : [{ start, ...best, spec: null, sourceIndex: null }],
    );
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const json = this.#starts.map(({ current, previous, best, ...small }, i) => {
      if (current !== null) {
        arrays[`${i}/image`] = current.image;
        arrays[`${i}/gradient`] = current.gradient;
      }
      if (previous !== null) arrays[`${i}/previous`] = previous;
      if (best !== null) {
        arrays[`${i}/best`] = best.image;
        arrays[`${i}/responses`] = best.responses;
      }
      return { ...small, value: current?.value ?? null, bestValue: best?.value ?? null };
    });
    return { json, arrays };
  }

  restore({ json, arrays }: Saved): void {
    const stored = json as (Omit<AscentStart, 'current' | 'previous' | 'best'> & {
      value: number | null;
      bestValue: number | null;
    })[];
    const array = (name: string): Float32Array => arrays[name] as Float32Array;
    this.#starts = stored.map(({ value, bestValue, ...small }, i) => ({
      ...small,
      current: value === null ? null : { value, image: array(`${i}/image`), gradient: array(`${i}/gradient`) },
      previous: arrays[`${i}/previous`] === undefined ? null : array(`${i}/previous`),
      best:
        bestValue === null ? null : { value: bestValue, image: array(`${i}/best`), responses: array(`${i}/responses`) },
    }));
  }
}

/** A search that only suppresses may begin, and stay, where its units are silent. */
export const isDriven = ({ terms }: SearchContext): boolean =>
  terms.some(({ weight, objective, groups }) =>
    groups.some((group) => weight * group.weight * (objective.type === 'suppress' ? -1 : 1) > 0),
  );
