/** What a search found, in the terms of the report. */
import { medianOf } from '../platform/median.ts';
import type { Residuals } from '../contract/results.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { ConstraintSet } from './constraints/constraints.ts';
import type { ControlKind, SearchEvidence, Selectivity } from '../contract/searchEvidence.ts';
import type { CandidatePhase } from './evidence/candidatePhase.ts';
import { stretchReport, uniquenessOf } from './evidence/summary.ts';
import type { HeldOutPhase } from './heldOut/heldOutPhase.ts';
import type { TargetGroup } from './objectives/target.ts';
import type { ControlPhase } from './controls/controlPhase.ts';
import { areasOf } from './objectives/normalisation.ts';
import type { FoundStimulus, OptimisationPhase, SearchContext, TrajectoryPoint } from './phase.ts';
import { activityOfArea, type ReferenceScale } from './reference/reference.ts';
import { livePowers } from './constraints/livePowers.ts';
import { measureResiduals, measureResiduals8Bit } from './constraints/residuals.ts';

/** Activity of an area: mean z of its modulated units over the sd of that mean across the reference set. */
export type AreaActivity = { area: string; z: number };

export type SearchCandidate = FoundStimulus & {
  /** From 1, by objective. */
  rank: number;
  areas: AreaActivity[];
  /** Targeted units that the reference set modulates. */
  units: { area: string; unit: string; response: number; z: number; blank: number }[];
  /** Null for stimuli of a generator or a set. */
  residuals: Residuals | null;
  /** Of the picture after 8-bit sRGB encoding. */
  residuals8Bit: Residuals | null;
};

export type SearchControl = {
  kind: ControlKind;
  label: string;
  n: number;
  best: number;
  median: number;
  values: Float64Array;
  /** The best candidate's objective exceeds that of every one of these images. */
  beaten: boolean;
  /** The best of them, as it was shown. */
  image: Float32Array;
  spec: StimulusSpec | null;
  /** Of an image brought to the constraints: the stimulus it was made from, with its index in its set. */
  sourceIndex: number | null;
  sourceSpec: StimulusSpec | null;
};

export type SearchOutcome = {
  done: boolean;
  candidates: SearchCandidate[];
  /** Only those measured to the end. */
  controls: SearchControl[];
  trajectory: TrajectoryPoint[];
  /** Images shown to the twin and to held-out twins, reference set and controls included. */
  evaluations: number;
  /** How many of them were controls. */
  controlEvaluations: number;
  /** Stimuli of the reference set without blanks, and units that it does not modulate. */
  reference: { stimuli: number; unmodulatedUnits: number; scale: ReferenceScale } | null;
  /** Null before the first candidate. */
  evidence: SearchEvidence | null;
  notices: string[];
};

export type SearchLiveState = {
  /** Best objective of every start (the kept stimuli of a screening); empty before the optimisation. */
  best: number[];
  /** Their images, linear luminance. */
  tiles: Float32Array[];
  /** Of the best of all. */
  areas: AreaActivity[];
  units: SearchCandidate['units'];
  residuals: Residuals | null;
  /** The best of all; null before the first step. */
  bestImage: Float32Array | null;
  /** Measured to the end so far. */
  controls: Pick<SearchControl, 'kind' | 'label' | 'n' | 'best' | 'median' | 'sourceSpec'>[];
};

/** Best first; of equal objectives the lower start. */
export function ranked(phase: OptimisationPhase): FoundStimulus[] {
  return phase.found().toSorted((a, b) => b.value - a.value || a.start - b.start);
}

export function liveState(
  context: SearchContext,
  scale: ReferenceScale | null,
  optimisation: OptimisationPhase,
  controls: readonly ControlPhase[],
  constraints: ConstraintSet | null,
): SearchLiveState {
  const found = optimisation.found();
  const [best] = ranked(optimisation);
  return {
    best: found.map(({ value }) => value),
    tiles: found.map(({ image }) => image),
    areas: best === undefined || scale === null ? [] : areaActivities(context, scale, best.responses),
    units: best === undefined || scale === null ? [] : targetedUnits(context, scale, best.responses),
    residuals: best === undefined ? null : residualsOf(best, constraints, measureLive),
    bestImage: best?.image ?? null,
    controls: controls.flatMap((phase) => {
      const measured = phase.measured();
      if (measured === null) return [];
      const { kind, label, n, values, bestIndex, source } = measured;
      const sourceSpec = source?.sourceSpec ?? null;
      return [{ kind, label, n, best: values[bestIndex] as number, median: medianOf([...values]), sourceSpec }];
    }),
  };
}

