/** What a benchmark does with its times. */
import { medianOf } from '../../main/platform/median.ts';

/** Milliseconds of forward passes and gradient steps, one of each per round. */
export type StepTimes = { forward: number[]; gradient: number[] };

/** Between two things timed: the threads of the one before still spin for a while, on the cores that the next needs. */
export const restMs = 20;

/** Runs every task once per round, in turn; milliseconds of each. Whoever wants warm tasks drops a first call. */
export async function interleaved<K extends string>(
  tasks: Record<K, () => Promise<unknown>>,
  rounds: number,
): Promise<Record<K, number[]>> {
  const names = Object.keys(tasks) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = 0; round < rounds; round++) {
    for (const name of names) {
      await new Promise((resolve) => setTimeout(resolve, restMs));
      const started = performance.now();
      await tasks[name]();
      times[name].push(performance.now() - started);
    }
  }
  return times;
}

/** Median over the rounds of one task's time over another's in the same round: drift of the machine cancels. */
export function ratio(above: readonly number[], below: readonly number[]): number {
  return medianOf(above.map((time, round) => time / below[round]!));
}
