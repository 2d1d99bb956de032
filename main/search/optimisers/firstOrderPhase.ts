/**
 * First-order optimisation over pixels: all starts in one batch, one step of every start per step. A step asks for the
 * gradient at the image as it is shown, keeps that image with its own response where it is the best so far, and then:
 * precondition → pull back to the parameters → rule → smooth in time → image → range → blur → constraints. Where the
 * constraints bind at the end only, one more step brings the last and the best image of every start to them and keeps the
 * better of the two, with the response to exactly that image; what is found before does not meet them.
 */
import { type FirstOrderOptimiser, gradientSteps } from '../../contract/plans.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { medianOf } from '../../platform/median.ts';
import type { Saved } from '../checkpoint.ts';
import { clipToRange } from '../constraints/clipping.ts';
import { formatNumber } from '../../stimuli/words.ts';
import { evaluate, evaluateWithGradient, noGradient, type SearchField } from '../model.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';
import type { PixelSearch } from '../spaces/pixelSearch.ts';
import { blurFrames, preconditioner } from '../spaces/smoothing.ts';
import { hasGradient, isSilent, silentTarget } from './ascent.ts';
import { isDriven } from './ascentPhase.ts';
import { displaced, displacementAt, undisplaced } from './jitter.ts';
import { applyRule, freshState, type RuleState, scheduled } from './rules.ts';

type Best = { image: Float32Array; value: number; responses: Float32Array };

/** One start; all of it goes into the checkpoint. Steps make new ones and change none. */
type Start = {
  /** Start images used so far, and as in the ascent: whether the next is a contrast reversal, and silent ones in a row. */
  draws: number;
  inverted: boolean;
  silent: number;
  /** The next image and its parameters; null while an image with a gradient is looked for. */
  current: { theta: Float64Array; image: Float32Array } | null;
  rule: RuleState;
  best: Best | null;
  /** For early stopping: the objective that counts as reached, and steps since. */
  reached: number | null;
  stale: number;
  stopped: boolean;
};

export class FirstOrderPhase implements OptimisationPhase {
  readonly name = 'following the gradient';
  readonly steps: number;
  readonly evaluations: number;
  readonly gradients: number;
  readonly #context: SearchContext;
  readonly #optimiser: FirstOrderOptimiser;
  readonly #pixels: PixelSearch;
  readonly #precondition: (gradients: readonly Float32Array[]) => Float64Array[];
  /** Parameters that can have a gradient: for plain pixels those inside the aperture. */
  readonly #counted: number;
  #starts: Start[];

