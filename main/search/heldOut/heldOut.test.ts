/** Gain retained on held-out twins, against values computed by hand. */
import { describe, expect, it } from 'vitest';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { ResponseModel, SearchField, StimulusSource } from '../model.ts';
import { differencesAfterResuming, finish, planOf, searchOn } from '../testing/fixtures.ts';
import { compareAreas, medianWithInterval } from './gain.ts';
import type { HeldOutTwin, OpenHeldOut } from './heldOutPhase.ts';
import { scaleOf } from '../reference/reference.ts';
import { matchUnits, standardised } from './matching.ts';
import { onRaster } from './onRaster.ts';

const field: SearchField = { sizePx: 2, fieldOfViewDeg: 2, background: 0.5 };

/** Linear units: response = Σ weight · (luminance − .5). */
class LinearModel implements ResponseModel {
  readonly batchSize: number;
  readonly field = field;
  readonly gradient = null;
  readonly units: { area: string; unit: string }[];
  readonly #weights: number[][];
  constructor(weights: Record<string, number[]>, batchSize = 2, area = 'A') {
    this.units = Object.keys(weights).map((unit) => ({ area, unit }));
    this.#weights = Object.values(weights);
    this.batchSize = batchSize;
  }
  async responses(images: Float32Array, n: number): Promise<Float32Array> {
    const units = this.units.length;
    return Float32Array.from({ length: n * units }, (_, i) =>
      (this.#weights[i % units] as number[]).reduce(
        (sum, weight, k) => sum + weight * ((images[4 * Math.floor(i / units) + k] as number) - 0.5),
        0,
      ),
    );
  }
}

const shown = (images: readonly number[][]): StimulusSource => ({
  count: images.length,
  render: async (index) => Float32Array.from(images[index] as number[]),
  spec: (index): StimulusSpec => ({ type: 'raster', arraySha256: String(index).padStart(64, '0'), sizeDeg: 2 }),
});
const reference = shown([
  [0.75, 0.5, 0.5, 0.5],
  [0.25, 0.5, 0.5, 0.5],
  [0.5, 0.75, 0.5, 0.5],
  [0.5, 0.25, 0.5, 0.5],
]);
const candidate = [1, 0.5, 0.5, 0.5];
const own = () => new LinearModel({ a: [1, 0, 0, 0], b: [0, 1, 0, 0] });
const plan = (changes: object = {}) =>
  planOf({
    target: [{ area: 'A', units: ['a'] }],
    space: { type: 'set', stimuli: { set: 'x' } },
    optimiser: { type: 'screening', keep: 1 },
    controls: { random: 0 },
    heldOut: ['other'],
    ...changes,
  });
const heldOutTwin = (model: ResponseModel, changes: Partial<OpenHeldOut> = {}): HeldOutTwin => ({
  twin: { id: 'other', version: '1.0.0', sha256: 'c'.repeat(64) },
  tier: 'same architecture',
  reference,
  open: async () => ({
    model,
    render: reference.render,
    show: async ({ image }) => image,
    letGo: () => undefined,
    ...changes,
  }),
});
const search = (twin: HeldOutTwin, changes: object = {}) =>
  searchOn(own(), plan(changes), { reference, sources: { screening: shown([candidate]) }, heldOut: [twin] });
const resultOf = async (twin: HeldOutTwin, changes: object = {}) =>
  (await finish(search(twin, changes))).result().evidence?.heldOut[0];

