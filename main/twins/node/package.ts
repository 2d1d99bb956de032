/** Twin packages on disk: packing a draft, reading a folder, and checking it against its own manifest. */
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { lstat, mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import type { TwinDraft, TwinManifest, TwinUnit } from '../../contract/twins.ts';
import { externalTensors, readGraph, requiredInputs, whyCutOff, type Dim, type Graph } from '../../onnx/index.ts';
import { isTwinscopeError, shortened, TwinscopeError } from '../../platform/errors.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { fileError } from '../../platform/node/files.ts';
import { formatBytes } from '../../platform/words.ts';
import {
  askAuthor,
  cardName,
  checksName,
  licenceName,
  manifestName,
  modelName,
  parseManifest,
  unitsName,
  unsafePath,
} from '../manifest.ts';
import { hashOfManifest } from '../packageHash.ts';
import { formatUnits, numberedUnits, parseUnits } from '../unitsCsv.ts';
import { encodeChecks } from './checks.ts';

export interface TwinPackage {
  folder: string;
  manifest: TwinManifest;
  /** Identity of the package, from the manifest's text. */
  sha256: string;
}

/** The files of a package, those in `more` among them, by path; equal drafts give equal bytes. */
export function packDraft(
  draft: TwinDraft,
  texts: { card: string; licence: string },
  more: ReadonlyMap<string, Uint8Array> = new Map(),
): Map<string, Uint8Array> {
  const utf8 = new TextEncoder();
  const files = new Map<string, Uint8Array>([
    [modelName, draft.model],
    [unitsName, utf8.encode(formatUnits(draft.units))],
    [checksName, encodeChecks(draft.checks)],
    [cardName, utf8.encode(texts.card)],
    [licenceName, utf8.encode(texts.licence)],
    ...more,
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

/** Larger files would be refused by what reads them, in words of a programming language. */
const mostBytes = { text: 64 * 2 ** 20, graph: 2 ** 31 - 1 };

async function requireReadable(folder: string, path: string, most: number): Promise<void> {
  const stats = await stat(join(folder, path)).catch(() => null);
  // A pipe would be waited for without end.
  if (stats !== null && !stats.isFile()) {
    throw new TwinscopeError(
      'bad-input',
      `${folder} cannot be used as a twin package: its ${path} is not a plain file. Nothing was changed. ${askAuthor}`,
    );
  }
  const size = stats?.size ?? 0;
  if (size <= most) return;
  throw new TwinscopeError(
    'bad-input',
    `This twin package cannot be used: ${path} is ${formatBytes(size)} large and may be ${formatBytes(most)}. Nothing was changed. ${askAuthor}`,
  );
}

/** The manifest's bytes. Throws a sentence when the folder is not a package. */
export async function readManifest(folder: string): Promise<Buffer> {
  const file = join(folder, manifestName);
  await requireReadable(folder, manifestName, mostBytes.text);
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw fileError(error, file);
    throw new TwinscopeError(
      'bad-input',
      `${folder} is not a twin package: it has no ${manifestName}. Nothing was changed. Choose a *.twin file or the folder that holds ${manifestName}.`,
    );
  }
}

/** Reads the manifest only. Throws a sentence when the folder is not a package. */
export async function readPackage(folder: string): Promise<TwinPackage> {
  const text = await readManifest(folder);
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

/** A file that is not the one its manifest names; `actual` is null where there is no such plain file. */
interface Damage {
  path: string;
  expected: string;
  actual: string | null;
}

/** The first file that is missing or another one; null for a whole package. */
export async function findDamage({ folder, manifest }: TwinPackage, cache: HashCache): Promise<Damage | null> {
  for (const [path, expected] of Object.entries(manifest.files)) {
    const actual = await cache.hash(join(folder, ...path.split('/')));
    if (actual !== expected) return { path, expected, actual };
  }
  return null;
}

const hashesOf = (expected: string, actual: string): string =>
  `has the hash ${actual.slice(0, 12)}… instead of ${expected.slice(0, 12)}…`;

/** Throws 'corrupt' when a file of a twin in the library is missing or not the one its manifest names. */
export async function checkFiles(twin: TwinPackage, cache: HashCache): Promise<void> {
  const damage = await findDamage(twin, cache);
  if (damage === null) return;
  const { path, expected, actual } = damage;
  const { id, version } = twin.manifest;
  const what = actual === null ? `${path} is missing or no plain file` : `${path} ${hashesOf(expected, actual)}`;
  throw new TwinscopeError(
    'corrupt',
    `The twin ${id}@${version} is not what its manifest says: ${what}. It was not used, and stored results are safe. Import the package again.`,
    { ...damage },
  );
}

/** The same for a package on its way in: whoever imports it has just done so, and has to get or make another. */
export async function checkArrived(twin: TwinPackage): Promise<void> {
  const damage = await findDamage(twin, new HashCache());
  if (damage === null) return;
  const { path, expected, actual } = damage;
  const { id, version } = twin.manifest;
  const what =
    actual === null
      ? `${path} is missing, which ${manifestName} lists. Nothing was changed. Get the whole package from its author. If you made it, put ${path} back`
      : `${path} ${hashesOf(expected, actual)}, so it was changed after the package was made or damaged on its way. Nothing was changed. Get the package from its author again. If you changed ${path} yourself`;
  throw new TwinscopeError(
    'corrupt',
    `The package of ${id}@${version} cannot be taken in: ${what}${actual === null ? ' and' : ','} pack the folder with twinscope twins pack, which writes the hashes anew.`,
    { ...damage },
  );
}

export async function readUnits({ folder, manifest }: TwinPackage): Promise<TwinUnit[]> {
  if (manifest.files[unitsName] === undefined) return numberedUnits(manifest.areas);
  await requireReadable(folder, unitsName, mostBytes.text);
  return parseUnits(await readFile(join(folder, unitsName), 'utf8'), manifest.areas);
}

/** The card as Markdown; '' where there is none. */
export async function readCard({ folder, manifest }: TwinPackage): Promise<string> {
  if (manifest.files[cardName] === undefined) return '';
  await requireReadable(folder, cardName, mostBytes.text);
  return readFile(join(folder, cardName), 'utf8');
}

export async function readModelGraph(twin: TwinPackage): Promise<Graph> {
  await requireReadable(twin.folder, modelName, mostBytes.graph);
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
    `The graph ${modelName} of ${manifest.id}@${manifest.version} does not fit its package: ${why}. Nothing was changed. ${askAuthor}`,
  );
}

/** Checks that the graph has the tensors the manifest promises and keeps its data inside the package. */
export async function checkModel(twin: TwinPackage): Promise<void> {
  const { manifest } = twin;
  const graph = await readModelGraph(twin);
  for (const { name, tensor } of externalTensors(graph)) {
    const { location } = tensor.external;
    if (location === undefined || unsafePath(location) !== null || !Object.hasOwn(manifest.files, location)) {
      throw modelRefused(
        twin,
        `the data of "${name}" lie in ${JSON.stringify(location ?? '')}, which is no file of the package`,
      );
    }
    const { size } = await stat(join(twin.folder, ...location.split('/')));
    const cutOff = whyCutOff(tensor, size);
    if (cutOff !== null) throw modelRefused(twin, `for the data of "${name}", ${cutOff}`);
  }
  const inputs = new Map(requiredInputs(graph).map((input) => [input.name, input]));
  for (const { tensor, axes, dtype } of manifest.inputs) {
    const input = inputs.get(tensor);
    if (input === undefined) throw modelRefused(twin, `it has no input "${tensor}"`);
    if (input.dtype !== dtype) {
      throw modelRefused(twin, `its input "${tensor}" takes ${input.dtype}, and the manifest says ${dtype}`);
    }
    const { shape } = input;
    const fits = (shape ?? []).every((size, at) => typeof size === 'string' || size === axes[at]?.size);
    if (shape && (shape.length !== axes.length || !fits)) {
      throw modelRefused(twin, `its input "${tensor}" is ${shape.join(' × ')}, not what the manifest says`);
    }
    inputs.delete(tensor);
  }
  const [left] = inputs.keys();
  if (left !== undefined) throw modelRefused(twin, `its input "${left}" is not in the manifest`);
  const outputs = new Map(graph.outputs.map((output) => [output.name, output]));
  for (const { tensor, axes } of manifest.outputs) {
    const output = outputs.get(tensor);
    if (output === undefined) throw modelRefused(twin, `it has no output "${tensor}"`);
    const sizes = axes.map(({ size }) => size ?? 'any number');
    const given = valuesPerPicture(output.shape ?? []);
    const promised = valuesPerPicture(sizes);
    if (given !== null && promised !== null && given !== promised) {
      throw modelRefused(
        twin,
        `its output "${tensor}" is ${output.shape?.join(' × ')}, and the manifest says ${sizes.join(' × ')}`,
      );
    }
  }
}

/** Values behind the first axis, the batch; null where a size is open. Axes of size 1 may be there or not. */
function valuesPerPicture([batch, ...sizes]: readonly Dim[]): number | null {
  if (batch === undefined) return null;
  return sizes.reduce<number | null>(
    (product, size) => (product === null || typeof size === 'string' ? null : product * size),
    1,
  );
}

/** Bytes of all files of the package. */
export async function packageSize({ folder, manifest }: TwinPackage): Promise<number> {
  let total = 0;
  for (const path of [manifestName, ...Object.keys(manifest.files)]) {
    total += (await lstat(join(folder, ...path.split('/'))).catch(() => null))?.size ?? 0;
  }
  return total;
}
