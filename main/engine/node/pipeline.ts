/**
 * Responses to stimuli, batch by batch, with the batches behind the one at hand already being fetched and drawn. Memory
 * is that of a few batches, however many stimuli there are: buffers are used in turn, and the bytes of photographs under
 * way are bounded.
 *
 * A run blocks this thread, so whatever the drawing threads are to do meanwhile must be in their hands before it starts.
 */
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { pictureFloats } from '../inputAdapter.ts';
import { sourceOfSpec } from './pictures.ts';
import type { RasterPool } from './rasterPool.ts';
import type { FetchBytes } from './rasteriser.ts';
import type { TwinSession } from './twinSession.ts';

export type ResponsePipeline = {
  /**
   * Responses to the stimuli in batches of the session's size, the last one smaller; a request made before the last one
   * was answered joins its stream. Throws what drawing, fetching or the run throws, and 'cancelled' before the next batch
   * where `signal` was aborted.
   * @returns stimuli × unitCount
   */
  responses(stimuli: readonly StimulusSpec[], signal?: CancelSignal): Promise<Float32Array>;
};

export type PipelineOptions = {
  session: Pick<TwinSession, 'field' | 'format' | 'settings' | 'unitCount' | 'run'>;
  pool: RasterPool;
  fetchBytes: FetchBytes;
  /** Batches drawn ahead of the one that runs. */
  batchesAhead?: number;
  /** Bytes of photographs that may wait or be decoded at once; a larger one goes alone. */
  mostBytes?: number;
};

/** Two let a slow picture of one batch take the time of another. */
const defaultBatchesAhead = 2;
const defaultMostBytes = 64 * 1024 * 1024;
/** Requests for bytes that are under way at once: each waits for two processes. */
const mostFetches = 8;

type Request = {
  stimuli: readonly StimulusSpec[];
  signal: CancelSignal | undefined;
  responses: Float32Array;
  failed: boolean;
  resolve: (responses: Float32Array) => void;
  reject: (error: unknown) => void;
};
type Batch = { request: Request; first: number; n: number };
type Prepared = Batch & {
  buffer: Float32Array<SharedArrayBuffer>;
  /** Every stimulus is drawn, in a thread's hands, or has failed. */
  handedOver: Promise<unknown>;
  /** No thread writes into the buffer any more; the first failure, or null. */
  drawn: Promise<{ error: unknown } | null>;
};

export function createPipeline(options: PipelineOptions): ResponsePipeline {
  const { session, pool, fetchBytes } = options;
  const { batchSize } = session.settings;
  const floats = pictureFloats(session.format);
  const most = 1 + (options.batchesAhead ?? defaultBatchesAhead);
  const gate = createGate(mostFetches, options.mostBytes ?? defaultMostBytes);
  const buffers: Float32Array<SharedArrayBuffer>[] = [];
  const planned: Batch[] = [];
  let running = false;

  async function draw(spec: StimulusSpec, out: Float32Array<SharedArrayBuffer>): Promise<{ done: Promise<void> }> {
    const { field, format } = session;
    const source = sourceOfSpec(spec);
    if (source === null) return { done: pool.draw({ spec, bytes: null, field, format }, out) };
    const bytes = await gate.fetch(() => fetchBytes(source.kind, source.sha256));
    const held = bytes.byteLength;
    return { done: pool.draw({ spec, bytes, field, format }, out).finally(() => gate.release(held)) };
  }

  function prepare(batch: Batch): Prepared {
    const buffer =
      buffers.pop() ?? new Float32Array(new SharedArrayBuffer(batchSize * floats * Float32Array.BYTES_PER_ELEMENT));
    const orders = Array.from({ length: batch.n }, (_, i) => {
      const spec = batch.request.stimuli[batch.first + i] as StimulusSpec;
      return draw(spec, buffer.subarray(i * floats, (i + 1) * floats));
    });
    // A failure behind another must not count as one that nobody heard of.
    const drawings = orders.map((order) => order.then(({ done }) => done));
    return {
      ...batch,
      buffer,
      handedOver: Promise.allSettled(orders),
      drawn: Promise.allSettled(drawings).then((results) => {
        const failure = results.find((result) => result.status === 'rejected');
        return failure === undefined ? null : { error: failure.reason as unknown };
      }),
    };
  }

  function fail(request: Request, error: unknown): void {
    request.failed = true;
    request.reject(error);
    for (let at = planned.length - 1; at >= 0; at--) if (planned[at]?.request === request) planned.splice(at, 1);
  }

  async function finish({ request, first, n, buffer, drawn }: Prepared): Promise<void> {
    const failure = await drawn;
    if (request.failed) return;
    if (request.signal?.aborted === true) return fail(request, withdrawn());
    if (failure !== null) return fail(request, failure.error);
    try {
      request.responses.set(await session.run(buffer, n), first * session.unitCount);
    } catch (error) {
      return fail(request, error);
    }
    if (first + n === request.stimuli.length) request.resolve(request.responses);
  }

  async function work(): Promise<void> {
    const ahead: Prepared[] = [];
    for (;;) {
      for (let batch; ahead.length < most && (batch = planned.shift()) !== undefined;) {
        try {
          ahead.push(prepare(batch));
        } catch (error) {
          fail(batch.request, error);
        }
      }
      const next = ahead.shift();
      if (next === undefined) {
        running = false;
        return;
      }
      for (const { handedOver } of ahead) await handedOver;
      await finish(next);
      buffers.push(next.buffer);
    }
  }

  return {
    responses(stimuli, signal) {
      if (stimuli.length === 0) return Promise.resolve(new Float32Array(0));
      return new Promise((resolve, reject) => {
        const responses = new Float32Array(stimuli.length * session.unitCount);
        const request: Request = { stimuli, signal, responses, failed: false, resolve, reject };
        for (let first = 0; first < stimuli.length; first += batchSize) {
          planned.push({ request, first, n: Math.min(batchSize, stimuli.length - first) });
        }
        if (running) return;
        running = true;
        void work();
      });
    },
  };
}

const withdrawn = (): TwinscopeError => new TwinscopeError('cancelled', 'The request was withdrawn.');

/** Lets through so many fetches at once, in order, and only while less than `mostBytes` of what came is still held. */
function createGate(mostAtOnce: number, mostBytes: number) {
  const queue: (() => void)[] = [];
  let fetching = 0;
  let heldBytes = 0;

  function letIn(): void {
    while (queue.length > 0 && fetching < mostAtOnce && heldBytes < mostBytes) {
      fetching += 1;
      queue.shift()?.();
    }
  }

  return {
    async fetch(work: () => Promise<Uint8Array>): Promise<Uint8Array> {
      await new Promise<void>((resolve) => {
        queue.push(resolve);
        letIn();
      });
      try {
        const bytes = await work();
        heldBytes += bytes.byteLength;
        return bytes;
      } finally {
        fetching -= 1;
        letIn();
      }
    },
    release(bytes: number): void {
      heldBytes -= bytes;
      letIn();
    },
  };
}
