import { describe, expect, it } from 'vitest';
import type { TwinManifest } from '../contract/twins.ts';
import { requireFrameRate } from '../stimuli/motion.ts';
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
    expect(name).toBe('built-in grating reference (128 gratings, 0.75 to 6 cpd)');
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

  const clip = (sizePx: number, fieldOfViewDeg: number, frameRateHz: number): Inputs => {
    const [batch, channel, height, width] = axes(sizePx) as [Axis, Axis, Axis, Axis];
    const { inputs } = twin(sizePx, fieldOfViewDeg, [batch, { name: 'time', size: 12 }, channel, height, width]);
    return { inputs: inputs.map((input) => ({ ...input, frameRateHz }) as typeof input) };
  };

  it('is half A of TSR-1V for twins that see clips', () => {
    expect(defaultReferenceFor(clip(64, 8, 30))).toEqual({
      name: 'TSR-1V, half A (128 clips)',
      design: { type: 'tsr1v', half: 'A', blank: true },
      notice: null,
    });
    const spec = specAt(defaultReferenceFor(clip(64, 8, 16)).design, 0);
    expect(() => requireFrameRate(spec, 16)).not.toThrow();
    expect(() => requireFrameRate(spec, 15)).toThrow(/8 Hz needs at least 16:/);
  });

  it('has no gratings finer than a coarse twin was tested with', () => {
    const validity = (tested: object) => ({
      validity: { ...smallManifest().validity, tested: { stimuli: [], ...tested } },
    });
    const mouse = clip(80, 80, 30);
    // One pixel per degree shows up to .5 cpd; units of mouse V1 answer nothing of .19 or .375 cpd.
    expect(
      defaultReferenceFor({ ...mouse, ...validity({ spatialFrequencyCpd: [0.01, 0.16] }) } as typeof mouse),
    ).toMatchObject({
      name: 'built-in grating reference (128 drifting gratings, 0.012 to 0.094 cpd)',
      design: { factors: { spatialFrequencyCpd: [0.01171875, 0.0234375, 0.046875, 0.09375] } },
    });
    const coarsest = { factors: { spatialFrequencyCpd: [0.046875, 0.09375, 0.1875, 0.375] } };
    for (const stated of [{}, { spatialFrequencyCpd: [0, 0] }, { spatialFrequencyCpd: [0.1, 4] }]) {
      expect(defaultReferenceFor({ ...mouse, ...validity(stated) } as typeof mouse).design).toMatchObject(coarsest);
    }
    // A reference set that the twin can see is used whatever it was tested with.
    const fine = { ...clip(64, 8, 30), ...validity({ spatialFrequencyCpd: [0.5, 1] }) };
    expect(defaultReferenceFor(fine as typeof mouse).design.type).toBe('tsr1v');
  });

  it('is drifting gratings where a twin has too few pixels or frames for it, which it can be shown', () => {
    for (const [sizePx, fieldOfViewDeg, frameRateHz] of [
      [36, 72, 30],
      [64, 8, 10],
      [60, 8, 3],
      [60, 8, 8],
      [36, 72, 16],
    ] as const) {
      const { design, notice, name } = defaultReferenceFor(clip(sizePx, fieldOfViewDeg, frameRateHz));
      expect(design.type).toBe('drifting-gratings');
      expect(designCount(design)).toBe(129);
      expect(name).toMatch(/^built-in grating reference \(128 drifting gratings, /);
      expect(notice).toMatch(
        /frames per second, and the reference set TSR-1V needs 8 and 16\. .* choose it as the reference\.$/,
      );
      for (let i = 0; i < designCount(design); i += 16) {
        const spec = specAt(design, i);
        requireFrameRate(spec, frameRateHz);
        const image = renderSpec(spec, { sizePx, fieldOfViewDeg, background: 0.5 }, {}, undefined, 1 / frameRateHz);
        expect(image.every(Number.isFinite)).toBe(true);
      }
    }
  });
});
