/**
 * The controls of a search, made by default (science.md §4): matched noise, images drawn from the same space, phase scrambles
 * of the candidate, the best of a set, the best of the reference set and its best grating. All are brought to the constraints of the candidate before they are measured.
 */
import type { Aperture, Constraints, PixelSpace, SearchPlan } from '../../contract/plans.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import { apertureOf } from '../../stimuli/aperture.ts';
import { isMoving } from '../../stimuli/motion.ts';
import { tsr1Place } from '../../stimuli/tsr1/classes.ts';
import { tsr1vPlace } from '../../stimuli/tsr1v/classes.ts';
import { plural } from '../../platform/words.ts';
import { formatNumber } from '../../stimuli/words.ts';
import { type ConstraintImages, type ConstraintSet, createConstraints } from '../constraints/constraints.ts';
import { largestContrast } from '../constraints/limits.ts';
import { createRegion } from '../constraints/region.ts';
import { ControlPhase } from './controlPhase.ts';
import type { SpecBox } from '../spaces/box.ts';
import type { SearchField, StimulusSource } from '../model.ts';
import { NoiseImages, type NoiseSpectrum } from '../spaces/noise.ts';
import type { PixelSearch } from '../spaces/pixelSearch.ts';
import { PhaseScrambles } from './phaseScramble.ts';
import type { FoundStimulus, OptimisationPhase, SearchContext } from '../phase.ts';
import { ranked } from '../report.ts';
import { weightedStatistics } from '../constraints/residuals.ts';

/** What controls have in common with the candidate: the constraints they are brought to, and the `frames` of noise. */
export type Matched = { constraints: ConstraintSet; frames: number };

export type ControlSets = {
  reference: StimulusSource;
  /** The half of the reference set that responses are not z-scored over, where it has halves. */
  halfB?: StimulusSource | undefined;
  bestOf?: StimulusSource | undefined;
};

/** More than these are not drawn by default: what they add is smaller than what they cost. */
const mostSameSpace = 10_000;

/** Passes that a step with a gradient stands for: one forward and twice as much backward, and one more for the responses first. */
const gradientPasses = (context: SearchContext): number =>
  context.plan.diverse?.over !== 'responses' &&
  context.terms.every(({ objective }) => objective.type === 'drive' || objective.type === 'suppress')
    ? 3
    : 4;

/**
 * Noise, best of a set, best of the reference set's other half and best reference grating, each on the constraints that `match` tells when the first is shown; none
 * where it is null, for a candidate without contrast. `evaluations`: images that the optimiser shows.
 */
