/** Whoever changes how a stimulus is drawn gives the drawing another version, so that nothing older is taken for the same. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { stimulusSpec, type StimulusSpec } from '../contract/stimuli.ts';
import { hashJson } from '../platform/hash.ts';
import { drawingVersion } from './drawing.ts';
import { renderSpec } from './render.ts';

const place = { diameterDeg: 3, edgeDeg: 0.7, xDeg: 0.4, yDeg: -0.3 };
const bars = { spatialFrequencyCpd: 1.3, phaseDeg: 20, contrast: 0.8 };
const sha256 = 'a'.repeat(64);
/** Every kind of stimulus but those that the reference sets' own hashes are of. */
const panel: StimulusSpec[] = [
  { type: 'blank' },
  { type: 'grating', orientationDeg: 37, ...bars, ...place },
  { type: 'gabor', orientationDeg: 112, ...bars, sigmaDeg: 0.6, aspectRatio: 1.5, xDeg: -0.2, yDeg: 0.1 },
  { type: 'noise', spectrum: 'white', contrastRms: 0.2, ...place, seed: 1 },
  { type: 'noise', spectrum: 'pink', contrastRms: 0.2, ...place, seed: 2 },
  { type: 'image', imageSha256: sha256, sizeDeg: 3.5, fit: 'cover', xDeg: 0.1, yDeg: 0 },
  { type: 'image', imageSha256: sha256, sizeDeg: 3.5, fit: 'contain', xDeg: 0, yDeg: 0.2 },
  { type: 'raster', arraySha256: sha256, sizeDeg: 3 },
  { type: 'drifting-grating', directionDeg: 37, temporalFrequencyHz: 3, ...bars, ...place },
  { type: 'counterphase-grating', orientationDeg: 37, temporalFrequencyHz: 3, ...bars, ...place },
  {
    type: 'drifting-plaid',
    directionDeg: 37,
    plaidAngleDeg: 100,
    spatialFrequencyCpd: 1.3,
    temporalFrequencyHz: 3,
    phaseDeg: 20,
    componentContrast: 0.4,
    ...place,
  },
  {
    type: 'random-dots',
    directionDeg: 37,
    speedDegPerS: 2,
    coherence: 0.5,
    dotsPerDeg2: 6,
    dotDiameterDeg: 0.15,
    lifetimeS: 0.2,
    contrast: 0.9,
    ...place,
    seed: 3,
  },
];
const raster = { sizePx: 48, fieldOfViewDeg: 4, background: 0.5 };
const ramp = (n: number): Float32Array => Float32Array.from({ length: n }, (_, at) => ((at * 37) % 101) / 100);
const sources = {
  image: () => ({ widthPx: 30, heightPx: 20, luminance: ramp(600) }),
  array: () => ramp(400),
};
const locked = (name: string): string =>
  (JSON.parse(readFileSync(new URL(name, import.meta.url), 'utf8')) as { sha256: string }).sha256;

it('draws every kind of stimulus as the lock says: after a change that is meant, write the hash found into it', () => {
  const kinds = stimulusSpec.options.map(({ shape }) => shape.type.value).filter((type) => !type.startsWith('tsr1'));
  expect(new Set(panel.map(({ type }) => type))).toEqual(new Set(kinds));
  const whole = createHash('sha256');
  for (const spec of panel) {
    for (const timeS of [0, 0.15]) {
      whole.update(new Uint8Array(renderSpec(spec, raster, sources, undefined, timeS).buffer));
    }
  }
  expect(whole.digest('hex')).toBe(locked('./drawing.lock.json'));
});

it('has another version when any of the three hashes is another', () => {
  const names = ['./tsr1/tsr1.lock.json', './tsr1v/tsr1v.lock.json', './drawing.lock.json'];
  const hashes = names.map(locked);
  expect(drawingVersion).toBe(hashJson(hashes).slice(0, 12));
  for (const at of names.keys()) {
    expect(hashJson(hashes.with(at, sha256)).slice(0, 12)).not.toBe(drawingVersion);
  }
});