export function buildOutcome(parts: {
  context: SearchContext;
  scale: ReferenceScale | null;
  optimisation: OptimisationPhase;
  controls: readonly ControlPhase[];
  checks: CandidatePhase;
  heldOut: readonly HeldOutPhase[];
  constraints: ConstraintSet | null;
  trajectory: readonly TrajectoryPoint[];
  evaluations: number;
  controlEvaluations: number;
  done: boolean;
}): SearchOutcome {
  const { context, scale, optimisation, constraints } = parts;
  const found = scale === null ? [] : ranked(optimisation);
  const best = found[0]?.value ?? -Infinity;
  return {
    done: parts.done,
    candidates: found.map((stimulus, i) => ({
      ...stimulus,
      rank: i + 1,
      areas: areaActivities(context, scale as ReferenceScale, stimulus.responses),
      units: targetedUnits(context, scale as ReferenceScale, stimulus.responses),
      residuals: residualsOf(stimulus, constraints, measureStored),
      residuals8Bit: residualsOf(stimulus, constraints, measureShown8Bit),
    })),
    controls: parts.controls.flatMap((phase) => {
      const measured = phase.measured();
      if (measured === null) return [];
      const { kind, label, n, values, bestIndex, image, spec, source } = measured;
      const largest = values[bestIndex] as number;
      return [
        {
          kind,
          label,
          n,
          best: largest,
          median: medianOf([...values]),
          values,
          beaten: best > largest,
          image,
          spec,
          sourceIndex: source?.sourceIndex ?? null,
          sourceSpec: source?.sourceSpec ?? null,
        },
      ];
    }),
    trajectory: [...parts.trajectory],
    evaluations: parts.evaluations,
    controlEvaluations: parts.controlEvaluations,
    reference:
      scale === null
        ? null
        : { stimuli: scale.stimuli, unmodulatedUnits: scale.sd.reduce((n, sd) => n + (sd === 0 ? 1 : 0), 0), scale },
    evidence: found[0] === undefined || scale === null ? null : evidenceOf(parts, scale, found),
    notices: [...context.notices],
  };
}

function evidenceOf(
  { context, controls, checks, heldOut, constraints }: Parameters<typeof buildOutcome>[0],
  scale: ReferenceScale,
  found: readonly FoundStimulus[],
): SearchEvidence {
  const best = found[0] as FoundStimulus;
  const { field } = context.model;
  const weights = constraints?.weights ?? new Float64Array(field.sizePx ** 2).fill(1);
  return {
    stretch: stretchReport(context, scale, best),
    suppression: checks.suppression(),
    selectivity: selectivityOf(context, best, controls),
    variations: checks.variations(),
    // What a screening keeps are no starts, and the starts of a diverse set are driven apart.
    uniqueness:
      context.plan.optimiser.type === 'screening' || context.plan.diverse !== undefined
        ? null
        : uniquenessOf(found, weights),
    heldOut: heldOut.flatMap(({ result }) => result ?? []),
  };
}

function selectivityOf(
  { selective }: SearchContext,
  best: FoundStimulus,
  controls: readonly ControlPhase[],
): Selectivity | null {
  if (selective === null || selective.objective === null) return null;
  const labels = (groups: readonly TargetGroup[]): string[] => groups.map(({ label }) => label);
  return {
    candidate: selective.objective.value(best.responses),
    bestOfReference: controls.find(({ kind }) => kind === 'best-of-reference')?.selective ?? null,
    target: labels(selective.terms.flatMap(({ groups }) => groups)),
    against: labels(selective.terms.flatMap(({ against }) => against)),
  };
}

type Measure = (image: Float32Array, constraints: ConstraintSet) => Residuals;

/** Once for every image: a search shows its best again and again, and makes a new array for every image. */
function onceEach(measure: Measure): Measure {
  const known = new WeakMap<ConstraintSet, WeakMap<Float32Array, Residuals>>();
  return (image, constraints) => {
    let measured = known.get(constraints);
    if (measured === undefined) known.set(constraints, (measured = new WeakMap()));
    let residuals = measured.get(image);
    if (residuals === undefined) measured.set(image, (residuals = measure(image, constraints)));
    return residuals;
  };
}

const measureStored = onceEach((image, set) => measureResiduals(image, set.weights, set.constraints, set));
const measureShown8Bit = onceEach((image, set) => measureResiduals8Bit(image, set.weights, set.constraints, set));
const measureLive = onceEach((image, set) => measureResiduals(image, set.weights, set.constraints, set, livePowers));

const residualsOf = (
  { image }: FoundStimulus,
  constraints: ConstraintSet | null,
  measure: Measure,
): Residuals | null => (constraints === null ? null : measure(image, constraints));

function areaActivities({ model }: SearchContext, scale: ReferenceScale, responses: Float32Array): AreaActivity[] {
  return [...areasOf(model.units)].map(([area, members]) => ({
    area,
    z: activityOfArea(members, scale.areaCoefficient, scale.mean, responses),
  }));
}

function targetedUnits({ model, groups }: SearchContext, scale: ReferenceScale, responses: Float32Array) {
  const targeted = [...new Set(groups.flatMap(({ units }) => units))].toSorted((a, b) => a - b);
  return targeted.flatMap((u) => {
    const sd = scale.sd[u] as number;
    const unit = model.units[u];
    if (sd === 0 || unit === undefined) return [];
    const response = responses[u] as number;
    const z = (response - (scale.mean[u] as number)) / sd;
    return [{ area: unit.area, unit: unit.unit, response, z, blank: scale.blank[u] as number }];
  });
}
