/** Measures a reference set ahead of the searches that are z-scored over it, as they would. */
import type { ComputeHandler, ComputeTwin } from '../engine/computeContract.ts';
import type { Rasteriser } from '../engine/node/rasteriser.ts';
import type { TwinSession } from '../engine/node/twinSession.ts';
import { measureReference } from '../search/reference/reference.ts';
import { renderSpec } from '../stimuli/render.ts';
import { responseModel, sourceOf } from './computeSearch.ts';
import type { SessionCache } from './sessionCache.ts';

type Loaded = { session: TwinSession; rasteriser: Rasteriser };

export const createReferenceHost = (
  sessions: SessionCache<ComputeTwin, Loaded>,
): { 'reference.measure': ComputeHandler<'reference.measure'> } => ({
  'reference.measure': ({ twin, reference, state }, { signal, progress }) =>
    sessions.use(twin, async ({ session, rasteriser }) =>
      measureReference(
        responseModel(state === undefined ? session : session.under(state.behaviour), twin),
        {
          source: sourceOf(reference, rasteriser),
          renderSpec: (spec) => renderSpec(spec, session.field),
        },
        { signal, onBatch: (done, total) => progress({ done, total }) },
      ),
    ),
});
