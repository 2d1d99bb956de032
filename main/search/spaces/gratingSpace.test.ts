import { describe, expect, it } from 'vitest';
import { type Constraints, gratingSpace } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { createGratingBox } from './gratingSpace.ts';

const field = { sizePx: 64, fieldOfViewDeg: 3, background: 0.5 };
const constraints: Constraints = { meanLuminance: 0.5, contrastRms: 0.15, range: [0, 1] };
const boxOf = (space: object) =>
  createGratingBox(gratingSpace.parse({ type: 'gratings', ...space }), constraints, field);

describe('the grating box', () => {
  it('maps the middle of every range, log-scaled for spatial frequency and diameter', () => {
    const box = boxOf({ spatialFrequencyCpd: [0.5, 8], diameterDeg: [0.25, 4], xDeg: [-1, 2] });
    expect(box.genes.length).toBe(6);
    expect(box.spec([0.5, 0.5, 0.5, 0.5, 0.5, 0.5])).toEqual({
      type: 'grating',
      orientationDeg: 90,
      spatialFrequencyCpd: expect.closeTo(2, 12),
      phaseDeg: 180,
      diameterDeg: expect.closeTo(1, 12),
      xDeg: 0.5,
      yDeg: 0,
      contrast: 1,
      edgeDeg: 0.25,
    });
  });

  it('stays within the bounds for any coordinates', () => {
    const box = boxOf({ spatialFrequencyCpd: [1, 4], orientationDeg: [20, 50], phaseDeg: [0, 90] });
    const random = Random.fromSeed(1, 'points');
    for (let trial = 0; trial < 2000; trial++) {
      const spec = box.spec(Array.from({ length: 6 }, () => 4 * random.normal()));
      expect(spec.orientationDeg >= 20 && spec.orientationDeg <= 50).toBe(true);
      expect(spec.phaseDeg >= 0 && spec.phaseDeg <= 90).toBe(true);
      expect(spec.spatialFrequencyCpd >= 1 && spec.spatialFrequencyCpd <= 4).toBe(true);
      expect(spec.diameterDeg >= 0.25 && spec.diameterDeg <= 6).toBe(true);
    }
  });

  it('is continuous as images: across half a turn, a turn of phase and a reflection', () => {
    const box = boxOf({ spatialFrequencyCpd: [1, 4], diameterDeg: [0.5, 2], xDeg: [-0.5, 0.5], yDeg: [-0.5, 0.5] });
    const differenceAcross = (dimension: number, at: number): number => {
      const point = [0.3, 0.4, 0.2, 0.6, 0.3, 0.8];
      const images = [at - 1e-9, at + 1e-9].map((t) => renderSpec(box.spec(point.with(dimension, t)), field));
      let largest = 0;
      for (const [i, luminance] of (images[0] as Float32Array).entries()) {
        largest = Math.max(largest, Math.abs(luminance - (images[1]?.[i] as number)));
      }
      return largest;
    };
    for (let dimension = 0; dimension < 6; dimension++) {
      for (const at of [-1, 0, 1, 2]) expect(differenceAcross(dimension, at)).toBeLessThan(1e-6);
    }
  });

  it('holds parameters with a single value fixed and refuses a box of one point', () => {
    const box = boxOf({ spatialFrequencyCpd: [2, 2], diameterDeg: [1, 1], xDeg: [0, 0], yDeg: [0.5, 0.5] });
    expect(box.genes.length).toBe(2);
    expect(box.spec([0.25, 0.5])).toMatchObject({
      orientationDeg: 45,
      phaseDeg: 180,
      spatialFrequencyCpd: 2,
      yDeg: 0.5,
    });
    const single = { orientationDeg: [0, 0], phaseDeg: [0, 0], spatialFrequencyCpd: [2, 2], diameterDeg: [1, 1] };
    expect(() => boxOf({ ...single, xDeg: [0, 0], yDeg: [0, 0] })).toThrow(/nothing to search/);
  });
});
