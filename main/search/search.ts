/** A whole search as a row of phases that can be stopped between any two steps and taken up again elsewhere. */
import {
  endsInPixels,
  goalsOf,
  leavesContrastFree,
  type SearchPlan,
  unusableConstraints,
  usesGradient,
} from '../contract/plans.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { hashJson } from '../platform/hash.ts';
import { type Arrangement, arrangeGenerated } from './arrangeGenerated.ts';
import { AscentPhase } from './optimisers/ascentPhase.ts';
import { combine, decodeCheckpoint, encodeCheckpoint, part, type Saved } from './checkpoint.ts';
import type { ConstraintImages } from './constraints/constraints.ts';
import { type Matched, matchedControls, matchedToBest, phaseScrambled, startingImages } from './controls/controls.ts';
import type { ResponseModel, StimulusSource } from './model.ts';
import { DiversePhase } from './optimisers/diversePhase.ts';
import { FirstOrderPhase } from './optimisers/firstOrderPhase.ts';
import type { FoundStimulus, Phase, SearchContext, TrajectoryPoint } from './phase.ts';
import { CandidatePhase } from './evidence/candidatePhase.ts';
import { HeldOutPhase, type HeldOutTwin } from './heldOut/heldOutPhase.ts';
import type { ReferenceResponses } from './reference/reference.ts';
import { type GoalImage, ReferencePhase } from './reference/referencePhase.ts';
import { buildOutcome, liveState, ranked, type SearchLiveState, type SearchOutcome } from './report.ts';
import { createPixelSearch } from './spaces/pixelSearch.ts';
import { resolveObjective } from './objectives/resolve.ts';
import { selectiveTerms } from './evidence/selective.ts';

export type SearchOptions = {
  plan: SearchPlan;
  model: ResponseModel;
  /** Responses are expressed in units of this set. Blanks in it are left out. */
  reference: StimulusSource;
  /** What this twin answered to `reference` before, in batches of the same size. */
  knownReference?: ReferenceResponses | null;
  sources: {
    /** The set of a 'set' space. */
    screening?: StimulusSource;
    /** The set of `controls.bestOf`. */
    bestOf?: StimulusSource;
    /** Half B of the reference set, where responses are z-scored over its half A. */
    halfB?: StimulusSource;
    /** The set of `space.startFrom`. */
    start?: StimulusSource;
    /** One for each goal stimulus of the plan, in the order of `goalsOf`. */
    goals?: readonly StimulusSource[];
    /** The stimuli that the constraints speak of, rendered. */
    constraints?: ConstraintImages;
  };
  /** Twins that had no part in the search, in the order of the plan. */
  heldOut?: readonly HeldOutTwin[];
  /** A checkpoint will be restored: that its constraints can be met was seen when it was started. */
  resumes?: boolean;
  /** A rendered stimulus on the twin's raster, a moving one in all frames; asked for blanks and what generators draw. */
  renderSpec: (spec: StimulusSpec) => Float32Array;
};

export type SearchUpdate = {
  /** Steps done of `total`, over all phases. */
  step: number;
  total: number;
  /** What the next step does (the last one when done). */
  phase: string;
  done: boolean;
  /** Where the step belonged to the optimisation: its point of the trajectory. */
  point: TrajectoryPoint | null;
  /** While the reference set is measured: how many of its stimuli have been shown. */
  reference: { done: number; total: number } | null;
};

export interface Search {
  /** Steps over all phases; a step is one batch, one step of all starts, or one generation. */
  readonly total: number;
  readonly step: number;
  readonly done: boolean;
  /**
   * Does one step. When it throws (`signal` was aborted between two batches, the twin failed) the state is that before
   * the step, so that it can be checkpointed or the step tried again. Not to be called again before it has settled.
   */
  advance(signal?: CancelSignal): Promise<SearchUpdate>;
  /** What the twin answered to the reference set, once, when this search has measured it to the end. */
  takeReference(): ReferenceResponses | null;
  /** The whole state; equal states give equal bytes. */
  checkpoint(): Uint8Array;
  /**
   * Takes up a search of the same plan on a twin with the same units, raster and batch size; kept stimuli of a set and the
   * best controls are drawn again. Where it fails after the identity was checked, this object is of no more use.
   */
  restore(bytes: Uint8Array): Promise<void>;
  /** What a window shows; the images are the search's own and must not be changed. */
  live(): SearchLiveState;
  /** What was found so far; everything once `done`. */
  result(): SearchOutcome;
}

