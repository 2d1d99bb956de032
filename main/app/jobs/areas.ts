/** The areas and units that a plan names, looked up in its twin before anything is made for it. */
import { type Member, memberArea, type Plan, type RunPlan, searchMembers, type TwinRef } from '../../contract/plans.ts';
import { stimulusInputOf } from '../../contract/twins.ts';
import { otherInputs } from '../../engine/otherInputs.ts';
import { requireRunnable } from '../../engine/outputLayout.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { ModelUnit } from '../../search/model.ts';
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

type Known = Pick<ResolvedTwin, 'manifest' | 'units'>;

/**
 * Throws 'bad-input' where a run or search names an area, a unit, behaviour or a window that its twins lack.
 * @param resolve finds the other twins of the plan
 */
export async function requireNames(plan: Plan, twin: Known, resolve: (ref: TwinRef) => Promise<Known>): Promise<void> {
  const { manifest } = twin;
  if (plan.kind === 'run') {
    otherInputs(manifest, plan.behaviour);
    requireAreas(
      plan,
      manifest.areas.map(({ name }) => name),
    );
  }
  if (plan.kind !== 'search') return;
  const { states, others } = searchMembers(plan);
  const units: ModelUnit[] = [];
  const add = (member: Member, known: Known, behaviour: Record<string, number> | undefined): void => {
    requireRunnable(known.manifest, behaviour, plan.window);
    for (const unit of known.units) {
      const named = { area: memberArea(member, unit.area), unit: unit.unit, place: placeOf(unit) };
      units.push(member === null ? named : { ...named, member });
    }
  };
  for (const { member, behaviour } of states) add(member, twin, behaviour);
  for (const { member, twin: ref, behaviour } of others) add(member, await resolve(ref), behaviour);
  resolveObjective(plan, units, { fieldOfViewDeg: stimulusInputOf(manifest)?.fieldOfViewDeg ?? Infinity });
}
