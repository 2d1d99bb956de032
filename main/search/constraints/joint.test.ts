import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type Constraints, constraints as schema, endsOf } from '../../contract/plans.ts';
import { Random } from '../../platform/random.ts';
import { type ConstraintImages, createConstraints } from './constraints.ts';
import { emptySpectrum, squareTransform } from './halfSpectrum.ts';
import { livePowers } from './livePowers.ts';
import { measureResiduals, measureResiduals8Bit, statisticsOf } from './residuals.ts';
import { largestChange } from './temporal.ts';

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
    const set = createConstraints(constraints, field, images, frames);
    for (let seed = 0; seed < 6; seed++) {
      const image = noise(100 + seed, [0.05, 0.15, 0.4][seed % 3] as number, frames);
      const projected = set.project(image, seed);
      const residuals = measureResiduals(projected, set.weights, constraints, set);
      for (const [name, residual] of Object.entries(residuals)) expect(residual, name).toBeLessThanOrEqual(1e-6);
      expect(residuals.range).toBe(0);
      // What holds already stays where it is.
      const again = set.project(projected, seed);
      for (let i = 0; i < again.length; i++)
        expect(Math.abs((again[i] as number) - (projected[i] as number))).toBeLessThan(2e-6);
    }
  });
});

type Problem = {
  name: string;
  constraints: unknown;
  sizePx: number;
  fieldOfViewDeg: number;
  frames: number;
  target: number[];
  images: Record<string, number[]>;
  squaredDistance: number;
  x: number[];
};
const { problems } = JSON.parse(readFileSync(new URL('./fixtures/projections.json', import.meta.url), 'utf8')) as {
  problems: Problem[];
};

describe('the nearest image', () => {
  it.each(problems.map((problem) => [problem.name, problem] as const))('is that of SciPy: %s', (_, problem) => {
    const { sizePx, fieldOfViewDeg, frames, target } = problem;
    const images = Object.fromEntries(
      Object.entries(problem.images).map(([role, image]) => [role, Float32Array.from(image)]),
    ) as ConstraintImages;
    const constraints: Constraints = schema.parse(problem.constraints);
    const set = createConstraints(constraints, { sizePx, fieldOfViewDeg, background: 0.5 }, images, frames);
    const found = set.project(Float64Array.from(target), 1);
    for (const residual of Object.values(measureResiduals(found, set.weights, constraints, set))) {
      expect(residual).toBeLessThanOrEqual(1e-6);
    }
    const squares = found.reduce((sum, value, i) => sum + (value - (target[i] as number)) ** 2, 0);
    // SLSQP may end in a local minimum where a contrast or a distance is exact; ours is never farther.
    expect(squares).toBeLessThanOrEqual(problem.squaredDistance * (1 + 1e-5));
    const exact = typeof constraints.contrastRms === 'number' || typeof constraints.distance?.rms === 'number';
    if (exact) return;
    expect(squares).toBeGreaterThan(problem.squaredDistance * (1 - 1e-5));
    const off = Math.max(...problem.x.map((value, i) => Math.abs(value - (found[i] as number))));
    expect(off).toBeLessThan(2e-3);
  });
});

