/** Plans to begin from: what a preset is, and those that suit any twin. */
import type { SearchObjective, SearchPlan, TargetTerm } from '../../../main/contract/plans.ts';
import type { PresetSummary } from '../../../main/contract/presets.ts';
import { constraints as constraintSchema, usesGradient } from '../../../main/contract/plans.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { newPlan, opposedAreas, withFittedAperture } from './plan.ts';

export interface PlanPreset {
  readonly id: string;
  readonly title: string;
  /** Whose procedure it is; null for our own. */
  readonly citation: string | null;
  /** What of it is from memory, or changed; null where nothing is. */
  readonly uncertain: string | null;
  readonly plan: SearchPlan;
}

/** The plan with another target and objective; an aperture follows the target. */
const changed = (plan: SearchPlan, twin: TwinDetails, target: TargetTerm[], objective: SearchObjective): SearchPlan =>
  withFittedAperture({ ...plan, target, objective }, twin);

/** Presets that this twin has what they need for; `plan` keeps what they say nothing of. */
export function presetsFor(twin: TwinDetails, plan: SearchPlan): PlanPreset[] {
  const { target, objective, space, optimiser, constraints } = newPlan(twin);
  const areas = twin.manifest.areas.map((area) => area.name);
  const usual = { ...plan, target, objective, space, optimiser, constraints };
  const presets: PlanPreset[] = [
    { id: 'one unit', title: 'Drive one unit', citation: null, uncertain: null, plan: withFittedAperture(usual, twin) },
  ];
  if (areas.length > 1) {
    const area = areas.includes(plan.target[0]?.area ?? '') ? (plan.target[0]?.area ?? '') : (areas.at(-1) ?? '');
    presets.push({
      id: 'selective',
      title: `Selective: ${area} and no other area`,
      citation: null,
      uncertain: null,
      plan: changed(plan, twin, [{ area, weight: 1 }], { type: 'selective', over: 'areas', temperature: 1 }),
    });
  }
  for (const [driven, suppressed] of opposedAreas(areas)) {
    presets.push({
      id: `contrast ${driven} ${suppressed}`,
      title: `Drive ${driven}, not ${suppressed}`,
      citation: null,
      uncertain: null,
      plan: changed(
        plan,
        twin,
        [
          { area: driven, weight: 1 },
          { area: suppressed, weight: -1 },
        ],
        { type: 'drive' },
      ),
    });
  }
  return presets;
}

/** Published procedures on the present target, as far as this twin can follow them. */
export function publishedPresets(
  published: readonly PresetSummary[],
  twin: TwinDetails,
  plan: SearchPlan,
): PlanPreset[] {
  const gradient = twin.manifest.capabilities.inputGradient !== 'none';
  return published
    .filter((preset) => gradient || !usesGradient(preset.plan.optimiser))
    .map(({ plan: { objective, space, optimiser, constraints, starts }, ...preset }) => {
      const next: SearchPlan = {
        ...plan,
        space,
        optimiser,
        objective: objective ?? plan.objective,
        starts: starts ?? plan.starts,
        constraints: constraints ?? constraintSchema.parse({}),
      };
      return { ...preset, plan: withFittedAperture(next, twin) };
    });
}
