/**
 * An ONNX file with what lies beside it, and sessions of graphs rewritten from it that use its weights where they are.
 *
 * A rewritten graph is handed to ONNX Runtime with references into the author's files instead of a second copy of the
 * weights: for a file of 194 MB the product graph takes 625 MB at its peak that way and 1,206 MB with the weights
 * written into it.
 */
import { open, readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { byteLength } from '../../onnx/elementTypes.ts';
import {
  elementCount,
  externalTensors,
  readGraph,
  whyCutOff,
  writeGraph,
  type Graph,
  type Tensor,
} from '../../onnx/index.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';

export type ModelFile = {
  /** Absolute. */
  readonly path: string;
  readonly folder: string;
  /** Small constants stored beside the file are in memory; large ones are references. */
  readonly graph: Graph;
  /** Bytes of all constants. */
  readonly weightBytes: number;
  /** The file's bytes, which its constants are views of. */
  readonly bytes: Uint8Array;
  /** Gives back the memory of the file's bytes; the graph's constants cannot be read afterwards. */
  release(): void;
};

/** What shapes are computed from, scales and biases; rules read their numbers. */
const smallBytes = 1 << 20;
/** Below this a reference is not worth its name. */
const referenceBytes = 1 << 10;

/** Throws a sentence for a file that is missing, damaged, or has data outside its own folder. */
export async function openModelFile(file: string): Promise<ModelFile> {
  const absolute = path.resolve(file);
  const bytes = await readWhole(absolute);
  let graph = readGraph(bytes);
  graph = { ...graph, initializers: await nearConstants(graph, absolute) };
  let weightBytes = 0;
  for (const { dtype, shape } of graph.initializers.values()) weightBytes += byteLength(dtype, elementCount(shape));
  const alone = externalTensors(graph).next().done === true;
  // ONNX Runtime follows no link out of a folder: a file that needs nothing beside it goes by where it really is.
  const real = alone ? await realpath(absolute) : absolute;
  return {
    path: real,
    folder: path.dirname(real),
    graph,
    weightBytes,
    bytes,
    release() {
      // Waiting for the collector would keep a copy of the weights beside the runtime's own.
      if (bytes.byteLength === bytes.buffer.byteLength) (bytes.buffer as ArrayBuffer).transfer(0);
    },
  };
}

async function readWhole(file: string): Promise<Uint8Array> {
  try {
    return await readFile(file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ERR_FS_FILE_TOO_LARGE') {
      throw new TwinscopeError(
        'unsupported',
        `${file} is larger than 2 GiB, the most one .onnx file can hold. Export it with its weights in a second file.`,
      );
    }
    throw fileError(error, file);
  }
}

/**
 * The initializers with small external ones read in, after a look at the place of every constant that lies outside the
 * file: also those in attributes, branches and functions, which ONNX Runtime reads itself. Reading the graph has refused locations that
 * leave the folder by their name; here the files are looked at, which may be links, missing or cut off.
 */
async function nearConstants(graph: Graph, file: string): Promise<Map<string, Tensor>> {
  const constants = new Map(graph.initializers);
  const folder = await realpath(path.dirname(file));
  const whole = new Map<string, { target: string; sizeBytes: number }>();
  for (const { name, tensor } of externalTensors(graph)) {
    const refuse = (why: string): TwinscopeError =>
      new TwinscopeError('bad-input', `The constant "${name}" of ${file} cannot be read: ${why}. Nothing was changed.`);
    const location = tensor.external['location'] ?? '';
    let found = whole.get(location);
    if (found === undefined) {
      found = await locate(folder, location).catch((error: unknown) => {
        if (isTwinscopeError(error)) throw refuse(error.message);
        throw refuse(`there is no file ${location} beside the model`);
      });
      whole.set(location, found);
    }
    const cutOff = whyCutOff(tensor, found.sizeBytes);
    if (cutOff !== null) throw refuse(cutOff);
    const wanted = byteLength(tensor.dtype, elementCount(tensor.shape));
    const offset = Number(tensor.external['offset'] ?? 0);
    if (wanted > smallBytes || graph.initializers.get(name)?.external !== tensor.external) continue;
    const { external: _, ...rest } = tensor;
    constants.set(name, { ...rest, bytes: await readPart(found.target, offset, wanted) });
  }
  return constants;
}

async function locate(folder: string, location: string): Promise<{ target: string; sizeBytes: number }> {
  const outside = new TwinscopeError(
    'bad-input',
    `its data would lie in ${JSON.stringify(location)}, outside the model's folder`,
  );
  const inside = (file: string): boolean => file.startsWith(folder + path.sep);
  const named = path.resolve(folder, location);
  if (!inside(named)) throw outside;
  // A link may lead out of the folder that its name stands in.
  const target = await realpath(named);
  if (!inside(target)) throw outside;
  return { target, sizeBytes: (await stat(target)).size };
}

async function readPart(file: string, offset: number, length: number): Promise<Uint8Array> {
  const handle = await open(file);
  try {
    const bytes = new Uint8Array(length);
    await handle.read(bytes, 0, length, offset);
    return bytes;
  } finally {
    await handle.close();
  }
}

/**
 * A graph made from a model file, as bytes that refer to the file for every weight that still lies in it. To be loaded
 * with the model's folder as `referencesIn`.
 */
export function writeWithReferences(graph: Graph, model: ModelFile): Uint8Array<ArrayBuffer> {
  const location = path.basename(model.path);
  const constants = [...graph.initializers].map(([name, tensor]): [string, Tensor] => {
    const { buffer, byteOffset, byteLength: length } = tensor.bytes;
    const offset = byteOffset - model.bytes.byteOffset;
    const inFile = buffer === model.bytes.buffer && offset >= 0 && offset + length <= model.bytes.byteLength;
    if (!inFile || length < referenceBytes) return [name, tensor];
    const external = { location, offset: String(offset), length: String(length) };
    return [name, { ...tensor, bytes: new Uint8Array(0), external }];
  });
  return writeGraph({ ...graph, initializers: new Map(constants) });
}
