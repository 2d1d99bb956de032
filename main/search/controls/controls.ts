/**
 * The controls of a search, made by default (science.md §4): matched noise, the best of a set, the best grating of the
 * reference set. All are brought to the constraints of the candidate before they are measured.
 */
import type { Constraints, SearchPlan } from '../../contract/plans.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import { apertureOf, apertureWeights } from '../../stimuli/aperture.ts';
import { isMoving } from '../../stimuli/motion.ts';
import { tsr1Place } from '../../stimuli/tsr1/classes.ts';
import { tsr1vPlace } from '../../stimuli/tsr1v/classes.ts';
import { plural } from '../../platform/words.ts';
import { formatNumber } from '../../stimuli/words.ts';
import { type ConstraintSet, createConstraints } from '../constraints/constraints.ts';
import { ControlPhase } from './controlPhase.ts';
import type { SpecBox } from '../spaces/box.ts';
import type { StimulusSource } from '../model.ts';
import { NoiseImages, type NoiseSpectrum } from '../spaces/noise.ts';
import type { FoundStimulus, OptimisationPhase, SearchContext } from '../phase.ts';
import { ranked } from '../report.ts';
import { weightedStatistics } from '../constraints/residuals.ts';

/** What controls have in common with the candidate: the constraints they are brought to, and the `frames` of noise. */
export type Matched = { constraints: ConstraintSet; frames: number };

/**
 * Noise, best of a set and best reference grating, each on the constraints that `match` tells when the first is shown; none
 * where it is null, for a candidate without contrast. `evaluations`: images that the optimiser shows.
 */
export function matchedControls(
  context: SearchContext,
  match: () => Matched | null,
  spectrum: NoiseSpectrum,
  evaluations: number,
  reference: StimulusSource,
  bestOf: StimulusSource | undefined,
): ControlPhase[] {
  const { random } = context.plan.controls;
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
            image: (index) => noise.image(index),
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
      image: async (index: number) => matched.constraints.project(await source.render(indices[index] as number), seed),
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
  if (gratings.length > 0) {
    controls.push(
      new ControlPhase(
        context,
        {
          kind: 'best-grating',
          label: `best of ${plural(gratings.length, 'grating')} of the reference set, brought to the same ${alike}`,
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
 * finds with the same freedom and the same effort. None where the plan asks for no random controls.
 */
export function randomFromBox(
  context: SearchContext,
  evaluations: number,
  { noun, nouns, genes, spec: specAt }: SpecBox,
  render: (spec: StimulusSpec) => Float32Array,
): ControlPhase[] {
  if (context.plan.controls.random === 0) return [];
  const spec = (index: number): StimulusSpec => {
    const source = Random.fromSeed(context.plan.seed, `random ${noun}/${index}`);
    return specAt(genes.map(() => source.uniform()));
  };
  const description = {
    kind: 'random',
    label: `${plural(evaluations, `random ${noun}`, `random ${nouns}`)} of the same space (the search used ${plural(evaluations, 'evaluation')})`,
    name: `measuring random ${nouns}`,
    n: evaluations,
  } as const;
  return [
    new ControlPhase(context, description, () => ({ image: (index) => render(spec(index)), spec, source: () => null })),
  ];
}

/** `matchedTo` the best candidate, asked for once it is known. */
export function matchedToBest(context: SearchContext, phase: OptimisationPhase): () => Matched | null {
  let matched: Matched | null | undefined;
  return () => {
    const [best] = ranked(phase);
    if (matched === undefined) matched = best === undefined ? null : matchedTo(context, best);
    return matched;
  };
}

/** What gives other images the best candidate's own mean, RMS contrast and aperture, and noise its frames. */
export function matchedTo(context: SearchContext, best: FoundStimulus): Matched | null {
  const { field } = context.model;
  const { spec, image } = best;
  const moves = spec === null ? image.length > field.sizePx ** 2 : isMoving(spec);
  const aperture =
    spec === null
      ? context.plan.constraints.aperture
      : moves || spec.type === 'grating' || spec.type === 'tsr1'
        ? apertureOf(spec)
        : undefined;
  const { mean, contrastRms } = weightedStatistics(image, apertureWeights(aperture, field));
  const constraints: Constraints = {
    meanLuminance: mean,
    contrastRms,
    range: context.plan.constraints.range,
    aperture,
  };
  try {
    if (contrastRms === 0) throw new TwinscopeError('bad-input', 'The best candidate has no contrast.');
    const matched = createConstraints(constraints, field);
    const notice =
      `Controls are matched to the best candidate: mean luminance ${formatNumber(mean)}, RMS contrast ` +
      `${formatNumber(contrastRms)}${aperture === undefined ? '' : ', weighted by its aperture'}.` +
      (moves ? ' It moves, and so does the noise that it is compared with.' : '');
    if (!context.notices.includes(notice)) context.notices.push(notice);
    return { constraints: matched, frames: image.length / field.sizePx ** 2 };
  } catch (error) {
    if (!(error instanceof TwinscopeError)) throw error;
    const notice = `Controls matched to the best candidate were left out. ${error.message}`;
    if (!context.notices.includes(notice)) context.notices.push(notice);
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
