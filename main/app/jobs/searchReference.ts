/** What a search takes from the reference sets kept on this machine and what it adds to them; its provenance says which. */
import type { Provenance } from '../../contract/results.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import type { ReferenceResponses } from '../../search/reference/reference.ts';
import { type ReferenceKey, responsesHash } from '../../search/node/referenceStore.ts';
import { referenceEnded } from '../../search/search.ts';
import { referenceKey, shownStimuli, unitCount } from '../referenceService.ts';
import type { Services } from '../services.ts';
import type { StartedJob } from './frozen.ts';

/** Null once the batches have become smaller: what was measured in batches of two sizes is nobody else's. */
function keyOf({ frozen, twin }: StartedJob): ReferenceKey | null {
  const { provenance } = frozen;
  const set = provenance.sets['reference'];
  if (set === undefined || (provenance.segments ?? []).length > 0) return null;
  return referenceKey(twin, provenance.versions, set.sha256);
}

async function withOrigin(
  context: JobContext,
  job: StartedJob,
  reference: Provenance['reference'],
): Promise<StartedJob> {
  const { reference: before, ...others } = job.frozen.provenance;
  if (JSON.stringify(before) === JSON.stringify(reference)) return job;
  const provenance = reference === undefined ? others : { ...others, reference };
  const frozen = { ...job.frozen, provenance };
  await context.freeze(frozen);
  return { ...job, frozen };
}

/**
 * What is kept of the reference set, for a search that has not measured it yet.
 * @param checkpoint the search's own, or null before its first commit
 */
export async function findReference(
  services: Services,
  context: JobContext,
  job: StartedJob,
  checkpoint: Uint8Array | null,
): Promise<{ job: StartedJob; known: ReferenceResponses | null }> {
  if (checkpoint !== null && referenceEnded(checkpoint)) return { job, known: null };
  const { designs, provenance } = job.frozen;
  const key = keyOf(job);
  const design = designs['reference']?.design;
  // Measured by this search, which ended before it could commit: it does so again.
  if (provenance.reference?.from === 'search' || design === undefined) return { job, known: null };
  const found =
    key === null
      ? null
      : await services.references.find(key, { stimuli: shownStimuli(design), units: unitCount(job.twin) });
  if (found === null) return { job: await withOrigin(context, job, undefined), known: null };
  const { measuredAt, sha256, responses } = found;
  return { job: await withOrigin(context, job, { from: 'cache', measuredAt, sha256 }), known: responses };
}

/** Keeps what a search has measured, for the searches after it; a notice says why where that fails. */
export async function keepReference(
  services: Services,
  context: JobContext,
  job: StartedJob,
  responses: ReferenceResponses,
  seconds: number,
): Promise<StartedJob> {
  const measuredAt = new Date().toISOString();
  const key = keyOf(job);
  if (key !== null) {
    const problem = await services.references.keep(key, { responses, measuredAt, seconds });
    if (problem !== null) {
      await context.notice(
        `The reference set was measured and could not be kept for other searches. ${problem} This search goes on with it; ` +
          'the next one measures it again.',
      );
    }
    services.emit('data.changed', { lists: ['references'] });
  }
  return withOrigin(context, job, { from: 'search', measuredAt, sha256: responsesHash(responses) });
}
