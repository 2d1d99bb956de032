/**
 * Gradient ascent of a whole set: one step of all stimuli raises J = Σ objective − λ · mean pairwise cosine, or is taken
 * back as a whole, its momentum dropped and the next one halved. Every stimulus moves by its own length along its own part
 * of the gradient of J. Starting images without a gradient are replaced before the first step.
 */
import type { SearchPlan } from '../../contract/plans.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { medianOf } from '../../platform/median.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { Saved } from '../checkpoint.ts';
import type { ConstraintSet } from '../constraints/constraints.ts';
import { evaluate, evaluateWithGradient, noGradient } from '../model.ts';
import type { PixelSearch } from '../spaces/pixelSearch.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';
import {
  absorb,
  type AscentPoint,
  type AscentStart,
  type GradientOptimiser,
  isSilent,
  newStarts,
  propose,
  silentTarget,
  stepLength,
} from './ascent.ts';
import { isDriven } from './ascentPhase.ts';
import { type Diversity, diversityOf } from './diverse.ts';

type Member = { image: Float32Array; value: number; responses: Float32Array };

const lengthen = 1.3;
const shorten = 0.5;
const longest = 8;

export class DiversePhase implements OptimisationPhase {
  readonly name = 'climbing the gradient of the set';
  readonly steps: number;
  readonly evaluations: number;
  readonly gradients: number;
  readonly #context: SearchContext;
  readonly #optimiser: GradientOptimiser;
  readonly #constraints: ConstraintSet;
  readonly #pixels: PixelSearch;
  readonly #weight: number;
  readonly #over: 'pixels' | 'responses';
  readonly #diversity: Diversity;
  /** While images with a gradient are looked for, those of the objective alone; afterwards of J, with a common scale. */
  #starts: AscentStart[];
  /** The set with the largest J so far, and its J; null before the first step of the whole set. */
  #best: { joint: number; members: Member[] } | null = null;

