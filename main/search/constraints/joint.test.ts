import { describe, expect, it } from 'vitest';
import { type Constraints, constraints as schema } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import { type ConstraintImages, createConstraints } from './constraints.ts';
import { measureResiduals } from './residuals.ts';

const field = { sizePx: 28, fieldOfViewDeg: 4, background: 0.5 };
const plane = field.sizePx ** 2;

function noise(seed: number, sd: number, frames = 1): Float32Array {
  const random = Random.fromSeed(seed, 'joint test');
  return Float32Array.from({ length: frames * plane }, () => Math.min(1, Math.max(0, 0.5 + sd * random.normal())));
}

const given = { from: { set: 'photographs' }, index: 0 };
const cases: [string, unknown, ConstraintImages?, number?][] = [
  ['at most a contrast', { contrastRms: { max: 0.2 } }],
  ['a contrast between two', { contrastRms: { min: 0.3, max: 0.4 } }],
  ['no contrast', { contrastRms: null }],
  ['an L2 norm', { normL2: 0.8 }],
  ['a band', { contrastRms: 0.3, spectrum: { lowCpd: 0.5, highCpd: 2 } }],
  ['a band at high contrast', { contrastRms: 0.6, spectrum: { highCpd: 1.5 } }],
  ['a band without contrast', { contrastRms: null, spectrum: { highCpd: 1.5 } }],
  ['a spectral law', { contrastRms: 0.3, spectrum: { exponent: 1 } }],
  ['a spectral law at high contrast', { contrastRms: 0.5, spectrum: { exponent: 1 } }],
  ['the spectrum of a stimulus', { contrastRms: 0.2, spectrum: given }, { spectrum: noise(7, 0.2) }],
  ['the very spectrum of a stimulus', { contrastRms: null, spectrum: given }, { spectrum: noise(7, 0.1) }],
  ['a distance', { contrastRms: null, distance: { ...given, rms: { max: 0.1 } } }, { distance: noise(3, 0.1) }],
  ['an exact distance', { contrastRms: null, distance: { ...given, rms: 0.9 } }, { distance: noise(3, 0.1) }],
  [
    'distance and contrast',
    { contrastRms: 0.3, distance: { ...given, rms: { max: 0.15 } } },
    { distance: noise(3, 0.13) },
  ],
  [
    'exact distance and contrast',
    { contrastRms: 0.3, distance: { ...given, rms: 0.2, unit: 'luminance' } },
    { distance: noise(3, 0.13) },
  ],
  [
    'an ellipse',
    { contrastRms: 0.3, mask: { foreground: { shape: 'ellipse', widthDeg: 2, heightDeg: 3, angleDeg: 30 } } },
  ],
  [
    'a mask over an image',
    { contrastRms: 0.3, mask: { foreground: { ...given, threshold: 0.5 }, background: given } },
    { foreground: noise(5, 0.2), background: noise(6, 0.1) },
  ],
  [
    'an aperture and a distance',
    { contrastRms: 0.2, aperture: { diameterDeg: 2.5, edgeDeg: 0.5 }, distance: { ...given, rms: { max: 0.3 } } },
    { distance: noise(3, 0.1) },
  ],
  ['changes over time', { contrastRms: 0.3, temporal: { maxChangeRms: 0.05 } }, {}, 6],
  [
    'changes over time and a band',
    { contrastRms: 0.3, temporal: { maxChangeRms: 0.1 }, spectrum: { highCpd: 2 } },
    {},
    5,
  ],
  [
    'changes over time, distance and band',
    {
      contrastRms: { max: 0.3 },
      temporal: { maxChangeRms: 0.1 },
      spectrum: { highCpd: 2 },
      distance: { ...given, rms: { max: 0.28 } },
    },
    { distance: noise(3, 0.1) },
    4,
  ],
];

describe('constraints held together', () => {
  it.each(cases)('%s: every residual of the stored float32 ≤ 1e-6', (_, asked, images = {}, frames = 1) => {
    const constraints: Constraints = schema.parse(asked);
    const started = performance.now();
    const set = createConstraints(constraints, field, images, frames);
    const made = performance.now() - started;
    const times: number[] = [];
    for (let seed = 0; seed < 6; seed++) {
      const image = noise(100 + seed, [0.05, 0.15, 0.4][seed % 3] as number, frames);
      const from = performance.now();
      const projected = set.project(image, seed);
      times.push(performance.now() - from);
      const residuals = measureResiduals(projected, set.weights, constraints, set);
      for (const [name, residual] of Object.entries(residuals)) expect(residual, name).toBeLessThanOrEqual(1e-6);
      expect(residuals.range).toBe(0);
    }
    console.log(_, made.toFixed(0), times.map((t) => t.toFixed(0)).join(' '));
  });
});