export function matchedControls(
  context: SearchContext,
  match: () => Matched | null,
  spectrum: NoiseSpectrum,
  evaluations: number,
  { reference, halfB, bestOf }: ControlSets,
): ControlPhase[] {
  const { random, bestOfReference } = context.plan.controls;
  const { seed } = context.plan;
  const controls: ControlPhase[] = [];
  const alike = likeness(context.plan);
  if (random > 0) {
    const label = (noun: string): string =>
      `${plural(random, `${spectrum} noise ${noun}`)} of the same ${alike} ` +
      `(the search used ${plural(evaluations, 'evaluation')})`;
    controls.push(
      new ControlPhase(
        context,
        {
          kind: 'random',
          label: label('image'),
          name: 'measuring random controls',
          n: random,
        },
        () => {
          const matched = match();
          if (matched === null) return null;
          const { constraints, frames } = matched;
          const noise = new NoiseImages(constraints, spectrum, seed, 'random control', frames);
          return {
            label: label(frames > 1 ? 'clip' : 'image'),
            image: (index) => whereItCan(() => noise.image(index)),
            spec: () => null,
            source: () => null,
          };
        },
      ),
    );
  }
  const projected = (source: StimulusSource, indices: readonly number[]) => () => {
    const matched = match();
    if (matched === null) return null;
    return {
      image: async (index: number) => {
        const { constraints } = matched.constraints;
        const image = await source.render(indices[index] as number);
        const deviation = Float64Array.from(image, (luminance) => luminance - constraints.meanLuminance);
        return matched.constraints.bringDeviation(deviation);
      },
      spec: () => null,
      source: (index: number) => {
        const sourceIndex = indices[index] as number;
        return { sourceIndex, sourceSpec: source.spec(sourceIndex) };
      },
    };
  };
  if (bestOf !== undefined) {
    const indices = indicesOf(bestOf, (spec) => spec.type !== 'blank');
    if (indices.length > 0) {
      controls.push(
        new ControlPhase(
          context,
          {
            kind: 'best-of-set',
            label: `best of ${plural(indices.length, ...nounOf(bestOf, indices))}, brought to the same ${alike}`,
            name: 'measuring the set of images',
            n: indices.length,
          },
          projected(bestOf, indices),
        ),
      );
    }
  }
  const gratings = indicesOf(reference, isGrating);
  const all = indicesOf(reference, (spec) => spec.type !== 'blank');
  const held = halfB ?? reference;
  const indices = halfB === undefined ? all : indicesOf(halfB, (spec) => spec.type !== 'blank');
  // A reference of nothing but gratings is the control after this one.
  const onlyGratings = halfB === undefined && gratings.length === all.length;
  if (bestOfReference && indices.length > 0 && !onlyGratings) {
    const noun = plural(indices.length, ...nounOf(held, indices));
    const which =
      halfB === undefined
        ? `${noun} of the reference set, the one that responses are z-scored over`
        : `${noun} of half B of the reference set, which responses are not z-scored over`;
    controls.push(
      new ControlPhase(
        context,
        {
          kind: 'best-of-reference',
          label: `best of ${which}, brought to the same ${alike}`,
          name: 'measuring the reference set on the constraints',
          n: indices.length,
        },
        projected(held, indices),
      ),
    );
  }
  if (gratings.length > 0) {
    const every = onlyGratings ? ', all that responses are z-scored over' : '';
    controls.push(
      new ControlPhase(
        context,
        {
          kind: 'best-grating',
          label: `best of ${plural(gratings.length, 'grating')} of the reference set${every}, brought to the same ${alike}`,
          name: 'measuring gratings',
          n: gratings.length,
        },
        projected(reference, gratings),
      ),
    );
  }
  return controls;
}

/**
 * Stimuli drawn uniformly from the space that is searched, as many as the optimiser shows (`evaluations`): what chance
 * finds with the same freedom and the same effort. None where the plan asks for none.
 */
export function randomFromBox(
  context: SearchContext,
  evaluations: number,
  { noun, nouns, genes, spec: specAt }: SpecBox,
  render: (spec: StimulusSpec) => Float32Array,
): ControlPhase[] {
  const n = sameSpaceCount(context, evaluations);
  if (n === 0) return [];
  const spec = (index: number): StimulusSpec => {
    const source = Random.fromSeed(context.plan.seed, `random ${noun}/${index}`);
    return specAt(genes.map(() => source.uniform()));
  };
  const description = {
    kind: 'same-space',
    label: `${plural(n, `random ${noun}`, `random ${nouns}`)} of the same space (the search used ${plural(evaluations, 'evaluation')})`,
    name: `measuring random ${nouns}`,
    n,
  } as const;
  return [
    new ControlPhase(context, description, () => ({ image: (index) => render(spec(index)), spec, source: () => null })),
  ];
}

const sameSpaceCount = ({ plan: { controls } }: SearchContext, evaluations: number): number =>
  controls.sameSpace === 'equal' ? Math.min(evaluations, mostSameSpace) : controls.sameSpace;

/** What a search over pixels shows in all. */
type Effort = { space: PixelSpace; gradientSteps: number; forwardPasses: number; screened?: number };

/**
 * Starting noise of a search over pixels in the parameters that it moves, as many as its steps with a gradient are forward passes
 * worth, beside the `forwardPasses` that it makes without one, of which a hybrid `screened` some before. For
 * plain pixels the noise control among `controls` draws from the same images: what both have is shown once.
 */
