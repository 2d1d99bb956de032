/** The retina twin against its definition, its rule for places and the conventions of the raster. */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildModel, buildTwin } from './index.ts';
import { areas, areaTraits, classes, spontaneousRate, type Area, type UnitParameters } from './parameters.ts';
import { createReference, type ReferenceModel } from './reference.ts';
import { medianCentreDeg, samplePopulation } from './sampling.ts';
import { grating, openBench, outputs, picture, pixels, sizePx, type Bench } from './testing/bench.ts';
import { fitDog } from './testing/fit.ts';
import { median } from './testing/measurements.ts';

let bench: Bench;
let reference: ReferenceModel;
let units: UnitParameters[];

beforeAll(async () => {
  bench = await openBench();
  reference = createReference();
  units = areas.flatMap((area) => reference.units[area]);
}, 120_000);

/** A fixed, irregular texture: fractional parts of multiples of the golden ratio. */
const texture = Float32Array.from({ length: pixels }, (_, i) => (i * i * 0.6180339887498949) % 1);

describe('the graph', () => {
  it.each([
    ['the shipped population', {}],
    ['a sibling of another population', { seed: 7, perturbation: 0.1 }],
  ])('agrees with a second evaluation in float64: %s', async (_name, options) => {
    const images = [
      grating({ orientationDeg: 30, cpd: 2.5, phaseDeg: 70, contrast: 0.6 }),
      grating({ orientationDeg: 100, cpd: 0.3, phaseDeg: 200, contrast: 0.03 }),
      texture,
      new Float32Array(pixels).fill(0.5),
    ];
    const joined = new Float32Array(images.length * pixels);
    for (const [i, image] of images.entries()) joined.set(image, i * pixels);
    const expected = createReference(options).responses(joined, images.length);
    const actual = await (await openBench(options)).responses(images);
    let silent = 0;
    for (const [i, response] of actual.entries()) {
      let at = 0;
      for (const area of areas) {
        const n = classes[areaTraits[area].cellClass].unitsPerMosaic;
        for (const truth of expected[area].subarray(n * i, n * i + n)) {
          // Rates of 1 spike/s may differ by what float32 leaves of sums over hundreds of pixels.
          expect(Math.abs((response[at++] as number) - truth)).toBeLessThanOrEqual(2e-5 * Math.max(10, truth));
          if (truth === 0) silent += 1;
        }
      }
    }
    // The rectification was really tried.
    expect(silent).toBeGreaterThan(100);
  });

  it('answers uniform light with the spontaneous rate and what the surround leaves of the centre', async () => {
    for (const level of [0.49, 0.5, 0.505]) {
      const [response] = await bench.responses([new Float32Array(pixels).fill(level)]);
      const s = (level - 0.5) / 0.5;
      for (const [at, unit] of units.entries()) {
        const { polarity } = areaTraits[unit.area];
        const reach = 3.1 * (unit.gainControl?.radiusDeg ?? unit.surroundRadiusDeg);
        // Where surround or pool leave the picture, they meet background.
        if (s !== 0 && Math.max(Math.abs(unit.xDeg), Math.abs(unit.yDeg)) + reach > 6) continue;
        const contrast = Math.sqrt(2 * s * s + 1e-6) - 1e-3;
        const control = unit.gainControl === null ? 1 : 1 + contrast / unit.gainControl.semiSaturationContrast;
        const drive = (polarity * unit.centreGain * (1 - unit.surroundGain) * s) / control;
        const expected = Math.max(0, spontaneousRate[polarity] + drive);
        expect(Math.abs((response?.[at] as number) - expected)).toBeLessThan(2e-3);
      }
    }
  });

  it('is the same file when it is built again, and small', () => {
    expect(bench.model.length).toBeLessThan(6e6);
    expect(Buffer.compare(bench.model, buildModel())).toBe(0);
  });

  it('gives every picture of a batch its own answer', async () => {
    const images = [0.1, 0.5, 0.9, 0.3, 0.7].map((contrast, i) =>
      grating({ orientationDeg: 40 * i, cpd: 1 + i, phaseDeg: 60 * i, contrast }),
    );
    const together = await bench.responses(images);
    for (const [i, image] of images.entries()) {
      const [alone] = await bench.responses([image]);
      for (const [at, value] of (alone as Float32Array).entries()) {
        expect(Math.abs((together[i]?.[at] as number) - value)).toBeLessThanOrEqual(1e-5 * Math.max(10, value));
      }
    }
  });
});

