/** The project that a first start opens: sets, a run, a search and a protocol to look at, all made by the real thing. */
import { existsSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import path from 'node:path';
import { protocolPlan, runPlan, searchPlan } from '../contract/plans.ts';
import type { StimulusDesign } from '../contract/stimuli.ts';
import type { ProjectInfo } from '../contract/methods.ts';
import { listImageFiles } from '../stimuli/node/photographs.ts';
import { gratingReference } from './defaultReference.ts';
import { installFolder, type Backend } from './backend.ts';
import { jobTitle } from './handlers/jobHandlers.ts';
import { expandPlan } from './protocolService.ts';
import { createStimulusService, labelOfFile } from './stimulusService.ts';

export const sampleTwin = 'macaque-v1-gabor-energy';
export const samplePhotographs = path.join(installFolder, 'resources', 'sample');

/** The same gratings that responses are z-scored over, so that the first run explains the first search. */
export const sampleGratings: StimulusDesign = gratingReference;

/** Opens the sample project, or makes it when there is none; its jobs go on in the background. */
export async function openSampleProject(backend: Backend): Promise<ProjectInfo> {
  const { services } = backend;
  const file = path.join(services.projectsFolder, 'Sample.twinscope');
  if (existsSync(file)) return backend.openProject(file);
  await mkdir(services.projectsFolder, { recursive: true });
  await backend.openProject(file, { name: 'Sample' });
  const { project, queue } = services.current();
  const stimuli = createStimulusService(project);

  await stimuli.createSet('Gratings: orientation × frequency', sampleGratings);
  const images = await listImageFiles(samplePhotographs);
  const imageSha256s: string[] = [];
  for (const image of images) imageSha256s.push(await stimuli.importFile(image));
  await stimuli.createSet('Sample photographs', {
    type: 'images',
    imageSha256s,
    labels: images.map(labelOfFile),
    sizeDeg: 8,
    fit: 'cover',
    xDeg: 0,
    yDeg: 0,
    blank: true,
  });
  const twin = await services.library.resolve({ id: sampleTwin });
  const unit = twin.units.find(({ area }) => area === 'V1-complex');
  const run = runPlan.parse({
    format: 1,
    kind: 'run',
    name: 'Orientation and frequency tuning',
    twin: sampleTwin,
    stimuli: { set: 'Gratings: orientation × frequency' },
  });
  const search = searchPlan.parse({
    format: 1,
    kind: 'search',
    name: 'Drive one complex cell',
    twin: sampleTwin,
    target: [{ area: 'V1-complex', units: [unit?.unit ?? '0'] }],
    space: { type: 'pixels' },
    optimiser: { type: 'gradient', steps: 60 },
    constraints: {
      contrastRms: 0.15,
      ...(unit !== undefined && unit.xDeg !== null && unit.yDeg !== null && unit.sizeDeg !== null
        ? { aperture: { xDeg: unit.xDeg, yDeg: unit.yDeg, diameterDeg: Math.max(0.5, 1.5 * unit.sizeDeg) } }
        : {}),
    },
    controls: { bestOf: { set: 'Sample photographs' } },
    // The usual reference set would have a first start wait for its hundreds of images.
    reference: { set: 'Gratings: orientation × frequency' },
  });
  await queue.start('run', jobTitle(run), run);
  await queue.start('search', jobTitle(search), search);
  const plan = protocolPlan.parse({
    format: 1,
    kind: 'protocol',
    name: 'First protocol',
    items: [{ stimuli: { set: 'Sample photographs' } }],
  });
  await project.protocols.save({ name: 'First protocol', plan, expanded: await expandPlan(project, plan) });
  return project.info();
}
