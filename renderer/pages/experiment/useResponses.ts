import { useQuery } from '@tanstack/react-query';
import { useMemo } from 'react';
import type { RunDetails } from '../../../main/contract/results.ts';
import { TwinscopeError } from '../../../main/platform/errors.ts';
import { responseTable, type ResponseTable } from './analysis.ts';

/** More responses than this are not drawn: 64 million float32 are 256 MB. */
const mostResponses = 64e6;

async function loadResponses(path: string): Promise<Float32Array> {
  const answer = await fetch(path, { credentials: 'same-origin' });
  if (!answer.ok) {
    throw new TwinscopeError(
      'not-found',
      `The responses of this run could not be read (status ${answer.status}). The project was not changed. Reload the window; if it stays, check the project.`,
    );
  }
  return new Float32Array(await answer.arrayBuffer());
}

/** A run's responses with their axes, once they are here. Little-endian, as every machine Twinscope runs on. */
export function useResponses(run: RunDetails): { table: ResponseTable | null; error: Error | null; tooLarge: boolean } {
  const tooLarge = run.stimuli * run.units > mostResponses;
  const query = useQuery({
    queryKey: ['runs.responses', run.id, run.state, run.contentSha256],
    queryFn: () => loadResponses(run.responses),
    enabled: !tooLarge,
    gcTime: 60_000,
  });
  const values = query.data;
  const table = useMemo(
    () => (values === undefined ? null : responseTable(run.design, run.areas, values)),
    [run.design, run.areas, values],
  );
  return { table, error: query.error, tooLarge };
}