export function startingImages(
  context: SearchContext,
  match: () => Matched | null,
  pixels: Pick<PixelSearch, 'plain' | 'parameterisation' | 'smooth'>,
  { space, gradientSteps, forwardPasses, screened = 0 }: Effort,
  controls: readonly ControlPhase[],
): ControlPhase[] {
  const { seed } = context.plan;
  const equivalents = gradientPasses(context) * gradientSteps + forwardPasses;
  const n = sameSpaceCount(context, equivalents);
  if (n === 0) return [];
  const asIs = pixels.plain && space.temporalCutoffHz === undefined;
  const earlier = controls.find(({ kind }) => asIs && kind === 'random') ?? null;
  const description = {
    kind: 'same-space',
    label:
      `best of ${plural(n, 'starting image')} of the same space (the search used ${plural(gradientSteps, 'gradient step')}` +
      `${screened === 0 ? '' : ` after ${plural(screened, 'screened stimulus', 'screened stimuli')}`}, ` +
      `${plural(equivalents, 'forward pass', 'forward passes')})`,
    name: 'measuring starting images',
    n,
  } as const;
  const open = () => {
    const matched = match();
    if (matched === null) return null;
    const { constraints, frames } = matched;
    const noise = new NoiseImages(constraints, space.start, seed, asIs ? 'random control' : 'same space', frames);
    const image = (index: number): Float32Array | null => {
      const drawn = whereItCan(() => noise.image(index));
      if (drawn === null) return null;
      if (asIs) return drawn;
      const shaped = pixels.smooth(new Float64Array(drawn.length), Float64Array.from(drawn));
      const { parameterisation } = pixels;
      return whereItCan(() => constraints.project(parameterisation.decode(parameterisation.encode(shaped)), seed));
    };
    return { image, spec: () => null, source: () => null };
  };
  return [new ControlPhase(context, description, open, earlier)];
}

/** Phase scrambles of the best candidate, on the constraints that `match` tells; they follow the optimisation. */
export function phaseScrambled(
  context: SearchContext,
  match: () => Matched | null,
  best: () => FoundStimulus | undefined,
): ControlPhase[] {
  const { seed, controls } = context.plan;
  const n = controls.phaseScrambled;
  if (n === 0) return [];
  const label = `${plural(n, 'phase scramble')} of the candidate, in the same aperture and brought to the same constraints`;
  const description = { kind: 'phase-scrambled', label, name: 'measuring phase scrambles', n } as const;
  return [
    new ControlPhase(context, description, () => {
      const matched = match();
      const found = best();
      if (matched === null || found === undefined) return null;
      const scrambles = new PhaseScrambles(found.image, matched.constraints, seed);
      return { image: (index) => scrambles.image(index), spec: () => null, source: () => null };
    }),
  ];
}

/** `matchedTo` the candidate that is the best when it is asked; made again where that is another one. */
export function matchedToBest(
  context: SearchContext,
  phase: OptimisationPhase,
  images: ConstraintImages = {},
): () => Matched | null {
  let known: { start: number; value: number; matched: Matched | null } | null = null;
  return () => {
    const [best] = ranked(phase);
    if (best === undefined) return null;
    const { start, value } = best;
    if (known?.start !== start || known.value !== value)
      known = { start, value, matched: matchedTo(context, best, images) };
    return known.matched;
  };
}

/** Null where an image cannot be brought to the constraints: it is left out. */
function whereItCan(draw: () => Float32Array): Float32Array | null {
  try {
    return draw();
  } catch (error) {
    if (isTwinscopeError(error) && error.code === 'bad-input') return null;
    throw error;
  }
}

/** Fewer pixels across would hold no noise. */
const narrowestWindowPx = 4;

/**
 * Where the contrast of a generator's stimulus is: its aperture, or for a Gabor, which ends nowhere, a window at half height at
 * ±2 standard deviations of its longer axis, with an edge of one. Undefined: everywhere.
 */
export function windowOf(spec: StimulusSpec, { fieldOfViewDeg, sizePx }: SearchField): Aperture | undefined {
  if (spec.type !== 'gabor') return apertureOf(spec);
  const sigmaDeg = spec.sigmaDeg * Math.max(1, spec.aspectRatio);
  const diameterDeg = Math.max(4 * sigmaDeg, (narrowestWindowPx * fieldOfViewDeg) / sizePx);
  return { xDeg: spec.xDeg, yDeg: spec.yDeg, diameterDeg, edgeDeg: sigmaDeg };
}

