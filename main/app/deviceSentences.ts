/** What devices, measurements and their failures are called before people. */
import { deviceIds, type DeviceChoice, type DeviceId } from '../contract/devices.ts';
import type { DeviceInfo, DeviceMeasurement } from '../contract/devices.ts';
import {
  describeMeasurement,
  devices,
  formatParity,
  impossibleHere,
  parityTolerance,
  type SpeedOf,
} from '../engine/devices.ts';
import type { DeviceEntry } from '../engine/node/deviceStore.ts';
import { isTwinscopeError } from '../platform/errors.ts';

export const busyNotice =
  'A job or a check is running, so nothing more was measured: it would be slowed, and the two would be measured together. Measure again when it has finished.';

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

/** Null where the device agrees with the CPU as far as is known; `auto` takes no other. */
export function differenceNotice(
  device: DeviceId,
  asked: DeviceChoice,
  measured: DeviceMeasurement | undefined,
): string | null {
  const parity = measured?.parity ?? 0;
  if (asked === 'auto' || device === 'cpu' || parity <= parityTolerance) return null;
  return (
    `${devices[device].label} was asked for and differs from the CPU by ${formatParity(parity)} of the largest value with ` +
    `this twin here; at most ${formatParity(parityTolerance)} is accepted where the device is chosen automatically.`
  );
}

/** @param chosen the device that 'auto' stands for; null where there is no twin */
export function describeDevices(
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
          ? [`${describeMeasurement(id, measurement, cpu)}.`, measurement.gradientRefusal ?? []].flat().join(' ')
          : (impossible ?? entry?.explanation ?? 'Not measured yet.'),
      measurement,
    };
  });
}

/** A crash or a hang is an answer too; the first sentence says which. */
export function failureOf(error: unknown): string {
  if (!isTwinscopeError(error)) throw error;
  const reason = error.details['reason'];
  return typeof reason === 'string' ? reason : decapitalised(error.message);
}

export const decapitalised = (text: string): string => {
  const first = text.split(/\.(?= |$)/)[0] as string;
  return /^[A-Z][a-z]/.test(first) && !/^(?:WebGPU|DirectML|CoreML|ONNX)/.test(first)
    ? first.charAt(0).toLowerCase() + first.slice(1)
    : first;
};

export const sentence = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;
