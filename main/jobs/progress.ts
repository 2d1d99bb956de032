/** Rate and time left of a job, from its own reports; the clock is given, so that tests do not wait. */
import type { JobProgress } from '../contract/jobs.ts';
import { exp } from '../platform/exactMath.ts';

export interface ProgressReport {
  done: number;
  total: number;
  /** What is counted, plural. */
  noun: string;
  /** What the job is doing now. */
  phase: string;
}

/** The rate follows the last few seconds: older ones fade with this time constant. */
const memorySeconds = 5;

export interface ProgressMeter {
  /** Adds a report made at `seconds` (any monotonic clock) and returns it with rate and time left. */
  report(progress: ProgressReport, seconds: number): JobProgress;
}

/**
 * Rate = exponentially fading mean of (items per interval), weighted by the interval's length; unknown until two
 * reports of the same count lie apart in time. Counting something else, or starting over, begins a new estimate.
 */
export function createProgressMeter(): ProgressMeter {
  let last: { progress: ProgressReport; seconds: number } | null = null;
  let items = 0;
  let time = 0;

  return {
    report(progress, seconds) {
      if (last && sameCount(last.progress, progress)) {
        const interval = seconds - last.seconds;
        if (interval > 0) {
          const kept = exp(-interval / memorySeconds);
          items = items * kept + (progress.done - last.progress.done);
          time = time * kept + interval;
          last = { progress, seconds };
        }
      } else {
        items = 0;
        time = 0;
        last = { progress, seconds };
      }
      const rate = items > 0 && time > 0 ? items / time : null;
      return {
        ...progress,
        ratePerSecond: rate,
        secondsLeft: rate === null ? null : Math.max(0, progress.total - progress.done) / rate,
      };
    },
  };
}

function sameCount(before: ProgressReport, after: ProgressReport): boolean {
  return (
    before.noun === after.noun &&
    before.phase === after.phase &&
    before.total === after.total &&
    after.done >= before.done
  );
}
