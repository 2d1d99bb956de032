/** A drawing thread of the compute process: decodes, resamples and encodes stimuli into shared memory. */
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import sharp from 'sharp';
import { isTwinscopeError } from '../../platform/errors.ts';
import { drawPicture } from './pictures.ts';
import type { DrawMessage, DrawnMessage } from './rasterWire.ts';

/** The decoder works in threads of its own: while one photograph is resampled here, the next is decoded there. */
const lanes = 2;

const port = parentPort as MessagePort;
// Every photograph is decoded once; a cache of decoded ones would only grow.
sharp.cache(false);
sharp.concurrency(1);

async function answerTo({ id, out, ...order }: DrawMessage): Promise<DrawnMessage> {
  try {
    await drawPicture(order, out);
    return { id, type: 'drawn' };
  } catch (error) {
    if (isTwinscopeError(error)) {
      return { id, type: 'refused', code: error.code, message: error.message, details: error.details };
    }
    return { id, type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const waiting: DrawMessage[] = [];
let busy = 0;

async function work(): Promise<void> {
  busy += 1;
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    port.postMessage(await answerTo(message));
  }
  busy -= 1;
}

port.on('message', (message: DrawMessage) => {
  waiting.push(message);
  if (busy < lanes) void work();
});
