/** The project's own thread: the single writer. It answers one call after the other. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { isTwinscopeError } from '../../platform/errors.ts';
import { explain } from './failures.ts';
import { openDatabase } from './open.ts';
import type { OpenRequest } from './open.ts';
import { createStore } from './store.ts';
import type { Call, FailureMessage, WorkerMessage } from './wire.ts';

const port = parentPort as MessagePort;
const request = workerData as OpenRequest;

function failure(error: unknown): FailureMessage {
  const explained = explain(error, request.path);
  if (isTwinscopeError(explained)) {
    return { twinscope: true, code: explained.code, message: explained.message, details: explained.details };
  }
  const fault = explained instanceof Error ? explained : new Error(String(explained));
  return { twinscope: false, message: fault.message, stack: fault.stack ?? '' };
}

function send(message: WorkerMessage, value?: unknown): void {
  // Whole arrays are handed over instead of copied; the repositories give arrays that own their memory.
  const bulk = value instanceof Uint8Array || value instanceof Float32Array;
  port.postMessage(message, bulk ? [value.buffer as ArrayBuffer] : []);
}

function start(): void {
  const opened = openDatabase(request);
  const store = createStore(opened, request.path) as unknown as Record<
    string,
    Record<string, (...args: unknown[]) => unknown>
  >;

  port.on('message', ({ id, target, method, args }: Call) => {
    try {
      if (target === 'close') {
        opened.close();
        send({ type: 'result', id, value: undefined });
        port.close();
        return;
      }
      const operation = store[target]?.[method];
      if (!operation) throw new TypeError(`A project has no ${target}.${method}.`);
      const value = operation(...args);
      send({ type: 'result', id, value }, value);
    } catch (error) {
      send({ type: 'failed', id, failure: failure(error) });
    }
  });
  send({ type: 'opened', readOnly: opened.session.readOnly, notice: opened.notice, upgrade: opened.upgrade });
}

try {
  start();
} catch (error) {
  send({ type: 'refused', failure: failure(error) });
  port.close();
}
