/** The other twins and states of a search: pinned and opened at its start, opened again as they were when it is resumed. */
import { searchMembers, type SearchPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { Services } from '../services.ts';
import { type StartedJob, versionDifference } from './frozen.ts';
import { openFirstSession, openFrozenSession, type OpenedSession } from './jobSession.ts';

/** A member of the search beside its own twin in its first state. */
export type OtherMember = {
  /** Its label in the plan, or 'state 2' … */
  as: string;
  twin: ComputeTwin;
  versions: Record<string, string>;
  /** A state shares the session of the plan's own twin. */
  ofOwnTwin: boolean;
};

type OtherRecord = NonNullable<Provenance['others']>[number];

/** The plan's `with` as it was found at the first start: labels written out, twins by version and hash. */
export async function pinOthers(services: Services, plan: SearchPlan): Promise<Pick<SearchPlan, 'with'>> {
  if (plan.with === undefined) return {};
  const { others } = searchMembers(plan);
  const pinned = [];
  for (const { member, twin, behaviour } of others) {
    const { manifest, sha256 } = await services.library.resolve(twin);
    const { id, version } = manifest;
    pinned.push({ twin: { id, version, sha256 }, as: member, ...(behaviour === undefined ? {} : { behaviour }) });
  }
  return { with: pinned };
}

/**
 * Opens the other members and, at the first start, freezes on which device and with which versions: they get the batches of
 * the plan's own twin, and otherwise what a search with each alone would get.
 */
export async function openOthers(
  services: Services,
  context: JobContext,
  started: StartedJob,
  pictures: (job: StartedJob) => number,
): Promise<{ job: StartedJob; others: OtherMember[] }> {
  const { provenance } = started.frozen;
  const plan = provenance.plan as SearchPlan;
  const { states, others } = searchMembers(plan);
  if (states.length + others.length === 1) return { job: started, others: [] };
  const own = { device: provenance.device, threads: provenance.threads, gradientForms: provenance.gradientForms };
  const members: OtherMember[] = [];
  for (const { member, behaviour } of states) {
    if (member === null) continue;
    const twin = { ...started.twin, behaviour };
    members.push({ as: member, twin, versions: provenance.versions, ofOwnTwin: true });
  }
  for (const { member, twin: ref, behaviour } of others) {
    const before = provenance.others?.find(({ as }) => as === member);
    const resolved = await services.library.resolve(ref);
    const { as: _, with: __, states: ___, ...shared } = plan;
    const alone = { ...shared, twin: ref, behaviour, batchSize: started.twin.batchSize };
    let opened: OpenedSession;
    if (before === undefined) {
      opened = await openFirstSession(services, context, alone, resolved, async () => pictures(started));
    } else {
      opened = await openFrozenSession(services, context, { ...provenance, ...before, plan: alone }, resolved);
      const difference = versionDifference(before.versions, opened.versions);
      if (difference !== null) throw new TwinscopeError('conflict', difference);
    }
    members.push({ as: member, ...opened, ofOwnTwin: false });
  }
  if (provenance.others !== undefined) return { job: started, others: members };
  const records = members.map(({ as, twin, versions, ofOwnTwin }): OtherRecord => {
    const { id, version, sha256, behaviour, device, threads, gradientForms } = twin;
    const session = ofOwnTwin ? own : { device, threads, gradientForms };
    return {
      as,
      twin: { id, version, sha256 },
      ...(behaviour === undefined ? {} : { behaviour }),
      ...session,
      versions,
    };
  });
  const frozen = { ...started.frozen, provenance: { ...provenance, others: records } };
  await context.freeze(frozen);
  return { job: { ...started, frozen }, others: members };
}

/** As they are asked now: in batches no larger than those of the plan's own twin. */
export const inBatchesOf = (
  { batchSize }: Pick<ComputeTwin, 'batchSize'>,
  others: readonly OtherMember[],
): OtherMember[] => others.map((other) => ({ ...other, twin: { ...other.twin, batchSize } }));
