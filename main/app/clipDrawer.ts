/** The frames of moving stimuli as one picture, for whoever shows them. */
import { setImmediate } from 'node:timers/promises';
import { clipStrip } from '../contract/results.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import type { Rasteriser } from '../engine/node/rasteriser.ts';
import { encodeGreyStrip } from '../stimuli/node/png.ts';

export type DrawClip = (spec: StimulusSpec, signal?: AbortSignal) => Promise<Uint8Array>;

/**
 * One clip after the other, so that thumbnails never wait for more than a frame of them, and none that nobody waits for
 * any more: a pointer that crosses a contact sheet asks for many. Rejects with the signal's reason.
 */
export function createClipDrawer(rasteriser: Pick<Rasteriser, 'render'>): DrawClip {
  const { sizePx, frames, frameRateHz } = clipStrip;
  let before: Promise<unknown> = Promise.resolve();

  async function draw(spec: StimulusSpec, signal: AbortSignal | undefined): Promise<Uint8Array> {
    const drawn: Float32Array[] = [];
    for (let frame = 0; frame < frames; frame++) {
      signal?.throwIfAborted();
      drawn.push(await rasteriser.render(spec, frame / frameRateHz));
      await setImmediate();
    }
    return encodeGreyStrip(drawn, sizePx);
  }

  return (spec, signal) => {
    const own = before.then(() => draw(spec, signal));
    before = own.catch(() => undefined);
    return own;
  };
}
