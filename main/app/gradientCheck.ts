/** Checks a twin's gradient in compute and stores the outcome with the twin: at every import, on Verify, before an ascent. */
import { stillWorks } from '../autodiff/index.ts';
import type { DeviceId } from '../contract/devices.ts';
import type { CheckedTwin, GradientOutcome } from '../contract/twins.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError } from '../platform/errors.ts';
import { hashJson } from '../platform/hash.ts';
import { computeTwin, type Services } from './services.ts';
import { ortVersion, twinscopeVersion } from './versions.ts';

/** Some fifty forward passes of a large model on a slow machine; whoever waits sees how far it is and may stop it. */
const deadlineMs = 3_600_000;

const figure = (value: number): number | null => (Number.isFinite(value) ? value : null);
const nameOf = ({ id, version }: { id: string; version: string }): string => `${id}@${version}`;

async function judge(services: Services, twin: ComputeTwin, signal: CancelSignal): Promise<GradientOutcome> {
  const { device, gradientForms, id } = twin;
  const versions = { runtime: ortVersion, twinscope: twinscopeVersion };
  const shared = { device, gradientForms, ...versions, at: new Date().toISOString() };
  if (twin.manifest.capabilities.inputGradient === 'none') {
    const sentence = `The package says that this twin has no gradient. ${stillWorks}`;
    return { ...shared, verdict: 'none', sentence, randomError: null, ownError: null };
  }
  const onProgress = (at: { done: number; total: number }): void => services.emit('library.checking', { id, ...at });
  const check = await services.compute.call('twin.checkGradient', { twin }, { deadlineMs, signal, onProgress });
  // One that ended while it was being withdrawn counts as withdrawn too.
  signal.throwIfAborted();
  const figures = { randomError: figure(check.randomError), ownError: figure(check.ownError) };
  return { ...shared, verdict: check.verdict, sentence: check.sentence, ...figures };
}

export type CheckedGradient = Pick<CheckedTwin, 'gradientCheck' | 'gradientUnchecked'>;

/**
 * Checks the gradient anew, in the forms that a job on the device would use, and stores the outcome. Where nothing could be
 * found out (the engine cannot feed this twin, or compute failed) the sentence why is returned instead; that does not make
 * an import or a verification fail, and a signal that was aborted does.
 */
export async function checkGradientOf(
  services: Services,
  id: string,
  signal: CancelSignal,
  device: DeviceId = 'cpu',
): Promise<CheckedGradient> {
  const resolved = await services.library.resolve(id);
  try {
    const twin = computeTwin(resolved, await services.devices.knownSession(resolved, device));
    const gradientCheck = await judge(services, twin, signal);
    await services.library.recordGradient(nameOf(resolved), gradientCheck);
    return { gradientCheck, gradientUnchecked: null };
  } catch (error) {
    signal.throwIfAborted();
    if (!isTwinscopeError(error)) throw error;
    services.log.error(error, 'the check of a gradient');
    return { gradientCheck: null, gradientUnchecked: error.message };
  }
}

/** What is stored for this twin, device and forms with these versions, or else the outcome of a check made now. */
export async function gradientOutcomeOf(
  services: Services,
  twin: ComputeTwin,
  signal: CancelSignal,
): Promise<GradientOutcome> {
  const forms = hashJson(twin.gradientForms);
  const stored = (await services.library.gradientOutcomes(twin.sha256)).find(
    ({ device, gradientForms }) => device === twin.device && hashJson(gradientForms) === forms,
  );
  if (stored !== undefined) return stored;
  const outcome = await judge(services, twin, signal);
  await services.library.recordGradient(nameOf(twin), outcome);
  services.emit('data.changed', { lists: ['library'] });
  return outcome;
}
