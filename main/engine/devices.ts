/** What the devices are, how a measurement reads, and which device is chosen. */
import {
  deviceIds,
  deviceLabels,
  type DeviceChoice,
  type DeviceId,
  type DeviceMeasurement,
} from '../contract/devices.ts';
import { nearestName } from '../contract/validate.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { plural } from '../platform/words.ts';

type DeviceFacts = {
  label: string;
  /** ONNX Runtime's name of the execution provider, as it stands in a profile. */
  provider: string;
  /** `platform arch` pairs for which onnxruntime-node has the provider. */
  existsOn: readonly string[];
  /** Where it exists, in words. */
  where: string;
};

const withWebGpu = ['linux x64', 'win32 x64', 'win32 arm64', 'darwin arm64'];

export const devices: Record<DeviceId, DeviceFacts> = {
  cpu: {
    label: deviceLabels.cpu,
    provider: 'CPUExecutionProvider',
    existsOn: [...withWebGpu, 'linux arm64'],
    where: 'everywhere',
  },
  webgpu: {
    label: deviceLabels.webgpu,
    provider: 'WebGpuExecutionProvider',
    existsOn: withWebGpu,
    where: 'on Windows, Macs with Apple silicon and Linux on x64',
  },
  cuda: {
    label: deviceLabels.cuda,
    provider: 'CUDAExecutionProvider',
    existsOn: ['linux x64'],
    where: 'on Linux with an NVIDIA card',
  },
  dml: {
    label: deviceLabels.dml,
    provider: 'DmlExecutionProvider',
    existsOn: ['win32 x64', 'win32 arm64'],
    where: 'on Windows',
  },
  coreml: {
    label: deviceLabels.coreml,
    provider: 'CoreMLExecutionProvider',
    existsOn: ['darwin arm64'],
    where: 'on Macs with Apple silicon',
  },
};

/** Null where the device can exist, otherwise the sentence why not. */
export function impossibleHere(device: DeviceId, platform: string, arch: string): string | null {
  const { label, existsOn, where } = devices[device];
  return existsOn.includes(`${platform} ${arch}`) ? null : `${label} exists ${where} only.`;
}

/** `name` as a device or 'auto'; refuses others, naming the one that was probably meant. */
export function deviceNamed(name: string): DeviceChoice {
  const known: readonly DeviceChoice[] = ['auto', ...deviceIds];
  const found = known.find((id) => id === name);
  if (found !== undefined) return found;
  const labels = new Map(deviceIds.map((id) => [devices[id].label.toLowerCase(), id]));
  const nearest = nearestName(name, [...known, ...labels.keys()]);
  const meant = nearest === null ? null : (labels.get(nearest) ?? nearest);
  throw new TwinscopeError(
    'bad-input',
    `There is no device "${name}".${meant === null ? '' : ` Did you mean ${meant}?`} Devices are ${known.join(', ')}.`,
  );
}

/**
 * Largest |Δ| / max|CPU| at which a device counts as computing the same twin: above what float32 sums in another order
 * differ by, below the rounding of half precision (5e-4).
 */
export const parityTolerance = 1e-4;

/** e.g. `2e-6`. */
export const formatParity = (parity: number): string =>
  parity === 0
    ? '0'
    : parity > 1e6 || Number.isNaN(parity)
      ? 'more than 1e6'
      : parity.toExponential(0).replace('e+', 'e');

const twoDigits = (value: number): string => (value >= 99.5 ? Math.round(value).toString() : value.toPrecision(2));

/** What a device is chosen by: forward passes, or responses with their gradient, as a step of a gradient search takes. */
export type SpeedOf = 'responses' | 'gradients';

const rateOf = ({ stimuliPerSecond, gradientsPerSecond }: DeviceMeasurement, by: SpeedOf): number | null =>
  by === 'gradients' ? gradientsPerSecond : stimuliPerSecond;

/** e.g. 'WebGPU: 6.1 × CPU, agrees to 2e-6; 3 of 120 nodes on CPU'. `cpu` is null where it was not measured. */
export function describeMeasurement(
  device: DeviceId,
  measured: DeviceMeasurement,
  cpu: DeviceMeasurement | null,
  by: SpeedOf = 'responses',
): string {
  const { label } = devices[device];
  const settings = `${plural(measured.threads, 'thread')}, batch ${measured.batchSize}`;
  const rate = rateOf(measured, by);
  const perSecond =
    rate === null ? 'no gradient' : `${twoDigits(rate)} ${by === 'gradients' ? 'gradients' : 'stimuli'}/s`;
  if (device === 'cpu') return `${label}: ${perSecond} with ${settings}`;
  const cpuRate = cpu === null ? null : rateOf(cpu, by);
  const speed =
    cpuRate === null || rate === null
      ? perSecond
      : `${twoDigits(rate / cpuRate)} × CPU${by === 'gradients' ? ' in gradients' : ''}`;
  const parity = measured.parity ?? Number.NaN;
  const agrees =
    parity <= parityTolerance
      ? `agrees to ${formatParity(parity)}`
      : `differs from the CPU by ${formatParity(parity)} (at most ${formatParity(parityTolerance)} is accepted)`;
  const nodes =
    measured.placement === null ? '' : `; ${measured.placement.onCpu} of ${measured.placement.total} nodes on CPU`;
  return `${label}: ${speed}, ${agrees}${nodes}`;
}

/**
 * The device that is fastest at what is `wanted` and agrees with the CPU within `parityTolerance`, else the CPU, and the
 * sentence why. Devices that are not available or were not measured do not stand in `measured`. Where the CPU has no
 * figure for gradients, responses decide.
 */
export function chooseDevice(
  measured: ReadonlyMap<DeviceId, DeviceMeasurement>,
  wanted: SpeedOf = 'responses',
): { device: DeviceId; sentence: string } {
  const cpu = measured.get('cpu') ?? null;
  if (cpu === null) return { device: 'cpu', sentence: 'The CPU is used: nothing was measured yet.' };
  const by = rateOf(cpu, wanted) === null ? 'responses' : wanted;
  const rate = (of: DeviceMeasurement): number => rateOf(of, by) ?? 0;
  const describe = (device: DeviceId, value: DeviceMeasurement): string =>
    describeMeasurement(device, value, device === 'cpu' ? null : cpu, by);
  const others = [...measured].filter(([device]) => device !== 'cpu');
  const agreeing = others
    .filter(([, { parity }]) => parity !== null && parity <= parityTolerance)
    .toSorted(([, a], [, b]) => rate(b) - rate(a));
  const fastest = agreeing[0];
  if (fastest !== undefined && rate(fastest[1]) > rate(cpu)) {
    return { device: fastest[0], sentence: `${describe(...fastest)}.` };
  }
  const because =
    others.length === 0
      ? 'no other device is available'
      : (fastest ?? others[0]) === fastest
        ? `it is faster here (${describe(...fastest!)})`
        : `no other device agrees with it (${others.map(([device, value]) => describe(device, value)).join('; ')})`;
  return { device: 'cpu', sentence: `${describe('cpu', cpu)}; ${because}.` };
}
