import { describe, expect, it } from 'vitest';
import type { TwinManifest } from '../contract/twins.ts';
import { renderSpec } from '../stimuli/render.ts';
import { designCount, specAt } from '../stimuli/design.ts';
import { smallManifest } from '../twins/testing/smallTwin.ts';
import { defaultReferenceFor } from './defaultReference.ts';

type Inputs = Pick<TwinManifest, 'inputs'>;
type Axis = { name: string; size: number | null };
const axes = (sizePx: number): Axis[] => [
  { name: 'batch', size: null },
  { name: 'channel', size: 1 },
  { name: 'height', size: sizePx },
  { name: 'width', size: sizePx },
];
const twin = (sizePx: number, fieldOfViewDeg: number, given: Axis[] = axes(sizePx)): Inputs => ({
  inputs: smallManifest().inputs.map((input) => ({ ...input, axes: given, fieldOfViewDeg }) as typeof input),
});

describe('the reference set when a plan names none', () => {
  it('is half A of TSR-1 where a twin has two pixels per cycle of its finest images', () => {
    for (const fine of [twin(224, 8), twin(128, 8), twin(32, 2)]) {
      expect(defaultReferenceFor(fine)).toEqual({
        name: 'TSR-1, half A (512 images)',
        design: { type: 'tsr1', half: 'A', blank: true },
        notice: null,
      });
    }
  });

  it('is the gratings of before where the twin sees them and not TSR-1, and says so', () => {
    const { name, design, notice } = defaultReferenceFor(twin(112, 8));
    expect(name).toBe('built-in grating reference (128 full-field gratings, 0.75 to 6 cpd)');
    expect(design).toMatchObject({ factors: { spatialFrequencyCpd: [0.75, 1.5, 3, 6], diameterDeg: [8] } });
    expect(designCount(design)).toBe(129);
    expect(notice).toBe(
      'This twin has 14 px per degree, and the reference set TSR-1 needs 16. Responses are z-scored over gratings of 0.75 to ' +
        '6 cpd instead. To z-score them over a set of your own, choose it as the reference.',
    );
  });

  it('is the same gratings at twice the size, or as often twice as it takes, for coarser twins', () => {
    expect(defaultReferenceFor(twin(64, 8)).design).toMatchObject({
      factors: { spatialFrequencyCpd: [0.375, 0.75, 1.5, 3], diameterDeg: [16] },
      edgeDeg: 1,
    });
    expect(defaultReferenceFor(twin(36, 72)).notice).toMatch(/0\.5 px per degree.*gratings of 0\.023 to 0\.188 cpd/);
  });

  it('can be drawn on the raster that it was chosen for', () => {
    for (const [sizePx, fieldOfViewDeg] of [
      [112, 8],
      [96, 8],
      [95, 8],
      [64, 8],
      [4, 2],
      [36, 72],
    ] as const) {
      const { design } = defaultReferenceFor(twin(sizePx, fieldOfViewDeg));
      for (let i = 0; i < designCount(design); i += 16) {
        const image = renderSpec(specAt(design, i), { sizePx, fieldOfViewDeg, background: 0.5 });
        expect(image.every(Number.isFinite)).toBe(true);
      }
    }
  });

  it('passes over the time axis of a clip, wherever it stands', () => {
    const time = { name: 'time', size: 30 };
    const [batch, channel, height, width] = axes(112) as [Axis, Axis, Axis, Axis];
    const still = defaultReferenceFor(twin(112, 8));
    for (const clip of [
      [batch, channel, time, height, width],
      [batch, time, channel, height, width],
      [batch, time, height, width, channel],
    ]) {
      expect(defaultReferenceFor(twin(112, 8, clip))).toEqual(still);
    }
  });
});
