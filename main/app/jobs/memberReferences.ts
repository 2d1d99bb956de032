/**
 * Responses to the reference set of a search over several twins or states: each twin draws the set itself, in degrees, and
 * what it answers is taken from what is kept on this machine or measured and kept, as for a search with it alone.
 */
import { firstBehaviour, type SearchPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import { createDeadline } from '../../engine/deadline.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { responsesHash } from '../../search/node/referenceStore.ts';
import type { ReferenceResponses } from '../../search/reference/reference.ts';
import { referenceEnded } from '../../search/search.ts';
import { referenceKey, shownStimuli, unitCount } from '../referenceService.ts';
import type { Services } from '../services.ts';
import type { StartedJob } from './frozen.ts';
import type { OtherMember } from './otherTwins.ts';
import { keptOrWhyNot } from './searchReference.ts';

type Origin = NonNullable<Provenance['reference']>;
type Found = { responses: ReferenceResponses; origin: Origin };

/**
 * @param checkpoint the search's own, or null before its first commit
 * @returns the responses of all members side by side, or null where the search is past its reference
 */
export async function findMemberReferences(
  services: Services,
  context: JobContext,
  job: StartedJob,
  others: readonly OtherMember[],
  checkpoint: Uint8Array | null,
): Promise<{ job: StartedJob; known: ReferenceResponses | null }> {
  if (checkpoint !== null && referenceEnded(checkpoint)) return { job, known: null };
  const { provenance, designs } = job.frozen;
  const own: OtherMember = { as: '', twin: job.twin, versions: provenance.versions, ofOwnTwin: true };
  const design = (designs['reference'] as { design: StimulusDesign }).design;
  const found: Found[] = [];
  for (const member of [own, ...others]) found.push(await responsesOf(services, context, job, member, design));
  const records = (provenance.others ?? []).map((record) => {
    const at = others.findIndex(({ as }) => as === record.as);
    return at < 0 ? record : { ...record, reference: (found[at + 1] as Found).origin };
  });
  const frozen = {
    ...job.frozen,
    provenance: { ...provenance, reference: (found[0] as Found).origin, others: records },
  };
  if (JSON.stringify(frozen.provenance) !== JSON.stringify(provenance)) await context.freeze(frozen);
  const units = [own, ...others].map(({ twin }) => unitCount(twin));
  return {
    job: { ...job, frozen },
    known: sideBySide(
      found.map(({ responses }) => responses),
      units,
    ),
  };
}

async function responsesOf(
  services: Services,
  context: JobContext,
  { frozen }: StartedJob,
  { as, twin, versions, ofOwnTwin }: OtherMember,
  design: StimulusDesign,
): Promise<Found> {
  const { provenance } = frozen;
  const set = provenance.sets['reference'];
  // What was measured in smaller batches than a search of its own would use is nobody else's.
  const key =
    set === undefined || (provenance.segments ?? []).length > 0 ? null : referenceKey(twin, versions, set.sha256);
  const stimuli = shownStimuli(design);
  const kept = key === null ? null : await services.references.find(key, { stimuli, units: unitCount(twin) });
  if (kept !== null) {
    const { responses, measuredAt, sha256 } = kept;
    const before = as === '' ? provenance.reference : provenance.others?.find((other) => other.as === as)?.reference;
    // Measured by this search, which ended before it could commit.
    if (before?.from === 'search' && before.sha256 === sha256) return { responses, origin: before };
    return { responses, origin: { from: 'cache', measuredAt, sha256 } };
  }
  const started = performance.now();
  const { behaviour, ...session } = twin;
  const asked = ofOwnTwin ? { twin: ownSession(frozen, session), state: { behaviour } } : { twin };
  const phase = as === '' ? 'measuring the reference set' : `measuring the reference set, ${as}`;
  const responses = await services.compute
    .call(
      'reference.measure',
      { ...asked, reference: design },
      {
        jobId: context.jobId,
        signal: context.signal,
        deadlineMs: createDeadline(services.deadlines, stimuli).ms(),
        onProgress: ({ done, total }) => void context.progress({ done, total, noun: 'reference stimuli', phase }),
      },
    )
    .catch((error: unknown) => {
      if (!isTwinscopeError(error) || error.code !== 'bad-input') throw error;
      throw new TwinscopeError('bad-input', `${twin.manifest.title}: ${error.message}`, error.details);
    });
  const measured = { responses, measuredAt: new Date().toISOString(), seconds: (performance.now() - started) / 1000 };
  if (key !== null) await keptOrWhyNot(services, context, key, measured);
  const origin = { from: 'search', measuredAt: measured.measuredAt, sha256: responsesHash(responses) } as const;
  return { responses, origin };
}

/** The session that the search itself uses, whatever state is asked about. */
const ownSession = ({ provenance }: StartedJob['frozen'], twin: Omit<ComputeTwin, 'behaviour'>): ComputeTwin => ({
  ...twin,
  behaviour: firstBehaviour(provenance.plan as SearchPlan),
});

/** Stimuli × units of all. */
function sideBySide(all: readonly ReferenceResponses[], units: readonly number[]): ReferenceResponses {
  const total = units.reduce((sum, count) => sum + count, 0);
  const stimuli = (all[0] as ReferenceResponses).rows.length / (units[0] as number);
  const rows = new Float32Array(stimuli * total);
  const blank = new Float32Array(total);
  let offset = 0;
  for (const [i, responses] of all.entries()) {
    const count = units[i] as number;
    for (let s = 0; s < stimuli; s++) {
      rows.set(responses.rows.subarray(s * count, (s + 1) * count), s * total + offset);
    }
    blank.set(responses.blank, offset);
    offset += count;
  }
  return { rows, blank };
}
