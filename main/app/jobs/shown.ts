/** Whether a twin can be shown what a plan names, asked before there is a job. */
import { constraintStimuli, goalsOf, type Plan, type SetRef } from '../../contract/plans.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { Project } from '../../projects/node/project.ts';
import { refuseShown } from '../../stimuli/motion.ts';
import type { Library, ResolvedTwin } from '../../twins/node/library.ts';
import { whyNotShown } from '../../twins/shown.ts';

type JobPlan = Exclude<Plan, { kind: 'protocol' }>;

/**
 * Throws 'bad-input' where stimuli move and the twin sees still pictures, or where they change faster than its frames can
 * show. A set, folder or twin that is not there is left to the job, which says so.
 */
export async function requireShown(plan: JobPlan, library: Library, project: Project | null): Promise<void> {
  const twin = await orNull(library.resolve(plan.twin));
  if (twin === null) return;
  for (const ref of setsOf(plan)) requireOn(twin, await designOf(ref, project));
}

/** Throws 'bad-input' as `requireShown` does, for stimuli at hand. */
export function requireOn({ manifest }: Pick<ResolvedTwin, 'manifest'>, design: StimulusDesign | null): void {
  if (design !== null) refuseShown(whyNotShown(manifest, design));
}

function setsOf(plan: JobPlan): SetRef[] {
  if (plan.kind === 'run') return [plan.stimuli];
  const { reference, controls, space } = plan;
  // The default reference is chosen from what the twin can be shown.
  const screened = space.type === 'set' ? space.stimuli : undefined;
  return [
    reference,
    controls.bestOf,
    screened,
    ...goalsOf(plan).map(({ from }) => from),
    ...constraintStimuli(plan.constraints).map(({ stimulus }) => stimulus.from),
  ].filter((ref) => !!ref);
}

async function designOf(ref: SetRef, project: Project | null): Promise<StimulusDesign | null> {
  if ('design' in ref) return ref.design;
  // Photographs stand still.
  if ('imageFolder' in ref || project === null) return null;
  return (await orNull(project.sets.getByNameOrId(ref.set)))?.design ?? null;
}

async function orNull<T>(found: Promise<T>): Promise<T | null> {
  try {
    return await found;
  } catch (error) {
    if (isTwinscopeError(error)) return null;
    throw error;
  }
}
