/** Every image of TSR-1 on its own raster: what is published of the set holds for each of them. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { tsr1Images } from '../../contract/stimuli.ts';
import { apertureWeights } from '../aperture.ts';
import { renderSpec } from '../render.ts';
import { contrastRms, mean, range } from '../statistics.ts';
import { tsr1Aperture, tsr1Classes, tsr1Place, tsr1Raster, tsr1Seed } from './classes.ts';

type Measured = {
  index: number;
  mean: number;
  contrastRms: number;
  min: number;
  max: number;
  /** Share of the aperture's pixels that stand at black or white. */
  clipped: number;
  /** Largest distance from the background where the aperture ends. */
  outside: number;
  sha256: string;
};

const weights = apertureWeights(tsr1Aperture, tsr1Raster);
const inside = weights.reduce((count, weight) => count + (weight > 0 ? 1 : 0), 0);

function measure(index: number, image: Float32Array): Measured {
  let clipped = 0;
  let outside = 0;
  for (const [at, luminance] of image.entries()) {
    if ((weights[at] as number) === 0) outside = Math.max(outside, Math.abs(luminance - tsr1Raster.background));
    else if (luminance === 0 || luminance === 1) clipped++;
  }
  const { min, max } = range(image);
  return {
    index,
    mean: mean(image, weights),
    contrastRms: contrastRms(image, weights),
    min,
    max,
    clipped: clipped / inside,
    outside,
    sha256: createHash('sha256').update(new Uint8Array(image.buffer)).digest('hex'),
  };
}

describe('TSR-1, every image', () => {
  const images: Measured[] = [];
  const hashes = { sha256: '', classes: {} as Record<string, string> };

  beforeAll(() => {
    const whole = createHash('sha256');
    const image = new Float32Array(tsr1Raster.sizePx * tsr1Raster.sizePx);
    let index = 0;
    for (const { key, count } of tsr1Classes) {
      const own = createHash('sha256');
      for (let k = 0; k < count; k++, index++) {
        renderSpec({ type: 'tsr1', index }, tsr1Raster, {}, image);
        const bytes = new Uint8Array(image.buffer);
        whole.update(bytes);
        own.update(bytes);
        images.push(measure(index, image));
      }
      hashes.classes[key] = own.digest('hex');
    }
    hashes.sha256 = whole.digest('hex');
  }, 600_000);

  const fullField = () => images.filter(({ index }) => !tsr1Place(index).local);
  const local = () => images.filter(({ index }) => tsr1Place(index).local);

  it('is the published one: float32, little-endian, 224 × 224, in order', () => {
    const published: unknown = JSON.parse(readFileSync(new URL('./tsr1.lock.json', import.meta.url), 'utf8'));
    expect({ name: 'TSR-1', seed: tsr1Seed, images: tsr1Images, raster: tsr1Raster, ...hashes }).toEqual(published);
  });

  it('is different from every other', () => {
    expect(new Set(images.map(({ sha256 }) => sha256)).size).toBe(tsr1Images);
  });

  it('has mean .5 and RMS contrast .2 in the aperture where it is full-field', () => {
    expect(fullField()).toHaveLength(768);
    for (const image of fullField()) {
      expect(Math.abs(image.mean / 0.5 - 1)).toBeLessThan(1e-7);
      expect(Math.abs(image.contrastRms / 0.2 - 1)).toBeLessThan(1e-6);
    }
  });

  it('clips at most .5 % of the aperture where it is full-field', () => {
    const worst = fullField().reduce((most, image) => (image.clipped > most.clipped ? image : most));
    expect(worst.clipped, `image ${worst.index}`).toBeLessThanOrEqual(0.005);
  });

  it('stands on the background outside the aperture where it is full-field', () => {
    for (const image of fullField()) expect(image.outside).toBe(0);
  });

  it('reaches black or white where it is a shape, and leaves neither range', () => {
    expect(local()).toHaveLength(256);
    for (const image of images) {
      expect(image.min).toBeGreaterThanOrEqual(0);
      expect(image.max).toBeLessThanOrEqual(1);
    }
    for (const image of local().filter(({ index }) => tsr1Place(index).key === 'shapes')) {
      // A shape is white or black, never both.
      expect([image.min, image.max]).toEqual(image.max === 1 ? [0.5, 1] : [0, 0.5]);
    }
  });
});
