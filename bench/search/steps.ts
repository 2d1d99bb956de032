/** What a step of a search costs beyond the twin, through the host that really runs searches. */
import { createSearchHost } from '../../main/app/computeSearch.ts';
import type { SearchProgress } from '../../main/engine/computeContract.ts';
import { createRasteriser } from '../../main/engine/node/rasteriser.ts';
import type { TwinSession } from '../../main/engine/node/twinSession.ts';
import { medianOf } from '../../main/platform/median.ts';
import type { Subject } from './subject.ts';

export interface Overhead {
  steps: number;
  stepMs: number;
  /** Of the time of a step: optimiser, constraints, bookkeeping, checkpoints and pictures. Median of the slices. */
  shareBeyondTwin: number;
}

/** As the backend asks for them. */
const sliceMs = 300;

/** The share of the time that is not spent in the twin, slice by slice of a gradient search with `starts` starts. */
export async function measureOverhead(subject: Subject, starts: number, steps: number): Promise<Overhead> {
  let twinMs = 0;
  const timed = <A extends unknown[], R>(run: (...args: A) => Promise<R>) => {
    return async (...args: A): Promise<R> => {
      const started = performance.now();
      try {
        return await run(...args);
      } finally {
        twinMs += performance.now() - started;
      }
    };
  };
  const { session } = subject;
  const watched: TwinSession = {
    ...session,
    responses: timed(session.responses.bind(session)),
    gradient: timed(session.gradient.bind(session)),
  };
  const rasteriser = createRasteriser(session.field, () => Promise.reject(new Error('no photographs here')));
  const held = { session: { session: watched, rasteriser }, letGo: () => undefined };
  const host = createSearchHost({ hold: async () => held, use: (_, work) => work(held.session) });
  const start = subject.start({
    target: [{ area: subject.areas.at(-1) }],
    optimiser: { type: 'gradient', steps },
    starts,
  });
  await host.begin(start, context);
  const shares: number[] = [];
  let stepsTimed = 0;
  let total = 0;
  for (;;) {
    const twinBefore = twinMs;
    const started = performance.now();
    const slice: SearchProgress = await host.advance({ key: start.key, budgetMs: sliceMs }, context);
    const elapsed = performance.now() - started;
    // The reference set is known: its phase costs nothing and is no step.
    if (slice.trajectory.length > 0) {
      shares.push(1 - (twinMs - twinBefore) / elapsed);
      stepsTimed += slice.trajectory.length;
      total += elapsed;
    }
    if (slice.done) break;
  }
  await host.end({ key: start.key }, context);
  return { steps: stepsTimed, stepMs: total / stepsTimed, shareBeyondTwin: medianOf(shares) };
}

export interface Seeds {
  together: { candidates: number; seconds: number; perSecond: number };
  oneByOne: { candidates: number; seconds: number; perSecond: number };
  /** Candidates per second of 16 starts in one search over those of a search for each. */
  ratio: number;
}

/** 16 starts of one search against searches with one start each; `alone` of the latter are run. */
export async function measureSeeds(subject: Subject, steps: number, alone: number): Promise<Seeds> {
  const area = subject.areas.at(-1);
  const run = async (starts: number, seed: number): Promise<number> => {
    const search = subject.search({ target: [{ area }], optimiser: { type: 'gradient', steps }, starts, seed });
    const started = performance.now();
    while (!search.done) await search.advance();
    return (performance.now() - started) / 1000;
  };
  const together = await run(16, 1);
  let seconds = 0;
  for (let seed = 1; seed <= alone; seed++) seconds += await run(1, seed);
  const rates = { together: 16 / together, alone: alone / seconds };
  return {
    together: { candidates: 16, seconds: together, perSecond: rates.together },
    oneByOne: { candidates: alone, seconds, perSecond: rates.alone },
    ratio: rates.together / rates.alone,
  };
}

const context = { signal: new AbortController().signal, progress: () => undefined };
