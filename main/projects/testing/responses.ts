/** The responses that tests store, also from a process without the test runner. */
import type { JobProgress } from '../../contract/jobs.ts';
import type { RunArea, RunChunk } from '../rows.ts';

export const noProgress: JobProgress = {
  done: 0,
  total: 0,
  noun: 'stimuli',
  phase: 'presenting',
  ratePerSecond: null,
  secondsLeft: null,
};

/** The response to one stimulus and unit: distinct, exact in float32. */
const responseTo = (area: number, stimulus: number, unit: number): number =>
  area * 1_000_000 + stimulus * 256 + unit + 0.25;

/** Responses of an area with `units` units to stimuli first … first + count − 1, stimulus-major. */
export function responses(area: number, first: number, count: number, units: number): Float32Array {
  return Float32Array.from({ length: count * units }, (_, n) =>
    responseTo(area, first + Math.floor(n / units), n % units),
  );
}

export function chunkOf(runId: string, jobId: string, areas: RunArea[], first: number, count: number): RunChunk {
  return {
    runId,
    jobId,
    first,
    count,
    areas: areas.map(({ area, units }, index) => ({ area, data: responses(index, first, count, units.length) })),
    checkpoint: new TextEncoder().encode(String(first + count)),
    progress: { ...noProgress, done: first + count },
  };
}
