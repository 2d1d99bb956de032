/** Golden checks: does this machine give the responses that the package's author recorded? */
import type { GoldenChecks, TwinManifest } from '../../contract/twins.ts';
import { TwinscopeError } from '../../platform/errors.ts';

export interface ForwardResult {
  device: string;
  /** n × units per area. */
  areas: readonly { area: string; data: Float32Array }[];
}

/**
 * The worst output: its largest |difference| over its largest |expected value|, and its tolerance. Missing outputs,
 * wrong sizes and values that are not numbers count as an error of the whole range (1).
 */
export function compareOutputs(
  manifest: TwinManifest,
  checks: GoldenChecks,
  result: ForwardResult,
): { maxError: number; tolerance: number; passed: boolean } {
  let worst: { maxError: number; tolerance: number } | null = null;
  for (const [tensor, expected] of Object.entries(checks.outputs)) {
    const area = manifest.outputs.find((output) => output.tensor === tensor)?.area;
    const actual = result.areas.find((item) => item.area === area)?.data;
    const maxError = actual === undefined ? 1 : relativeError(expected.data, actual);
    if (worst === null || maxError / expected.tolerance > worst.maxError / worst.tolerance) {
      worst = { maxError, tolerance: expected.tolerance };
    }
  }
  if (worst === null) throw new TwinscopeError('bad-input', 'The golden checks hold no outputs. Nothing was changed.');
  return { ...worst, passed: worst.maxError <= worst.tolerance };
}

function relativeError(expected: Float32Array, actual: Float32Array): number {
  if (actual.length !== expected.length) return 1;
  let difference = 0;
  let scale = 0;
  for (const [at, value] of expected.entries()) {
    const error = Math.abs((actual[at] as number) - value);
    if (!Number.isFinite(error)) return 1;
    difference = Math.max(difference, error);
    scale = Math.max(scale, Math.abs(value));
  }
  return scale === 0 ? Math.min(1, difference) : difference / scale;
}
