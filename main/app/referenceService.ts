/** Reference sets of searches: what is kept of them on this machine, and measuring one ahead. */
import type { MethodArgs } from '../contract/methods.ts';
import { pictureAxes } from '../contract/pictureAxes.ts';
import type { ReferenceState } from '../contract/results.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import { stimulusInputOf } from '../contract/twins.ts';
import type { ComputeTwin } from '../engine/computeContract.ts';
import { createDeadline } from '../engine/deadline.ts';
import { devices } from '../engine/devices.ts';
import { requireRunnable } from '../engine/outputLayout.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { referenceIndices, type ReferenceResponses } from '../search/reference/reference.ts';
import type { ReferenceKey, StoredReference } from '../search/node/referenceStore.ts';
import { designCount, specAt, stimuliHash } from '../stimuli/design.ts';
import { defaultReferenceFor, type DefaultReference } from './defaultReference.ts';
import { computeTwin, type Services } from './services.ts';
import { createStimulusService } from './stimulusService.ts';
import { computeVersions } from './versions.ts';

export type ReferenceRequest = MethodArgs<'references.get'>;

export type MeasuredReference = {
  state: ReferenceState;
  /** In the order of the responses. */
  units: { area: string; unit: string }[];
  design: StimulusDesign;
  responses: ReferenceResponses;
};

export type KnownReference = Pick<
  ComputeTwin,
  'sha256' | 'device' | 'batchSize' | 'threads' | 'gradientForms' | 'behaviour' | 'window'
>;

/** What the responses of this session to this set are kept under. */
export const referenceKey = (
  { sha256, device, batchSize, threads, gradientForms, behaviour = {}, window }: KnownReference,
  versions: Record<string, string>,
  stimuliSha256: string,
): ReferenceKey => ({
  twinSha256: sha256,
  stimuliSha256,
  device,
  batchSize,
  threads,
  gradientForms,
  behaviour,
  ...(window === undefined ? {} : { window }),
  versions,
});

/** Stimuli of a set that count for the scale: blanks do not. Throws 'bad-input' where there are too few. */
export const shownStimuli = (design: StimulusDesign): number =>
  referenceIndices({ count: designCount(design), spec: (index) => specAt(design, index) }).length;

export const unitCount = ({ units }: Pick<ComputeTwin, 'units'>): number =>
  Object.values(units).reduce((sum, { length }) => sum + length, 0);

/**
 * Seconds to draw one stimulus on one thread, roughly: an image of TSR-1 took 20 ms (224 px), a frame of TSR-1V 10 ms
 * (112 px) on two cores of a server. Other stimuli take next to nothing.
 */
function drawingSeconds({ type }: StimulusDesign, { manifest }: ComputeTwin): number {
  if (type === 'tsr1') return 0.02;
  const input = stimulusInputOf(manifest);
  const frames = (input === undefined ? null : pictureAxes(input))?.time?.frames ?? 1;
  return type === 'tsr1v' ? 0.01 * frames : 0;
}

type Prepared = { twin: ComputeTwin; reference: DefaultReference; version: string };

async function prepare(
  services: Services,
  request: ReferenceRequest,
  { pictures, signal }: { pictures: number; signal: CancelSignal },
): Promise<Prepared> {
  const { library } = services;
  const resolved = await library.resolve(request.id);
  // Before devices are measured for minutes.
  requireRunnable(resolved.manifest, request.behaviour);
  const job = { noun: 'search', by: request.by, pictures: async () => pictures, signal };
  const { session } = await services.devices.sessionFor(resolved, request, job);
  const reference =
    request.set === undefined
      ? defaultReferenceFor(resolved.manifest)
      : { ...(await createStimulusService(services.current().project).resolve({ set: request.set })), notice: null };
  const { behaviour } = request;
  return { twin: computeTwin(resolved, { ...session, behaviour }), reference, version: resolved.manifest.version };
}

async function describe(
  services: Services,
  { twin, reference, version }: Prepared,
  stored: StoredReference | null,
): Promise<ReferenceState> {
  const { id, device } = twin;
  const stimuli = shownStimuli(reference.design);
  const speed = await services.devices.knownSpeed(twin.sha256, device);
  return {
    twin: { id, version },
    name: reference.name,
    stimuli,
    notice: reference.notice,
    device,
    deviceLabel: devices[device].label,
    measured: stored === null ? null : { at: stored.measuredAt, seconds: stored.seconds },
    secondsToMeasure: speed === null ? null : stimuli * (1 / speed + drawingSeconds(reference.design, twin)),
  };
}

const find = (
  { references }: Services,
  { twin, reference }: Prepared,
  versions: Record<string, string>,
): Promise<StoredReference | null> =>
  references.find(referenceKey(twin, versions, stimuliHash(reference.design)), {
    stimuli: shownStimuli(reference.design),
    units: unitCount(twin),
  });

/** The reference set of a search that would be started now; nothing is measured. */
export async function referenceStateOf(
  services: Services,
  request: ReferenceRequest,
  signal: CancelSignal,
): Promise<ReferenceState> {
  const prepared = await prepare(services, request, { pictures: 0, signal });
  // Compute comes from the same installation, so asking it would give the same and load the twin.
  const versions = { twinscope: services.version, ...computeVersions(prepared.twin.device) };
  return describe(services, prepared, await find(services, prepared, versions));
}

/** Measures the set in the session that a long search would get, unless the same is kept already. */
export async function measureReferenceOf(
  services: Services,
  request: ReferenceRequest,
  signal: CancelSignal,
): Promise<MeasuredReference> {
  const { compute, references, emit } = services;
  // Devices that were never tried are measured first: their settings decide under what the responses are kept.
  const prepared = await prepare(services, request, { pictures: Infinity, signal });
  const { twin, reference } = prepared;
  const described = await compute.call('twin.describe', { twin }, { signal });
  const versions = { twinscope: services.version, ...described.versions };
  const units = described.areas.flatMap(({ area }) => (twin.units[area] ?? []).map((unit) => ({ area, unit })));
  const kept = await find(services, prepared, versions);
  if (kept !== null) {
    const state = await describe(services, prepared, kept);
    return { state, units, design: reference.design, responses: kept.responses };
  }
  const started = performance.now();
  const responses = await compute.call(
    'reference.measure',
    { twin, reference: reference.design },
    {
      signal,
      deadlineMs: createDeadline(services.deadlines, shownStimuli(reference.design)).ms(),
      onProgress: (at) => emit('references.measuring', { id: twin.id, ...at }),
    },
  );
  // One that ended while it was being withdrawn counts as withdrawn too.
  signal.throwIfAborted();
  const measured = {
    responses,
    measuredAt: new Date().toISOString(),
    seconds: (performance.now() - started) / 1000,
  };
  const key = referenceKey(twin, versions, stimuliHash(reference.design));
  const problem = await references.keep(key, measured);
  emit('data.changed', { lists: ['references'] });
  if (problem !== null) {
    throw new TwinscopeError(
      'disk-full',
      `The reference set was measured and could not be kept. ${problem} Nothing else has changed: a search measures it itself.`,
    );
  }
  const state = await describe(services, prepared, { ...measured, sha256: '' });
  return { state, units, design: reference.design, responses };
}
