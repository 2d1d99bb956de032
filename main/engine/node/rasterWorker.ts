/** A drawing thread of the compute process: decodes, resamples and encodes stimuli into shared memory. */
import { parentPort } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import sharp from 'sharp';
import { isTwinscopeError } from '../../platform/errors.ts';
import { createDrawer, type DrawPicture } from './pictures.ts';
import type { DrawMessage, DrawnMessage } from './rasterWire.ts';

/** The decoder works in threads of its own: while one photograph is resampled here, the next is decoded there. */
const lanes = 2;

const port = parentPort as MessagePort;
// Every photograph is decoded once; a cache of decoded ones would only grow.
sharp.cache(false);
sharp.concurrency(1);

async function answerTo({ id, out, ...order }: DrawMessage, draw: DrawPicture): Promise<DrawnMessage> {
  try {
    await draw(order, out);
    return { id, type: 'drawn' };
  } catch (error) {
    if (isTwinscopeError(error)) {
      return { id, type: 'refused', code: error.code, message: error.message, details: error.details };
    }
    return { id, type: 'failed', message: error instanceof Error ? (error.stack ?? error.message) : String(error) };
  }
}

const waiting: DrawMessage[] = [];
const idle = Array.from({ length: lanes }, createDrawer);

async function work(draw: DrawPicture): Promise<void> {
  for (let message = waiting.shift(); message !== undefined; message = waiting.shift()) {
    port.postMessage(await answerTo(message, draw));
  }
  idle.push(draw);
}

port.on('message', (message: DrawMessage) => {
  waiting.push(message);
  const draw = idle.pop();
  if (draw !== undefined) void work(draw);
});
