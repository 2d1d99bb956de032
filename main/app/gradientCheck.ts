/** Checks a twin's gradient in compute and stores the outcome with the twin: at every import, on Verify, before an ascent. */
import type { DeviceId } from '../contract/devices.ts';
import type { GradientOutcome, TwinSummary } from '../contract/twins.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError } from '../platform/errors.ts';
import { computeTwin, defaultSession, type Services } from './services.ts';
import { ortVersion } from './versions.ts';

/** Some fifty forward passes of a large model on a slow machine. */
const deadlineMs = 3_600_000;

const figure = (value: number): number | null => (Number.isFinite(value) ? value : null);
const nameOf = ({ id, version }: { id: string; version: string }): string => `${id}@${version}`;

async function judge(services: Services, twin: ComputeTwin, signal?: CancelSignal): Promise<GradientOutcome> {
  const shared = { device: twin.device, runtime: ortVersion, at: new Date().toISOString() };
  if (twin.manifest.capabilities.inputGradient === 'none') {
    const sentence =
      'The package says that this twin has no gradient. Gradient-free search (screening and CMA-ES) works with this twin.';
    return { ...shared, verdict: 'none', sentence, randomError: null, ownError: null };
  }
  const check = await services.compute.call('twin.checkGradient', { twin }, { deadlineMs, ...(signal && { signal }) });
  const figures = { randomError: figure(check.randomError), ownError: figure(check.ownError) };
  return { ...shared, verdict: check.verdict, sentence: check.sentence, ...figures };
}

/**
 * Checks the gradient anew. Returns the twin with the outcome, or null where nothing could be found out: the engine
 * cannot feed this twin, or compute failed. Neither makes an import or a verification fail.
 */
export async function checkGradientOf(
  services: Services,
  id: string,
  device: DeviceId = 'cpu',
): Promise<TwinSummary | null> {
  const resolved = await services.library.resolve(id);
  try {
    const outcome = await judge(services, computeTwin(resolved, defaultSession(device)));
    return await services.library.recordGradient(nameOf(resolved), outcome);
  } catch (error) {
    if (!isTwinscopeError(error)) throw error;
    services.log.error(error, 'the check of a gradient');
    return null;
  }
}

/** What is stored for this twin, runtime and device, or else the outcome of a check made now. */
export async function gradientOutcomeOf(
  services: Services,
  twin: ComputeTwin,
  signal: CancelSignal,
): Promise<GradientOutcome> {
  const stored = (await services.library.list()).find(({ sha256 }) => sha256 === twin.sha256)?.gradientCheck;
  if (stored?.device === twin.device) return stored;
  const outcome = await judge(services, twin, signal);
  await services.library.recordGradient(nameOf(twin), outcome);
  services.emit('data.changed', { lists: ['library'] });
  return outcome;
}
