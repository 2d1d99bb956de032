/**
 * Composition root of the compute process: answers the backend's requests with sessions, rasters and searches. It
 * holds nothing that cannot be lost; whatever is worth keeping has been handed to the backend.
 */
import { rmdirSync } from 'node:fs';
import os from 'node:os';
import type { CancellationToken } from 'vscode-jsonrpc';
import { computeProgress } from '../engine/computeClient.ts';
import type {
  AreaResponses,
  ComputeContext,
  ComputeHandler,
  ComputeMethods,
  ComputeTwin,
} from '../engine/computeContract.ts';
import { batchMemoryError, deviceError, failureOfMessage } from '../engine/failures.ts';
import { pictureFloats } from '../engine/inputAdapter.ts';
import { measureTwin, probeDevice } from '../engine/node/deviceProbe.ts';
import { runtimeError } from '../engine/node/modelSession.ts';
import { createPipeline, type ResponsePipeline } from '../engine/node/pipeline.ts';
import { createRasteriser, type Rasteriser } from '../engine/node/rasteriser.ts';
import { createRasterPool } from '../engine/node/rasterPool.ts';
import { openTwinSession, type TwinSession } from '../engine/node/twinSession.ts';
import { saidBy } from '../engine/runtimeMessage.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { isTwinscopeError, shortened, TwinscopeError } from '../platform/errors.ts';
import { connectPort, toResponseError, toTwinscopeError, type Port } from '../rpc/connection.ts';
import { signalOf } from '../rpc/requestSignal.ts';
import { createModelHost } from './computeModel.ts';
import { createReferenceHost } from './computeReference.ts';
import { createSearchHost } from './computeSearch.ts';
import { createSessionCache } from './sessionCache.ts';
import { computeVersions } from './versions.ts';

/** Each holds a twin's weights twice (forward and gradient) and its rasters. */
const mostSessions = 3;

type Loaded = { session: TwinSession; rasteriser: Rasteriser; pipeline: ResponsePipeline };

/** Serves compute over `port` until it closes. */
export function serveCompute(port: Port): void {
  const connection = connectPort(port);
  const pool = createRasterPool();
  port.onClose(() => void pool.close());

  async function fetchBytes(kind: 'image' | 'array', sha256: string): Promise<Uint8Array> {
    try {
      const answer = await connection.sendRequest<{ bytes: Uint8Array }>(`blob.${kind}`, { sha256 });
      return answer.bytes;
    } catch (error) {
      throw toTwinscopeError(error);
    }
  }

  const sessions = createSessionCache<ComputeTwin, Loaded>({
    most: mostSessions,
    keyOf: ({ sha256, device, batchSize, threads, gradientForms, behaviour }) =>
      JSON.stringify([sha256, device, batchSize, threads, gradientForms, behaviour]),
    async open(twin) {
      // They start while the session is being created.
      pool.start();
      const { device, batchSize, threads, gradientForms, behaviour, graphCacheFolder } = twin;
      const settings = { device, batchSize, threads, gradientForms, behaviour };
      const session = await openTwinSession(twin, settings, { graphCacheFolder });
      return {
        session,
        rasteriser: createRasteriser(session.field, fetchBytes),
        pipeline: createPipeline({ session, pool, fetchBytes }),
      };
    },
    release: ({ session }) => session.release(),
  });

  const searches = createSearchHost(sessions);

  const handlers: {
    [M in keyof ComputeMethods]: ComputeHandler<M>;
  } = {
    'twin.describe': ({ twin }) =>
      sessions.use(twin, async ({ session }) => ({
        versions: computeVersions(session.settings.device),
        areas: [...session.areas],
        sizePx: session.field.sizePx,
      })),
    'twin.responses': ({ twin, stimuli }, { signal }) =>
      sessions.use(twin, async ({ session, pipeline }) => ({
        areas: splitAreas(session, await pipeline.responses(stimuli, signal), stimuli.length),
      })),
    'twin.forward': ({ twin, ...given }, { signal }) =>
      sessions.use(twin, async ({ session }) => ({ areas: await outputsOf(session, given, signal) })),
    ...createModelHost(sessions),
    ...createReferenceHost(sessions),
    'search.begin': searches.begin,
    'search.advance': searches.advance,
    'search.result': searches.result,
    'search.end': searches.end,
    'device.probe': ({ device }) => probeDevice(device),
    'device.measure': ({ twin, tuning }) => measureTwin(twin, tuning),
  };

  for (const [name, handler] of Object.entries(handlers)) {
    connection.onRequest(name, async (input: unknown, id: number, token: CancellationToken) => {
      const { signal, dispose } = signalOf(token);
      const context: ComputeContext = {
        signal,
        progress: (at) => void connection.sendProgress(computeProgress, id, at).catch(() => undefined),
      };
      try {
        return await (handler as (value: unknown, context: ComputeContext) => Promise<unknown>)(input, context);
      } catch (error) {
        throw toResponseError(shortened(isTwinscopeError(error) ? error : describeFault(error)), () => 'compute');
      } finally {
        dispose();
      }
    });
  }
  connection.listen();
}