describe('polarity and places', () => {
  it('excites ON cells by a bright spot on their centre and OFF cells by a dark one, and no cell by the other', async () => {
    for (const area of areas) {
      const unit = reference.units[area][20] as UnitParameters;
      const at = units.indexOf(unit);
      const spot = (contrast: number) =>
        picture((x, y) => (Math.hypot(x - unit.xDeg, y - unit.yDeg) <= unit.centreRadiusDeg ? contrast : 0));
      const [bright, dark] = await bench.responses([spot(0.5), spot(-0.5)]);
      const [preferred, other] = area.endsWith('ON') ? [bright, dark] : [dark, bright];
      const blank = spontaneousRate[areaTraits[area].polarity];
      expect(preferred?.[at]).toBeGreaterThan(1.3 * blank);
      expect(other?.[at]).toBeLessThan(0.7 * blank);
    }
  });

  it('responds against its polarity to a ring on the surround alone', async () => {
    for (const area of areas) {
      const unit = reference.units[area].find(
        ({ xDeg, yDeg }) => Math.max(Math.abs(xDeg), Math.abs(yDeg)) < 3,
      ) as UnitParameters;
      const at = units.indexOf(unit);
      const ring = picture((x, y) => {
        const distance = Math.hypot(x - unit.xDeg, y - unit.yDeg);
        return distance > 3.5 * unit.centreRadiusDeg && distance < 2 * unit.surroundRadiusDeg ? 0.2 : 0;
      });
      const [response] = await bench.responses([ring]);
      const change = (response?.[at] as number) - spontaneousRate[areaTraits[area].polarity];
      expect(Math.sign(change)).toBe(area.endsWith('ON') ? -1 : 1);
      expect(Math.abs(change)).toBeGreaterThan(1);
    }
  });

  it('has x to the right and y up', async () => {
    const half = (keep: (row: number, column: number) => boolean) =>
      texture.map((value, i) => (keep(Math.floor(i / sizePx), i % sizePx) ? value : 0.5));
    const [top, bottom, left, right] = await bench.responses([
      half((row) => row < sizePx / 2),
      half((row) => row >= sizePx / 2),
      half((_, column) => column < sizePx / 2),
      half((_, column) => column >= sizePx / 2),
    ]);
    const sides = units.flatMap((unit, at) => {
      const reach = 3.1 * (unit.gainControl?.radiusDeg ?? unit.surroundRadiusDeg) + 0.1;
      const blank = spontaneousRate[areaTraits[unit.area].polarity];
      const own = (position: number, positive: Float32Array | undefined, negative: Float32Array | undefined) =>
        Math.abs(position) <= reach
          ? []
          : [
              {
                blank,
                there: (position > 0 ? positive : negative)?.[at],
                elsewhere: (position > 0 ? negative : positive)?.[at],
              },
            ];
      return [...own(unit.yDeg, top, bottom), ...own(unit.xDeg, right, left)];
    });
    for (const { blank, there, elsewhere } of sides) {
      expect(there).not.toBe(blank);
      expect(elsewhere).toBe(blank);
    }
    expect(sides.length).toBeGreaterThan(600);
  });

  it('lists the units in the order of the outputs, where they are', () => {
    const rows = buildTwin().units;
    expect(rows.length).toBe(Object.values(outputs).reduce((sum, n) => sum + n, 0));
    expect(new Set(rows.map(({ unit }) => unit)).size).toBe(rows.length);
    for (const [at, unit] of units.entries()) {
      const row = rows[at];
      expect(row).toMatchObject({ unit: unit.unit, area: unit.area, index: unit.index });
      expect(Math.abs((row?.xDeg as number) - unit.xDeg)).toBeLessThan(1e-5);
      expect(Math.abs((row?.yDeg as number) - unit.yDeg)).toBeLessThan(1e-5);
      expect(row?.sizeDeg).toBeCloseTo((4 * unit.centreRadiusDeg) / Math.SQRT2, 4);
    }
  });
});

