/** The areas and units that a plan names, looked up in its twin before anything is made for it. */
import type { Plan, RunPlan } from '../../contract/plans.ts';
import { stimulusInputOf } from '../../contract/twins.ts';
import { otherInputs } from '../../engine/otherInputs.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { resolveObjective } from '../../search/objectives/resolve.ts';
import type { ResolvedTwin } from '../../twins/node/library.ts';
import { placeOf } from '../../twins/unitPlaces.ts';

/** The areas that a run keeps, in the twin's order. Throws 'bad-input' for one that the twin lacks. */
export function requireAreas(plan: RunPlan, offered: readonly string[]): string[] {
  const wanted = plan.areas ?? offered;
  const unknown = wanted.filter((area) => !offered.includes(area));
  if (unknown.length > 0) {
    throw new TwinscopeError(
      'bad-input',
      `This twin has no area ${unknown.join(', ')}; it has ${offered.join(', ')}. Nothing was started.`,
    );
  }
  return offered.filter((area) => wanted.includes(area));
}

/** Throws 'bad-input' where a run or search names an area or a unit that the twin lacks. */
export function requireNames(plan: Plan, { manifest, units }: Pick<ResolvedTwin, 'manifest' | 'units'>): void {
  if ('behaviour' in plan) otherInputs(manifest, plan.behaviour);
  if (plan.kind === 'run') {
    requireAreas(
      plan,
      manifest.areas.map(({ name }) => name),
    );
  }
  if (plan.kind === 'search') {
    const known = units.map((unit) => ({ area: unit.area, unit: unit.unit, place: placeOf(unit) }));
    resolveObjective(plan, known, { fieldOfViewDeg: stimulusInputOf(manifest)?.fieldOfViewDeg ?? Infinity });
  }
}
