import { describe, expect, it } from 'vitest';
import { nearest, resolveTarget } from './target.ts';

const place = { sizeDeg: 1, noiseCeiling: null, predictionScore: null };
const units = [
  { area: 'V1', unit: 'a', place: { ...place, xDeg: 0, yDeg: 0, noiseCeiling: 0.8 } },
  { area: 'V1', unit: 'b', place: { ...place, xDeg: 1, yDeg: 0, noiseCeiling: 0.2 } },
  { area: 'V1', unit: 'c', place: { ...place, xDeg: 3.6, yDeg: 0 } },
  { area: 'V1', unit: 'd' },
];
const unitsOf = (term: object, include: object = {}) =>
  resolveTarget([{ area: 'V1', ...term }], units, {
    include: { fieldInside: false, ...include },
    field: { fieldOfViewDeg: 8 },
  }).map((group) => group.units);

describe('targets', () => {
  it('takes the units whose receptive fields lie in a circle', () => {
    expect(unitsOf({ within: { xDeg: 0, yDeg: 0, radiusDeg: 1 } })).toEqual([[0, 1]]);
    expect(unitsOf({ units: ['b', 'c'], within: { xDeg: 3, yDeg: 0, radiusDeg: 1 } })).toEqual([[2]]);
    expect(() => unitsOf({ within: { xDeg: -3, yDeg: 0, radiusDeg: 0.5 } })).toThrow(
      /No receptive field of V1 has its centre within 0\.5° of \(−3, 0\)°/,
    );
    expect(() => unitsOf({ units: ['d'], within: { xDeg: 0, yDeg: 0, radiusDeg: 1 } })).toThrow(/states no places/);
  });

  it('leaves out units below a limit, beyond the field, or of which nothing is known', () => {
    expect(unitsOf({}, { minNoiseCeiling: 0.5 })).toEqual([[0]]);
    // c reaches from 3.1° to 4.1°, the field ends at 4°.
    expect(unitsOf({}, { fieldInside: true })).toEqual([[0, 1]]);
    expect(() => unitsOf({}, { minPredictionScore: 0.3 })).toThrow(
      /None of the 4 units of V1 passes the limits of the plan \(prediction score at least 0\.3\)/,
    );
  });

  it('finds near names', () => {
    expect(nearest('V5', ['V1', 'V4', 'IT'])).toBe('V1');
    expect(nearest('v4', ['V1', 'V4', 'IT'])).toBe('V4');
  });
});
