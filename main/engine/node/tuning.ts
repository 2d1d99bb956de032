/** Threads and batch size by measurement: a few candidates, for a bounded time. */
import { medianOf } from '../../platform/median.ts';
import { isMemoryRefusal } from '../memory.ts';
import type { Tuning } from '../computeContract.ts';
import type { SessionSettings, TwinSession } from './twinSession.ts';

/** What another setting must gain to replace the usual one: less is noise, and results depend on settings in last bits. */
const leastGain = 1.05;
/** How long one candidate is timed, after a run that warms it up. */
const candidateMs = 250;

export type Tuned = { threads: number; batchSize: number; stimuliPerSecond: number };

/**
 * Pictures per second of `run`, which processes `n`: the median over runs of at least `leastMs` in all, after one that
 * warms up. A twin that is slower than that is timed once.
 */
export async function measureRate(n: number, run: () => Promise<unknown>, leastMs: number): Promise<number> {
  await run();
  const milliseconds: number[] = [];
  for (let spent = 0; milliseconds.length === 0 || spent < leastMs;) {
    const started = performance.now();
    await run();
    const taken = performance.now() - started;
    milliseconds.push(taken);
    spent += taken;
  }
  return (n * 1000) / medianOf(milliseconds);
}

/**
 * The fastest of the settings. Threads are tried with the twin's own batch size, then batch sizes with the fastest
 * threads; what the budget leaves no time for is left out. Without `tuning` the twin's own settings are timed.
 */
export async function tuneSession(
  usual: SessionSettings,
  tuning: Tuning | null,
  open: (settings: SessionSettings) => Promise<TwinSession>,
): Promise<Tuned> {
  const started = performance.now();
  const left = (): boolean => tuning !== null && performance.now() - started < tuning.budgetMs;
  const { device } = usual;
  let best: Tuned | null = null;
  const take = (candidate: Tuned): void => {
    if (best === null || candidate.stimuliPerSecond > leastGain * best.stimuliPerSecond) best = candidate;
  };
  const timed = async (session: TwinSession, batchSize: number): Promise<void> => {
    const images = new Float32Array(batchSize * session.field.frames * session.field.sizePx ** 2).fill(
      session.field.background,
    );
    const stimuliPerSecond = await measureRate(batchSize, () => session.responses(images, batchSize), candidateMs);
    take({ threads: session.settings.threads, batchSize, stimuliPerSecond });
  };
  const withSession = async (settings: SessionSettings, work: (session: TwinSession) => Promise<void>) => {
    const session = await open(settings);
    await work(session).finally(() => session.release());
  };

  const { batchSize } = usual;
  await withSession(usual, (session) => timed(session, batchSize));
  for (const threads of tuning?.threads ?? []) {
    if (!left()) break;
    if (threads === usual.threads) continue;
    await withSession({ device, threads, batchSize }, (session) => timed(session, batchSize));
  }
  const others = (tuning?.batchSizes ?? []).filter((size) => size !== batchSize);
  if (others.length > 0 && left()) {
    const { threads } = best as unknown as Tuned;
    await withSession({ device, threads, batchSize: Math.max(...others) }, async (session) => {
      for (const size of others) if (left()) await timed(session, size);
    }).catch((error: unknown) => {
      // A largest batch that does not fit into memory is no candidate, and the usual one has been timed.
      if (!isMemoryRefusal(error)) throw error;
    });
  }
  return best as unknown as Tuned;
}