  constructor(context: SearchContext, optimiser: FirstOrderOptimiser, pixels: PixelSearch) {
    if (context.model.gradient === null) throw noGradient(context.model);
    requireSizes(optimiser, context.model.field);
    this.#context = context;
    this.#optimiser = optimiser;
    this.#pixels = pixels;
    const { weights, field } = pixels.constraints;
    const { preconditionerExponent: exponent } = optimiser;
    this.#precondition = exponent === 0 ? asTheyAre : preconditioner(field.sizePx, exponent);
    const inside = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);
    this.#counted = pixels.frames * (pixels.plain ? inside : pixels.parameterisation.size);
    const { starts } = context.plan;
    const atEnd = optimiser.hold === 'at-end';
    this.steps = gradientSteps(optimiser);
    this.gradients = starts * optimiser.steps;
    this.evaluations = this.gradients * (optimiser.jitterDeg > 0 ? 2 : 1) + (atEnd ? 2 * starts : 0);
    this.#starts = Array.from({ length: starts }, () => ({
      draws: 0,
      inverted: false,
      silent: 0,
      current: null,
      rule: freshState(),
      best: null,
      reached: null,
      stale: 0,
      stopped: false,
    }));
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const shown =
      index < this.#optimiser.steps ? await this.#follow(index, signal) : await this.#bringToConstraints(signal);
    const best = this.found().map(({ value }) => value);
    return { evaluations: shown, point: { step: index + 1, best: Math.max(...best), median: medianOf(best) } };
  }

  async #follow(index: number, signal: CancelSignal | undefined): Promise<number> {
    const { model, groups, plan } = this.#context;
    const objective = objectiveOf(this.#context);
    const { starts } = this.#pixels;
    const { sizePx, background } = this.#pixels.constraints.field;
    await starts.prepare();
    const active = [...this.#starts.keys()].filter((i) => this.#starts[i]?.stopped === false);
    const images = active.map((i) => {
      const { current, draws, inverted } = this.#starts[i] as Start;
      return current?.image ?? starts.image(draws * plan.starts + i, inverted);
    });
    const what = `step ${index + 1} was evaluated`;
    const { jitterDeg } = this.#optimiser;
    const moves =
      jitterDeg === 0 ? null : active.map((i) => displacementAt(plan.seed, i, index, jitterDeg, model.field));
    const jittered =
      moves === null ? images : images.map((image, k) => displaced(image, sizePx, moves[k] ?? still, background));
    const answers = await evaluateWithGradient(model, jittered, objective, what, signal);
    const responses =
      moves === null ? answers.map((answer) => answer.responses) : await evaluate(model, images, what, signal);
    const gradients = answers.map(({ gradient }, k) =>
      moves === null ? gradient : undisplaced(gradient, sizePx, moves[k] ?? still),
    );
    const slopes = this.#precondition(gradients);
    const next = [...this.#starts];
    for (const [k, i] of active.entries()) {
      const image = images[k] as Float32Array;
      const row = responses[k] as Float32Array;
      next[i] = this.#after(
        this.#starts[i] as Start,
        { image, value: objective.value(row), responses: row },
        hasGradient({ gradient: gradients[k] as Float32Array }, this.#pixels.constraints.weights),
        slopes[k] as Float64Array,
        index,
        i,
      );
    }
    if (isDriven(this.#context) && next.every(isSilent)) {
      throw silentTarget(groups.map(({ label }) => label).join(' and '), index + 1);
    }
    this.#starts = next;
    return moves === null ? images.length : 2 * images.length;
  }

  /** The start behind one evaluated image. */
  #after(start: Start, point: Best, sloped: boolean, slope: Float64Array, index: number, seed: number): Start {
    const better = start.best === null || point.value > start.best.value;
    const after = { ...start, best: better ? point : start.best };
    if (start.current === null && !sloped) {
      // As in the ascent: a rectified unit that is silent to an image answers to its contrast reversal.
      return {
        ...after,
        draws: start.inverted ? start.draws + 1 : start.draws,
        inverted: !start.inverted,
        silent: start.silent + 1,
      };
    }
    const theta = start.current?.theta ?? this.#pixels.parameterisation.encode(point.image);
    const watched = this.#watch(start, point.value);
    const moved = this.#move(theta, slope, start.rule, index, seed);
    return { ...after, ...watched, current: moved.current, rule: moved.rule };
  }

  #watch({ reached, stale }: Start, value: number): Pick<Start, 'reached' | 'stale' | 'stopped'> {
    const { earlyStopping } = this.#optimiser;
    if (earlyStopping === undefined) return { reached, stale, stopped: false };
    if (reached === null || value - reached >= earlyStopping.minGain)
      return { reached: value, stale: 0, stopped: false };
    return { reached, stale: stale + 1, stopped: stale + 1 >= earlyStopping.patience };
  }

  /** One step from θ: the parameters and the image that is to be shown next. Changes `slope`, the gradient as it is followed. */
  #move(
    theta: Float64Array,
    slope: Float64Array,
    state: RuleState,
    index: number,
    seed: number,
  ): { current: { theta: Float64Array; image: Float32Array }; rule: RuleState } {
    const { constraints, parameterisation, bind, smooth } = this.#pixels;
    const { weights, field } = constraints;
    const { rate, schedule, steps, blurSigmaDeg, hold } = this.#optimiser;
    for (let i = 0; i < slope.length; i++) if (weights[i % weights.length] === 0) slope[i] = 0;
    const { theta: stepped, state: rule } = applyRule(
      this.#optimiser,
      scheduled(rate, schedule, index, steps),
      state,
      theta,
      parameterisation.pullback(slope, theta),
      this.#counted,
    );
    const moved = smooth(theta, stepped);
    const sigmaPx = (scheduled(blurSigmaDeg, 'linear', index, steps) * field.sizePx) / field.fieldOfViewDeg;
    const decoded = parameterisation.decode(moved);
    let blurred = decoded;
    if (sigmaPx > 0) {
      blurred = new Float64Array(clipToRange(decoded, constraints));
      blurFrames(blurred, field.sizePx, sigmaPx);
    }
    const image = bind(blurred, seed);
    // Where nothing but the range binds, a sigmoid needs no correction, and its ends could not be read back.
    const exact = this.#squashed() && sigmaPx === 0 && hold !== 'every-step';
    return { current: { theta: exact ? moved : parameterisation.encode(image), image }, rule };
  }

  #squashed(): boolean {
    const { space } = this.#context.plan;
    return space.type === 'pixels' && 'squash' in space.parameterisation && space.parameterisation.squash === 'sigmoid';
  }

  async #bringToConstraints(signal: CancelSignal | undefined): Promise<number> {
    const { model } = this.#context;
    const objective = objectiveOf(this.#context);
    const { constraints } = this.#pixels;
    const images = this.#starts.flatMap(({ current, best }, i) =>
      [current?.image, best?.image].flatMap((image) => (image === undefined ? [] : [constraints.project(image, i)])),
    );
    const owners = this.#starts.flatMap(({ current, best }, i) => [
      ...(current === null ? [] : [i]),
      ...(best === null ? [] : [i]),
    ]);
    const responses = await evaluate(model, images, 'images were brought to the constraints', signal);
    const next = this.#starts.map((start): Start => ({ ...start, best: null }));
    for (const [k, row] of responses.entries()) {
      const start = next[owners[k] as number] as Start;
      const value = objective.value(row);
      if (start.best !== null && value <= start.best.value) continue;
      start.best = { image: images[k] as Float32Array, value, responses: row };
    }
    this.#starts = next;
    return images.length;
  }

  found(): FoundStimulus[] {
    return this.#starts.flatMap(({ best }, start) =>
      best === null ? [] : [{ start, ...best, spec: null, sourceIndex: null }],
    );
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const json = this.#starts.map(({ current, rule, best, ...small }, i) => {
      if (current !== null) {
        arrays[`${i}/theta`] = current.theta;
        arrays[`${i}/image`] = current.image;
      }
      if (rule.first !== null) arrays[`${i}/first`] = rule.first;
      if (rule.second !== null) arrays[`${i}/second`] = rule.second;
      if (best !== null) {
        arrays[`${i}/best`] = best.image;
        arrays[`${i}/responses`] = best.responses;
      }
      return { ...small, updates: rule.updates, value: best?.value ?? null };
    });
    return { json, arrays };
  }

  restore({ json, arrays }: Saved): void {
    type Small = Omit<Start, 'current' | 'rule' | 'best'> & { updates: number; value: number | null };
    this.#starts = (json as Small[]).map(({ updates, value, ...small }, i) => {
      const theta = arrays[`${i}/theta`] as Float64Array | undefined;
      return {
        ...small,
        current: theta === undefined ? null : { theta, image: arrays[`${i}/image`] as Float32Array },
        rule: {
          updates,
          first: (arrays[`${i}/first`] as Float64Array | undefined) ?? null,
          second: (arrays[`${i}/second`] as Float64Array | undefined) ?? null,
        },
        best:
          value === null
            ? null
            : {
                value,
                image: arrays[`${i}/best`] as Float32Array,
                responses: arrays[`${i}/responses`] as Float32Array,
              },
      };
    });
  }
}