describe('held-out twins', () => {
  it('retain a gain that is worked out by hand, on units of the same ids', async () => {
    // a: responses .25, −.25, 0, 0: sd √.03125; candidate .5. Gain (.5 − .25)/sd = √2.
    // The sibling’s a: .25, −.25, .125, −.125, sd √(.15625/4); candidate .5. Gain .25/.19764 = 1.26491.
    const sibling = new LinearModel({ a: [1, 0.5, 0, 0], b: [0, 1, 0, 0] });
    const result = await resultOf(heldOutTwin(sibling));
    const [area] = result?.areas ?? [];
    expect(area).toMatchObject({
      area: 'A',
      matchedBy: 'id',
      units: 1,
      matched: 1,
      applicable: 1,
      bestUnmatched: null,
    });
    const [pair] = area?.pairs ?? [];
    expect(pair?.gain).toBeCloseTo(Math.SQRT2, 6);
    expect(pair?.heldOutGain).toBeCloseTo(0.25 / Math.sqrt(0.15625 / 4), 6);
    // Columns (.25, −.25, 0, 0) and (.25, −.25, .125, −.125): .125/√(.125·.15625).
    expect(pair?.correlation).toBeCloseTo(Math.sqrt(0.125 / 0.15625), 6);
    expect(area?.gainRetained?.median).toBeCloseTo(0.25 / Math.sqrt(0.15625 / 4) / Math.SQRT2, 6);
    expect(area?.gainRetained).toMatchObject({
      units: 1,
      low: area?.gainRetained?.median,
      high: area?.gainRetained?.median,
    });
    expect(area?.areaGain).toBeNull();
    expect(result).toMatchObject({ failure: null, tier: 'same architecture' });
  });

  it('match by correlation where ids mean other units, and report the area as a whole', async () => {
    const shuffled = new LinearModel({ a: [0, 1, 0, 0], b: [1, 0.1, 0, 0] });
    const [area] = (await resultOf(heldOutTwin(shuffled), { target: [{ area: 'A' }] }))?.areas ?? [];
    expect(area?.matchedBy).toBe('correlation');
    expect(area?.pairs.map(({ unit, match }) => [unit, match.unit])).toEqual([
      ['a', 'b'],
      ['b', 'a'],
    ]);
    // b has no gain over its best reference stimulus: (0 − .25)/sd.
    expect(area).toMatchObject({ units: 2, matched: 2, applicable: 1 });
    // Mean z of two equal sds: (.5 + 0)/2 against (.25 + 0)/2 over the sd of that mean, √(.0625·4/4)/2 = .125: gain .125/.125.
    expect(area?.areaGain?.gain).toBeCloseTo(1, 6);
    // The other twin: sds .17678 and .17766; mean z ±.70360 and ±.77747, sd of it .74145; candidate 1.40720.
    expect(area?.areaGain?.heldOutGain).toBeCloseTo((1.4072 - 0.77747) / 0.74145, 4);
    expect(area?.areaGain?.retained).toBeCloseTo(0.84932, 4);
  });

  it('say with the evidence that no unit matches', async () => {
    const strangers = new LinearModel({ x: [0, 0, 1, 0], y: [0.3, 1, 0, 0] }, 2, 'Z');
    const [area] = (await resultOf(heldOutTwin(strangers)))?.areas ?? [];
    expect(area).toMatchObject({
      matchedBy: 'correlation',
      units: 1,
      matched: 0,
      applicable: 0,
      gainRetained: null,
      pairs: [],
    });
    // (.25, −.25, 0, 0) and (.075, −.075, .25, −.25): .0375/√(.125·.13625).
    expect(area?.bestUnmatched).toBeCloseTo(0.0375 / Math.sqrt(0.125 * 0.13625), 6);
    expect(area?.correlation).toBeNull();
  });

  it('that cannot be shown the stimuli are told of, and the search ends well', async () => {
    let letGo = 0;
    const result = await resultOf(heldOutTwin(own(), { render: refused, letGo: () => letGo++ }));
    expect(result?.failure).toMatch(/2 frames/);
    expect(result?.areas).toEqual([]);
    expect(letGo).toBe(1);
  });

  it('are opened when their turn comes, one after another, and let go with their result', async () => {
    const events: string[] = [];
    const named = (id: string): HeldOutTwin => {
      const twin = heldOutTwin(own(), { letGo: () => events.push(`${id} let go`) });
      return { ...twin, twin: { ...twin.twin, id }, open: () => (events.push(`${id} opened`), twin.open()) };
    };
    const sources = { screening: shown([candidate]) };
    const made = searchOn(own(), plan(), { reference, sources, heldOut: [named('one'), named('two')] });
    while ((await made.advance()).phase !== 'showing the candidate to one') expect(events).toEqual([]);
    await finish(made);
    expect(events).toEqual(['one opened', 'one let go', 'two opened', 'two let go']);
  });

  it('that are gone when a search is taken up again are told of, without what they answered before', async () => {
    const gone = new TwinscopeError('unsupported', 'There is no twin "other" in the library.');
    const before = search(heldOutTwin(own()));
    while ((await before.advance()).phase !== 'showing the candidate to other');
    await before.advance();
    const after = search({ ...heldOutTwin(own()), open: () => Promise.reject(gone) });
    await after.restore(before.checkpoint());
    expect((await finish(after)).result().evidence?.heldOut).toEqual([
      expect.objectContaining({ failure: gone.message, areas: [] }),
    ]);
    // What was found out before it went stays.
    const complete = await finish(search(heldOutTwin(own())));
    const again = search({ ...heldOutTwin(own()), open: () => Promise.reject(gone) });
    await again.restore(complete.checkpoint());
    expect(again.result().evidence?.heldOut[0]?.failure).toBeNull();
  });

  it('resume at every step with equal bytes', async () => {
    const make = () =>
      search(heldOutTwin(new LinearModel({ a: [1, 0.5, 0, 0], b: [0, 1, 0, 0] })), { target: [{ area: 'A' }] });
    expect(await differencesAfterResuming(make)).toEqual([]);
  });
});