describe('constraints in conflict', () => {
  const refused = (
    asked: unknown,
    images: ConstraintImages = {},
  ): { message: string; details: { constraints: string[]; feasible: number } } => {
    try {
      createConstraints(schema.parse(asked), field, images);
    } catch (error) {
      return error as { message: string; details: { constraints: string[]; feasible: number } };
    }
    throw new Error('was not refused');
  };
  const near = noise(3, 0.1);

  it.each([
    [
      'distance and contrast',
      (max: number) => ({ contrastRms: 0.4, distance: { ...given, rms: { max } } }),
      0.05,
      1,
      ['distance', 'contrastRms'],
      'distance.rms.max',
    ],
    [
      'smallest distance and contrast',
      (min: number) => ({ contrastRms: 0.4, distance: { ...given, rms: { min } } }),
      0.7,
      -1,
      ['distance', 'contrastRms'],
      'distance.rms.min',
    ],
    [
      'band and aperture',
      (highCpd: number) => ({ spectrum: { highCpd }, aperture: { diameterDeg: 2, edgeDeg: 0.3 } }),
      1,
      1,
      ['spectrum', 'aperture'],
      'spectrum.highCpd',
    ],
    [
      'band and contrast',
      (contrastRms: number) => ({ contrastRms, spectrum: { highCpd: 0.8 } }),
      0.9,
      -1,
      ['spectrum', 'contrastRms'],
      'contrastRms',
    ],
  ] as const)(
    '%s: named, with the nearest value; it holds and a little beyond does not',
    (_, plan, asked, side, names, path) => {
      const { message, details } = refused(plan(asked), { distance: near });
      expect(details.constraints).toEqual(names);
      const feasible = Number(
        new RegExp(`nearest feasible value of ${path} is ([\\d.]+)\\. Set it`).exec(message)?.[1],
      );
      expect(feasible).toBe(details.feasible);
      expect(message).toContain('Nothing was started.');
      const constraints = schema.parse(plan(feasible));
      const set = createConstraints(constraints, field, { distance: near });
      const image = set.project(set.constraints.distance === undefined ? noise(9, 0.2) : near, 1);
      for (const residual of Object.values(measureResiduals(image, set.weights, constraints, set))) {
        expect(residual).toBeLessThanOrEqual(1e-6);
      }
      refused(plan(feasible - side * 0.02 * feasible), { distance: near });
    },
  );

  it('refuses a norm, a mask and a spectrum that cannot be, in words of their own', () => {
    // RMS .995 at most on a mean of .5, over 16 deg²: 3.98.
    expect(refused({ normL2: 5 }).message).toMatch(
      /An L2 norm \(°\) of the contrast image of 5 cannot be reached.*at most 3\.98/,
    );
    const small = { shape: 'rectangle', widthDeg: 0.1, heightDeg: 0.1 };
    expect(refused({ mask: { foreground: small } }).message).toMatch(/foreground of the mask covers 0 pixels/);
    expect(refused({ spectrum: { highCpd: 0.1 } }).message).toMatch(/Raise highCpd to 0\.25/);
    expect(refused({ spectrum: given }, { spectrum: new Float32Array(plane).fill(0.4) }).message).toMatch(/uniform/);
    expect(
      refused(
        { range: [0.3, 0.7], mask: { foreground: { ...small, widthDeg: 2, heightDeg: 2 }, background: given } },
        { background: noise(4, 0.4) },
      ).message,
    ).toMatch(/background of the mask holds luminances of 0 to 1, outside the range/);
    expect(() => schema.parse({ contrastRms: 0.2, normL2: 1 })).toThrow(/contrastRms or normL2, not both/);
    expect(schema.parse({ normL2: 1 }).contrastRms).toBeNull();
    expect(schema.parse({}).contrastRms).toBe(0.15);
    expect(schema.parse(schema.parse({ normL2: 1 }))).toEqual(schema.parse({ normL2: 1 }));
  });

  it('refuses a step whose image cannot be brought there, with what is in conflict', () => {
    const asked = { contrastRms: 0.3, spectrum: given };
    const set = createConstraints(schema.parse(asked), field, { spectrum: noise(7, 0.2) });
    const clip = new Float32Array(3 * plane).fill(NaN);
    expect(() => set.project(clip, 1)).toThrow(/not numbers/);
    const moving = createConstraints(schema.parse(asked), field, { spectrum: noise(7, 0.2, 2) }, 2);
    expect(() => moving.project(noise(1, 0.1, 3), 1)).toThrow(/clip of 2 frames, and the clips here have 3/);
  });
});

