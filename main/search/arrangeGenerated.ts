/** Searches that need no gradient, or begin without one: over the parameters of a generator, and of sets. */
import {
  leavesContrastFree,
  pixelSpace,
  type SearchOptimiser,
  type SearchPlan,
  usesGradient,
} from '../contract/plans.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { isMoving } from '../stimuli/motion.ts';
import type { ConstraintImages, ConstraintSet } from './constraints/constraints.ts';
import type { ControlPhase } from './controls/controlPhase.ts';
import {
  type Matched,
  matchedControls,
  matchedToBest,
  phaseScrambled,
  randomFromBox,
  startingImages,
} from './controls/controls.ts';
import { noGradient, type StimulusSource } from './model.ts';
import { AscentPhase } from './optimisers/ascentPhase.ts';
import { boundOrNull } from './optimisers/beginnings.ts';
import { cmaEvolver } from './optimisers/evolver.ts';
import { type Beginning, EvolutionPhase } from './optimisers/evolutionPhase.ts';
import { FirstOrderPhase } from './optimisers/firstOrderPhase.ts';
import { geneticEvolver } from './optimisers/genetic.ts';
import { HybridPhase } from './optimisers/hybridPhase.ts';
import { type Kept, ScreeningPhase } from './optimisers/screeningPhase.ts';
import type { OptimisationPhase, SearchContext } from './phase.ts';
import { ranked } from './report.ts';
import type { SpecBox } from './spaces/box.ts';
import { drawnFrom, type DrawnSource } from './spaces/drawn.ts';
import { createGratingBox } from './spaces/gratingSpace.ts';
import { createParametricBox } from './spaces/parametricSpace.ts';
import { createPixelSearch } from './spaces/pixelSearch.ts';
import type { StartImages } from './spaces/startImages.ts';

type Render = (spec: StimulusSpec) => Float32Array;
type Evolving = Extract<SearchOptimiser, { type: 'cma-es' | 'genetic' }>;
type Hybrid = Extract<SearchOptimiser, { type: 'hybrid' }>;

export type Arrangement = {
  optimisation: OptimisationPhase;
  before: ControlPhase[];
  after: ControlPhase[];
  /** Constraints of the candidates; null where a generator or a set makes them. */
  constraints: ConstraintSet | null;
};

export type Sources = {
  reference: StimulusSource;
  screening?: StimulusSource;
  bestOf?: StimulusSource;
  halfB?: StimulusSource;
  constraints?: ConstraintImages;
};

/** A search over a box of parameters or over a set. */
export function arrangeGenerated(context: SearchContext, sources: Sources, render: Render): Arrangement {
  const { space, optimiser, seed } = context.plan;
  if (context.plan.diverse !== undefined) throw noDiverse();
  if (space.type === 'pixels') throw mismatch('pixels', ['gradient', 'first-order'], optimiser.type);
  if (space.type === 'set') {
    const set = sources.screening;
    if (set === undefined) throw new Error('a search over a set needs sources.screening');
    if (optimiser.type === 'hybrid') {
      if (!usesGradient(optimiser.refine)) throw refinement(optimiser.refine.type);
      requireWholeSet(optimiser.screen);
      return hybridPixels(context, optimiser, set, 'the set', sources);
    }
    if (optimiser.type !== 'screening') throw mismatch('set', ['screening', 'hybrid'], optimiser.type);
    requireWholeSet(optimiser);
    return followed(context, new ScreeningPhase(context, set, optimiser), [], sources);
  }
  if (usesGradient(optimiser)) {
    throw mismatch(space.type, ['cma-es', 'genetic', 'screening', 'hybrid'], optimiser.type);
  }
  const box = boxOf(context, space);
  const drawn = (screen: { samples?: number | undefined; sampling: 'halton' | 'random' }): DrawnSource =>
    drawnFrom(box, screen, seed, render);
  switch (optimiser.type) {
    case 'screening':
      // Samples of the space are what chance finds in it.
      return followed(context, new ScreeningPhase(context, drawn(optimiser), optimiser, box.nouns), [], sources);
    case 'hybrid': {
      const { refine } = optimiser;
      const source = drawn(optimiser.screen);
      if (usesGradient(refine)) return hybridPixels(context, optimiser, source, box.nouns, sources);
      const screening = screeningOf(context, optimiser, source, box.nouns);
      const optimisation = new HybridPhase(screening, () =>
        evolution(
          context,
          refine,
          box,
          render,
          screening.kept.map((kept) => beginningAt(kept, source)),
        ),
      );
      return followed(context, optimisation, randomFromBox(context, optimisation.evaluations, box, render), sources);
    }
    default: {
      const optimisation = evolution(context, optimiser, box, render);
      return followed(context, optimisation, randomFromBox(context, optimisation.evaluations, box, render), sources);
    }
  }
}

function boxOf(
  { plan, model, notices }: SearchContext,
  space: Exclude<SearchPlan['space'], { type: 'pixels' | 'set' }>,
): SpecBox {
  if (space.type === 'parametric') return createParametricBox(space, plan.constraints, model.field, model.units);
  const box = createGratingBox(space, plan.constraints, model.field);
  if (box.contrast < space.contrast) {
    notices.push(
      `The contrast of the gratings was lowered from ${space.contrast} to ${box.contrast} to stay within the luminance range.`,
    );
  }
  return box;
}