  constructor(
    context: SearchContext,
    optimiser: GradientOptimiser,
    { weight, over }: NonNullable<SearchPlan['diverse']>,
    pixels: PixelSearch,
  ) {
    if (context.model.gradient === null) throw noGradient(context.model);
    if (context.plan.starts < 2) {
      throw new TwinscopeError(
        'bad-input',
        'A diverse set needs at least two candidates, and the plan has one start. Nothing was started. Raise `starts`, or ' +
          'leave out `diverse`.',
      );
    }
    this.#context = context;
    this.#optimiser = optimiser;
    this.#constraints = pixels.constraints;
    this.#pixels = pixels;
    this.#weight = weight;
    this.#over = over;
    this.#diversity = diversityOf(over, context);
    this.#starts = newStarts(context.plan.starts);
    this.steps = optimiser.steps;
    this.evaluations = optimiser.steps * context.plan.starts;
    this.gradients = this.evaluations;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint | null }> {
    await this.#pixels.starts.prepare();
    const outcome = this.#starts.some(({ current }) => current === null)
      ? await this.#seek(index, signal)
      : await this.#climb(index, signal);
    if (index + 1 === this.steps && this.#best !== null) {
      const cosine = this.#diversity.meanCosine(this.#best.members);
      const what = this.#over === 'pixels' ? 'whitened pixels' : 'z-scored responses';
      this.#context.notices.push(
        `The ${this.#best.members.length} candidates are one set: the mean cosine between two of them is ${formatNumber(cosine)} (${what}).`,
      );
    }
    return outcome;
  }

  /** Starting images until every one has a gradient. */
  async #seek(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    const open = this.#starts.flatMap((start, i) => (start.current === null ? [i] : []));
    const images = open.map((i) => this.#proposed(i, stepLength(this.#optimiser, index)));
    const objective = objectiveOf(this.#context);
    const what = `starting images of step ${index + 1} were evaluated`;
    const answers = await evaluateWithGradient(this.#context.model, images, objective, what, signal);
    const next = this.#starts.map((start) => ({ ...start }));
    for (const [k, { responses, gradient }] of answers.entries()) {
      const image = images[k] as Float32Array;
      const point: AscentPoint = {
        image,
        value: objective.value(responses),
        responses,
        gradient: this.#pixels.direction(gradient),
      };
      absorb(next[open[k] as number] as AscentStart, point, this.#constraints.weights, 1);
    }
    for (const [k, i] of open.entries()) {
      const start = next[i] as AscentStart;
      if (start.current !== null || !isSilent(start)) continue;
      if (isDriven(this.#context)) {
        throw silentTarget(this.#context.groups.map(({ label }) => label).join(' and '), index + 1);
      }
      // What only suppresses may stay where its units are silent; there it can still be spread.
      const { responses, gradient } = answers[k] as (typeof answers)[0];
      start.current = { image: images[k] as Float32Array, value: objective.value(responses), gradient };
    }
    this.#starts = next;
    return { evaluations: images.length, point: null };
  }

  #proposed(i: number, length: number): Float32Array {
    const start = this.#starts[i] as AscentStart;
    return propose(start, i, this.#starts.length, length, this.#constraints, this.#pixels.starts);
  }

  async #climb(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const length = stepLength(this.#optimiser, index);
    const images = this.#starts.map((start, i) =>
      this.#best === null ? (start.current?.image as Float32Array) : this.#proposed(i, length),
    );
    const { joint, points } = await this.#evaluated(images, `step ${index + 1} was evaluated`, signal);
    const better = this.#best === null || joint > this.#best.joint;
    const first = this.#best === null;
    if (better)
      this.#best = { joint, members: points.map(({ image, value, responses }) => ({ image, value, responses })) };
    this.#starts = this.#starts.map((start, i) => {
      if (!better) return { ...start, previous: null, scale: start.scale * shorten };
      const { image, value, gradient } = points[i] as AscentPoint;
      return {
        ...start,
        previous: first ? null : (start.current?.image ?? null),
        current: { image, value, gradient },
        scale: first ? 1 : Math.min(longest, start.scale * lengthen),
      };
    });
    const values = this.found().map(({ value }) => value);
    return {
      evaluations: images.length,
      point: { step: index + 1, best: Math.max(...values), median: medianOf(values) },
    };
  }

  /** J of a set, and of each stimulus its own objective and the gradient of J. */
  async #evaluated(
    images: readonly Float32Array[],
    what: string,
    signal?: CancelSignal,
  ): Promise<{ joint: number; points: AscentPoint[] }> {
    const { model } = this.#context;
    const objective = objectiveOf(this.#context);
    const weight = this.#weight;
    let asked: Parameters<typeof evaluateWithGradient>[2] = objective;
    if (this.#over === 'responses') {
      // What one stimulus should answer depends on what the others do, so all are asked first.
      const rows = await evaluate(model, images, what, signal);
      const slopes =
        this.#diversity.responseGradients(images.map((image, i) => ({ image, responses: rows[i] as Float32Array }))) ??
        [];
      asked = {
        linear: true,
        cotangent: (_, i) =>
          objective
            .cotangent(rows[i] as Float32Array)
            .map((value, u) => value - weight * ((slopes[i] as Float64Array)[u] as number)),
      };
    }
    const answers = await evaluateWithGradient(model, images, asked, what, signal);
    const set = images.map((image, i) => ({ image, responses: answers[i]?.responses as Float32Array }));
    const pixelSlopes = this.#diversity.pixelGradients(set);
    const points = answers.map(({ responses, gradient }, i) => ({
      image: images[i] as Float32Array,
      value: objective.value(responses),
      responses,
      gradient: this.#pixels.direction(
        pixelSlopes === null
          ? gradient
          : gradient.map((value, at) => value - weight * ((pixelSlopes[i] as Float64Array)[at] as number)),
      ),
    }));
    const driven = points.reduce((sum, { value }) => sum + value, 0);
    return { joint: driven - weight * this.#diversity.meanCosine(set), points };
  }

  found(): FoundStimulus[] {
    const members = this.#best?.members ?? this.#starts.map(({ best }) => best);
    return members.flatMap((member, start) =>
      member === null ? [] : [{ start, ...member, spec: null, sourceIndex: null }],
    );
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const starts = this.#starts.map(({ current, previous, best, ...small }, i) => {
      if (current !== null) {
        arrays[`${i}/image`] = current.image;
        arrays[`${i}/gradient`] = current.gradient;
      }
      if (previous !== null) arrays[`${i}/previous`] = previous;
      if (best !== null) {
        arrays[`${i}/seen`] = best.image;
        arrays[`${i}/seen responses`] = best.responses;
      }
      return { ...small, value: current?.value ?? null, seen: best?.value ?? null };
    });
    for (const [i, { image, responses }] of (this.#best?.members ?? []).entries()) {
      arrays[`${i}/best`] = image;
      arrays[`${i}/responses`] = responses;
    }
    const best =
      this.#best === null ? null : { joint: this.#best.joint, values: this.#best.members.map(({ value }) => value) };
    return { json: { starts, best }, arrays };
  }

  restore({ json, arrays }: Saved): void {
    const stored = json as {
      starts: (Omit<AscentStart, 'current' | 'previous' | 'best'> & { value: number | null; seen: number | null })[];
      best: { joint: number; values: number[] } | null;
    };
    const array = (name: string): Float32Array => arrays[name] as Float32Array;
    this.#starts = stored.starts.map(({ value, seen, ...small }, i) => ({
      ...small,
      current: value === null ? null : { value, image: array(`${i}/image`), gradient: array(`${i}/gradient`) },
      previous: arrays[`${i}/previous`] === undefined ? null : array(`${i}/previous`),
      best: seen === null ? null : { value: seen, image: array(`${i}/seen`), responses: array(`${i}/seen responses`) },
    }));
    this.#best =
      stored.best === null
        ? null
        : {
            joint: stored.best.joint,
            members: stored.best.values.map((value, i) => ({
              value,
              image: array(`${i}/best`),
              responses: array(`${i}/responses`),
            })),
          };
  }
}
