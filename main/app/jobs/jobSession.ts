/** The session of a job: chosen and opened at its first start, opened again as it was when it is resumed. */
import { deviceId } from '../../contract/devices.ts';
import { type Plan, type TwinRef, usesGradient } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import { devices } from '../../engine/devices.ts';
import { behaviourBeyond } from '../../engine/otherInputs.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import { unlessAborted } from '../../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import type { ResolvedTwin } from '../../twins/node/library.ts';
import { fallbackNotice } from '../deviceSentences.ts';
import { computeTwin, type FrozenSession, type Services } from '../services.ts';
import { lastBatchSize } from './segments.ts';

export type OpenedSession = { twin: ComputeTwin; versions: Record<string, string> };

type JobPlan = Extract<Plan, { twin: TwinRef }>;

async function open(
  services: Services,
  context: JobContext,
  resolved: ResolvedTwin,
  session: FrozenSession,
): Promise<OpenedSession> {
  const twin = computeTwin(resolved, session);
  const described = await services.compute.call('twin.describe', { twin }, { signal: context.signal });
  return { twin, versions: { twinscope: services.version, ...described.versions } };
}

/**
 * The session that the plan asks for. Where its device is not available, or fails as the session is created, the job
 * runs on the CPU and a notice says so.
 * @param pictures roughly how many the job presents; asked only where the answer matters
 */
export async function openFirstSession(
  services: Services,
  context: JobContext,
  plan: JobPlan,
  resolved: ResolvedTwin,
  pictures: () => Promise<number>,
): Promise<OpenedSession> {
  const { signal } = context;
  // Only ascents are made of gradients; CMA-ES and screening present pictures, as runs do.
  const by = plan.kind === 'search' && usesGradient(plan.optimiser) ? 'gradients' : 'responses';
  const job = { noun: plan.kind, by } as const;
  const { session, notice } = await services.devices.sessionFor(resolved, plan, { ...job, pictures, signal });
  if (notice !== null) await context.notice(notice);
  const beyond = behaviourBeyond(resolved.manifest, plan.behaviour);
  if (beyond !== null) await context.notice(beyond);
  try {
    return await open(services, context, resolved, { ...session, behaviour: plan.behaviour });
  } catch (error) {
    signal.throwIfAborted();
    if (session.device === 'cpu' || !isTwinscopeError(error) || error.code !== 'compute-failed') throw error;
    const reason = error.details['reason'];
    const said = typeof reason === 'string' ? reason : 'the process that used it ended';
    await context.notice(fallbackNotice(session.device, plan.device, said, job));
    const { batchSize, threads, behaviour } = plan;
    return open(services, context, resolved, {
      ...(await services.devices.knownSession(resolved, 'cpu')),
      ...(batchSize === undefined ? {} : { batchSize }),
      ...(threads === undefined ? {} : { threads }),
      behaviour,
    });
  }
}

/** The session that the job has frozen, or a refusal: on another device the rest would have other last bits. */
export async function openFrozenSession(
  services: Services,
  context: JobContext,
  provenance: Provenance,
  resolved: ResolvedTwin,
): Promise<OpenedSession> {
  const { device: name, threads, gradientForms } = provenance;
  const batchSize = lastBatchSize(provenance);
  const known = deviceId.safeParse(name);
  const reason = known.success
    ? await unlessAborted(services.devices.unavailable(known.data), context.signal)
    : 'this version of Twinscope does not know it';
  if (reason === null) {
    const { behaviour } = provenance.plan as JobPlan;
    const session = { device: deviceId.parse(name), batchSize, threads, gradientForms, behaviour };
    return open(services, context, resolved, session);
  }
  const label = known.success ? devices[known.data].label : name;
  throw new TwinscopeError(
    'conflict',
    `This job was started on ${label}, which is not available here now: ${reason}. On another device the rest would not ` +
      'be computed in the same way. What is stored is kept. Resume it when the device is back, or start the plan again as a new job.',
  );
}
