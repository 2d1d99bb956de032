/** Twin packages on disk: packing a draft, reading a folder, and checking it against its own manifest. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TwinDraft, TwinManifest, TwinUnit } from '../../contract/twins.ts';
import { externalTensors, readGraph, requiredInputs, type Graph } from '../../onnx/index.ts';
import { isTwinscopeError, shortened, TwinscopeError } from '../../platform/errors.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { fileError } from '../../platform/node/files.ts';
import { cardName, checksName, manifestName, modelName, parseManifest, unitsName, unsafePath } from '../manifest.ts';
import { hashOfManifest } from '../packageHash.ts';
import { formatUnits, numberedUnits, parseUnits } from '../unitsCsv.ts';
import { encodeChecks } from './checks.ts';

export interface TwinPackage {
  folder: string;
  manifest: TwinManifest;
  /** Identity of the package, from the manifest's text. */
  sha256: string;
}

/** The files of a package; equal drafts give equal bytes. */
export function packDraft(draft: TwinDraft, texts: { card: string; licence: string }): Map<string, Uint8Array> {
  const utf8 = new TextEncoder();
  const files = new Map<string, Uint8Array>([
    [modelName, draft.model],
    [unitsName, utf8.encode(formatUnits(draft.units))],
    [checksName, encodeChecks(draft.checks)],
    [cardName, utf8.encode(texts.card)],
    ['LICENSE', utf8.encode(texts.licence)],
  ]);
  const hashes = Object.fromEntries([...files].map(([path, bytes]) => [path, sha256Hex(bytes)]));
  const manifest: TwinManifest = { ...draft.manifest, files: hashes };
  files.set(manifestName, utf8.encode(`${JSON.stringify(manifest, null, 2)}\n`));
  return files;
}

export async function writePackage(folder: string, files: ReadonlyMap<string, Uint8Array>): Promise<void> {
  for (const [path, bytes] of files) {
    const file = join(folder, ...path.split('/'));
    await mkdir(dirname(file), { recursive: true });
    await writeFile(file, bytes);
  }
}

/** Reads the manifest only. Throws a sentence when the folder is not a package. */
export async function readPackage(folder: string): Promise<TwinPackage> {
  const file = join(folder, manifestName);
  let text: Buffer;
  try {
    text = await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, file);
    throw new TwinscopeError(
      'bad-input',
      `${folder} is not a twin package: it has no ${manifestName}. Nothing was changed. Choose a *.twin file or the folder that holds ${manifestName}.`,
    );
  }
  const manifest = parseManifest(text.toString('utf8'));
  return { folder, manifest, sha256: hashOfManifest(text, manifest) };
}

export async function hashFile(path: string): Promise<string> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  return hash.digest('hex');
}

/** Remembers, for as long as the process lives, which files were hashed at which size and time. */
export class HashCache {
  readonly #known = new Map<string, { stamp: string; sha256: string }>();

  /** The file's hash, read again only if its size or times changed. Null when there is no such plain file. */
  async hash(path: string): Promise<string | null> {
    const stats = await lstat(path, { bigint: true }).catch(() => null);
    if (stats === null || !stats.isFile()) return null;
    const stamp = `${stats.size}/${stats.mtimeNs}/${stats.ctimeNs}/${stats.ino}`;
    const known = this.#known.get(path);
    if (known?.stamp === stamp) return known.sha256;
    const sha256 = await hashFile(path);
    this.#known.set(path, { stamp, sha256 });
    return sha256;
  }
}

/** Throws 'corrupt' when a file of the package is missing or not the one its manifest names. */
export async function checkFiles({ folder, manifest }: TwinPackage, cache: HashCache): Promise<void> {
  for (const [path, expected] of Object.entries(manifest.files)) {
    const actual = await cache.hash(join(folder, ...path.split('/')));
    if (actual === expected) continue;
    const what =
      actual === null
        ? `${path} is missing`
        : `${path} has the hash ${actual.slice(0, 12)}… instead of ${expected.slice(0, 12)}…`;
    throw new TwinscopeError(
      'corrupt',
      `The twin ${manifest.id}@${manifest.version} is not what its manifest says: ${what}. It was not used, and stored results are safe. Import the package again.`,
      { path, expected, actual },
    );
  }
}

export async function readUnits({ folder, manifest }: TwinPackage): Promise<TwinUnit[]> {
  if (manifest.files[unitsName] === undefined) return numberedUnits(manifest.areas);
  return parseUnits(await readFile(join(folder, unitsName), 'utf8'), manifest.areas);
}

export async function readModelGraph(twin: TwinPackage): Promise<Graph> {
  const bytes = await readFile(join(twin.folder, modelName));
  try {
    return readGraph(bytes);
  } catch (error) {
    if (!isTwinscopeError(error)) throw error;
    const { id, version } = twin.manifest;
    const message = `The graph ${modelName} of ${id}@${version} cannot be used. ${error.message}`;
    throw shortened(new TwinscopeError(error.code, message, error.details));
  }
}

function modelRefused({ manifest }: TwinPackage, why: string): TwinscopeError {
  return new TwinscopeError(
    'bad-input',
    `The graph ${modelName} of ${manifest.id}@${manifest.version} does not fit its package: ${why}. Nothing was changed. Ask its author for a corrected package.`,
  );
}

/** Checks that the graph has the tensors the manifest promises and keeps its data inside the package. */
export async function checkModel(twin: TwinPackage): Promise<void> {
  const { manifest } = twin;
  const graph = await readModelGraph(twin);
  for (const { name, tensor } of externalTensors(graph)) {
    const { location } = tensor.external;
    if (location === undefined || unsafePath(location) !== null || manifest.files[location] === undefined) {
      throw modelRefused(
        twin,
        `the data of "${name}" lie in ${JSON.stringify(location ?? '')}, which is no file of the package`,
      );
    }
  }
  const inputs = new Map(requiredInputs(graph).map((input) => [input.name, input]));
  for (const { tensor, axes } of manifest.inputs) {
    const shape = inputs.get(tensor)?.shape;
    if (!inputs.has(tensor)) throw modelRefused(twin, `it has no input "${tensor}"`);
    const fits = (shape ?? []).every((size, at) => typeof size === 'string' || size === axes[at]?.size);
    if (shape && (shape.length !== axes.length || !fits)) {
      throw modelRefused(twin, `its input "${tensor}" is ${shape.join(' × ')}, not what the manifest says`);
    }
    inputs.delete(tensor);
  }
  const [left] = inputs.keys();
  if (left !== undefined) throw modelRefused(twin, `its input "${left}" is not in the manifest`);
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const { tensor } of manifest.outputs) {
    if (!outputs.has(tensor)) throw modelRefused(twin, `it has no output "${tensor}"`);
  }
}

/** Bytes of all files of the package. */
export async function packageSize({ folder, manifest }: TwinPackage): Promise<number> {
  let total = 0;
  for (const path of [manifestName, ...Object.keys(manifest.files)]) {
    total += (await lstat(join(folder, ...path.split('/'))).catch(() => null))?.size ?? 0;
  }
  return total;
}
