/**
 * Devices of this machine: which are available, what a twin does on each, and which one a job gets. Everything that may
 * crash or hang with a driver happens in a compute process of its own.
 */
import os from 'node:os';
import { deviceIds, type DeviceChoice, type DeviceId, type DeviceMeasurement } from '../contract/devices.ts';
import type { DeviceReport } from '../contract/devices.ts';
import { createComputeClient, type ComputeClient } from '../engine/computeClient.ts';
import type { ComputeTwin, DeviceProbe, SpawnCompute, Tuning } from '../engine/computeContract.ts';
import { chooseDevice, devices, impossibleHere, type SpeedOf } from '../engine/devices.ts';
import { openMeasuringProcesses } from '../engine/node/measuringProcesses.ts';
import { openDeviceStore, type DeviceEntry } from '../engine/node/deviceStore.ts';
import { unlessAborted, type CancelSignal } from '../platform/cancel.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { deviceFile, measuringFolder } from '../platform/node/paths.ts';
import type { ResolvedTwin } from '../twins/node/library.ts';
import {
  busyNotice,
  decapitalised,
  describeDevices,
  differenceNotice,
  failureOf,
  fallbackNotice,
  sentence,
} from './deviceSentences.ts';
import { computeTwin, defaultSession, type FrozenSession } from './services.ts';
import { measuredHere } from './versions.ts';
import type { Workload } from './workload.ts';

export type MeasureMode = 'known' | 'missing' | 'again';

/** What breaks a measurement off: somebody who begins to work, and whoever asked for it. */
type Stops = { disturbed: CancelSignal; signal: CancelSignal };

/** What a plan asks for. */
export type AskedSession = { device: DeviceChoice; batchSize?: number | undefined; threads?: number | undefined };

export type DeviceService = {
  report(twin: ResolvedTwin | null, mode: MeasureMode): Promise<DeviceReport>;
  /**
   * The session that a job freezes, and a notice where it is not what was asked for, or is known to differ from the CPU.
   * Devices that were never tried with the twin are measured first where the job is long enough to repay it; `pictures` is
   * asked only then.
   */
  sessionFor(
    twin: ResolvedTwin,
    asked: AskedSession,
    job: { noun: string; by: SpeedOf; pictures: () => Promise<number>; signal: CancelSignal },
  ): Promise<{ session: FrozenSession; notice: string | null }>;
  /** The session that a job on this device gets by what is known; nothing is measured. */
  knownSession(twin: ResolvedTwin, device: DeviceId): Promise<FrozenSession>;
  /** Stimuli per second by what was measured; null where nothing was. */
  knownSpeed(twinSha256: string, device: DeviceId): Promise<number | null>;
  /** Null where the device can be used now, otherwise why not, as the end of a sentence without a full stop. */
  unavailable(device: DeviceId): Promise<string | null>;
  /** Refuses a device that is not available. */
  require(device: DeviceId): Promise<void>;
  close(): Promise<void>;
};

const possibleHere = deviceIds.filter((device) => impossibleHere(device, process.platform, process.arch) === null);
const keyOf = (twinSha256: string, device: DeviceId): string => `${twinSha256}/${device}`;

/** Jobs of fewer pictures gain less than measuring takes. */
const picturesThatRepay = 5_000;
/** A driver may compile for seconds at its first use; a test graph has a handful of kernels. */
const usualProbeDeadlineMs = 30_000;
const measureDeadlineMs = 180_000;
/** For threads and batch sizes, and as much again for the forms of the gradient. */
export const budgetMs = { cpu: 3_000, other: 10_000 };

