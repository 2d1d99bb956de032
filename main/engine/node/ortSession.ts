/**
 * The one place where ONNX Runtime sessions are created: provider options of every device, the cache of optimised
 * graphs, profiles, and what went wrong as a sentence. Used inside the compute process only.
 */
import { stat } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { crc32 } from 'node:zlib';
import * as ort from 'onnxruntime-node';
import type { DeviceId } from '../../contract/devices.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { devices } from '../devices.ts';
import { deviceError, deviceLost, failureOfCreation, failureOfMessage, memoryError, outOfMemory } from '../failures.ts';
import { saidBy } from '../runtimeMessage.ts';
import {
  beginGraph,
  cachedDevices,
  discardGraph,
  findGraph,
  keepGraph,
  leastCachedBytes,
  mostCachedBytes,
} from './graphCache.ts';

export type OrtSessionRequest = {
  /** The model or its file. */
  model: Uint8Array | string;
  /** The folder of the data that a model given as bytes refers to. */
  referencesIn?: string | undefined;
  /** Bytes of all constants, where the model given as bytes refers to most of them. */
  weightBytes?: number | undefined;
  device: DeviceId;
  threads: number;
  /** Names the twin in sentences. */
  title: string;
  /**
   * From `graphCacheFile`; null or left out: nothing is kept. A model given as bytes is told apart by its checksum too,
   * so that a graph that is derived in another way is never mistaken for the one in the cache.
   */
  cacheFile?: string | null | undefined;
  /** Where given, a profile is written to a file of this prefix when the session's `endProfiling` is called. */
  profilePrefix?: string | undefined;
};

const require = createRequire(import.meta.url);
export const runtimeVersion = (require('onnxruntime-node/package.json') as { version: string }).version;

/** ONNX Runtime writes what it cannot do to the standard error stream; only errors are worth reading there. */
const errorsOnly = 3;
/** COREML_FLAG_CREATE_MLPROGRAM: the older format knows few operators and computes in half precision. */
const coreMlProgram = 0x010;

function providerOptions(device: DeviceId): ort.InferenceSession.SessionOptions {
  switch (device) {
    case 'coreml':
      return { executionProviders: [{ name: 'coreml', coreMlFlags: coreMlProgram }] };
    case 'dml':
      // DirectML's documentation asks for this, and for no memory pattern.
      return { executionProviders: ['dml'], executionMode: 'sequential' };
    default:
      return { executionProviders: [device] };
  }
}

/** What every session has, whatever it is for. */
export function sessionOptions({
  device,
  threads,
  referencesIn,
  profilePrefix,
}: Pick<
  OrtSessionRequest,
  'device' | 'threads' | 'referencesIn' | 'profilePrefix'
>): ort.InferenceSession.SessionOptions {
  return {
    ...providerOptions(device),
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    logSeverityLevel: errorsOnly,
    // A plan for the memory of every batch size is one more block of that size, beside the one it was made in.
    enableMemPattern: false,
    ...(referencesIn === undefined
      ? {}
      : { extra: { session: { model_external_initializers_file_folder_path: referencesIn } } }),
    ...(profilePrefix === undefined ? {} : { enableProfiling: true, profileFilePrefix: profilePrefix }),
  };
}

