/** Bare ONNX files and a backend that takes them, as the tests of their import need them. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect } from 'vitest';
import {
  modelAnswers,
  type ModelAnswers,
  type ModelInspection,
  type SamplePicture,
} from '../../contract/bareModels.ts';
import { silentLog } from '../../platform/node/log.ts';
import { snapshotOf } from '../../twins/testing/authorFolder.ts';
import { createBackend, type Backend } from '../backend.ts';
import { computeTwin, defaultSession } from '../services.ts';
import { spawnCompute } from '../spawnCompute.ts';

/** Networks that PyTorch exported, with what it computed of them. */
export const exportedFixtures = path.resolve(import.meta.dirname, '..', '..', 'engine', 'fixtures', 'gradient');

type Change = Omit<Partial<ModelAnswers>, 'picture' | 'areas'> & {
  picture?: Partial<ModelAnswers['picture']>;
  areas?: { tensor: string; name: string; basis?: string }[];
};
/** Complete answers; areas are those of the test. */
export const answered = ({ picture, ...change }: Change = {}): ModelAnswers =>
  modelAnswers.parse({
    id: 'bare-model',
    version: '1.0.0',
    title: 'Bare model',
    summary: 'A model for tests.',
    species: 'none',
    modality: 'vision',
    recording: 'none',
    responseUnits: 'arbitrary',
    picture: { fieldOfViewDeg: 4, encoding: 'grey-linear', range: [0, 1], ...picture },
    areas: [{ tensor: 'y', name: 'V1' }],
    licences: { weights: 'MIT' },
    ...change,
  });

type Place = { path: string };
const grating = { spatialFrequencyCpd: 1, orientationDeg: 0 };

/** A home without built-in twins for the tests of a file, with its backend from before the first to after the last. */
export function useModelBench() {
  const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bare-'));
  process.env['TWINSCOPE_HOME'] = home;
  const own = (...parts: string[]): string => path.join(home, ...parts);
  const { signal } = new AbortController();
  let opened: Backend | null = null;
  beforeAll(async () => {
    mkdirSync(own('none'));
    mkdirSync(own('models'));
    opened = await createBackend({ host: 'cli', spawnCompute, log: silentLog(), builtInTwins: own('none') });
  });
  afterAll(async () => {
    await opened?.close();
    rmSync(home, { recursive: true, force: true });
  });
  const backend = (): Backend => opened as Backend;

  let files = 0;
  return {
    own,
    signal,
    backend,
    /** A model in the folder `models`. */
    place(content: Uint8Array | string, name = `model-${files++}.onnx`): Place {
      writeFileSync(own('models', name), content);
      return { path: own('models', name) };
    },
    inspect: (model: Place, sizePx: number | null = null): Promise<ModelInspection> =>
      backend().handlers['library.inspectModel']({ model, sizePx }, { signal }),
    importModel: (model: Place, answers: ModelAnswers) =>
      backend().handlers['library.importModel']({ model, answers }, { signal }),
    preview: (model: Place, answers: ModelAnswers, picture: SamplePicture = grating) =>
      backend().handlers['library.previewModel']({ model, answers, picture }, { signal }),
    /** What the twin answers to a tensor as it stands. */
    async responsesOf(id: string, images: Float32Array, n: number): Promise<Map<string, Float32Array>> {
      const { library, compute } = backend().services;
      const twin = computeTwin(await library.resolve(id), defaultSession());
      const { areas } = await compute.call('twin.forward', { twin, images, n, others: {} });
      return new Map(areas.map(({ area, data }) => [area, data]));
    },
    /** The refusal of an import, after which the library holds the same bytes, and nothing under way. */
    async refusal(work: () => Promise<unknown>): Promise<string> {
      const before = snapshotOf(own('library'));
      const error: unknown = await work().catch((reason: unknown) => reason);
      expect(error).toMatchObject({ name: 'TwinscopeError' });
      expect(snapshotOf(own('library'))).toEqual(before);
      const { message } = error as Error;
      expect(message).not.toMatch(/undefined|\.import-|\.pack-/);
      return message;
    },
  };
}
