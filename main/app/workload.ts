/** Who works on this machine, jobs and checks, so that measurements of devices stand aside. */
export type Workload = {
  /** Does `work`; measurements under way are broken off. */
  during<T>(work: () => Promise<T>): Promise<T>;
  /** How many are working. */
  active(): number;
  /** Aborted as soon as the next one begins. */
  next(): AbortSignal;
};

export function createWorkload(): Workload {
  let active = 0;
  let coming = new AbortController();
  return {
    async during(work) {
      active += 1;
      const begun = coming;
      coming = new AbortController();
      begun.abort();
      try {
        return await work();
      } finally {
        active -= 1;
      }
    },
    active: () => active,
    next: () => coming.signal,
  };
}
