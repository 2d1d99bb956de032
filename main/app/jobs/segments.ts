/** The batch sizes of a job: the one it was started with, and smaller ones from where memory did not suffice. */
import type { Provenance } from '../../contract/results.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import type { StartedJob } from './frozen.ts';

/** The batch size that a job goes on with. */
export function lastBatchSize({ batchSize, segments = [] }: Pick<Provenance, 'batchSize' | 'segments'>): number {
  return segments.at(-1)?.batchSize ?? batchSize;
}

/**
 * Freezes the job anew with half its batch size from `first` on (see `Provenance.segments`), before compute is asked for
 * anything with it, and stores its provenance with what it makes; null where a batch is one stimulus already. A start
 * that is interrupted between the two finds them unequal, and stores the frozen one.
 */
export async function halveBatch(
  context: JobContext,
  { frozen, twin }: StartedJob,
  first: number,
  store: (provenance: Provenance) => Promise<void>,
): Promise<StartedJob | null> {
  if (twin.batchSize === 1) return null;
  const batchSize = Math.floor(twin.batchSize / 2);
  // Nothing was saved with a batch size that did not suffice at once.
  const before = (frozen.provenance.segments ?? []).filter((segment) => segment.first < first);
  const provenance = { ...frozen.provenance, segments: [...before, { first, batchSize }] };
  const halved = { ...frozen, provenance };
  await context.freeze(halved);
  await store(provenance);
  return { frozen: halved, twin: { ...twin, batchSize } };
}
