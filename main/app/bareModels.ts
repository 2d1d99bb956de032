/** Bare ONNX files on their way into the library: what they say, how a draft looks to them, and the import itself. */
import { mkdir, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import {
  graphChange,
  openQuestions,
  type ModelAnswers,
  type ModelInspection,
  type ModelPlace,
} from '../contract/bareModels.ts';
import type { TwinSummary } from '../contract/twins.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { hashJson } from '../platform/hash.ts';
import { plural } from '../platform/words.ts';
import { cardOf, manifestOf, proposeAnswers } from '../twins/bareModel.ts';
import { modelBytes, placeModel, requireModelFile, type BareModel } from '../twins/node/bareModel.ts';
import type { Prove } from '../twins/node/pack.ts';
import { goldenProver } from './goldenChecks.ts';
import { samplePhotographNames } from './samplePhotographs.ts';
import type { Services } from './services.ts';
import { modelInUpload, removeUpload } from './uploads.ts';

/** A model as it lies on this machine, with what it says. */
export type InspectedModel = { model: BareModel; stamp: string; inspection: ModelInspection };

/** Descriptions of graphs take a few megabytes each. */
const mostKept = 4;
/** Reading a model of two gigabytes from a slow disk. */
const readingMs = 300_000;

export type BareModels = ReturnType<typeof createBareModels>;

export function createBareModels(services: Services) {
  const { compute, library, uploadsFolder } = services;
  const kept = new Map<string, Promise<InspectedModel>>();

  const fileOf = async (place: ModelPlace): Promise<string> => {
    const file = 'path' in place ? path.resolve(place.path) : await modelInUpload(uploadsFolder, place.upload);
    await requireModelFile(file);
    return file;
  };

  async function read(modelFile: string, stamp: string, sizePx: number | null): Promise<InspectedModel> {
    const facts = await compute.call('model.inspect', { modelFile, sizePx }, { deadlineMs: readingMs });
    const model = { modelFile, dataFiles: facts.dataFiles };
    const file = path.basename(modelFile);
    const inspection = {
      ...facts,
      file,
      sizeBytes: await modelBytes(model),
      answers: proposeAnswers(file, facts),
      photographs: await samplePhotographNames(),
    };
    return { model, stamp, inspection };
  }

  /** What a model is called as long as its file stays the same. */
  async function stampOf(modelFile: string): Promise<string> {
    const { size, mtimeMs, ino } = await stat(modelFile);
    return hashJson([modelFile, size, mtimeMs, ino]);
  }

  /** @param sizePx side of the pictures; of use only where the graph leaves it open */
  async function inspect(place: ModelPlace, sizePx: number | null): Promise<InspectedModel> {
    const modelFile = await fileOf(place);
    const stamp = await stampOf(modelFile);
    const key = `${stamp}/${sizePx ?? ''}`;
    const found = kept.get(key) ?? read(modelFile, stamp, sizePx);
    // The order of insertion is the order of use.
    kept.delete(key);
    kept.set(key, found);
    found.catch(() => kept.delete(key));
    for (const oldest of kept.keys()) if (kept.size > mostKept) kept.delete(oldest);
    return found;
  }

  /** How the graph that goes into the package is written; null where it is the author's. */
  function changing({ model, inspection }: InspectedModel, answers: ModelAnswers, signal?: CancelSignal) {
    const change = graphChange(
      inspection,
      answers.areas.map(({ tensor }) => tensor),
    );
    if (change === null) return null;
    const { picture } = inspection;
    return async (out: string): Promise<void> => {
      const request = { modelFile: model.modelFile, picture, change, out };
      await compute.call('model.change', request, { deadlineMs: readingMs, ...(signal && { signal }) });
    };
  }

  const changedFolder = (stamp: string): string => path.join(uploadsFolder, `preview-${stamp.slice(0, 32)}`);
  /** Graphs changed for a preview, by what they are called; one at a time is written. */
  const changed = new Map<string, Promise<string>>();

  /** The graph to run for a preview: the author's file, or a changed one beside links to its data. */
  function runnable(inspected: InspectedModel, answers: ModelAnswers): Promise<string> {
    const change = changing(inspected, answers);
    if (change === null) return Promise.resolve(inspected.model.modelFile);
    const tensors = answers.areas.map(({ tensor }) => tensor);
    const folder = path.join(changedFolder(inspected.stamp), hashJson(tensors).slice(0, 16));
    const found = changed.get(folder);
    if (found !== undefined) return found;
    const written = (async () => {
      await rm(folder, { recursive: true, force: true });
      await mkdir(folder, { recursive: true });
      await placeModel(inspected.model, change, folder);
      return path.join(folder, 'model.onnx');
    })();
    changed.set(folder, written);
    written.catch(() => changed.delete(folder));
    return written;
  }

  /** Forgets a model that was looked at, and removes what was handed over or written for it. */
  async function discard(place: ModelPlace): Promise<void> {
    const stamp = await fileOf(place)
      .then(stampOf)
      .catch(() => null);
    if (stamp !== null) {
      const folder = changedFolder(stamp);
      for (const each of changed.keys()) if (each.startsWith(folder)) changed.delete(each);
      for (const key of kept.keys()) if (key.startsWith(stamp)) kept.delete(key);
      await rm(folder, { recursive: true, force: true }).catch(() => undefined);
    }
    if ('upload' in place) await removeUpload(uploadsFolder, place.upload);
  }

  async function importModel(
    place: ModelPlace,
    answers: ModelAnswers,
    signal: CancelSignal,
  ): Promise<{ summary: TwinSummary; notices: string[] }> {
    const inspected = await inspect(place, answers.picture.sizePx);
    const { inspection, model } = inspected;
    requireAnswers(inspection, answers);
    const manifest = manifestOf(inspection, answers);
    const { summary, notices } = await library.importModel({
      model,
      change: changing(inspected, answers, signal),
      manifest,
      card: cardOf(inspection, manifest),
      prove: provingBatch(goldenProver(services, signal), inspection),
    });
    await discard(place);
    return { summary, notices };
  }

  return { inspect, runnable, importModel, discard };
}

function requireAnswers(inspection: ModelInspection, answers: ModelAnswers): void {
  const open = openQuestions(inspection, answers);
  if (open.length === 0) return;
  const listed = open.map(({ field, ask }) => `${field} (${ask})`).join('; ');
  throw new TwinscopeError(
    'bad-input',
    `${inspection.file} cannot be imported: ${plural(open.length, 'answer')} ${open.length === 1 ? 'is' : 'are'} missing or cannot be: ${listed}. Nothing was imported.`,
    { fields: open.map(({ field }) => field) },
  );
}

/** Graphs written for one batch may hold it in more places than can be opened. */
function provingBatch(prove: Prove, { picture }: ModelInspection): Prove {
  if (picture.fixedBatch === null) return prove;
  return async (twin, given) => {
    try {
      return await prove(twin, given);
    } catch (error) {
      if (!isTwinscopeError(error) || !['unsupported', 'bad-input'].includes(error.code)) throw error;
      throw fixedBatch(picture.fixedBatch as number, error);
    }
  };
}

export function fixedBatch(count: number, error: TwinscopeError): TwinscopeError {
  const reason = error.message.replace(/ (Nothing|The library) was .*$/, '');
  return new TwinscopeError(
    'unsupported',
    `The graph is written for ${plural(count, 'picture')} at once, in more places than its input: ${reason} Nothing was imported. Export it with an open batch (dynamic_axes or dynamic_shapes of torch.onnx.export).`,
  );
}