function evolution(
  context: SearchContext,
  optimiser: Evolving,
  box: SpecBox,
  render: Render,
  beginnings: readonly Beginning[] = [],
): OptimisationPhase {
  return optimiser.type === 'cma-es'
    ? new EvolutionPhase(context, optimiser.evaluations, cmaEvolver(optimiser, box.genes), box, render, beginnings)
    : new EvolutionPhase(context, optimiser.evaluations, geneticEvolver(optimiser, box.genes), box, render, beginnings);
}

const beginningAt = ({ index, ...best }: Kept, source: DrawnSource): Beginning => ({
  point: source.point(index),
  best: { ...best, spec: source.spec(index) },
});

/** As many are kept as there are starts to begin from them. */
const screeningOf = (
  context: SearchContext,
  { screen }: Hybrid,
  source: StimulusSource,
  what: string,
): ScreeningPhase =>
  new ScreeningPhase(context, source, { keep: context.plan.starts, diversity: screen.diversity }, what);

/** Screening, then gradient ascent from what it kept, brought to the constraints; further starts begin from noise. */
function hybridPixels(
  context: SearchContext,
  optimiser: Hybrid,
  source: StimulusSource,
  what: string,
  sources: Sources,
): Arrangement {
  const { plan, model } = context;
  const { refine } = optimiser;
  if (!usesGradient(refine)) throw new Error('needs no gradient');
  if (model.gradient === null) throw noGradient(model);
  for (let i = 0; i < Math.min(source.count, 10_000); i++) {
    if (isMoving(source.spec(i))) throw movingPixels();
  }
  // The second search is one over still pixels.
  const space = pixelSpace.parse({ type: 'pixels' });
  const pixels = createPixelSearch({ ...plan, space, optimiser: refine }, model.field, sources, context.resumes);
  const { constraints, frames } = pixels;
  const screening = screeningOf(context, optimiser, source, what);
  const optimisation = new HybridPhase(screening, () => {
    const first = boundOrNull(
      screening.kept.map(({ image }) => image),
      (image) => pixels.bind(image, plan.seed),
      context.notices,
    );
    const starts: StartImages = {
      prepare: () => pixels.starts.prepare(),
      image: (index, inverted) => (inverted ? undefined : first[index]) ?? pixels.starts.image(index, inverted),
    };
    return refine.type === 'gradient'
      ? new AscentPhase(context, refine, { ...pixels, starts })
      : new FirstOrderPhase(context, refine, { ...pixels, starts });
  });
  const free = leavesContrastFree(refine);
  const match = free
    ? matchedToBest(context, optimisation, sources.constraints)
    : (): Matched => ({ constraints, frames });
  const noise = matchedControls(context, match, space.start, optimisation.evaluations, sources);
  const { evaluations, gradients } = optimisation;
  const effort = {
    space,
    gradientSteps: gradients,
    forwardPasses: evaluations - gradients,
    screened: screening.evaluations,
  };
  const controls = [...noise, ...startingImages(context, match, pixels, effort, noise)];
  const scrambled = phaseScrambled(context, match, () => ranked(optimisation)[0]);
  return {
    optimisation,
    before: free ? [] : controls,
    after: free ? [...controls, ...scrambled] : scrambled,
    constraints: free ? null : constraints,
  };
}

/** With the controls that are matched to what was found. */
function followed(
  context: SearchContext,
  optimisation: OptimisationPhase,
  before: ControlPhase[],
  sources: Sources,
): Arrangement {
  const match = matchedToBest(context, optimisation);
  return {
    optimisation,
    before,
    after: [
      ...matchedControls(context, match, 'pink', optimisation.evaluations, sources),
      ...phaseScrambled(context, match, () => ranked(optimisation)[0]),
    ],
    constraints: null,
  };
}

function requireWholeSet({ samples }: { samples?: number | undefined }): void {
  if (samples === undefined) return;
  throw new TwinscopeError(
    'bad-input',
    'A set is shown whole, so `samples` would not be used. Nothing was started. Leave it out, or screen a parametric space.',
  );
}

function mismatch(space: string, usable: readonly string[], given: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The search space '${space}' cannot be searched by '${given}'. Nothing was started. Set the optimiser to ` +
      `${usable.map((name) => `'${name}'`).join(' or ')}.`,
  );
}

const noDiverse = (): TwinscopeError =>
  new TwinscopeError(
    'bad-input',
    '`diverse` makes one set of the starts of a search by `gradient` over pixels, and this is another search. Nothing was ' +
      'started. Leave it out; a screening takes `diversity` instead.',
  );

const refinement = (given: string): TwinscopeError =>
  new TwinscopeError(
    'bad-input',
    `The stimuli of a set have no parameters that '${given}' could change. Nothing was started. Refine by 'gradient', or ` +
      'screen a parametric space.',
  );

const movingPixels = (): TwinscopeError =>
  new TwinscopeError(
    'bad-input',
    'The screened stimuli move, and a gradient search goes on from still pictures. Nothing was started. Refine by ' +
      "'cma-es' or 'genetic', or screen stimuli that stand still.",
  );