/**
 * Throws 'bad-input' where the plan asks for something that the twin lacks or that cannot be, and 'unsupported' where
 * the twin has no gradient.
 */
export function createSearch(options: SearchOptions): Search {
  const { plan, model, reference, knownReference = null, renderSpec } = options;
  const terms = resolveObjective(plan, model.units, model.field);
  const context: SearchContext = {
    plan,
    model,
    terms,
    groups: terms.flatMap(({ groups }) => groups),
    objective: null,
    selective: selectiveTerms(plan, model.units, model.field),
    scale: null,
    notices: [...(model.notices ?? [])],
    resumes: options.resumes ?? false,
  };
  const scale = new ReferencePhase(
    context,
    { source: reference, renderSpec },
    knownReference,
    goalImages(plan, options.sources.goals),
  );
  const { optimisation, before, after, constraints } = arrange(context, options);
  const controls = [...before, ...after];
  const controlPhases = new Set<Phase>(controls);
  const best = (): FoundStimulus | undefined => ranked(optimisation)[0];
  const checks = new CandidatePhase(context, () => scale.scale, reference, best);
  const heldOut = (options.heldOut ?? []).map((twin) => new HeldOutPhase(context, twin, scale, best));
  const phases: Phase[] = [scale, ...before, optimisation, ...after, checks, ...heldOut].filter(
    ({ steps }) => steps > 0,
  );
  const total = phases.reduce((sum, { steps }) => sum + steps, 0);
  const identity = hashJson({
    plan,
    units: model.units,
    field: model.field,
    batchSize: model.batchSize,
    heldOut: options.heldOut?.map(({ twin }) => twin) ?? [],
    steps: phases.map(({ name, steps }) => [name, steps]),
  });

  let phaseIndex = 0;
  let stepInPhase = 0;
  let step = 0;
  let evaluations = 0;
  let controlEvaluations = 0;
  let trajectory: TrajectoryPoint[] = [];

  const phaseAt = (index: number): Phase => phases[Math.min(index, phases.length - 1)] as Phase;
  const search: Search = {
    total,
    get step() {
      return step;
    },
    get done() {
      return phaseIndex === phases.length;
    },
    advance: async (signal) => {
      let point: TrajectoryPoint | null = null;
      if (phaseIndex < phases.length) {
        signal?.throwIfAborted();
        const phase = phaseAt(phaseIndex);
        const outcome = await phase.step(stepInPhase, signal);
        evaluations += outcome.evaluations;
        if (controlPhases.has(phase)) controlEvaluations += outcome.evaluations;
        point = outcome.point;
        if (point !== null) trajectory.push(point);
        step++;
        stepInPhase++;
        if (stepInPhase === phase.steps) {
          phaseIndex++;
          stepInPhase = 0;
        }
      }
      return {
        step,
        total,
        phase: phaseAt(phaseIndex).name,
        done: phaseIndex === phases.length,
        point,
        reference: phaseAt(phaseIndex) === scale ? scale.shown : null,
      };
    },
    takeReference: () => scale.takeMeasured(),
    checkpoint: () => {
      const saved: Record<string, Saved> = {
        search: {
          json: {
            identity,
            phaseIndex,
            stepInPhase,
            step,
            evaluations,
            controlEvaluations,
            notices: context.notices,
          },
          arrays: { trajectory: Float64Array.from(trajectory.flatMap((p) => [p.step, p.best, p.median])) },
        },
      };
      for (const [i, phase] of phases.entries()) saved[`phase ${i}`] = phase.save();
      return encodeCheckpoint(combine(saved));
    },
    restore: async (bytes) => {
      const saved = decodeCheckpoint(bytes);
      const { json, arrays } = part(saved, 'search');
      const stored = json as {
        identity: string;
        phaseIndex: number;
        stepInPhase: number;
        step: number;
        evaluations: number;
        controlEvaluations: number;
        notices: string[];
      };
      if (stored.identity !== identity) {
        throw new TwinscopeError(
          'conflict',
          'This checkpoint belongs to another search: the plan, the twin’s units, its raster or the batch size differ. ' +
            'The checkpoint is unchanged. Resume with what the search was started with, or start a new one.',
        );
      }
      ({ phaseIndex, stepInPhase, step, evaluations, controlEvaluations } = stored);
      context.notices.splice(0, context.notices.length, ...stored.notices);
      const points = arrays['trajectory'] as Float64Array;
      trajectory = Array.from({ length: points.length / 3 }, (_, i) => ({
        step: points[3 * i] as number,
        best: points[3 * i + 1] as number,
        median: points[3 * i + 2] as number,
      }));
      for (const [i, phase] of phases.entries()) await phase.restore(part(saved, `phase ${i}`));
    },
    live: () =>
      liveState(context, context.objective === null ? null : scale.scale, optimisation, controls, constraints),
    result: () =>
      buildOutcome({
        context,
        scale: context.objective === null ? null : scale.scale,
        optimisation,
        controls,
        checks,
        heldOut,
        constraints,
        trajectory,
        evaluations,
        controlEvaluations,
        done: phaseIndex === phases.length,
      }),
  };
  return search;
}

