/** A search is a row of phases; each does its work in steps and can be saved between any two of them. */
import type { SearchPlan } from '../contract/plans.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import type { Saved } from './checkpoint.ts';
import type { ResponseModel } from './model.ts';
import type { Objective } from './objectives/objective.ts';
import type { ObjectiveTerm } from './objectives/resolve.ts';
import type { TargetGroup } from './objectives/target.ts';
import type { ReferenceScale } from './reference/reference.ts';

export type TrajectoryPoint = { step: number; best: number; median: number };

/** A stimulus that was found, with the responses to exactly this image. */
export type FoundStimulus = {
  start: number;
  value: number;
  /** All units, in the twin's order. */
  responses: Float32Array;
  image: Float32Array;
  /** Null for an image that only exists as a raster. */
  spec: StimulusSpec | null;
  /** Number in the screened set or among the screened samples; null elsewhere. */
  sourceIndex: number | null;
};

/** What the phases share; filled in by the reference phase. */
export type SearchContext = {
  readonly plan: SearchPlan;
  readonly model: ResponseModel;
  readonly terms: readonly ObjectiveTerm[];
  /** The targets of all terms. */
  readonly groups: readonly TargetGroup[];
  /** Null until the reference set was measured. */
  objective: Objective | null;
  /** The selective score that the report states, whatever the objective; null where the target has no rival. */
  readonly selective: { terms: readonly ObjectiveTerm[]; objective: Objective | null } | null;
  /** What z-scores are made with; null until then. */
  scale: ReferenceScale | null;
  /** Sentences about things that went another way than asked. */
  readonly notices: string[];
  /** A checkpoint will be restored, so that the constraints were seen to be feasible before. */
  readonly resumes: boolean;
};

export interface Phase {
  /** What the search is doing now, e.g. 'measuring the reference set'. */
  readonly name: string;
  readonly steps: number;
  /** Does step number `index` whole or, when it throws, not at all. Returns the images evaluated and, if any, a point of the trajectory. */
  step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint | null }>;
  /** Without pictures that can be drawn again: a checkpoint is written often, and a clip takes megabytes. */
  save(): Saved;
  restore(saved: Saved): Promise<void> | void;
}

/** The phase that finds candidates. */
export interface OptimisationPhase extends Phase {
  /** Images that it shows in all. */
  readonly evaluations: number;
  /** How many of them it asks for a gradient; 0 when left out. */
  readonly gradients?: number;
  /** Best of every start so far; empty before the first step. */
  found(): FoundStimulus[];
}

export function objectiveOf(context: SearchContext): Objective {
  if (context.objective === null) throw new Error('the reference phase has not ended');
  return context.objective;
}