export function createDeviceService(host: {
  spawn: SpawnCompute;
  workload: Workload;
  onMeasured: () => void;
  /** How long a device may take for its first answer. */
  probeDeadlineMs?: number;
}): DeviceService {
  const { workload, probeDeadlineMs = usualProbeDeadlineMs } = host;
  const store = openDeviceStore(deviceFile(), measuredHere());
  const measuring = openMeasuringProcesses(measuringFolder());
  measuring.endOrphans();
  const probes = new Map<DeviceId, Promise<DeviceProbe>>();
  /** The rate on the CPU before anybody has asked for a measurement, by twin. */
  const glances = new Map<string, Promise<DeviceMeasurement | null>>();
  /** What was measured, or failed to be, in the life of this process. */
  const tried = new Set<string>();
  const apart = new Set<ComputeClient>();
  const closing = new AbortController();
  let turn: Promise<unknown> = Promise.resolve();
  let inLine = 0;

  /** One measurement at a time: two at once would measure each other. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    inLine += 1;
    const measured = turn.then(work).finally(() => (inLine -= 1));
    turn = measured.catch(() => undefined);
    return measured;
  }

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
   * Measures in a process of its own. Null where somebody began to work meanwhile: the process is ended at once, since it
   * would slow the work, and what both did together is not the speed of the device.
   */
  async function measureApart(
    twin: ComputeTwin,
    tuning: Tuning | null,
    { disturbed, signal }: Stops,
  ): Promise<DeviceMeasurement | null> {
    if (disturbed.aborted) return null;
    try {
      const measurement = await inOwnProcess((client) => {
        const asked = client.call('device.measure', { twin, tuning }, { deadlineMs: measureDeadlineMs });
        return unlessAborted(unlessAborted(asked, disturbed), signal);
      });
      return disturbed.aborted ? null : measurement;
    } catch (error) {
      signal.throwIfAborted();
      closing.signal.throwIfAborted();
      if (disturbed.aborted) return null;
      throw error;
    }
  }

  /** Returns false where somebody began to work meanwhile; nothing is kept then. */
  async function measure(resolved: ResolvedTwin, device: DeviceId, stops: Stops): Promise<boolean> {
    const probed = await probe(device);
    let found: { measurement: DeviceMeasurement | null; explanation: string };
    if (!probed.available) {
      found = { measurement: null, explanation: sentence(`not available: ${probed.reason}`) };
    } else {
      const twin = computeTwin(resolved, defaultSession(device));
      try {
        const measurement = await measureApart(twin, tuningOf(device, twin.threads), stops);
        if (measurement === null) return false;
        found = { measurement, explanation: '' };
      } catch (error) {
        stops.signal.throwIfAborted();
        closing.signal.throwIfAborted();
        found = { measurement: null, explanation: sentence(`could not run this twin: ${failureOf(error)}`) };
      }
    }
    await store.keep(resolved.sha256, { device, ...found });
    return true;
  }

  /**
   * Whether a device that may exist here was never tried with this twin: a measurement may have been broken off after the
   * CPU. One that was tried in vain does not keep job after job waiting.
   */
  const untried = ({ sha256 }: ResolvedTwin, known: ReadonlyMap<DeviceId, DeviceEntry>): boolean =>
    possibleHere.some((device) => !known.has(device) && !tried.has(keyOf(sha256, device)));

  /**
   * Returns false where somebody's work was in the way.
   * @param mayMeasure asked when the turn has come
   */
  function measureAll(
    twin: ResolvedTwin,
    mode: MeasureMode,
    { signal, mayMeasure }: { signal: CancelSignal; mayMeasure: () => boolean },
  ): Promise<boolean> {
    const measured = inTurn(async () => {
      signal.throwIfAborted();
      if (!mayMeasure()) return false;
      // A job that asks has begun before.
      const disturbed = workload.next();
      if (mode === 'again') {
        probes.clear();
        tried.clear();
      }
      await Promise.all(deviceIds.map(probe));
      const known = await store.of(twin.sha256);
      let changed = false;
      let undisturbed = true;
      for (const device of possibleHere) {
        // What was not available, failed or found too little memory may work by now; it is tried again once in the life of
        // this process.
        const key = keyOf(twin.sha256, device);
        const settled = isWhole(known.get(device)) || tried.has(key);
        if (mode === 'missing' && settled) continue;
        signal.throwIfAborted();
        undisturbed = await measure(twin, device, { disturbed, signal });
        if (!undisturbed) break;
        tried.add(key);
        changed = true;
      }
      if (changed) host.onMeasured();
      return undisturbed;
    });
    return unlessAborted(measured, signal);
  }

  /** Null where it would have to wait, or somebody began to work meanwhile. */
  function glance(resolved: ResolvedTwin): Promise<DeviceMeasurement | null> {
    const asked = glances.get(resolved.sha256);
    if (asked !== undefined) return asked;
    if (inLine > 0) return Promise.resolve(null);
    const found = inTurn(async () => {
      if (workload.active() > 0) return null;
      const twin = computeTwin(resolved, defaultSession());
      return measureApart(twin, null, { disturbed: workload.next(), signal: closing.signal });
    }).catch(() => null);
    glances.set(resolved.sha256, found);
    void found.then((measurement) => measurement ?? glances.delete(resolved.sha256));
    return found;
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
        return { twin: null, devices: describeDevices(new Map(), new Map(), null), choice: none, notice: null };
      }
      const { id, version, title } = twin.manifest;
      let busy = workload.active() > 0;
      // A page that asks anew or goes away must not lose what is half measured: it takes seconds and is kept.
      const asked = { signal: closing.signal, mayMeasure: () => workload.active() === 0 };
      if (mode !== 'known' && !busy) busy = !(await measureAll(twin, mode, asked));
      const entries = await store.of(twin.sha256);
      const measured = measurementsOf(entries);
      const glanced = measured.has('cpu') || busy ? null : await glance(twin);
      if (glanced !== null) measured.set('cpu', glanced);
      const { device, sentence: choice } = chooseDevice(measured);
      const climbing = measured.size > 1 ? ` Gradient searches: ${chooseDevice(measured, 'gradients').sentence}` : '';
      return {
        twin: { id, version, title },
        devices: describeDevices(entries, measured, device),
        choice: `${choice}${climbing}`,
        notice: busy && mode !== 'known' ? busyNotice : null,
      };
    },

    async sessionFor(twin, asked, { noun, by, pictures, signal }) {
      let known = await store.of(twin.sha256);
      if (asked.device === 'auto' && untried(twin, known) && (await pictures()) >= picturesThatRepay) {
        // The job that asks works itself.
        await measureAll(twin, 'missing', { signal, mayMeasure: () => workload.active() <= 1 });
        known = await store.of(twin.sha256);
      }
      const measured = measurementsOf(known);
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
        notice:
          reason === null
            ? differenceNotice(wanted, asked.device, measured.get(wanted))
            : fallbackNotice(wanted, asked.device, reason, { noun, by }),
      };
    },

    knownSession: async (twin, device) => sessionOf(device, measurementsOf(await store.of(twin.sha256))),
    knownSpeed: async (twinSha256, device) =>
      measurementsOf(await store.of(twinSha256)).get(device)?.stimuliPerSecond ?? null,
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

/** Whether nothing is left to find out about the twin on this device. */
const isWhole = (entry: DeviceEntry | undefined): boolean => entry?.measurement?.gradientRefusal === null;

/** Threads: the usual number, all and half of the processors. Devices other than the CPU run a few nodes on it at most. */
function tuningOf(device: DeviceId, usualThreads: number): Tuning {
  if (device !== 'cpu') return { threads: [usualThreads], batchSizes: [16, 4, 64], budgetMs: budgetMs.other };
  const processors = os.availableParallelism();
  const threads = [usualThreads, processors, Math.ceil(processors / 2)];
  return { threads: [...new Set(threads)], batchSizes: [16, 8, 32], budgetMs: budgetMs.cpu };
}

const refuse = (): Promise<never> =>
  Promise.reject(new TwinscopeError('internal', 'A measurement presents no stored pictures.'));
const noBlobs = { 'blob.image': refuse, 'blob.array': refuse };
