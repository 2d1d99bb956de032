/** What a search over pixels moves through, put together from its plan: shared by the optimisers that use gradients. */
import type { SearchPlan } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { clipToRange } from '../constraints/clipping.ts';
import { type ConstraintImages, type ConstraintSet, createConstraints } from '../constraints/constraints.ts';
import type { SearchField, StimulusSource } from '../model.ts';
import { createParameterisation, type Parameterisation } from './parameterisation.ts';
import { blurTime } from './smoothing.ts';
import { createStartImages, framesSearched, type StartImages, temporalSigmaFrames } from './startImages.ts';

export type PixelSearch = {
  readonly constraints: ConstraintSet;
  /** Of every image: 1, or those of a clip. */
  readonly frames: number;
  readonly parameterisation: Parameterisation;
  /** The parameters are the deviations of the pixels themselves. */
  readonly plain: boolean;
  readonly starts: StartImages;
  /** Brings an image to what binds at every step: all constraints, or the range and the aperture alone. */
  bind(image: Float64Array, seed: number): Float32Array;
  /** `to` with its change from `from` smoothed in time (both frames × `size`); `to` itself where the plan asks for none. */
  smooth(from: Float64Array, to: Float64Array): Float64Array;
  /**
   * A · Aᵀ of a gradient with respect to the image, smoothed in time: the direction in the image in which the parameters
   * would move it. The gradient itself for plain pixels.
   */
  direction(gradient: Float32Array): Float32Array;
};

/**
 * Throws 'bad-input' where constraints, twin and space do not fit together. `feasible`: that the constraints can be met was
 * seen before, so that no test images are projected.
 */
export function createPixelSearch(
  plan: SearchPlan,
  field: SearchField,
  sources: { start?: StimulusSource; constraints?: ConstraintImages },
  feasible = false,
): PixelSearch {
  const { space, optimiser } = plan;
  if (space.type !== 'pixels') throw new Error('not a search over pixels');
  const frames = framesSearched(space, field);
  const constraints = createConstraints(plan.constraints, field, sources.constraints, frames, feasible);
  const { parameterisation: options } = space;
  const squashed = 'squash' in options && options.squash === 'sigmoid';
  const plain = options.type === 'pixels' && !squashed;
  const everyStep = optimiser.type !== 'first-order' || optimiser.hold === 'every-step';
  if (squashed && optimiser.type !== 'first-order') {
    throw new TwinscopeError(
      'bad-input',
      "A sigmoid is searched by first-order optimisers only. Nothing was started. Set squash to clip, or the optimiser to 'first-order'.",
    );
  }
  const parameterisation = createParameterisation(options, plan.constraints, field);
  const sigmaFrames = temporalSigmaFrames(space, field);
  const bind = (image: Float64Array, seed: number): Float32Array =>
    everyStep ? constraints.project(image, seed) : clipToRange(image, constraints);
  const { meanLuminance } = plan.constraints;
  return {
    constraints,
    frames,
    parameterisation,
    plain,
    starts: createStartImages(
      space,
      plan,
      constraints,
      sources.start,
      (image, seed) => bind(plain ? image : parameterisation.decode(parameterisation.encode(image)), seed),
      plain && everyStep,
      feasible,
    ),
    bind,
    smooth: (from, to) => {
      if (sigmaFrames === null) return to;
      const change = to.map((value, i) => value - (from[i] as number));
      blurTime(change, change.length / frames, sigmaFrames);
      return change.map((value, i) => value + (from[i] as number));
    },
    direction: (gradient) => {
      if (plain && sigmaFrames === null) return gradient;
      const theta = parameterisation.pullback(gradient, new Float64Array(0));
      if (sigmaFrames !== null) blurTime(theta, theta.length / frames, sigmaFrames);
      return Float32Array.from(parameterisation.decode(theta), (value) => value - meanLuminance);
    },
  };
}
