/** What a job fixes at its first start, so that resuming gives the same bits or refuses. */
import { z } from 'zod';
import { provenance, type Provenance } from '../../contract/results.ts';
import type { Plan, TwinRef } from '../../contract/plans.ts';
import { stimulusDesign, type StimulusDesign } from '../../contract/stimuli.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { hashJson } from '../../platform/hash.ts';
import { stimuliHash } from '../../stimuli/design.ts';
import type { Services } from '../services.ts';
import type { ImportOptions } from '../stimulusService.ts';
import { openFirstSession, openFrozenSession } from './jobSession.ts';

const frozenJob = z.object({
  provenance,
  /** Stimulus sets as they were at the first start, by what they are for. */
  designs: z.record(z.string(), z.object({ name: z.string(), design: stimulusDesign })),
});
export type FrozenJob = z.infer<typeof frozenJob>;

/** Progress and cancellation of photographs that a plan brings along. */
export const importing = (context: JobContext): ImportOptions => ({
  signal: context.signal,
  onImage: (done, total) => void context.progress({ done, total, noun: 'images', phase: 'importing photographs' }),
});

type Designs = Record<string, { name: string; design: StimulusDesign }>;

export type StartedJob = { frozen: FrozenJob; twin: ComputeTwin };

/**
 * Resolves the twin and the stimuli and freezes them together with device, batch size, threads and versions; on a
 * resume, checks that all of it is still the same.
 */
export async function startOrResume(
  services: Services,
  context: JobContext,
  plan: Extract<Plan, { twin: TwinRef }>,
  options: {
    /** How many pictures the job presents, roughly: long jobs are worth measuring the devices for. */
    pictures: (designs: Designs) => number;
    seedsOf: (designs: Designs) => number[];
    resolveDesigns: () => Promise<Designs>;
    /** Which of the designs the stimulus hash is taken over. */
    hashOf: string | null;
    /** Parts of the plan that mean one thing at its first start and might mean another later; what it refuses is refused before any work. */
    pinned?: () => Promise<Partial<Plan>>;
  },
): Promise<StartedJob> {
  const before = context.frozen === null ? null : frozenJob.parse(context.frozen);
  const resolved = await services.library.resolve(before ? before.provenance.twin : plan.twin);
  const pinnedParts = before === null ? await options.pinned?.() : undefined;
  let resolving: Promise<Designs> | null = null;
  const resolveDesigns = (): Promise<Designs> => (resolving ??= options.resolveDesigns());
  const { twin, versions } =
    before === null
      ? await openFirstSession(services, context, plan, resolved, async () => options.pictures(await resolveDesigns()))
      : await openFrozenSession(services, context, before.provenance, resolved);

  if (before !== null) {
    const difference = versionDifference(before.provenance.versions, versions);
    if (difference !== null) throw new TwinscopeError('conflict', difference);
    return { frozen: before, twin };
  }

  const designs = await resolveDesigns();
  const hashed = options.hashOf === null ? undefined : designs[options.hashOf];
  const twinIdentity: Provenance['twin'] = { id: twin.id, version: twin.version, sha256: twin.sha256 };
  const pinned = { ...plan, ...pinnedParts, twin: twinIdentity } as typeof plan;
  const frozen: FrozenJob = {
    designs,
    provenance: {
      plan: pinned,
      planSha256: hashJson(pinned),
      twin: twinIdentity,
      stimuliSha256: hashed ? stimuliHash(hashed.design) : null,
      sets: Object.fromEntries(
        Object.entries(designs).map(([role, { name, design }]) => [role, { name, sha256: stimuliHash(design) }]),
      ),
      seeds: options.seedsOf(designs),
      device: twin.device,
      batchSize: twin.batchSize,
      threads: twin.threads,
      gradientForms: twin.gradientForms,
      versions,
    },
  };
  await context.freeze(frozen);
  return { frozen, twin };
}

/** Null where a job can go on, otherwise the sentence why not. Jobs of earlier versions of Twinscope have not frozen all. */
export function versionDifference(before: Record<string, string>, now: Record<string, string>): string | null {
  const changed = Object.keys({ ...before, ...now }).filter((name) => now[name] !== before[name]);
  if (changed.length === 0) return null;
  const listed = (versions: Record<string, string>): string =>
    changed.map((name) => `${name} ${versions[name] ?? '(not recorded)'}`).join(', ');
  return (
    `This job was started with ${listed(before)} and this is ${listed(now)}: the rest would not be computed in the same way. ` +
    'What is stored is kept. Start the plan again as a new job.'
  );
}
