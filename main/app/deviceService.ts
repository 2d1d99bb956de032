/**
 * Devices of this machine: which are available, what a twin does on each, and which one a job gets. Everything that may
 * crash or hang with a driver happens in a compute process of its own.
 */
import os from 'node:os';
import { deviceIds, type DeviceChoice, type DeviceId, type DeviceMeasurement } from '../contract/devices.ts';
import type { DeviceInfo, DeviceReport } from '../contract/devices.ts';
import { createComputeClient, type ComputeClient } from '../engine/computeClient.ts';
import type { DeviceProbe, SpawnCompute, Tuning } from '../engine/computeContract.ts';
import { chooseDevice, describeMeasurement, devices, impossibleHere, type SpeedOf } from '../engine/devices.ts';
import { openMeasuringProcesses } from '../engine/node/measuringProcesses.ts';
import { openDeviceStore, processorName, type DeviceEntry } from '../engine/node/deviceStore.ts';
import { runtimeVersion } from '../engine/node/ortSession.ts';
import { unlessAborted, type CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { deviceFile, measuringFolder } from '../platform/node/paths.ts';
import type { ResolvedTwin } from '../twins/node/library.ts';
import { computeTwin, defaultSession, type FrozenSession } from './services.ts';

export type MeasureMode = 'known' | 'missing' | 'again';

/** What a plan asks for. */
export type AskedSession = { device: DeviceChoice; batchSize?: number | undefined; threads?: number | undefined };

export type DeviceService = {
  report(twin: ResolvedTwin | null, mode: MeasureMode): Promise<DeviceReport>;
  /**
   * The session that a job freezes, and a notice where it is not what was asked for. A twin that was never measured is
   * measured first where the job is long enough to repay it; `pictures` is asked only then.
   */
  sessionFor(
    twin: ResolvedTwin,
    asked: AskedSession,
    job: { noun: string; by: SpeedOf; pictures: () => Promise<number>; signal: CancelSignal },
  ): Promise<{ session: FrozenSession; notice: string | null }>;
  /** The session that a job on this device gets by what is known; nothing is measured. */
  knownSession(twin: ResolvedTwin, device: DeviceId): Promise<FrozenSession>;
  /** Null where the device can be used now, otherwise why not, as the end of a sentence without a full stop. */
  unavailable(device: DeviceId): Promise<string | null>;
  /** Refuses a device that is not available. */
  require(device: DeviceId): Promise<void>;
  close(): Promise<void>;
};

/** Jobs of fewer pictures gain less than measuring takes. */
const picturesThatRepay = 5_000;
/** A driver may compile for seconds at its first use; a test graph has a handful of kernels. */
const usualProbeDeadlineMs = 30_000;
const measureDeadlineMs = 180_000;
/** For threads and batch sizes, and as much again for the forms of the gradient. */
export const budgetMs = { cpu: 3_000, other: 10_000 };

const busyNotice =
  'A job is running, so nothing was measured: it would slow the job and measure the two together. Measure again when it has finished.';

export function createDeviceService(host: {
  spawn: SpawnCompute;
  compute: ComputeClient;
  isBusy: () => boolean;
  /** How many jobs have started to work so far. */
  jobsStarted: () => number;
  onMeasured: () => void;
  /** How long a device may take for its first answer. */
  probeDeadlineMs?: number;
}): DeviceService {
  const { probeDeadlineMs = usualProbeDeadlineMs } = host;
  const store = openDeviceStore(deviceFile(), { runtimeVersion, processor: processorName() });
  const measuring = openMeasuringProcesses(measuringFolder());
  measuring.endOrphans();
  const probes = new Map<DeviceId, Promise<DeviceProbe>>();
  /** The rate on the CPU before anybody has asked for a measurement, by twin. */
  const glances = new Map<string, Promise<DeviceMeasurement>>();
  /** What was measured, or failed to be, in the life of this process. */
  const tried = new Set<string>();
  const apart = new Set<ComputeClient>();
  const closing = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();

  /** Asks a process that is started for this alone. */
  async function inOwnProcess<T>(ask: (client: ComputeClient) => Promise<T>): Promise<T> {
    closing.signal.throwIfAborted();
    let last: number | null = null;
    const client = createComputeClient({
      spawn: () => host.spawn({ quiet: true }),
      callbacks: noBlobs,
      onProcess: (pid) => {
        if (last !== null) measuring.ended(last);
        if (pid !== null) measuring.began(pid);
        last = pid;
      },
    });
    apart.add(client);
    try {
      return await ask(client);
    } finally {
      apart.delete(client);
      await client.close();
    }
  }

  function probe(device: DeviceId): Promise<DeviceProbe> {
    const impossible = impossibleHere(device, process.platform, process.arch);
    if (impossible !== null) return Promise.resolve({ available: false, reason: decapitalised(impossible) });
    if (device === 'cpu') return Promise.resolve({ available: true, nodes: 0 });
    const asked =
      probes.get(device) ??
      inOwnProcess((client) => client.call('device.probe', { device }, { deadlineMs: probeDeadlineMs })).catch(
        (error: unknown): DeviceProbe => ({ available: false, reason: failureOf(error) }),
      );
    probes.set(device, asked);
    return asked;
  }

  /**
   * Returns false where a job began meanwhile: both were measured together then, and the figures are thrown away. The job
   * that asks for a measurement began before.
   */
  async function measure(resolved: ResolvedTwin, device: DeviceId, signal: CancelSignal): Promise<boolean> {
    const before = host.jobsStarted();
    const probed = await probe(device);
    let found: { measurement: DeviceMeasurement | null; explanation: string };
    if (!probed.available) {
      found = { measurement: null, explanation: sentence(`not available: ${probed.reason}`) };
    } else {
      const twin = computeTwin(resolved, defaultSession(device));
      found = await inOwnProcess((client) =>
        client.call(
          'device.measure',
          { twin, tuning: tuningOf(device, twin.threads) },
          { deadlineMs: measureDeadlineMs, signal },
        ),
      ).then(
        (measurement) => ({ measurement, explanation: '' }),
        (error: unknown) => {
          signal.throwIfAborted();
          closing.signal.throwIfAborted();
          return { measurement: null, explanation: sentence(`could not run this twin: ${failureOf(error)}`) };
        },
      );
    }
    if (host.jobsStarted() !== before) return false;
    await store.keep(resolved.sha256, { device, ...found });
    return true;
  }

  /**
   * One measurement at a time: two at once would measure each other. Returns false where a job was in the way.
   * @param mayMeasure asked again when the turn has come
   */
  function measureAll(
    twin: ResolvedTwin,
    mode: MeasureMode,
    { signal, mayMeasure }: { signal: CancelSignal; mayMeasure: () => boolean },
  ): Promise<boolean> {
    const measured = turn.then(async () => {
      signal.throwIfAborted();
      if (!mayMeasure()) return false;
      if (mode === 'again') {
        probes.clear();
        tried.clear();
      }
      await Promise.all(deviceIds.map(probe));
      const known = await store.of(twin.sha256);
      let changed = false;
      let undisturbed = true;
      for (const device of deviceIds) {
        if (impossibleHere(device, process.platform, process.arch) !== null) continue;
        // What was not available, or failed, may work by now; it is tried again once in the life of this process.
        const key = `${twin.sha256}/${device}`;
        const settled = measurementsOf(known).has(device) || tried.has(key);
        if (mode === 'missing' && settled) continue;
        signal.throwIfAborted();
        undisturbed = await measure(twin, device, signal);
        if (!undisturbed) break;
        tried.add(key);
        changed = true;
      }
      if (changed) host.onMeasured();
      return undisturbed;
    });
    turn = measured.catch(() => undefined);
    return unlessAborted(measured, signal);
  }

  function glance(resolved: ResolvedTwin): Promise<DeviceMeasurement> {
    const known =
      glances.get(resolved.sha256) ??
      host.compute.call('device.measure', { twin: computeTwin(resolved, defaultSession()), tuning: null });
    glances.set(resolved.sha256, known);
    known.catch(() => glances.delete(resolved.sha256));
    return known;
  }

  async function unavailable(device: DeviceId): Promise<string | null> {
    const before = await probes.get(device);
    // It may be back by now.
    if (before?.available === false) probes.delete(device);
    const probed = await probe(device);
    return probed.available ? null : probed.reason;
  }

  return {
    async report(twin, mode) {
      if (twin === null) {
        const none = 'No twin is in the library, so nothing was measured.';
        return { twin: null, devices: describe(new Map(), new Map(), null), choice: none, notice: null };
      }
      const { id, version, title } = twin.manifest;
      let busy = host.isBusy();
      // A page that asks anew or goes away must not lose what is half measured: it takes seconds and is kept.
      const asked = { signal: closing.signal, mayMeasure: () => !host.isBusy() };
      if (mode !== 'known' && !busy) busy = !(await measureAll(twin, mode, asked));
      const entries = await store.of(twin.sha256);
      const measured = measurementsOf(entries);
      // Measuring while a job runs would slow the job and measure it, not the device.
      const glanced = measured.has('cpu') || busy ? null : await glance(twin).catch(() => null);
      if (glanced !== null) measured.set('cpu', glanced);
      const { device, sentence: choice } = chooseDevice(measured);
      const climbing = measured.size > 1 ? ` Gradient searches: ${chooseDevice(measured, 'gradients').sentence}` : '';
      return {
        twin: { id, version, title },
        devices: describe(entries, measured, device),
        choice: `${choice}${climbing}`,
        notice: busy && mode !== 'known' ? busyNotice : null,
      };
    },

    async sessionFor(twin, asked, { noun, by, pictures, signal }) {
      let measured = measurementsOf(await store.of(twin.sha256));
      if (asked.device === 'auto' && !measured.has('cpu') && (await pictures()) >= picturesThatRepay) {
        await measureAll(twin, 'missing', { signal, mayMeasure: () => true });
        measured = measurementsOf(await store.of(twin.sha256));
      }
      const wanted = asked.device === 'auto' ? chooseDevice(measured, by).device : asked.device;
      const reason = await unlessAborted(unavailable(wanted), signal);
      const device = reason === null ? wanted : 'cpu';
      const usual = sessionOf(device, measured);
      return {
        session: {
          ...usual,
          batchSize: asked.batchSize ?? usual.batchSize,
          threads: asked.threads ?? usual.threads,
        },
        notice: reason === null ? null : fallbackNotice(wanted, asked.device, reason, { noun, by }),
      };
    },

    knownSession: async (twin, device) => sessionOf(device, measurementsOf(await store.of(twin.sha256))),
    unavailable,
    async require(device) {
      const reason = await unavailable(device);
      if (reason === null) return;
      throw new TwinscopeError(
        'unsupported',
        `${devices[device].label} is not available here: ${reason}. Nothing was computed. Leave out the device to use the CPU.`,
      );
    },
    async close() {
      closing.abort();
      await Promise.all([...apart].map((client) => client.close()));
    },
  };
}

/** Why a job runs on the CPU although it was to run elsewhere. */
export function fallbackNotice(
  wanted: DeviceId,
  asked: DeviceChoice,
  reason: string,
  { noun, by }: { noun: string; by: SpeedOf },
): string {
  const { label } = devices[wanted];
  const fastest =
    by === 'gradients' ? 'is fastest at the gradients of this twin' : 'is the fastest device for this twin';
  const how = asked === 'auto' ? fastest : 'was asked for';
  return `${label} ${how} and is not available here: ${reason}; this ${noun} used the CPU.`;
}

/** What was measured as quickest, else the usual. */
function sessionOf(device: DeviceId, measured: ReadonlyMap<DeviceId, DeviceMeasurement>): FrozenSession {
  const known = measured.get(device);
  if (known === undefined) return defaultSession(device);
  const { batchSize, threads, gradientForms } = known;
  return { device, batchSize, threads, gradientForms };
}

function measurementsOf(entries: ReadonlyMap<DeviceId, DeviceEntry>): Map<DeviceId, DeviceMeasurement> {
  return new Map(
    [...entries].flatMap(([device, { measurement }]) => (measurement === null ? [] : [[device, measurement] as const])),
  );
}

function describe(
  entries: ReadonlyMap<DeviceId, DeviceEntry>,
  measured: ReadonlyMap<DeviceId, DeviceMeasurement>,
  chosen: DeviceId | null,
): DeviceInfo[] {
  const cpu = measured.get('cpu') ?? null;
  return deviceIds.map((id) => {
    const measurement = measured.get(id) ?? null;
    const impossible = impossibleHere(id, process.platform, process.arch);
    const entry = entries.get(id);
    return {
      id,
      label: devices[id].label,
      available: impossible !== null ? false : id === 'cpu' ? true : entry === undefined ? null : measurement !== null,
      chosen: id === chosen,
      explanation:
        measurement !== null
          ? `${describeMeasurement(id, measurement, cpu)}.`
          : (impossible ?? entry?.explanation ?? 'Not measured yet.'),
      measurement,
    };
  });
}

/** Threads: the usual number, all and half of the processors. Devices other than the CPU run a few nodes on it at most. */
function tuningOf(device: DeviceId, usualThreads: number): Tuning {
  if (device !== 'cpu') return { threads: [usualThreads], batchSizes: [16, 4, 64], budgetMs: budgetMs.other };
  const processors = os.availableParallelism();
  const threads = [usualThreads, processors, Math.ceil(processors / 2)];
  return { threads: [...new Set(threads)], batchSizes: [16, 8, 32], budgetMs: budgetMs.cpu };
}

/** A crash or a hang is an answer too; the first sentence says which. */
function failureOf(error: unknown): string {
  if (!isTwinscopeError(error)) throw error;
  const reason = error.details['reason'];
  return typeof reason === 'string' ? reason : decapitalised(error.message);
}

const decapitalised = (text: string): string => {
  const first = text.split(/\.(?= |$)/)[0] as string;
  return /^[A-Z][a-z]/.test(first) && !/^(?:WebGPU|DirectML|CoreML|ONNX)/.test(first)
    ? first.charAt(0).toLowerCase() + first.slice(1)
    : first;
};

const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

const refuse = (): Promise<never> =>
  Promise.reject(new TwinscopeError('internal', 'A measurement presents no stored pictures.'));
const noBlobs = { 'blob.image': refuse, 'blob.array': refuse };