describe('the mosaics', () => {
  const nearest = (all: readonly UnitParameters[]) =>
    all.map((unit) =>
      Math.min(
        ...all
          .filter((other) => other !== unit)
          .map(({ xDeg, yDeg }) => Math.hypot(xDeg - unit.xDeg, yDeg - unit.yDeg)),
      ),
    );

  it.each(areas)('%s: distances follow the centre radius of the place and are regular', (area) => {
    const all = reference.units[area];
    const relative = nearest(all).map((distance, i) => {
      const unit = all[i] as UnitParameters;
      return distance / medianCentreDeg(area, unit.eccentricityDeg);
    });
    const mean = relative.reduce((sum, value) => sum + value, 0) / relative.length;
    const sd = Math.sqrt(relative.reduce((sum, value) => sum + (value - mean) ** 2, 0) / relative.length);
    // Places drawn at random have a regularity of 1.9.
    expect(mean / sd).toBeGreaterThan(4);
    expect(Math.min(...relative)).toBeGreaterThan(0.4 * mean);
    // The rule holds near the middle and further out alike.
    const split = median(all.map(({ eccentricityDeg }) => eccentricityDeg));
    const [near, far] = [true, false].map((inner) =>
      median(relative.filter((_, i) => (all[i] as UnitParameters).eccentricityDeg < split === inner)),
    ) as [number, number];
    expect(Math.abs(near / far - 1)).toBeLessThan(0.15);
  });

  it('stay inside their bounds and keep their numbers for other seeds', () => {
    for (const seed of [1, 2, 3]) {
      const population = samplePopulation(seed);
      for (const area of areas) {
        const { innermostDeg, largestOffsetDeg, unitsPerMosaic } = classes[areaTraits[area].cellClass];
        expect(population[area].length).toBe(unitsPerMosaic);
        for (const { xDeg, yDeg, eccentricityDeg } of population[area]) {
          expect(Math.max(Math.abs(xDeg), Math.abs(yDeg))).toBeLessThanOrEqual(largestOffsetDeg);
          // The jitter may carry a cell a little further in.
          expect(eccentricityDeg).toBeGreaterThan(0.5 * innermostDeg);
        }
      }
    }
  });
});

describe('siblings and other populations', () => {
  it('a sibling has the same units, each moved a little; another seed has others', () => {
    const [original, sibling, other] = [samplePopulation(1), samplePopulation(1, 0.05), samplePopulation(2)];
    for (const area of areas) {
      const changes = (changed: Record<Area, UnitParameters[]>) =>
        original[area].map((unit, i) => {
          const now = changed[area][i] as UnitParameters;
          expect(now.unit).toBe(unit.unit);
          return {
            moved: Math.hypot(now.xDeg - unit.xDeg, now.yDeg - unit.yDeg) / unit.centreRadiusDeg,
            ratios: (['centreRadiusDeg', 'surroundRadiusDeg', 'surroundGain', 'centreGain'] as const).map((key) =>
              Math.abs(Math.log(now[key] / unit[key])),
            ),
          };
        });
      const little = changes(sibling);
      expect(Math.max(...little.map(({ moved }) => moved))).toBeLessThan(0.3);
      for (const key of [0, 1, 2, 3]) {
        const values = little.map(({ ratios }) => ratios[key] as number);
        expect(median(values)).toBeGreaterThan(0.01);
        expect(Math.max(...values)).toBeLessThan(0.25);
      }
      expect(median(changes(other).map(({ moved }) => moved))).toBeGreaterThan(3);
    }
    const control = original['parasol-ON'].map(({ gainControl }, i) => {
      const now = sibling['parasol-ON'][i]?.gainControl;
      return Math.abs(
        Math.log((now?.semiSaturationContrast as number) / (gainControl?.semiSaturationContrast as number)),
      );
    });
    expect(median(control)).toBeGreaterThan(0.01);
  });
});

it('the fit finds the radii and gains of a difference of Gaussians', () => {
  const cpds = Array.from({ length: 16 }, (_, i) => 0.1 * 120 ** (i / 15));
  for (const [rc, rs, gc, gs] of [
    [0.025, 0.16, 80, 40],
    [0.1, 0.48, 500, 300],
    [0.06, 0.2, 1, 0.8],
  ] as const) {
    const amplitude = (f: number) =>
      gc * Math.exp(-((Math.PI * rc * f) ** 2)) - gs * Math.exp(-((Math.PI * rs * f) ** 2));
    const fit = fitDog(cpds, cpds.map(amplitude));
    expect(Math.abs(fit.centreRadiusDeg / rc - 1)).toBeLessThan(0.01);
    expect(Math.abs(fit.surroundRadiusDeg / rs - 1)).toBeLessThan(0.02);
    expect(Math.abs(fit.surroundGain / fit.centreGain / (gs / gc) - 1)).toBeLessThan(0.02);
  }
});
