/**
 * Projected gradient ascent in pixel space: x ← P(x + η·‖d‖·G/‖G‖ + μ·(x − x₋)), d the contrast image, x₋ the image
 * before the last accepted step, G = g/max(A, ¼) with the gradient g and the aperture A, and ‖v‖² = Σ A·v². Where
 * A ≥ ¼, G is the gradient in that metric, so that a fixed point of the step meets the Karush–Kuhn–Tucker conditions of
 * the constrained problem. Further out in the edge g/A would grow without bound: those pixels, which the fade holds
 * close to the background, would dictate the step length of all others. There a fixed point is only nearly optimal. A step that does not raise the
 * objective is taken back, its momentum dropped and the next one of that start halved. A start that has converged
 * begins again from new noise and keeps its best image: clipped images have many local optima that differ by a few per
 * cent, and most starts converge in a fraction of the steps.
 */
import type { SearchOptimiser } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { exp, log } from '../../platform/exactMath.ts';
import type { ConstraintSet } from '../constraints/constraints.ts';
import type { StartImages } from '../spaces/startImages.ts';

export type GradientOptimiser = Extract<SearchOptimiser, { type: 'gradient' }>;

/** What is known of one start. All of it goes into the checkpoint. */
export type AscentStart = {
  /** Noise images used so far. */
  draws: number;
  /** The next noise image is the contrast reversal of the last one. */
  inverted: boolean;
  /** Silent noise images in a row. */
  silent: number;
  /** Factor on the nominal step length. */
  scale: number;
  /** Steps in a row that hardly raised the objective. */
  stalled: number;
  /** Where the ascent stands; null while a noise image with a gradient is looked for. */
  current: { image: Float32Array; value: number; gradient: Float32Array } | null;
  /** Image before the last step, where that was accepted. */
  previous: Float32Array | null;
  /** The best image of this start, with the responses to exactly this image. */
  best: { image: Float32Array; value: number; responses: Float32Array } | null;
};
export type AscentPoint = { image: Float32Array; value: number; responses: Float32Array; gradient: Float32Array };

/** Smallest aperture weight by which a gradient is divided. */
const smallestWeight = 0.25;
const momentum = 0.9;
const lengthen = 1.3;
const shorten = 0.5;
const longest = 8;
/** A start has converged after this many steps in a row with a relative gain below `smallGain`. */
const stalledSteps = 8;
const smallGain = 3e-5;
/** Noise images and their contrast reversals that may leave all targeted units silent before the search gives up. */
const mostSilent = 16;

export function newStarts(count: number): AscentStart[] {
  return Array.from({ length: count }, () => ({
    draws: 0,
    inverted: false,
    silent: 0,
    scale: 1,
    stalled: 0,
    current: null,
    previous: null,
    best: null,
  }));
}

/** Nominal step length at `step` of 0 … steps − 1: geometric between the two values of the plan. */
export function stepLength({ steps, stepSize: [first, last] }: GradientOptimiser, step: number): number {
  const along = steps > 1 ? step / (steps - 1) : 0;
  return first * exp(along * log(last / first));
}

/** The image that start number `index` of `count` evaluates next. Does not change the start. */
export function propose(
  start: AscentStart,
  index: number,
  count: number,
  length: number,
  constraints: ConstraintSet,
  noise: Pick<StartImages, 'image'>,
): Float32Array {
  // The draws of all starts interleave, so that starts share the transforms of their noise.
  if (start.current === null) return noise.image(start.draws * count + index, start.inverted);
  const { image, gradient } = start.current;
  const { weights } = constraints;
  const mean = constraints.constraints.meanLuminance;
  let squares = 0;
  let contrast = 0;
  for (let i = 0; i < image.length; i++) {
    const a = weights[i % weights.length] as number;
    const d = (image[i] as number) - mean;
    const g = (gradient[i] as number) / Math.max(a, smallestWeight);
    squares += a * g * g;
    contrast += a * d * d;
  }
  if (squares === 0) return image;
  const factor = (start.scale * length * Math.sqrt(contrast)) / Math.sqrt(squares);
  const moved = new Float64Array(image.length);
  for (let i = 0; i < image.length; i++) {
    const a = weights[i % weights.length] as number;
    if (a === 0) continue;
    const x = image[i] as number;
    const inertia = start.previous === null ? 0 : momentum * (x - (start.previous[i] as number));
    moved[i] = x - mean + (factor * (gradient[i] as number)) / Math.max(a, smallestWeight) + inertia;
  }
  return constraints.projectDeviation(moved, index);
}

/**
 * Takes the evaluated proposal or refuses it; changes the fields of `start`, and none of its arrays. `restartScale` is the factor that gives a new beginning
 * the first step length of the plan.
 */
export function absorb(start: AscentStart, point: AscentPoint, weights: Float64Array, restartScale: number): void {
  const { image, value, responses, gradient } = point;
  if (start.best === null || value > start.best.value) start.best = { image, value, responses };
  if (start.current === null) {
    if (hasGradient(point, weights)) {
      start.current = { image, value, gradient };
      start.draws++;
      start.inverted = false;
      start.silent = 0;
      start.scale = restartScale;
      start.stalled = 0;
    } else {
      // A rectified unit that is silent to an image answers to its contrast reversal.
      if (start.inverted) start.draws++;
      start.inverted = !start.inverted;
      start.silent++;
    }
    return;
  }
  const gain = value - start.current.value;
  start.stalled = gain <= smallGain * Math.abs(start.current.value) ? start.stalled + 1 : 0;
  if (gain > 0) {
    start.previous = start.current.image;
    start.current = { image, value, gradient };
    start.scale = Math.min(longest * Math.max(1, restartScale), start.scale * lengthen);
  } else {
    start.previous = null;
    start.scale *= shorten;
  }
  if (start.stalled >= stalledSteps) {
    start.current = null;
    start.previous = null;
  }
}

/** True when a start has only ever met images that leave every targeted unit without a gradient. */
export const isSilent = (start: Pick<AscentStart, 'silent' | 'draws'>): boolean =>
  start.silent >= mostSilent && start.draws * 2 <= start.silent;

/** `target` names the units; `step` is the step of the optimisation. */
export function silentTarget(target: string, step: number): TwinscopeError {
  return new TwinscopeError(
    'unsupported',
    `${target} answered the same to all ${mostSilent} starting images (step ${step}), so there is no slope to climb. ` +
      'The reference statistics and the controls are kept. Raise the RMS contrast, place the aperture on the receptive ' +
      'field, search with CMA-ES, or start from a stimulus that drives it (startFrom).',
  );
}

/** Whether the gradient of an image or a clip is anything but 0 inside the aperture. */
export function hasGradient({ gradient }: Pick<AscentPoint, 'gradient'>, weights: Float64Array): boolean {
  for (let i = 0; i < gradient.length; i++) {
    if ((weights[i % weights.length] as number) > 0 && gradient[i] !== 0) return true;
  }
  return false;
}
