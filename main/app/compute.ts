/**
 * Composition root of the compute process: answers the backend's requests with sessions, rasters and searches. It
 * holds nothing that cannot be lost; whatever is worth keeping has been handed to the backend.
 */
import { rmdirSync } from 'node:fs';
import os from 'node:os';
import type { GradientCheck } from '../autodiff/index.ts';
import type { ComputeMethods, ComputeTwin } from '../engine/computeContract.ts';
import { measureTwin, probeDevice } from '../engine/node/deviceProbe.ts';
import { createRasteriser, type Rasteriser } from '../engine/node/rasteriser.ts';
import { checkTwinGradient, openTwinSession, type TwinSession } from '../engine/node/twinSession.ts';
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import { connectPort, toResponseError, toTwinscopeError, type Port } from '../rpc/connection.ts';
import { createSearchHost } from './computeSearch.ts';
import { computeVersions } from './versions.ts';

/** Each holds a twin's weights twice (forward and gradient) and its rasters. */
const mostSessions = 3;

type Loaded = { session: TwinSession; rasteriser: Rasteriser };

/** Serves compute over `port` until it closes. */
export function serveCompute(port: Port): void {
  const connection = connectPort(port);
  const loaded = new Map<string, Promise<Loaded>>();

  async function fetchBytes(kind: 'image' | 'array', sha256: string): Promise<Uint8Array> {
    try {
      const answer = await connection.sendRequest<{ bytes: Uint8Array }>(`blob.${kind}`, { sha256 });
      return answer.bytes;
    } catch (error) {
      throw toTwinscopeError(error);
    }
  }

  function open(twin: ComputeTwin): Promise<Loaded> {
    const key = `${twin.sha256}/${twin.device}/${twin.batchSize}/${twin.threads}`;
    let found = loaded.get(key);
    // The order of insertion is the order of use: the one not used for longest stands first.
    if (found !== undefined) {
      loaded.delete(key);
      loaded.set(key, found);
    }
    if (found === undefined) {
      const { device, batchSize, threads, graphCacheFolder } = twin;
      found = openTwinSession(twin, { device, batchSize, threads }, { graphCacheFolder }).then((session) => ({
        session,
        rasteriser: createRasteriser(session.field, fetchBytes),
      }));
      loaded.set(key, found);
      found.catch(() => loaded.delete(key));
      for (const [oldest, unused] of loaded) {
        if (loaded.size <= mostSessions) break;
        loaded.delete(oldest);
        void unused.then(({ session }) => session.release()).catch(() => undefined);
      }
    }
    return found;
  }

  const gradientChecks = new Map<string, Promise<GradientCheck>>();
  const searches = createSearchHost(open);

  const handlers: {
    [M in keyof ComputeMethods]: (input: ComputeMethods[M]['input']) => Promise<ComputeMethods[M]['output']>;
  } = {
    async 'twin.describe'({ twin }) {
      const { session } = await open(twin);
      return { versions: computeVersions(), areas: [...session.areas], sizePx: session.field.sizePx };
    },
    async 'twin.responses'({ twin, design, first, count }) {
      const { session, rasteriser } = await open(twin);
      const pixels = session.field.sizePx ** 2;
      const all = new Float32Array(count * session.unitCount);
      const images = new Float32Array(session.settings.batchSize * pixels);
      for (let at = 0; at < count; at += session.settings.batchSize) {
        const n = Math.min(session.settings.batchSize, count - at);
        for (let i = 0; i < n; i++) images.set(await rasteriser.renderAt(design, first + at + i), i * pixels);
        all.set(await session.responses(images, n), at * session.unitCount);
      }
      return { areas: splitAreas(session, all, count) };
    },
    async 'twin.forward'({ twin, images, n }) {
      const { session } = await open(twin);
      const pixels = session.field.sizePx ** 2;
      const all = new Float32Array(n * session.unitCount);
      for (let at = 0; at < n; at += session.settings.batchSize) {
        const m = Math.min(session.settings.batchSize, n - at);
        all.set(await session.responses(images.subarray(at * pixels, (at + m) * pixels), m), at * session.unitCount);
      }
      return { areas: splitAreas(session, all, n) };
    },
    async 'twin.checkGradient'({ twin }) {
      const { session } = await open(twin);
      let check = gradientChecks.get(twin.sha256);
      if (check === undefined) {
        check = session.smooth().then((smooth) => checkTwinGradient(session, smooth));
        gradientChecks.set(twin.sha256, check);
        check.catch(() => gradientChecks.delete(twin.sha256));
      }
      const { verdict, sentence } = await check;
      return { verdict, sentence };
    },
    'search.begin': searches.begin,
    'search.advance': searches.advance,
    'search.result': searches.result,
    'search.end': searches.end,
    'device.probe': ({ device }) => probeDevice(device),
    'device.measure': ({ twin, tuning }) => measureTwin(twin, tuning),
  };

  for (const [name, handler] of Object.entries(handlers)) {
    connection.onRequest(name, async (input: unknown) => {
      try {
        return await (handler as (value: unknown) => Promise<unknown>)(input);
      } catch (error) {
        throw toResponseError(isTwinscopeError(error) ? error : describeFault(error), () => 'compute');
      }
    });
  }
  connection.listen();
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
  return new TwinscopeError(
    'internal',
    `The computation failed (${message}). What was finished is saved. Verify the twin in the Library, then resume.`,
  );
}

/** Entry of the child process: the parent's channel is the port, and compute leaves when the parent is gone. */
export function runAsChild(port: Port): void {
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