/** The binding tells a path from bytes by its overloads. */
export function createSession(
  model: Uint8Array | string,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession> {
  return typeof model === 'string'
    ? ort.InferenceSession.create(model, options)
    : ort.InferenceSession.create(model, options);
}

/**
 * A session on `device`; nodes that the device does not know run on the CPU, which only a profile shows. Throws
 * TwinscopeError('compute-failed') with `details.device` where the session cannot be created.
 */
export async function createOrtSession(request: OrtSessionRequest): Promise<ort.InferenceSession> {
  const options = sessionOptions(request);
  const cacheFile = cacheFileOf(request);
  const cached = cacheFile === null ? null : await loadCached(cacheFile, options);
  if (cached !== null) return cached;

  const { model } = request;
  const full = { ...options, graphOptimizationLevel: 'all' } as const;
  try {
    const saved =
      cacheFile !== null && (await worthKeeping(request)) ? await createAndKeep(model, full, cacheFile) : null;
    return saved ?? (await createSession(model, full));
  } catch (error) {
    throw creationError(request, error);
  }
}

async function worthKeeping({ model, weightBytes }: OrtSessionRequest): Promise<boolean> {
  const bytes = weightBytes ?? (typeof model === 'string' ? (await stat(model)).size : model.byteLength);
  return bytes >= leastCachedBytes && bytes <= mostCachedBytes;
}

function cacheFileOf({ device, model, cacheFile }: OrtSessionRequest): string | null {
  if (!cacheFile || !cachedDevices.includes(device)) return null;
  return model instanceof Uint8Array ? `${cacheFile}-${crc32(model).toString(16).padStart(8, '0')}` : cacheFile;
}

/** Loads by path: ONNX Runtime then needs no second copy of the weights. */
async function loadCached(
  cacheFile: string,
  options: ort.InferenceSession.SessionOptions,
): Promise<ort.InferenceSession | null> {
  const file = findGraph(cacheFile);
  if (file === null) return null;
  try {
    return await ort.InferenceSession.create(file, { ...options, graphOptimizationLevel: 'disabled' });
  } catch {
    discardGraph(file);
    return null;
  }
}

/** Null where the graph could not be written, e.g. on a full disk: the session is then created without. */
async function createAndKeep(
  model: Uint8Array | string,
  options: ort.InferenceSession.SessionOptions,
  cacheFile: string,
): Promise<ort.InferenceSession | null> {
  const part = beginGraph(cacheFile);
  if (part === null) return null;
  try {
    const session = await createSession(model, { ...options, optimizedModelFilePath: part });
    keepGraph(part, cacheFile);
    return session;
  } catch {
    discardGraph(part);
    return null;
  }
}

/**
 * A device that is lost, or not there yet after it was, may be back for the next attempt. At a job's first start the job
 * goes to the CPU instead: `details.reason` says why, as the end of a sentence.
 */
function creationError({ device, title }: OrtSessionRequest, error: unknown): TwinscopeError {
  const reason = reasonOf(error);
  const details = { device, reason };
  if (device === 'cpu') {
    if (failureOfMessage(error) === 'memory') return memoryError(saidBy(error));
    // It is the model that cannot be loaded; elsewhere it may be the device, and the CPU is left.
    return new TwinscopeError(
      'unsupported',
      `ONNX Runtime could not load ${title}: ${reason}. Nothing was changed. Verify the twin in the Library.`,
      details,
    );
  }
  const kind = failureOfCreation(error);
  if (kind !== null) {
    const failed = kind === 'memory' ? memoryError(saidBy(error)) : deviceError(reason);
    return new TwinscopeError(failed.code, failed.message, { ...failed.details, ...details });
  }
  return new TwinscopeError(
    'compute-failed',
    `ONNX Runtime could not start ${title} on ${devices[device].label}: ${reason}. Nothing was changed. Start anew on the CPU.`,
    details,
  );
}

/** Messages of ONNX Runtime and its providers that people meet, in words; all others lose the place in its sources. */
const knownReasons: [RegExp, string][] = [
  [/No supported adapters|Failed to get a WebGPU adapter/, 'no graphics driver that it can use was found'],
  [/Failed to load shared library/, "ONNX Runtime's libraries for it are not installed"],
  [/backend not found/, 'this build of ONNX Runtime does not contain it'],
  [outOfMemory, 'there is not enough memory'],
  [deviceLost, 'the device was lost'],
];

/** Why a session could not be created or run, as the end of a sentence and without a full stop. */
export function reasonOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const known = knownReasons.find(([pattern]) => pattern.test(message));
  return known === undefined ? saidBy(error) : known[1];
}
