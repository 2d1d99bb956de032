import { expect, test } from 'vitest';
import { runPlan, searchPlan } from '../../contract/plans.ts';
import { stimulusDesign } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { Project } from '../../projects/node/project.ts';
import type { Library, ResolvedTwin } from '../../twins/node/library.ts';
import { requireShown } from './shown.ts';

/** A library with one twin that has these axes, as far as the question needs it. */
function libraryOf(axes: string[], frameRateHz?: number): Library {
  const sizes: Record<string, number | null> = { batch: null, channel: 1, time: 6, y: 8, x: 8 };
  const stimulus = axes.map((name) => ({ name, size: sizes[name] }));
  const inputs = [{ role: 'stimulus', axes: stimulus, frameRateHz }];
  const twin = { manifest: { title: 'Twin of a test', inputs } } as unknown as ResolvedTwin;
  return { resolve: () => Promise.resolve(twin) } as unknown as Library;
}
const still = libraryOf(['batch', 'channel', 'y', 'x']);
const clips = libraryOf(['batch', 'time', 'channel', 'y', 'x'], 30);

const drifting = (temporalFrequencyHz: number[]) => ({
  design: {
    type: 'drifting-gratings',
    factors: { directionDeg: [0], spatialFrequencyCpd: [2], temporalFrequencyHz },
  },
});
const run = (stimuli: object) => runPlan.parse({ format: 1, kind: 'run', twin: 'test', stimuli });
const pixels = { space: { type: 'pixels' }, optimiser: { type: 'gradient' } };
const search = (part: object) =>
  searchPlan.parse({ format: 1, kind: 'search', twin: 'test', target: [{ area: 'V1' }], ...pixels, ...part });
const move = /Twin of a test sees still pictures, and these stimuli move/;

test('a run: what moves needs a twin that sees clips, and frames that can show it', async () => {
  await expect(requireShown(run(drifting([4])), still, null)).rejects.toThrow(move);
  await expect(requireShown(run(drifting([0])), still, null)).resolves.toBeUndefined();
  await expect(requireShown(run(drifting([4, 14.9])), clips, null)).resolves.toBeUndefined();
  await expect(requireShown(run(drifting([4, 16])), clips, null)).rejects.toThrow(
    /Twin of a test has 30 frames per second, and a drift of 16 Hz needs more than 32/,
  );
});

test('a set of the project is looked up, and one that is not there is left to the job', async () => {
  const design = stimulusDesign.parse({ type: 'tsr1v' });
  const project = {
    sets: {
      getByNameOrId: (name: string) =>
        name === 'Clips'
          ? Promise.resolve({ design })
          : Promise.reject(new TwinscopeError('not-found', 'There is no such set.')),
    },
  } as unknown as Project;
  await expect(requireShown(run({ set: 'Clips' }), still, project)).rejects.toThrow(move);
  await expect(requireShown(run({ set: 'Other' }), still, project)).resolves.toBeUndefined();
});

test('a search: its reference, the set that it screens, its start and its best-of control', async () => {
  const moving = { design: { type: 'random-dots', factors: { directionDeg: [0], speedDegPerS: [4], coherence: [1] } } };
  const bars = { design: { type: 'gratings', factors: { orientationDeg: [0], spatialFrequencyCpd: [2] } } };
  const screening = (stimuli: object) => ({ space: { type: 'set', stimuli }, optimiser: { type: 'screening' } });
  await expect(requireShown(search({ reference: moving }), still, null)).rejects.toThrow(move);
  await expect(requireShown(search(screening(moving)), still, null)).rejects.toThrow(move);
  const started = { space: { type: 'pixels', startFrom: { from: moving } } };
  await expect(requireShown(search(started), still, null)).rejects.toThrow(move);
  await expect(requireShown(search(started), clips, null)).resolves.toBeUndefined();
  await expect(requireShown(search({ controls: { bestOf: moving } }), still, null)).rejects.toThrow(move);
  await expect(requireShown(search({ ...screening(bars), reference: bars }), still, null)).resolves.toBeUndefined();
  await expect(requireShown(search({}), still, null)).resolves.toBeUndefined();
});

test('a twin that is not there is left to the job', async () => {
  const missing = { resolve: () => Promise.reject(new TwinscopeError('not-found', 'There is no such twin.')) };
  await expect(requireShown(run(drifting([4])), missing as unknown as Library, null)).resolves.toBeUndefined();
});