/**
 * What gives other images the best candidate's own mean, RMS contrast, aperture and mask, and noise its frames. `images`: the
 * stimuli that the plan's constraints speak of.
 */
export function matchedTo(
  context: SearchContext,
  { spec, image }: Pick<FoundStimulus, 'spec' | 'image'>,
  images: ConstraintImages = {},
): Matched | null {
  const { field } = context.model;
  const { range, aperture: held, mask: given, meanLuminance } = context.plan.constraints;
  const moves = spec === null ? image.length > field.sizePx ** 2 : isMoving(spec);
  const aperture = spec === null ? held : windowOf(spec, field);
  const where = { range, aperture, ...(spec === null && given !== undefined ? { mask: given } : {}) };
  const tell = (notice: string): void => {
    if (!context.notices.includes(notice)) context.notices.push(notice);
  };
  try {
    const { weights } = createRegion({ ...where, meanLuminance, contrastRms: null }, field, images);
    const { mean, contrastRms } = weightedStatistics(image, weights);
    if (contrastRms === 0) throw new TwinscopeError('bad-input', 'The best candidate has no contrast.');
    const like: Constraints = { ...where, meanLuminance: mean, contrastRms };
    const limit = largestContrast(like, field, createRegion(like, field, images));
    // Almost all pixels of a saturated candidate stand at a bound; noise of as much contrast could not differ from image to image.
    const usable = limit > 0 ? Math.min(contrastRms, limit) : contrastRms;
    const matched = createConstraints({ ...like, contrastRms: usable }, field, images);
    const weighted =
      aperture === undefined
        ? ''
        : spec?.type === 'gabor'
          ? `, weighted by a window of ±2 standard deviations of the Gabor (${formatNumber(aperture.diameterDeg)}° wide)`
          : ', weighted by its aperture';
    tell(
      `Controls are matched to the best candidate: mean luminance ${formatNumber(mean)}, RMS contrast ` +
        `${formatNumber(usable)}${weighted}${where.mask === undefined ? '' : ', over the foreground of the mask'}.` +
        (usable < contrastRms
          ? ` The candidate itself has ${formatNumber(contrastRms)}, which almost only images of two luminances reach: the controls have the largest RMS contrast that is usable in this range.`
          : '') +
        (moves ? ' It moves, and so does the noise that it is compared with.' : ''),
    );
    return { constraints: matched, frames: image.length / field.sizePx ** 2 };
  } catch (error) {
    if (!(error instanceof TwinscopeError)) throw error;
    tell(`Controls matched to the best candidate were left out. ${error.message}`);
    return null;
  }
}

/** In what controls are like the candidate. */
function likeness({ space, constraints }: SearchPlan): string {
  const { contrastRms, spectrum, mask, distance, temporal } = constraints;
  const more = [spectrum, mask, distance, temporal].some((each) => each !== undefined);
  return space.type === 'pixels' && (more || typeof contrastRms !== 'number') ? 'constraints' : 'mean and RMS contrast';
}

function nounOf(source: StimulusSource, indices: readonly number[]): [string, string] {
  const moving = indices.filter((index) => isMoving(source.spec(index))).length;
  if (moving === 0) return ['image', 'images'];
  return moving === indices.length ? ['clip', 'clips'] : ['stimulus', 'stimuli'];
}

/** A grating of its own, still or drifting, or one of the reference sets TSR-1 and TSR-1V. */
function isGrating(spec: StimulusSpec): boolean {
  switch (spec.type) {
    case 'grating':
    case 'drifting-grating':
      return spec.contrast > 0;
    case 'tsr1':
      return tsr1Place(spec.index).key === 'gratings';
    case 'tsr1v':
      return tsr1vPlace(spec.index).key === 'gratings';
    default:
      return false;
  }
}

function indicesOf(source: StimulusSource, wanted: (spec: StimulusSpec) => boolean): number[] {
  const indices: number[] = [];
  for (let i = 0; i < source.count; i++) if (wanted(source.spec(i))) indices.push(i);
  return indices;
}
