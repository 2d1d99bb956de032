/** The plan of a search while it is edited: where it starts, what its presets are, and what keeps it from starting. */
import type { Aperture, Inclusion, SearchPlan, SearchSpace, SetRef, TargetTerm } from '../../../main/contract/plans.ts';
import {
  constraints as constraintSchema,
  endsInPixels,
  leavesContrastFree,
  objectiveTerms,
  searchPlan,
  unusableConstraints,
} from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails, TwinUnit } from '../../../main/contract/twins.ts';
import { inclusionText } from '../../../main/stimuli/objectiveWords.ts';
import { unitsOfTerm } from '../../../main/twins/unitPlaces.ts';

/**
 * A valid plan for a twin; the address may name areas and units: `?area=V1-simple&unit=12,40`. The best of the given
 * photographs becomes a control.
 */
export function newPlan(
  twin: TwinDetails,
  query: URLSearchParams = new URLSearchParams(),
  photographs: SetSummary | undefined = undefined,
): SearchPlan {
  const area = query.get('area') ?? twin.manifest.areas[0]?.name ?? '';
  const named = query.getAll('unit').flatMap((text) => text.split(','));
  const known = new Set(twin.units.filter((unit) => unit.area === area).map((unit) => unit.unit));
  const units = named.filter((unit) => known.has(unit));
  const target = units.length > 0 ? [{ area, units, weight: 1 }] : driveOneUnit(twin, area);
  const gradient = twin.manifest.capabilities.inputGradient !== 'none';
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: twin.summary.id,
    target,
    ...(photographs === undefined ? {} : { controls: { bestOf: { set: photographs.id } } }),
    ...(gradient
      ? { space: { type: 'pixels' }, optimiser: { type: 'gradient' } }
      : { space: { type: 'gratings' }, optimiser: { type: 'cma-es' } }),
  }) as SearchPlan;
  return withFittedAperture(plan, twin);
}

const driveOneUnit = (twin: TwinDetails, area: string): TargetTerm[] => {
  const unit = twin.units.find((candidate) => candidate.area === area && candidate.sizeDeg !== null);
  return unit === undefined ? [{ area, weight: 1 }] : [{ area, units: [unit.unit], weight: 1 }];
};

/** Pairs of areas, the first of which is driven and the second is not: what people ask for first. */
export function opposedAreas(areas: readonly string[]): [string, string][] {
  const complex = areas.find((area) => /complex/i.test(area));
  const simple = areas.find((area) => /simple/i.test(area));
  if (complex !== undefined && simple !== undefined) {
    return [
      [complex, simple],
      [simple, complex],
    ];
  }
  const [first, second] = areas;
  return first === undefined || second === undefined ? [] : [[first, second]];
}

const edgeDeg = 0.25;
/** A receptive field is stated as ±2 standard deviations; the aperture reaches to 3. */
const diameterOverSize = 1.5;

/**
 * The circular aperture that covers the receptive fields of the targeted units out to three standard deviations;
 * undefined (the whole field) for whole areas and for units without a stated receptive field.
 */
export function apertureFor(target: readonly TargetTerm[], twin: TwinDetails): Aperture | undefined {
  const units: TwinUnit[] = [];
  for (const term of target) {
    if (term.units === undefined && term.within === undefined) return undefined;
    units.push(...unitsOfTerm(term, twin.units));
  }
  const placed = units.flatMap(({ xDeg, yDeg, sizeDeg }) =>
    xDeg === null || yDeg === null || sizeDeg === null
      ? []
      : [{ xDeg, yDeg, radiusDeg: (diameterOverSize * sizeDeg) / 2 }],
  );
  if (placed.length === 0 || placed.length < units.length) return undefined;
  const middle = (low: number[], high: number[]) => (Math.min(...low) + Math.max(...high)) / 2;
  const x = middle(
    placed.map((field) => field.xDeg - field.radiusDeg),
    placed.map((field) => field.xDeg + field.radiusDeg),
  );
  const y = middle(
    placed.map((field) => field.yDeg - field.radiusDeg),
    placed.map((field) => field.yDeg + field.radiusDeg),
  );
  const radius = Math.max(...placed.map((field) => Math.hypot(field.xDeg - x, field.yDeg - y) + field.radiusDeg));
  const hundredth = (value: number) => Math.round(value * 100) / 100;
  return {
    xDeg: hundredth(x),
    yDeg: hundredth(y),
    diameterDeg: hundredth(Math.min(2 * radius + edgeDeg, twin.summary.fieldOfViewDeg)),
    edgeDeg,
  };
}

