/** Imports a folder of photographs into the project and makes a stimulus set of them. */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { JobRunner } from '../../jobs/node/queue.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { formatCount } from '../../platform/words.ts';
import { listImageFiles } from '../../stimuli/node/photographs.ts';
import type { OpenProject, Services } from '../services.ts';
import { createStimulusService, labelOfFile } from '../stimulusService.ts';

export const importImagesPlan = z.object({
  kind: z.literal('import-images'),
  folder: z.string(),
  name: z.string(),
  /** An upload folder of ours, removed when the import is finished. */
  temporary: z.boolean(),
});

export function createImportImagesJob(services: Services, open: () => OpenProject): JobRunner {
  return async (context) => {
    const { project } = open();
    const plan = importImagesPlan.parse(context.plan);
    const stimuli = createStimulusService(project);
    // A crash after the set was made and before the job ended must not make it twice.
    if (context.resultId !== null) return { resultId: context.resultId };
    const files = await listImageFiles(plan.folder);
    const imageSha256s: string[] = [];
    const labels: string[] = [];
    let refused = 0;
    for (const [i, file] of files.entries()) {
      context.signal.throwIfAborted();
      try {
        const sha256 = await stimuli.importFile(file);
        if (!imageSha256s.includes(sha256)) {
          imageSha256s.push(sha256);
          labels.push(labelOfFile(file));
        }
      } catch (error) {
        if (!isTwinscopeError(error) || error.code === 'disk-full' || error.code === 'read-only') throw error;
        refused += 1;
        await context.notice(error.message);
      }
      context.progress({ done: i + 1, total: files.length, noun: 'images', phase: 'importing photographs' });
    }
    if (imageSha256s.length === 0) {
      throw new TwinscopeError(
        'bad-input',
        refused > 0
          ? `${files.length === 1 ? 'The only file' : `None of the ${formatCount(files.length)} files`} in ${path.basename(plan.folder)} could${files.length === 1 ? ' not' : ''} be read as a photograph. The project is as it was. See the notices for each file.`
          : `There are no PNG, JPEG, WebP or TIFF photographs in ${path.basename(plan.folder)}. The project is as it was. Choose another folder.`,
      );
    }
    const set = await stimuli.createSet(await freeName(project, plan.name), {
      type: 'images',
      imageSha256s,
      labels,
      sizeDeg: 8,
      fit: 'cover',
      xDeg: 0,
      yDeg: 0,
      blank: true,
    });
    await context.setResult(set.id);
    if (plan.temporary) await rm(plan.folder, { recursive: true, force: true });
    services.emit('data.changed', { lists: ['sets', 'project'] });
    return { resultId: set.id };
  };
}

/** `name`, or `name 2`, `name 3` … where it is taken: importing twice must not fail at its end. */
async function freeName(project: OpenProject['project'], name: string): Promise<string> {
  const taken = new Set((await project.sets.list()).map((set) => set.name));
  for (let n = 1; ; n++) {
    const candidate = n === 1 ? name : `${name} ${n}`;
    if (!taken.has(candidate)) return candidate;
  }
}
