/** The motion twin against its definition, the conventions of the raster and of time, and its siblings. */
import { beforeAll, describe, expect, it } from 'vitest';
import { buildModel, buildTwin } from './index.ts';
import { areas, areaTraits, type Area } from './parameters.ts';
import { createReference, type ReferenceModel } from './reference.ts';
import {
  clipOf,
  clipValues,
  counts,
  frames,
  openBench,
  pixelPlaces,
  sizePx,
  type Bench,
  type Responses,
} from './testing/bench.ts';
import { correlation } from './testing/plaid.ts';
import { measureTuning, plaidClasses, vectorDirection } from './testing/measurements.ts';
import type { PlantedUnit } from './units.ts';

let bench: Bench;
let reference: ReferenceModel;

beforeAll(async () => {
  bench = await openBench();
  reference = createReference();
}, 120_000);

const tensorOf = (area: Area) => areaTraits[area].tensor as keyof typeof counts;

/** A fixed, irregular flicker: fractional parts of multiples of the golden ratio, in blocks of 4 × 4 pixels and 5 frames. */
const texture = Float32Array.from({ length: clipValues }, (_, i) => {
  const [frame, row, column] = [Math.floor(i / (sizePx * sizePx)), Math.floor(i / sizePx) % sizePx, i % sizePx];
  const block = (Math.floor(frame / 5) * 16 + Math.floor(row / 4)) * 16 + Math.floor(column / 4);
  return (block * block * 0.6180339887498949) % 1;
});

/** Luminance of .5·(1 + s), s from the place in degrees, y up, and the time in seconds. */
function clipFrom(contrastAt: (xDeg: number, yDeg: number, timeS: number) => number): Float32Array {
  const clip = new Float32Array(clipValues);
  for (let frame = 0, at = 0; frame < frames; frame++) {
    for (const place of pixelPlaces) {
      for (const x of pixelPlaces) clip[at++] = 0.5 * (1 + contrastAt(x, -place, frame / 100));
    }
  }
  return clip;
}

/** A smooth bar of the width .5° that moves 5° per second in a direction, through fixation at .56 s. */
const bar = (directionDeg: number): Float32Array => {
  const angle = (directionDeg * Math.PI) / 180;
  return clipFrom((x, y, t) => {
    const along = x * Math.cos(angle) + y * Math.sin(angle) - 5 * (t - 0.56);
    return Math.exp(-(along * along) / (2 * 0.25 * 0.25));
  });
};

describe('the graph', () => {
  it.each([
    ['the shipped population', {}],
    ['a sibling of another population', { seed: 7, perturbation: 0.1 }],
  ])(
    'agrees with a second evaluation in float64, bin by bin: %s',
    async (_name, options) => {
      const clips = [
        clipOf([
          { directionDeg: 20, cpd: 1.1, hz: 6, contrast: 0.4 },
          { directionDeg: 140, cpd: 1.1, hz: 6, contrast: 0.4 },
        ]),
        clipOf([{ directionDeg: 250, cpd: 0.6, hz: 3, contrast: 0.03 }], 20),
        texture,
      ];
      const joined = new Float32Array(clips.length * clipValues);
      for (const [i, clip] of clips.entries()) joined.set(clip, i * clipValues);
      const expected = createReference(options).responses(joined, clips.length);
      const actual = await (await openBench(options)).courses(clips);
      for (const area of areas) {
        const each = counts[tensorOf(area)] * frames;
        const truth = expected[area];
        const largest = truth.reduce((top, value) => Math.max(top, value), 0);
        let worst = 0;
        for (let i = 0; i < truth.length; i++) {
          const value = actual[Math.floor(i / each)]?.[tensorOf(area)]?.[i % each] as number;
          worst = Math.max(worst, Math.abs(value - (truth[i] as number)));
        }
        expect(largest).toBeGreaterThan(0.3);
        expect(worst / largest).toBeLessThan(1e-4);
      }
    },
    240_000,
  );

  it('is the same file when it is built again, and small', () => {
    expect(bench.model.length).toBeLessThan(8e6);
    expect(Buffer.compare(bench.model, buildModel())).toBe(0);
  }, 60_000);

  it('gives every clip of a batch its own answer', async () => {
    const clips = [0.05, 0.2, 1].map((contrast, i) =>
      clipOf([{ directionDeg: 100 * i, cpd: 0.6 + 0.5 * i, hz: 4 + 3 * i, contrast }]),
    );
    const together = await bench.courses(clips);
    for (const [i, clip] of clips.entries()) {
      const [alone] = await bench.courses([clip]);
      for (const area of areas) {
        const [a, b] = [alone, together[i]].map((response) => response?.[tensorOf(area)] as Float32Array) as [
          Float32Array,
          Float32Array,
        ];
        expect(a.reduce((worst, value, at) => Math.max(worst, Math.abs(value - (b[at] as number))), 0)).toBeLessThan(
          1e-5,
        );
      }
    }
  });

  it('answers grey, and every standing picture after its onset, with the resting drive alone', async () => {
    const standing = clipFrom((x, y) => 0.8 * Math.cos(2 * Math.PI * 1.1 * (0.8 * x + 0.6 * y)));
    const [grey, still] = await bench.courses([clipOf([]), standing]);
    expect((grey as Responses)['v1']?.every((rate) => rate === 0)).toBe(true);
    const last = (response: Float32Array, unit: number) => response[unit * frames + frames - 1] as number;
    for (let unit = 0; unit < counts.v1; unit++) expect(last(still?.['v1'] as Float32Array, unit)).toBeLessThan(2e-3);
    for (const tensor of ['mt_component', 'mt_pattern'] as const) {
      for (let unit = 0; unit < counts[tensor]; unit++) {
        const [a, b] = [grey, still].map((response) => last(response?.[tensor] as Float32Array, unit)) as [
          number,
          number,
        ];
        expect(a).toBeGreaterThan(0.01);
        expect(Math.abs(a - b)).toBeLessThan(0.02);
      }
    }
  });
});