export function withAperture(plan: SearchPlan, aperture: Aperture | undefined): SearchPlan {
  const { aperture: _before, ...rest } = plan.constraints;
  return { ...plan, constraints: aperture === undefined ? rest : { ...rest, aperture } };
}

/** Another target; an aperture that fitted the old one follows, one set by hand stays. */
export function withTarget(plan: SearchPlan, target: TargetTerm[], twin: TwinDetails): SearchPlan {
  const before = JSON.stringify(apertureFor(plan.target, twin));
  const follows = plan.space.type === 'pixels' && JSON.stringify(plan.constraints.aperture) === before;
  const next = { ...plan, target };
  return follows ? withAperture(next, apertureFor(target, twin)) : next;
}

/** Over pixels, the aperture that covers the targeted receptive fields; no other space can use one. */
export const withFittedAperture = (plan: SearchPlan, twin: TwinDetails): SearchPlan =>
  plan.space.type === 'pixels' ? withAperture(plan, apertureFor(plan.target, twin)) : plan;

/** The space with the optimiser that searches it; constraints that it cannot use go back to their defaults. */
export function withSpace(plan: SearchPlan, type: SearchSpace['type'], stimuli: SetRef | null): SearchPlan {
  const pair = {
    pixels: { space: { type: 'pixels' }, optimiser: { type: 'gradient' } },
    gratings: { space: { type: 'gratings' }, optimiser: { type: 'cma-es' } },
    parametric: {
      space: {
        type: 'parametric',
        stimulus: 'gabor',
        parameters: {
          orientationDeg: [0, 180],
          spatialFrequencyCpd: [0.5, 4],
          phaseDeg: [0, 360],
          sigmaDeg: [0.1, 1],
          xDeg: [-2, 2],
          yDeg: [-2, 2],
        },
      },
      optimiser: { type: 'cma-es' },
    },
    set: { space: { type: 'set', stimuli: stimuli ?? { set: '' } }, optimiser: { type: 'screening' } },
  }[type];
  const unusable = new Set<string>(unusableConstraints({ ...plan, ...pair } as SearchPlan));
  const kept = Object.entries(plan.constraints).filter(([name]) => !unusable.has(name));
  const changed = { ...plan, ...pair, constraints: constraintSchema.parse(Object.fromEntries(kept)) };
  if (type === 'set') return { ...changed, optimiser: { type: 'screening', keep: 16 } } as SearchPlan;
  const next = searchPlan.parse(changed) as SearchPlan;
  const { aperture } = plan.constraints;
  if (next.space.type !== 'gratings' || aperture === undefined) return next;
  // Positions to search always include where the target looks.
  const around = ([low, high]: [number, number], centre: number): [number, number] => [
    Math.min(low, Math.floor(2 * centre - 1) / 2),
    Math.max(high, Math.ceil(2 * centre + 1) / 2),
  ];
  const { xDeg, yDeg } = next.space;
  return { ...next, space: { ...next.space, xDeg: around(xDeg, aperture.xDeg), yDeg: around(yDeg, aperture.yDeg) } };
}

/** Whether a term is about the plan's own twin; what other twins have is known when the search starts. */
export const isOwn = ({ as = 'A' }: Pick<SearchPlan, 'as'>, { twin }: Pick<TargetTerm, 'twin'>): boolean =>
  twin === undefined || twin === as;

