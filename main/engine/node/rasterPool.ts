/**
 * Threads that draw stimuli while ONNX Runtime runs: a run blocks the thread it was started from, these go on. What is
 * drawn depends on the order alone, so neither their number nor their speed shows in any result.
 */
import { availableParallelism } from 'node:os';
import { Worker } from 'node:worker_threads';
import { TwinscopeError } from '../../platform/errors.ts';
import type { PictureOrder } from './pictures.ts';
import type { DrawMessage, DrawnMessage } from './rasterWire.ts';

export type RasterPool = {
  readonly threads: number;
  /** Starts the threads, so that the first order does not wait for them. */
  start(): void;
  /** Draws into shared memory. Throws what `drawPicture` throws, and 'compute-failed' when the thread ended. */
  draw(order: PictureOrder, out: Float32Array<SharedArrayBuffer>): Promise<void>;
  /** Ends the threads; what they were drawing fails. */
  close(): Promise<void>;
};

export type RasterPoolOptions = {
  threads?: number;
  /** The threads' program, when the bundle does not lay it beside this module. */
  workerUrl?: URL;
};

/** One for every four processors, since inference has the others; more than four decode faster than anything infers. */
export const drawingThreads = (processors = availableParallelism()): number =>
  Math.max(1, Math.min(4, Math.floor(processors / 4)));

/** Beside this module in the sources; a bundle holds it as raster-worker.js. */
function defaultWorkerUrl(): URL {
  // Kept out of the URL call, where bundlers would take it for an asset.
  const name = import.meta.url.endsWith('.ts') ? './rasterWorker.ts' : './raster-worker.js';
  return new URL(name, import.meta.url);
}

type Waiting = { resolve: () => void; reject: (error: Error) => void };
type Thread = { worker: Worker; waiting: Map<number, Waiting> };

export function createRasterPool(options: RasterPoolOptions = {}): RasterPool {
  const count = options.threads ?? drawingThreads();
  const workerUrl = options.workerUrl ?? defaultWorkerUrl();
  const threads = new Set<Thread>();
  let lastId = 0;
  let closed = false;

  function startThread(): void {
    // The thread needs nothing of how this process was started.
    const worker = new Worker(workerUrl, { execArgv: [] });
    const thread: Thread = { worker, waiting: new Map() };
    threads.add(thread);
    worker.on('message', (message: DrawnMessage) => settle(thread, message));
    // Only while it owes an answer does a thread keep its process alive.
    worker.unref();
    let reason = '';
    worker.on('error', (error) => {
      reason = error instanceof Error ? error.message : String(error);
    });
    worker.on('exit', (code) => {
      threads.delete(thread);
      const why = reason === '' ? `exit code ${code}` : reason;
      for (const { reject } of thread.waiting.values()) {
        reject(
          new TwinscopeError(
            'compute-failed',
            `A thread that draws stimuli ended unexpectedly (${why}). What was finished is saved.`,
            { restart: true },
          ),
        );
      }
      thread.waiting.clear();
    });
  }

  function settle({ worker, waiting }: Thread, message: DrawnMessage): void {
    const order = waiting.get(message.id);
    waiting.delete(message.id);
    if (waiting.size === 0) worker.unref();
    if (message.type === 'drawn') order?.resolve();
    else if (message.type === 'failed') order?.reject(new Error(message.message));
    else order?.reject(new TwinscopeError(message.code, message.message, message.details));
  }

  function start(): void {
    while (!closed && threads.size < count) startThread();
  }

  return {
    threads: count,
    start,
    draw(order, out) {
      if (closed) return Promise.reject(new TwinscopeError('cancelled', 'Twinscope is closing.'));
      start();
      const [first, ...others] = threads;
      let idlest = first as Thread;
      for (const thread of others) if (thread.waiting.size < idlest.waiting.size) idlest = thread;
      const id = (lastId += 1);
      // A copy that can be handed over: the caller keeps its own, which may be part of something larger.
      const bytes = order.bytes === null ? null : new Uint8Array(order.bytes);
      return new Promise((resolve, reject) => {
        idlest.waiting.set(id, { resolve, reject });
        idlest.worker.ref();
        const message: DrawMessage = { ...order, bytes, id, out };
        idlest.worker.postMessage(message, bytes === null ? [] : [bytes.buffer]);
      });
    },
    async close() {
      closed = true;
      await Promise.all([...threads].map(({ worker }) => worker.terminate()));
    },
  };
}