describe('directions, places and time', () => {
  it('prefers the direction it says, for a bar that moves there', async () => {
    const directions = Array.from({ length: 12 }, (_, i) => 30 * i);
    const responses = await bench.responses(directions.map(bar));
    for (const area of areas) {
      const errors = reference.units[area].flatMap((unit, at) => {
        const curve = responses.map((response) => response[tensorOf(area)]?.[at] as number);
        // Bars hardly drive the highest spatial frequencies at some places; those say nothing.
        if (Math.max(...curve) < 0.1) return [];
        const apart = Math.abs(vectorDirection(curve) - unit.directionDeg) % 360;
        return [Math.min(apart, 360 - apart)];
      });
      expect(errors.length).toBeGreaterThan(reference.units[area].length / 4);
      expect(Math.max(...errors)).toBeLessThan(45);
      expect(errors.reduce((sum, error) => sum + error, 0) / errors.length).toBeLessThan(15);
    }
  });

  it('sees nothing beyond its receptive field: x to the right, y up', async () => {
    const half = (keep: (x: number, y: number) => boolean) => {
      let at = 0;
      return clipFrom((x, y) => (keep(x, y) ? 2 * (texture[at++] as number) - 1 : 0 * at++));
    };
    const energies = await openBench({}, ['total_energy']);
    const [right, left, top, bottom] = await energies.responses([
      half((x) => x > 0),
      half((x) => x < 0),
      half((_, y) => y > 0),
      half((_, y) => y < 0),
    ]);
    let tried = 0;
    for (const [sensor, { xDeg, yDeg, fieldSdDeg }] of reference.units.V1.slice(0, 486).entries()) {
      // exp(−r²/s²) is cut where it is .002, 3.53 standard deviations from the centre.
      const reach = 3.53 * fieldSdDeg;
      for (const [position, positive, negative] of [
        [xDeg, right, left],
        [yDeg, top, bottom],
      ] as const) {
        if (Math.abs(position) < reach) continue;
        tried += 1;
        const [there, elsewhere] = position > 0 ? [positive, negative] : [negative, positive];
        expect(there?.['total_energy']?.[sensor]).toBeGreaterThan(1e-4);
        expect(elsewhere?.['total_energy']?.[sensor]).toBe(0);
      }
    }
    expect(tried).toBeGreaterThan(200);
  });

  it('does not see the future: a motion that begins at frame 30 changes nothing before', async () => {
    const [grey, late] = await bench.courses([
      clipOf([]),
      clipOf([{ directionDeg: 0, cpd: 1.1, hz: 6, contrast: 1 }], 30),
    ]);
    for (const area of areas) {
      const [a, b] = [grey, late].map((response) => response?.[tensorOf(area)] as Float32Array) as [
        Float32Array,
        Float32Array,
      ];
      let [before, after] = [0, 0];
      for (const [i, value] of b.entries()) {
        const change = Math.abs(value - (a[i] as number));
        if (i % frames < 30) before = Math.max(before, change);
        else after = Math.max(after, change);
      }
      expect(before).toBeLessThan(1e-6);
      expect(after).toBeGreaterThan(0.5);
    }
  });

  it('answers a drifting grating steadily in the bins that the response is taken from', async () => {
    const {
      directionDeg,
      spatialFrequencyCpd: cpd,
      temporalFrequencyHz: hz,
    } = reference.units['MT-pattern'][10] as PlantedUnit;
    const [course] = await bench.courses([clipOf([{ directionDeg, cpd, hz, contrast: 0.5 }])]);
    for (const area of areas) {
      const values = course?.[tensorOf(area)] as Float32Array;
      for (let unit = 0; unit < counts[tensorOf(area)]; unit++) {
        const bins = values.subarray(unit * frames + 48, (unit + 1) * frames);
        expect(Math.max(...bins) - Math.min(...bins)).toBeLessThan(0.02);
      }
    }
  });

  it('lists the units in the order of the outputs', () => {
    const { units: rows, manifest } = buildTwin();
    const units = areas.flatMap((area) => reference.units[area]);
    expect(new Set(rows.map(({ unit }) => unit)).size).toBe(rows.length);
    expect(rows.map(({ unit, area, index }) => ({ unit, area, index }))).toEqual(
      units.map(({ unit, area, index }) => ({ unit, area, index })),
    );
    for (const { area, axes, window } of manifest.outputs) {
      expect(axes.map(({ size }) => size)).toEqual([null, counts[tensorOf(area as Area)], 64]);
      expect(window).toEqual({ from: 48, to: 64 });
    }
    // The published filters, unchanged.
    expect(rows[240]).toMatchObject({
      unit: 'V240',
      xDeg: 0,
      yDeg: 0,
      sizeDeg: 1.4142,
      extra: { direction_deg: 0, spatial_frequency_cpd: 1.1 },
    });
  }, 120_000);
});

