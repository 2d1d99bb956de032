/** What a benchmark does with its times. */
import { medianOf } from '../../main/platform/median.ts';

const restMs = 20;

/** Runs every task once per round, in turn, after one round that is not counted; milliseconds of each. */
export async function interleaved<K extends string>(
  tasks: Record<K, () => Promise<unknown>>,
  rounds: number,
): Promise<Record<K, number[]>> {
  const names = Object.keys(tasks) as K[];
  const times = Object.fromEntries(names.map((name) => [name, [] as number[]])) as Record<K, number[]>;
  for (let round = -1; round < rounds; round++) {
    for (const name of names) {
      // The threads of the session before still spin for a while, on the cores that this one needs.
      await new Promise((resolve) => setTimeout(resolve, restMs));
      const started = performance.now();
      await tasks[name]();
      if (round >= 0) times[name].push(performance.now() - started);
    }
  }
  return times;
}

/** Milliseconds of one task, run again and again, after one run that is not counted. */
export async function repeated(task: () => Promise<unknown>, rounds: number): Promise<number[]> {
  const times: number[] = [];
  for (let round = -1; round < rounds; round++) {
    const started = performance.now();
    await task();
    if (round >= 0) times.push(performance.now() - started);
  }
  return times;
}

/** Median over the rounds of one task's time over another's in the same round: drift of the machine cancels. */
export function ratio(above: readonly number[], below: readonly number[]): number {
  return medianOf(above.map((time, round) => time / below[round]!));
}
