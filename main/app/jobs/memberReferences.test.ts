import { expect, test } from 'vitest';
import type { SearchPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import { stimulusDesign } from '../../contract/stimuli.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import type { JobContext } from '../../jobs/node/queue.ts';
import type { Services } from '../services.ts';
import type { FrozenJob } from './frozen.ts';
import { findMemberReferences } from './memberReferences.ts';

const design = stimulusDesign.parse({
  type: 'gratings',
  factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [1] },
});
const twinOf = (id: string): ComputeTwin =>
  ({ id, sha256: id, device: 'cpu', batchSize: 8, threads: 1, units: { V1: ['a'] } }) as unknown as ComputeTwin;
const [now, then] = ['2020-02-02T00:00:00.000Z', '2020-01-01T00:00:00.000Z'];

test('what this search measured before it was begun again stays on record as its own', async () => {
  const own = (sha256: string) => ({ from: 'search', measuredAt: then, sha256 }) as const;
  const others = ['B', 'C'].map((as) => ({ as, twin: twinOf(as), versions: {}, ofOwnTwin: false }));
  const provenance = {
    plan: { twin: { id: 'A' } } as SearchPlan,
    versions: {},
    sets: { reference: { name: 'Gratings', sha256: 'set' } },
    reference: own('kept'),
    // C was measured anew since, by another search.
    others: [
      { as: 'B', reference: own('kept') },
      { as: 'C', reference: own('earlier') },
    ],
  } as unknown as Provenance;
  const frozen = { provenance, designs: { reference: { name: 'Gratings', design } } };
  const kept = {
    responses: { rows: new Float32Array(2), blank: new Float32Array(1) },
    measuredAt: now,
    sha256: 'kept',
  };
  const services = { references: { find: async () => kept } } as unknown as Services;
  let stored: FrozenJob | null = null;
  const context = { freeze: async (job: FrozenJob) => void (stored = job) } as unknown as JobContext;
  const { job, known } = await findMemberReferences(services, context, { frozen, twin: twinOf('A') }, others, null);
  expect(known?.rows).toHaveLength(6);
  expect(job.frozen).toBe(stored);
  expect(job.frozen.provenance.reference).toEqual(own('kept'));
  expect(job.frozen.provenance.others?.map(({ reference }) => reference)).toEqual([
    own('kept'),
    { from: 'cache', measuredAt: now, sha256: 'kept' },
  ]);
});