describe('siblings and other populations', () => {
  it('a sibling has the same units and answers alike; another seed has others', async () => {
    const clips = Array.from({ length: 12 }, (_, i) =>
      clipOf([
        {
          directionDeg: 30 * i + 7,
          cpd: [0.6, 1, 1.8][i % 3] as number,
          hz: [3, 6, 11][i % 3] as number,
          contrast: 0.4,
        },
      ]),
    );
    const of = async (options: { seed?: number; perturbation?: number }) => (await openBench(options)).responses(clips);
    const [own, sibling, other] = [await of({}), await of({ perturbation: 0.05 }), await of({ seed: 2 })];
    for (const area of areas) {
      const alike = (changed: Responses[]) =>
        reference.units[area].flatMap((_, unit) => {
          const [a, b] = [own, changed].map((responses) =>
            responses.map((response) => response[tensorOf(area)]?.[unit] as number),
          ) as [number[], number[]];
          return Math.max(...a) < 0.05 ? [] : [correlation(a, b)];
        });
      const median = (values: number[]) => values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
      const near = median(alike(sibling));
      expect(near).toBeGreaterThan(0.95);
      expect(near).toBeLessThan(1 - 1e-6);
      expect(median(alike(other))).toBeLessThan(near);
    }
    const [planted, changed] = [createReference(), createReference({ perturbation: 0.05 })].map(({ units }) => units);
    for (const area of ['MT-component', 'MT-pattern'] as const) expect(changed?.[area]).toEqual(planted?.[area]);
    expect(changed?.V1.map(({ unit }) => unit)).toEqual(planted?.V1.map(({ unit }) => unit));
    expect(changed?.V1).not.toEqual(planted?.V1);
  }, 120_000);

  it('keeps its kinds of cells with another seed and perturbed weights', async () => {
    const tuning = await measureTuning(await openBench({ seed: 3, perturbation: 0.05 }));
    const share = (area: Area, kind: string) => {
      const classes = plaidClasses(tuning, area);
      return classes.filter((each) => each.kind === kind).length / classes.length;
    };
    expect(share('V1', 'component')).toBeGreaterThanOrEqual(0.95);
    expect(share('V1', 'pattern')).toBe(0);
    expect(share('MT-component', 'component')).toBeGreaterThanOrEqual(0.95);
    expect(share('MT-pattern', 'pattern')).toBeGreaterThanOrEqual(0.9);
  }, 240_000);
});