/** What stands in the way of a term: an area that the twin lacks, or no unit that is left. */
function termProblems(term: TargetTerm, twin: TwinDetails, include: Inclusion): string[] {
  if (!twin.manifest.areas.some(({ name }) => name === term.area)) return [`This twin has no area ${term.area}.`];
  if (term.units?.length === 0) return [`Choose units of ${term.area}, or the whole area.`];
  // A table that says nothing of an area leaves it to the twin.
  if (!twin.units.some(({ area }) => area === term.area)) return [];
  if (unitsOfTerm(term, twin.units).length === 0) {
    return [
      term.within === undefined
        ? `This twin has none of the units of ${term.area} that the plan names.`
        : `No receptive field of ${term.area} has its centre in the circle. Widen or move it.`,
    ];
  }
  return unitsOfTerm(term, twin.units, include, twin.summary.fieldOfViewDeg).length === 0
    ? [`No unit of ${term.area} passes the limits (${inclusionText(include)}). Relax one, or choose other units.`]
    : [];
}

/** What stands in the way of an objective and its target. */
function objectiveProblems(
  { objective, target }: ReturnType<typeof objectiveTerms>[number],
  twin: TwinDetails,
  plan: Pick<SearchPlan, 'as'>,
): string[] {
  if (objective.type === 'match') {
    const { goal } = objective;
    return 'from' in goal && 'set' in goal.from && goal.from.set === '' ? ['Choose the stimulus to be matched.'] : [];
  }
  if (objective.type !== 'selective') {
    return target.length > 0 && target.every((term) => term.weight === 0) ? ['Every weight is zero.'] : [];
  }
  const problems: string[] = [];
  if (target.some((term) => term.weight <= 0)) {
    problems.push('The weights of a selective target must be above 0. Name what must stay quiet as a rival.');
  }
  const own = new Set(target.map(({ area }) => area));
  const others = twin.manifest.areas.filter(({ name }) => !own.has(name));
  if (objective.over === 'areas' && objective.against === undefined && others.length === 0) {
    problems.push('There is no other area that the target could be driven against. Let units compete, or drive it.');
  }
  return [
    ...problems,
    ...(objective.against ?? []).flatMap((term) =>
      isOwn(plan, term) ? termProblems({ ...term, weight: 1 }, twin, { fieldInside: false }) : [],
    ),
  ];
}

/** Sentences about what keeps the plan from starting; empty when it can. */
export function planProblems(plan: SearchPlan, twin: TwinDetails): string[] {
  const problems: string[] = [];
  const { constraints, target, space } = plan;
  if (target.length === 0) problems.push('Choose at least one area or unit to drive or suppress.');
  const parts = objectiveTerms(plan);
  for (const term of new Set(parts.flatMap((part) => part.target))) {
    if (isOwn(plan, term)) problems.push(...termProblems(term, twin, plan.include));
  }
  for (const part of parts) problems.push(...objectiveProblems(part, twin, plan));
  if (space.type === 'set' && 'set' in space.stimuli && space.stimuli.set === '') {
    problems.push('Choose the set to screen.');
  }
  if (endsInPixels(plan) && twin.manifest.capabilities.inputGradient === 'none') {
    problems.push('This twin has no gradient, so pixels cannot be searched. Search gratings or a set.');
  }
  const unusable = unusableConstraints(plan);
  if (unusable.length > 0) {
    problems.push(
      `A search over ${{ pixels: 'pixels', gratings: 'gratings', parametric: 'parameters', set: 'a set' }[space.type]}${leavesContrastFree(plan.optimiser) ? ' that holds the range alone' : ''} cannot use: ${unusable.join(', ')}.`,
    );
  }
  const [low, high] = constraints.range;
  if (!(low < constraints.meanLuminance && constraints.meanLuminance < high)) {
    problems.push(`The mean luminance ${constraints.meanLuminance} must lie inside the range ${low} to ${high}.`);
  }
  return [...new Set(problems)];
}
