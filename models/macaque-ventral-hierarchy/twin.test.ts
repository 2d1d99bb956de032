/** The graph against the float64 reference, its units and its siblings. */
import { beforeAll, describe, expect, it } from 'vitest';
import { medianOf } from '../../main/platform/median.ts';
import { Random } from '../../main/platform/random.ts';
import { compactObject, deadLeaves } from './images.ts';
import { buildModel, buildWithParts, type BuiltModel } from './index.ts';
import { areas, sizePx, unitsPerArea, type Area } from './parameters.ts';
import { referenceResponses } from './reference.ts';
import { openBench, pixels, type Bench } from './testing/bench.ts';
import { unitRows } from './units.ts';

let built: BuiltModel;
let bench: Bench;

beforeAll(async () => {
  built = buildWithParts();
  bench = await openBench(built.model);
});

const leaves = (seed: number) => Float32Array.from(deadLeaves(Random.fromSeed(seed, 'picture of a test')));
const objects = (seed: number) => Float32Array.from(compactObject(Random.fromSeed(seed, 'object of a test')));

/** Bars of a period in pixels; φ counter-clockwise from horizontal. */
const grating = (orientationDeg: number, periodPx: number, phase: number, contrast = 1): Float32Array => {
  const angle = (orientationDeg * Math.PI) / 180;
  return Float32Array.from({ length: pixels }, (_, at) => {
    const [x, y] = [at % sizePx, -Math.floor(at / sizePx)];
    const u = -x * Math.sin(angle) + y * Math.cos(angle);
    return 0.5 * (1 + contrast * Math.cos((2 * Math.PI * u) / periodPx + phase));
  });
};

function correlation(a: readonly number[], b: readonly number[]): number {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const [ma, mb] = [mean(a), mean(b)];
  const sum = (f: (i: number) => number) => a.reduce((total, _, i) => total + f(i), 0);
  return sum((i) => (a[i] - ma) * (b[i] - mb)) / Math.sqrt(sum((i) => (a[i] - ma) ** 2) * sum((i) => (b[i] - mb) ** 2));
}

describe('the graph', () => {
  it('agrees with the float64 evaluation in every unit of every area', async () => {
    const images = [
      leaves(1),
      Float32Array.from({ length: pixels }, (_, i) => (i * i * 0.6180339887498949) % 1),
      grating(30, 9, 1, 0.3),
      new Float32Array(pixels).fill(0.5),
    ];
    const actual = await bench.responses(images);
    for (const [i, image] of images.entries()) {
      const expected = referenceResponses(built.population, built.prototypes, image);
      for (const area of areas) {
        for (const [unit, value] of expected[area].entries()) {
          // All responses lie between 0 and 1.
          expect(value).toBeGreaterThanOrEqual(0);
          expect(value).toBeLessThanOrEqual(1.05);
          expect(Math.abs(actual[i][area][unit] - value)).toBeLessThan(2e-5);
        }
      }
    }
  });

  it('is the same file when it is built again, below 20 MB, and takes any batch', async () => {
    expect(built.model.length).toBeLessThan(20e6);
    expect(Buffer.compare(built.model, buildModel())).toBe(0);
    const images = [leaves(1), leaves(2), leaves(3)];
    const together = await bench.responses(images);
    for (const [i, image] of images.entries()) {
      const [alone] = await bench.responses([image]);
      for (const area of areas) {
        for (const [unit, value] of alone[area].entries()) {
          expect(Math.abs(together[i][area][unit] - value)).toBeLessThan(1e-5);
        }
      }
    }
  });

  it('gives V1 the contrast response c²/(c50² + c²) for a unit’s grating at any phase', async () => {
    const rows = unitRows('V1', built.population);
    for (const contrast of [0.1, 0.33, 1]) {
      for (const [orientationDeg, periodPx] of [
        [0, 18 / 3.95],
        [45, 34 / 3.75],
        [135, 62 / 3.4],
      ]) {
        const responses = await bench.responses(
          [0, 1, 2].map((phase) => grating(orientationDeg, periodPx, phase, contrast)),
        );
        const own = rows.filter(({ extra, xDeg, yDeg }) => {
          const near = Math.hypot(xDeg ?? 9, yDeg ?? 9) < 1;
          const cpd = Number(extra['spatial_frequency_cpd']);
          return near && extra['orientation_deg'] === orientationDeg && Math.abs(cpd * periodPx - 24) < 0.01;
        });
        expect(own.length).toBeGreaterThan(3);
        for (const response of responses) {
          for (const { index } of own) {
            expect(Math.abs(response.V1[index] / (contrast ** 2 / (contrast ** 2 + 0.33 ** 2)) - 1)).toBeLessThan(0.03);
          }
        }
      }
    }
  });

  it('prefers bars counted counter-clockwise from horizontal', async () => {
    const rows = unitRows('V1', built.population);
    const responses = await bench.responses([0, 45, 90, 135].map((deg) => grating(deg, 34 / 3.75, 0.5)));
    const middle = rows.filter(({ extra }) => Math.abs(Number(extra['spatial_frequency_cpd']) - 2.647) < 0.01);
    expect(middle.length).toBe(160);
    for (const { index, extra } of middle) {
      const best = responses.map(({ V1 }) => V1[index]);
      expect(45 * best.indexOf(Math.max(...best))).toBe(extra['orientation_deg']);
    }
  });
});

describe('siblings and other seeds', () => {
  /** Correlation of each unit's responses over pictures with those of the same unit of another twin. */
  async function agreement(other: Bench): Promise<Record<Area, number>> {
    const images = (area: Area) =>
      Array.from({ length: 30 }, (_, i) => (area === 'IT' ? objects(100 + i) : leaves(100 + i)));
    const medians: [Area, number][] = [];
    for (const area of areas) {
      const [own, theirs] = [await bench.responses(images(area)), await other.responses(images(area))];
      const units = Array.from({ length: unitsPerArea[area] }, (_, unit) =>
        correlation(
          own.map((response) => response[area][unit]),
          theirs.map((response) => response[area][unit]),
        ),
      );
      medians.push([area, medianOf(units)]);
    }
    return Object.fromEntries(medians) as Record<Area, number>;
  }

  it('keeps units and tuning in a sibling, whose filters and norms differ, and has other units for another seed', async () => {
    const sibling = buildWithParts({ perturbation: 0.05 });
    for (const area of areas) {
      expect(unitRows(area, sibling.population)).toEqual(unitRows(area, built.population));
    }
    const { changes } = sibling.population;
    for (const factors of [changes.s1Norms, changes.v1Norms, changes.v4Widths, changes.itWidths]) {
      const logs = factors.map(Math.log);
      expect(Math.sqrt(logs.reduce((sum, log) => sum + log * log, 0) / logs.length)).toBeGreaterThan(0.02);
    }
    const alike = await agreement(await openBench(sibling.model));
    const other = await agreement(await openBench(buildModel({ seed: 2 })));
    for (const area of areas) {
      expect(alike[area]).toBeGreaterThan(0.8);
      expect(alike[area]).toBeLessThan(0.99999);
      expect(other[area]).toBeLessThan(alike[area] - 0.2);
    }
  });
});