const refused = async (): Promise<Float32Array> => onRaster(new Float32Array(8), field, field);

describe('matching and intervals', () => {
  it('keeps ids where half of them agree', () => {
    const rows = Float32Array.of(1, 0, 0, 1, -1, 0, 0, -1);
    const columns = standardised(rows, 2, [0, 1]);
    expect(matchUnits(columns, columns, [0, 1])).toEqual({
      by: 'id',
      pairs: [
        { index: 0, correlation: expect.closeTo(1, 12), matched: true },
        { index: 1, correlation: expect.closeTo(1, 12), matched: true },
      ],
    });
    expect(matchUnits(columns, columns, [1, 0]).by).toBe('correlation');
  });

  it('counts no pair of equal ids as matched that correlates by less than .5', () => {
    // (1, −1, 0, 0) with itself and with (1, −1, 2, −2): 2/√(2·10) = .447.
    const own = standardised(Float32Array.of(1, 1, -1, -1, 0, 0, 0, 0), 2, [0, 1]);
    const others = standardised(Float32Array.of(1, 1, -1, -1, 0, 2, 0, -2), 2, [0, 1]);
    expect(matchUnits(own, others, [0, 1])).toEqual({
      by: 'id',
      pairs: [
        { index: 0, correlation: expect.closeTo(1, 12), matched: true },
        { index: 1, correlation: expect.closeTo(2 / Math.sqrt(20), 12), matched: false },
      ],
    });
  });

  it('looks up the area of a state of the searched twin under the name that the held-out twin has for it', () => {
    const rows = Float32Array.of(1, 3, -1, 1, 0, -3, 0, -1);
    const scale = scaleOf({ rows, blank: new Float32Array(2) }, reference, [
      { area: 'A', unit: 'a' },
      { area: 'Z', unit: 'a' },
    ]).scale;
    const named = { scale, rows, candidate: Float32Array.of(2, 6) };
    const running = {
      ...named,
      units: [
        { area: 'A', unit: 'a' },
        { area: 'running: A', unit: 'a', member: 'running' },
      ],
    };
    const heldOut = {
      ...named,
      units: [
        { area: 'Z', unit: 'a' },
        { area: 'A', unit: 'a' },
      ],
    };
    const [area] = compareAreas(running, heldOut, new Map([[1, 1]]), 1, 'test');
    expect(area).toMatchObject({ area: 'running: A', matchedBy: 'id', matched: 1, pairs: [{ match: { area: 'A' } }] });
    expect(area?.areaGain?.retained).toBeCloseTo(1, 12);
  });

  it('has an interval that holds the median and shrinks with the number of units', () => {
    const few = medianWithInterval([0, 1, 2, 3, 4], 1, 'x');
    const many = medianWithInterval(
      Array.from({ length: 500 }, (_, i) => i % 5),
      1,
      'x',
    );
    expect(few).toMatchObject({ median: 2, units: 5 });
    // The median of five draws is 0 with probability Σ_{k≥3} C(5,k)·.2^k·.8^{5−k} = .058: within the 2.5 % tail.
    expect([few?.low, few?.high]).toEqual([0, 4]);
    expect(many).toMatchObject({ median: 2, low: 2, high: 2 });
    expect(medianWithInterval([], 1, 'x')).toBeNull();
    expect(medianWithInterval([0, 1, 2, 3, 4], 1, 'x')).toEqual(few);
  });

  it('brings a picture to another raster at its size in degrees', () => {
    const larger = onRaster(Float32Array.of(0.9, 0.9, 0.9, 0.9), field, {
      sizePx: 8,
      fieldOfViewDeg: 4,
      background: 0.3,
    });
    // 2° of a field of 4°: the middle 4 × 4 of 8 × 8 pixels.
    expect(larger[3 * 8 + 3]).toBeCloseTo(0.9, 6);
    expect(larger[0]).toBeCloseTo(0.3, 6);
    expect(larger.filter((value) => value > 0.6)).toHaveLength(16);
    expect(() => onRaster(new Float32Array(8), field, field)).toThrow(/2 frames/);
  });
});
