/** What a search that has not ended has found so far, as a stimulus that another can start from. */
import { endsInPixels } from '../../contract/plans.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { stimulusInputOf } from '../../contract/twins.ts';
import { sha256Hex } from '../../platform/hash.ts';
import type { SearchRow } from '../../projects/rows.ts';
import { bestOfCheckpoint } from '../../search/bestOfCheckpoint.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { rasterPx } from '../../twins/manifest.ts';
import type { Services } from '../services.ts';
import { thumbnailPath } from '../stimulusService.ts';
import { unpackCheckpoint } from './searchJob.ts';

export async function storeBestSoFar(services: Services, search: SearchRow) {
  const { project } = services.current();
  if (!endsInPixels(search.plan)) return null;
  const saved = unpackCheckpoint(await project.jobs.checkpoint(search.jobId));
  const best = saved === null ? null : bestOfCheckpoint(saved.bytes);
  if (best === null) return null;
  const { manifest } = await services.library.resolve(search.provenance.twin);
  const { fieldOfViewDeg = 8, frameRateHz } = stimulusInputOf(manifest) ?? {};
  const sizePx = rasterPx(manifest);
  const frames = best.image.length / sizePx ** 2;
  const bytes = encodeNpy(best.image, frames === 1 ? [sizePx, sizePx] : [frames, sizePx, sizePx]);
  const arraySha256 = sha256Hex(bytes);
  await project.arrays.put({ sha256: arraySha256, bytes });
  const spec: StimulusSpec = {
    type: 'raster',
    arraySha256,
    sizeDeg: fieldOfViewDeg,
    ...(frames === 1 || frameRateHz === undefined ? {} : { clip: { frames, frameRateHz } }),
  };
  return { spec, objective: best.objective, thumbnail: thumbnailPath(spec, fieldOfViewDeg) };
}
