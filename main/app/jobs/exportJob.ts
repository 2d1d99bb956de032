/** Writes a protocol for the lab: a folder that exists whole or not at all. */
import path from 'node:path';
import { z } from 'zod';
import type { JobRunner } from '../../jobs/node/queue.ts';
import { safeFileName } from '../../platform/node/files.ts';
import { exportBundle } from '../../protocols/node/exportBundle.ts';
import { exportPsychopy } from '../../protocols/node/exportPsychopy.ts';
import { computeVersions } from '../versions.ts';
import type { Samples } from '../../protocols/node/pictures.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import type { OpenProject, Services } from '../services.ts';
import { savedProtocol } from '../protocolService.ts';
import { createStimulusService } from '../stimulusService.ts';

export const exportPlan = z.object({
  kind: z.literal('export'),
  protocolId: z.string(),
  format: z.enum(['bundle', 'psychopy']),
  /** Null: beside the project, named after it and the protocol. */
  out: z.string().nullable(),
});

/** Samples per side of the exported linear arrays: finer than any twin's raster, small enough to mail. */
const exportRasterPx = 448;

const exporters = { bundle: exportBundle, psychopy: exportPsychopy };

/** What a search found, sample by sample: it is resampled once, on its way to the display. */
function storedRaster(npy: Uint8Array): Samples {
  const { data, shape } = decodeNpy(npy);
  return { linear: data, sizePx: shape[0] as number };
}

export function createExportJob(services: Services, open: () => OpenProject): JobRunner {
  return async (context) => {
    const { project } = open();
    const plan = exportPlan.parse(context.plan);
    const row = await project.protocols.get(plan.protocolId);
    const protocol = await savedProtocol(project, row);
    const stimuli = createStimulusService(project);
    const out =
      plan.out ??
      path.join(
        path.dirname(project.path),
        safeFileName(`${path.basename(project.path, '.twinscope')} ${row.name} ${plan.format}`).replaceAll(' ', '-'),
      );
    const result = await exporters[plan.format]({
      protocol,
      rasterPx: exportRasterPx,
      out,
      provenance: {
        twinscope: services.version,
        ...computeVersions(),
        project: path.basename(project.path),
        plan: protocol.plan,
      },
      render: async ({ spec, sizeDeg }, sizePx) =>
        spec.type === 'raster'
          ? storedRaster(await project.arrays.bytes(spec.arraySha256))
          : { sizePx, linear: await stimuli.render(spec, { sizePx, fieldOfViewDeg: sizeDeg, background: 0.5 }) },
      signal: context.signal,
      onProgress: ({ done, total, phase }) => void context.progress({ done, total, noun: 'pictures', phase }),
    });
    const record = await project.exports.add({
      protocolId: row.id,
      format: plan.format,
      folder: result.folder,
      files: result.files,
      checks: result.checks,
    });
    services.emit('data.changed', { lists: ['protocols'] });
    return { resultId: record.id };
  };
}
