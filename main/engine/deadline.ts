/** How long an answer may take before the process that owes it counts as hanging, from how long answers have taken. */
export type DeadlineLimits = {
  /** Until the first answer: a process starts, a model is loaded, a gradient is derived. */
  firstMs: number;
  /** Added to it for every picture of the request, whose speed nobody has measured. */
  firstMsPerPicture: number;
  /** Never less than this: a machine may be busy with something else. */
  leastMs: number;
  /** Times the slowest answer so far. */
  timesSlowest: number;
};

export const defaultDeadlines: DeadlineLimits = {
  firstMs: 120_000,
  firstMsPerPicture: 2_000,
  leastMs: 30_000,
  timesSlowest: 20,
};

export type Deadline = {
  /** What the next request may take. */
  ms(): number;
  /** An answer came after `ms`, from when it was asked for. */
  answered(ms: number): void;
};

/**
 * For requests of equal size to one process; a process that was started again has a model to load again and gets
 * another.
 */
export function createDeadline(
  { firstMs, firstMsPerPicture, leastMs, timesSlowest }: DeadlineLimits,
  pictures: number,
): Deadline {
  let slowestMs: number | null = null;
  return {
    ms: () =>
      slowestMs === null
        ? firstMs + firstMsPerPicture * pictures
        : Math.max(leastMs, Math.ceil(timesSlowest * slowestMs)),
    answered(ms) {
      slowestMs = Math.max(slowestMs ?? 0, ms);
    },
  };
}
