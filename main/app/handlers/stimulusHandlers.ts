import path from 'node:path';
import type { Handlers } from '../../contract/methods.ts';
import type { SetSummary } from '../../contract/results.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { plural } from '../../platform/words.ts';
import type { SetRow } from '../../projects/rows.ts';
import { describeDesign, designCount, designWarnings } from '../../stimuli/design.ts';
import { requireWritable, type Services } from '../services.ts';
import { createStimulusService, itemAt, warningRasterOf, type StimulusService } from '../stimulusService.ts';
import { uploadFolder } from '../uploads.ts';

type StimulusMethods =
  | 'sets.list'
  | 'sets.get'
  | 'sets.create'
  | 'sets.rename'
  | 'sets.remove'
  | 'sets.restore'
  | 'sets.items'
  | 'sets.inspect'
  | 'sets.preview'
  | 'stimuli.inspect'
  | 'images.import';

const previewSamples = 8;

export function stimulusHandlers(services: Services): Pick<Handlers, StimulusMethods> {
  const stimuli = (): StimulusService => createStimulusService(services.current().project);
  const changed = (): void => services.emit('data.changed', { lists: ['sets', 'project'] });
  const sets = () => services.current().project.sets;

  return {
    'sets.list': () => sets().list(),
    async 'sets.get'({ id }) {
      const set = await sets().get(id);
      return {
        ...summaryOf(set),
        design: set.design,
        stimuliSha256: set.stimuliSha256,
        warnings: designWarnings(set.design, warningRasterOf(set.design)),
      };
    },
    async 'sets.create'({ name, design }) {
      requireWritable(services.current());
      const set = await stimuli().createSet(name, design);
      changed();
      return summaryOf(set);
    },
    async 'sets.rename'({ id, name }) {
      const set = await sets().rename(id, name);
      changed();
      return summaryOf(set);
    },
    async 'sets.remove'({ id }) {
      await sets().remove(id);
      changed();
      return {};
    },
    async 'sets.restore'({ id }) {
      const set = await sets().restore(id);
      changed();
      return summaryOf(set);
    },
    async 'sets.items'({ id, offset, limit }) {
      const { design, count } = await sets().get(id);
      const last = Math.min(count, offset + limit);
      return Array.from({ length: Math.max(0, last - offset) }, (_, i) => itemAt(design, offset + i));
    },
    async 'sets.inspect'({ id, index }) {
      const { design, count } = await sets().get(id);
      if (index >= count) {
        throw new TwinscopeError(
          'not-found',
          `This set has ${plural(count, 'stimulus', 'stimuli')}; there is no number ${index + 1}.`,
        );
      }
      return stimuli().inspect(design, index);
    },
    'stimuli.inspect': ({ spec }) => stimuli().inspect({ type: 'list', stimuli: [spec] }, 0),
    async 'sets.preview'({ design }) {
      return {
        description: describeDesign(design),
        count: designCount(design),
        warnings: designWarnings(design, warningRasterOf(design)),
        samples: samplesOf(design),
      };
    },
    async 'images.import'(input) {
      const open = services.current();
      requireWritable(open);
      const upload = 'upload' in input;
      const folder = upload ? uploadFolder(services.uploadsFolder, input.upload) : path.resolve(input.folder);
      const name = input.name ?? (upload ? 'Photographs' : path.basename(folder));
      return open.queue.start('import-images', `Import ${name}`, {
        kind: 'import-images',
        folder,
        name,
        temporary: upload,
      });
    },
  };
}

function summaryOf({ id, name, type, description, count, createdAt }: SetRow): SetSummary {
  return { id, name, type, description, count, createdAt };
}

/** Spread evenly over the design, so that a preview shows its range. */
function samplesOf(design: StimulusDesign) {
  const count = designCount(design);
  const n = Math.min(previewSamples, count);
  return Array.from({ length: n }, (_, i) => {
    const { label, spec, thumbnail, clip } = itemAt(design, Math.floor((i * count) / n));
    return { label, spec, thumbnail, clip };
  });
}