describe('measures', () => {
  it('transforms squares of any size as the definition says, and back', () => {
    for (const n of [2, 3, 7, 12, 15, 28]) {
      const random = Random.fromSeed(n, 'square');
      const image = Float64Array.from({ length: n * n }, () => random.normal());
      const transform = squareTransform(n);
      const spectrum = emptySpectrum(transform);
      transform.forward(image, spectrum);
      for (let u = 0; u < transform.columns; u++) {
        for (let v = 0; v < n; v++) {
          let re = 0;
          let im = 0;
          for (let y = 0; y < n; y++) {
            for (let x = 0; x < n; x++) {
              const angle = (2 * Math.PI * (u * x + v * y)) / n;
              re += (image[y * n + x] as number) * Math.cos(angle);
              im -= (image[y * n + x] as number) * Math.sin(angle);
            }
          }
          expect(spectrum.real[u * n + v]).toBeCloseTo(re, 9);
          expect(spectrum.imaginary[u * n + v]).toBeCloseTo(im, 9);
        }
      }
      const back = new Float64Array(n * n);
      transform.inverse(spectrum, back);
      for (let i = 0; i < back.length; i++) expect(back[i]).toBeCloseTo(image[i] as number, 12);
    }
  });

  it('measures a hand-computed clip, norm, distance and band', () => {
    const small = { sizePx: 2, fieldOfViewDeg: 1, background: 0.5 };
    const weights = new Float64Array(4).fill(1);
    const constraints: Constraints = schema.parse({
      contrastRms: null,
      normL2: 0.5,
      distance: { ...given, rms: { max: 0.1 }, unit: 'luminance' },
      temporal: { maxChangeRms: 0.5 },
      spectrum: { highCpd: 0.5 },
    });
    const clip = Float32Array.of(0.25, 0.75, 0.25, 0.75, 0.75, 0.25, 0.75, 0.25);
    const images = { distance: new Float32Array(4).fill(0.5) };
    const own = statisticsOf(clip, weights, { constraints, field: small, images });
    expect(own).toEqual({ mean: 0.5, contrastRms: 0.5, normL2: 0.5, distance: 0.25, largestChange: 1 });
    expect(largestChange(clip, weights)).toBe(1);
    expect(measureResiduals(clip, weights, constraints, { field: small, images })).toEqual({
      meanLuminance: 0,
      range: 0,
      normL2: 0,
      distance: 1.5,
      temporal: 1,
      // One cycle per picture is 1 cpd: all of its power is above the band.
      spectrum: 1,
    });
    expect(endsOf({ max: 2 })).toEqual([0, 2]);
  });

  it('measures a spectrum by fast transforms as by the definition', () => {
    for (const sizePx of [9, 12]) {
      const random = Random.fromSeed(3, 'powers');
      const clip = (): Float32Array => Float32Array.from({ length: 2 * sizePx ** 2 }, () => random.uniform());
      const one = { field: { ...field, sizePx }, images: { spectrum: clip() } };
      const weights = new Float64Array(sizePx ** 2).fill(1);
      const image = clip();
      for (const spectrum of [{ lowCpd: 1, highCpd: 2 }, { exponent: 1 }, given]) {
        const constraints: Constraints = schema.parse({ spectrum });
        const slow = measureResiduals(image, weights, constraints, one).spectrum as number;
        expect(slow).toBeGreaterThan(0.01);
        // The second time the goal's spectrum is known.
        for (let times = 0; times < 2; times++) {
          expect(measureResiduals(image, weights, constraints, one, livePowers).spectrum).toBeCloseTo(slow, 10);
        }
      }
    }
  });

  it('measures again after 8-bit encoding', () => {
    const constraints: Constraints = schema.parse({});
    const set = createConstraints(constraints, field);
    const image = set.project(noise(1, 0.2), 1);
    const residuals = measureResiduals8Bit(image, set.weights, constraints, set);
    // Rounding to 255 steps of the sRGB curve, by its published equations.
    const decoded = Float64Array.from(image, (linear) => {
      const code = Math.round(255 * (linear <= 0.0031308 ? 12.92 * linear : 1.055 * linear ** (1 / 2.4) - 0.055)) / 255;
      return code <= 0.04045 ? code / 12.92 : ((code + 0.055) / 1.055) ** 2.4;
    });
    const mean = decoded.reduce((sum, value) => sum + value, 0) / plane;
    const sd = Math.sqrt(decoded.reduce((sum, value) => sum + (value - mean) ** 2, 0) / plane);
    expect(residuals.meanLuminance).toBeCloseTo(Math.abs(mean / 0.5 - 1), 7);
    expect(residuals.contrastRms).toBeCloseTo(Math.abs(sd / mean / 0.15 - 1), 6);
    expect(residuals.meanLuminance).toBeGreaterThan(1e-6);
    expect(residuals.contrastRms).toBeLessThan(1e-2);
  });
});
