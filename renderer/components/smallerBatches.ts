import type { Provenance } from '../../main/contract/results.ts';
import { plural } from './format.ts';

/** Where memory did not suffice, in words: 'after 640 stimuli: batches of 8'. */
export function smallerBatches({
  plan,
  segments = [],
}: {
  plan: Pick<Provenance['plan'], 'kind'>;
  segments?: Provenance['segments'];
}): string[] {
  const count = (n: number): string => (plan.kind === 'search' ? plural(n, 'step') : plural(n, 'stimulus', 'stimuli'));
  return segments.map(({ first, batchSize }) => {
    const from = first === 0 ? 'from the start' : `after ${count(first)}`;
    return `${from}: ${batchSize === 1 ? 'one stimulus at a time' : `batches of ${batchSize}`}`;
  });
}