async function outputsOf(
  session: TwinSession,
  { images, n, others }: Omit<ComputeMethods['twin.forward']['input'], 'twin'>,
  signal: CancelSignal,
): Promise<AreaResponses[]> {
  const floats = pictureFloats(session.format);
  const parts: AreaResponses[][] = [];
  for (let at = 0; at < n; at += session.settings.batchSize) {
    signal.throwIfAborted();
    const m = Math.min(session.settings.batchSize, n - at);
    const part = Object.entries(others).map(([tensor, values]) => {
      const each = values.length / n;
      return [tensor, values.slice(at * each, (at + m) * each)] as const;
    });
    parts.push(await session.outputs(images.subarray(at * floats, (at + m) * floats), m, Object.fromEntries(part)));
  }
  return session.areas.map(({ area }, index) => {
    const arrays = parts.map((part) => (part[index] as AreaResponses).data);
    const data = new Float32Array(arrays.reduce((sum, { length }) => sum + length, 0));
    let at = 0;
    for (const array of arrays) {
      data.set(array, at);
      at += array.length;
    }
    return { area, data };
  });
}

function splitAreas(session: TwinSession, all: Float32Array, count: number): { area: string; data: Float32Array }[] {
  let offset = 0;
  return session.areas.map(({ area, units }) => {
    const data = new Float32Array(count * units);
    for (let i = 0; i < count; i++) {
      const from = i * session.unitCount + offset;
      data.set(all.subarray(from, from + units), i * units);
    }
    offset += units;
    return { area, data };
  });
}

/** ONNX Runtime and the image library throw plain errors; the backend should be able to show what they said. */
function describeFault(error: unknown): TwinscopeError {
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`compute: ${error instanceof Error ? (error.stack ?? message) : message}\n`);
  const kind = failureOfMessage(error);
  // Sessions and graphs tell of their own; what is left are runs.
  if (kind !== null) return kind === 'memory' ? batchMemoryError(saidBy(error)) : deviceError(saidBy(error));
  // Its way to say that a node of the graph failed; any other fault is ours.
  if (message.startsWith('Non-zero status code returned while running')) {
    return runtimeError(error, 'unsupported', 'ONNX Runtime could not run the model');
  }
  return new TwinscopeError(
    'internal',
    `The computation failed (${message.slice(0, 300)}). What was finished is saved. Verify the twin in the Library, then resume.`,
  );
}

/** Entry of the child process: the parent's channel is the port, and compute leaves when the parent is gone. */
export function runAsChild(port: Port): void {
  // Ctrl-C in a terminal reaches every process there. The backend says what is to be stopped, and keeps what is done.
  process.on('SIGINT', () => undefined);
  port.onClose(() => {
    try {
      process.chdir(os.tmpdir());
      rmdirSync(initialFolder);
    } catch {
      // Another process may have removed the empty folder already.
    }
    process.exit(0);
  });
  serveCompute(port);
}

const initialFolder = process.cwd();
