/** Every frame of TSR-1V's first second on its own raster: what is published of the set holds for each of them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { tsr1vClips } from '../../contract/stimuli.ts';
import { apertureWeights } from '../aperture.ts';
import { renderSpec } from '../render.ts';
import { contrastRms, mean, range } from '../statistics.ts';
import { tsr1Aperture } from '../tsr1/classes.ts';
import { tsr1vClasses, tsr1vFrameRateHz, tsr1vFrames, tsr1vRaster, tsr1vSeed } from './classes.ts';

const weights = apertureWeights(tsr1Aperture, tsr1vRaster);
const inside = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);

describe('TSR-1V, every frame', () => {
  const hashes = { sha256: '', classes: {} as Record<string, string> };
  const clips = new Set<string>();
  /** Per measured frame: every fifth, to spend the time on drawing. */
  const frames: { name: string; mean: number; contrastRms: number; min: number; max: number; clipped: number }[] = [];
  let outside = 0;
  let still = 0;

  beforeAll(() => {
    const whole = createHash('sha256');
    const image = new Float32Array(tsr1vRaster.sizePx * tsr1vRaster.sizePx);
    const bytes = new Uint8Array(image.buffer);
    let index = 0;
    for (const { key, count } of tsr1vClasses) {
      const ofClass = createHash('sha256');
      for (let k = 0; k < count; k++, index++) {
        const ofClip = createHash('sha256');
        let before = '';
        for (let at = 0; at < tsr1vFrames; at++) {
          renderSpec({ type: 'tsr1v', index }, tsr1vRaster, {}, image, at / tsr1vFrameRateHz);
          for (const hash of [whole, ofClass, ofClip]) hash.update(bytes);
          if (at % 5 > 1) continue;
          const now = createHash('sha256').update(bytes).digest('hex');
          if (now === before) still++;
          before = now;
          const { min, max } = range(image);
          let clipped = 0;
          for (const [pixel, luminance] of image.entries()) {
            if ((weights[pixel] as number) === 0) outside = Math.max(outside, Math.abs(luminance - 0.5));
            else if (luminance === 0 || luminance === 1) clipped++;
          }
          frames.push({
            name: `${key} ${k}, frame ${at}`,
            mean: mean(image, weights),
            contrastRms: contrastRms(image, weights),
            min,
            max,
            clipped: clipped / inside,
          });
        }
        clips.add(ofClip.digest('hex'));
      }
      hashes.classes[key] = ofClass.digest('hex');
    }
    hashes.sha256 = whole.digest('hex');
  }, 900_000);

  it('is the published one: float32, little-endian, 112 × 112, 30 frames a clip, in order', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('./tsr1v.lock.json', import.meta.url), 'utf8'));
    const frameRateHz = tsr1vFrameRateHz;
    const found = { name: 'TSR-1V', seed: tsr1vSeed, clips: tsr1vClips, raster: tsr1vRaster, frameRateHz };
    expect({ ...found, frames: tsr1vFrames, ...hashes }).toEqual(published);
  });

  it('moves, and differs from clip to clip', () => {
    expect(clips.size).toBe(tsr1vClips);
    expect(still).toBe(0);
  });

  it('has mean .5 and RMS contrast .2 in the aperture, and the background outside', () => {
    expect(frames).toHaveLength(tsr1vClips * 12);
    for (const { name, ...found } of frames) {
      expect(Math.abs(found.mean / 0.5 - 1), name).toBeLessThan(1e-7);
      expect(Math.abs(found.contrastRms / 0.2 - 1), name).toBeLessThan(1e-6);
      expect(found.min, name).toBeGreaterThanOrEqual(0);
      expect(found.max, name).toBeLessThanOrEqual(1);
    }
    expect(outside).toBe(0);
  });

  it('clips at most .5 % of the aperture', () => {
    const worst = frames.reduce((most, one) => (one.clipped > most.clipped ? one : most));
    expect(worst.clipped, worst.name).toBeLessThanOrEqual(0.005);
  });
});
