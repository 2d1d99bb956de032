/** A bare ONNX file with the answers about it, put together as a package in a folder of our own. */
import { copyFile, link, mkdir, mkdtemp, realpath, rm, stat, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { TwinManifest } from '../../contract/twins.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { exists, fileError } from '../../platform/node/files.ts';
import { ownedName } from '../../platform/node/ownedNames.ts';
import { cardName, checksName, licenceName, manifestName, modelName, unitsName, unsafePath } from '../manifest.ts';
import { correct, putTogether, type Prove } from './pack.ts';
import { requirePlainFile, type Refuse } from './sourceFolder.ts';

/** Absolute path of the graph, and the files beside it that hold its weights, relative to its folder. */
export interface BareModel {
  modelFile: string;
  dataFiles: readonly string[];
}

export interface ModelRequest {
  model: BareModel;
  /** Writes another graph instead of the author's, with the same files beside it; null where it goes as it is. */
  change: ((out: string) => Promise<void>) | null;
  manifest: Omit<TwinManifest, 'files'>;
  card: string;
  prove: Prove;
}

const ownNames = [manifestName, modelName, unitsName, cardName, licenceName, checksName];

/**
 * The package of a model, handed to `deliver` as a folder that is gone afterwards. Refusals name the model, not that folder.
 * @param workFolder where the package is put together; nothing of it is left there
 */
export async function packModel<T>(
  workFolder: string,
  { model, change, manifest, card, prove }: ModelRequest,
  deliver: (folder: string, notices: string[]) => Promise<T>,
): Promise<T> {
  const source = await mkdtemp(join(workFolder, ownedName('import'))).catch((error: unknown) => {
    throw fileError(error, workFolder);
  });
  try {
    await placeModel(model, change, source);
    await writeFile(join(source, manifestName), `${JSON.stringify({ ...manifest, files: {} }, null, 2)}\n`);
    await writeFile(join(source, cardName), card);
    return await putTogether(workFolder, source, prove, {
      deliver: (twin, { notices }) => deliver(twin.folder, notices),
    });
  } catch (error) {
    throw toldOfModel(error, source, model.modelFile);
  } finally {
    await rm(source, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** Puts the graph into a folder as `model.onnx`, with the files that hold its weights under their own names. */
export async function placeModel(model: BareModel, change: ModelRequest['change'], folder: string): Promise<void> {
  const { modelFile, dataFiles } = model;
  const from = dirname(modelFile);
  const refuse: Refuse = (why) => refused(modelFile, why);
  for (const path of dataFiles) {
    const unsafe = unsafePath(path);
    if (unsafe !== null) throw refuse(`its weights lie in ${JSON.stringify(path)}, and ${unsafe}`);
    if (ownNames.some((name) => name.toLowerCase() === path.toLowerCase())) {
      throw refuse(`its weights lie in ${path}, a name that a package needs for itself`);
    }
    await requirePlainFile(from, path, refuse);
    const target = join(folder, ...path.split('/'));
    await mkdir(dirname(target), { recursive: true });
    await linkOrCopy(join(from, ...path.split('/')), target);
  }
  if (change === null) await linkOrCopy(await realpath(modelFile), join(folder, modelName));
  else await change(join(folder, modelName));
}

/** Another name of the same bytes needs no room; packing copies them once. */
async function linkOrCopy(from: string, to: string): Promise<void> {
  await link(from, to).catch(() => copyFile(from, to));
}

/** Bytes of the model and its data. */
export async function modelBytes({ modelFile, dataFiles }: BareModel): Promise<number> {
  const sizes = [modelFile, ...dataFiles.map((path) => join(dirname(modelFile), ...path.split('/')))].map(
    async (file) => (await stat(file).catch(() => null))?.size ?? 0,
  );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

function refused(modelFile: string, why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `${basename(modelFile)} cannot be imported: ${why}. Nothing was imported. Export the model again.`,
  );
}

const correctAnswers = 'Correct the answers or the model, and import again.';

function toldOfModel(error: unknown, source: string, modelFile: string): unknown {
  if (!isTwinscopeError(error)) return fileError(error, modelFile);
  const message = error.message
    .replaceAll(source, basename(modelFile))
    .replaceAll('cannot be packed', 'cannot be imported')
    .replace('Correct the model and pack it again.', correctAnswers)
    .replace(correct, correctAnswers)
    .replaceAll('Nothing was written.', 'Nothing was imported.');
  return new TwinscopeError(error.code, message, error.details);
}

/** Refuses what is no .onnx file before anything reads it: a folder, a missing file, another name. */
export async function requireModelFile(file: string): Promise<void> {
  const why = async (): Promise<string | null> => {
    if (!(await exists(file))) return 'there is no such file';
    if (!(await stat(file)).isFile()) return 'it is not a plain file';
    return /\.onnx$/i.test(file) ? null : 'its name does not end in .onnx';
  };
  const reason = await why();
  if (reason !== null) {
    throw new TwinscopeError(
      'bad-input',
      `${file} cannot be imported as a model: ${reason}. Nothing was imported. Choose an .onnx file.`,
    );
  }
}