/** Throws 'bad-input' for a jitter that cannot move a picture and a blur that leaves nothing of it. */
function requireSizes({ jitterDeg, blurSigmaDeg }: FirstOrderOptimiser, { sizePx, fieldOfViewDeg }: SearchField): void {
  const pixelDeg = fieldOfViewDeg / sizePx;
  if (jitterDeg > 0 && jitterDeg < pixelDeg) {
    throw new TwinscopeError(
      'bad-input',
      `A jitter of ${formatNumber(jitterDeg)}° is less than one pixel of this twin (${formatNumber(pixelDeg)}°), so nothing ` +
        'would move. Nothing was started. Raise jitterDeg, or leave it out.',
    );
  }
  const widest = Math.max(...[blurSigmaDeg].flat());
  if (widest > fieldOfViewDeg / 4) {
    throw new TwinscopeError(
      'bad-input',
      `A blur with a standard deviation of ${formatNumber(widest)}° leaves nothing of a field of ${formatNumber(fieldOfViewDeg)}°. ` +
        `Nothing was started. Lower blurSigmaDeg to at most ${formatNumber(fieldOfViewDeg / 4)}°.`,
    );
  }
}

const still = { columns: 0, rows: 0 };
const asTheyAre = (gradients: readonly Float32Array[]): Float64Array[] =>
  gradients.map((gradient) => new Float64Array(gradient));