function goalImages(plan: SearchPlan, sources: readonly StimulusSource[] = []): GoalImage[] {
  return goalsOf(plan).map(({ index }, i) => {
    const source = sources[i];
    if (source === undefined) throw new Error('a goal stimulus needs sources.goals');
    if (index >= source.count) {
      throw new TwinscopeError(
        'bad-input',
        `The stimulus to be matched is number ${index} (from 0) of a set of ${source.count}. Nothing was started. Choose one that it has.`,
      );
    }
    return () => source.render(index);
  });
}

/** How many steps a checkpoint stands for. */
export function stepOfCheckpoint(bytes: Uint8Array): number {
  return (part(decodeCheckpoint(bytes), 'search').json as { step: number }).step;
}

/** Whether the reference set, the first phase of every search, was measured by then. */
export function referenceEnded(bytes: Uint8Array): boolean {
  return (part(decodeCheckpoint(bytes), 'search').json as { phaseIndex: number }).phaseIndex > 0;
}

/** Controls that need no candidate come first, so that a search has something to beat from its first step. */
function arrange(context: SearchContext, { reference, sources, renderSpec }: SearchOptions): Arrangement {
  const { plan, model } = context;
  const { space, optimiser } = plan;
  const sets = { reference, halfB: sources.halfB, bestOf: sources.bestOf };
  const unusable = unusableConstraints(plan);
  const free = endsInPixels(plan) && leavesContrastFree(optimiser);
  if (unusable.length > 0) {
    throw new TwinscopeError(
      'bad-input',
      (space.type === 'set'
        ? 'The stimuli of a set are shown as they are, so the plan cannot constrain them: '
        : free
          ? 'The optimiser holds the range, the aperture and the mask alone (hold: range), so these constraints of the plan would not hold: '
          : endsInPixels(plan)
            ? 'A still picture does not change over time, so these constraints of the plan would hold nothing: '
            : 'Stimuli of a generator have a contrast and a size of their own, so these constraints of the plan would not hold: ') +
        `${unusable.join(', ')}. Nothing was started. Leave out ${unusable.length === 1 ? 'this constraint' : 'these constraints'}, ` +
        (free
          ? 'or hold them at-end or at every-step.'
          : endsInPixels(plan)
            ? 'or search clips.'
            : 'or search pixels.'),
    );
  }
  const asSet = plan.diverse !== undefined;
  if (space.type === 'pixels' && usesGradient(optimiser) && !(asSet && optimiser.type === 'first-order')) {
    const pixels = createPixelSearch(plan, model.field, sources, context.resumes);
    const { constraints, frames } = pixels;
    const optimisation =
      optimiser.type === 'first-order'
        ? new FirstOrderPhase(context, optimiser, pixels)
        : plan.diverse === undefined
          ? new AscentPhase(context, optimiser, pixels)
          : new DiversePhase(context, optimiser, plan.diverse, pixels);
    const match = free
      ? matchedToBest(context, optimisation, sources.constraints)
      : (): Matched => ({ constraints, frames });
    const noise = matchedControls(context, match, space.start, optimisation.evaluations, sets);
    const { evaluations, gradients } = optimisation;
    const effort = { gradientSteps: gradients, forwardPasses: evaluations - gradients };
    const controls = [...noise, ...startingImages(context, match, pixels, { space, ...effort }, noise)];
    const scrambled = phaseScrambled(context, match, () => ranked(optimisation)[0]);
    return {
      optimisation,
      before: free ? [] : controls,
      after: free ? [...controls, ...scrambled] : scrambled,
      constraints: free ? null : constraints,
    };
  }
  return arrangeGenerated(context, { ...sources, reference }, renderSpec);
}
