import { describe, expect, it } from 'vitest';
import type { Member, SearchPlan } from '../contract/plans.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { Random } from '../platform/random.ts';
import { combineModels } from './combinedModel.ts';
import { createFieldChange, type FieldChange } from './fieldChange.ts';
import type { ResponseModel, SearchField } from './model.ts';
import { ensembleObjective } from './objectives/ensemble.ts';
import { createObjective, type Objective } from './objectives/objective.ts';
import { groupsOf, resolveObjective } from './objectives/resolve.ts';
import { unitStatistics, sdOfMean } from './objectives/normalisation.ts';
import type { Search } from './search.ts';
import {
  differencesAfterResuming,
  finish,
  gratingReference,
  planOf,
  searchOn,
  smallField,
  unit,
} from './testing/fixtures.ts';
import { GaborModel } from './testing/gaborModel.ts';

/** Another raster and another field of view than `smallField`: 40 pixels over 5° instead of 32 over 3°. */
const widerField: SearchField = { sizePx: 40, fieldOfViewDeg: 5, background: 0.5 };

const first = new GaborModel([unit('linear'), unit('complex', { orientationDeg: 60 })], smallField);
const second = new GaborModel(
  [unit('linear', { orientationDeg: 120, spatialFrequencyCpd: 1.5 }), unit('simple'), unit('complex')],
  widerField,
);
const combine = (others: readonly [Member, ResponseModel][]): ResponseModel =>
  combineModels([
    { member: null, title: 'First', model: first },
    ...others.map(([member, model]) => ({ member, title: `Twin ${member}`, model })),
  ]);
const both = combine([['B', second]]);

const noise = (n: number, name: string): Float32Array => {
  const random = Random.fromSeed(2, name);
  return Float32Array.from({ length: n * smallField.sizePx ** 2 }, () => 0.3 + 0.4 * random.uniform());
};

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    return error instanceof TwinscopeError ? error.message : `a fault: ${String(error)}`;
  }
  return 'none';
}

describe('several twins as one', () => {
  it('shows all of them the same stimulus and puts their responses side by side', async () => {
    const images = noise(3, 'shown');
    const all = await both.responses(images, 3);
    const own = await first.responses(images, 3);
    const other = await second.responses((createFieldChange(smallField, widerField) as FieldChange).apply(images), 3);
    for (let i = 0; i < 3; i++) {
      expect([...all.subarray(5 * i, 5 * i + 5)]).toEqual([
        ...own.subarray(2 * i, 2 * i + 2),
        ...other.subarray(3 * i, 3 * i + 3),
      ]);
    }
    expect(both.units.map(({ area, unit: id, member }) => [area, id, member])).toEqual([
      ['V1-linear', 'u0', undefined],
      ['V1-complex', 'u1', undefined],
      ['B: V1-linear', 'u0', 'B'],
      ['B: V1-simple', 'u1', 'B'],
      ['B: V1-complex', 'u2', 'B'],
    ]);
  });

  it('has the gradient that finite differences show, through the change of raster', async () => {
    const image = noise(1, 'slope');
    const cotangent = Float32Array.of(0.7, -0.4, 1.1, 0.5, 0.3);
    const answer = (await both.gradient?.(image, 1, cotangent)) as { gradient: Float32Array };
    const sum = async (shown: Float32Array): Promise<number> =>
      (await both.responses(shown, 1)).reduce((total, value, u) => total + value * (cotangent[u] as number), 0);
    const step = 0.02;
    for (const name of ['one', 'two', 'three']) {
      const direction = noise(1, name).map((value) => value - 0.5);
      const up = await sum(image.map((value, i) => value + step * (direction[i] as number)));
      const down = await sum(image.map((value, i) => value - step * (direction[i] as number)));
      const slope = answer.gradient.reduce((total, g, i) => total + g * (direction[i] as number), 0);
      // Responses are quadratic in the image, apart from where a rectified unit begins to answer.
      expect(Math.abs((up - down) / (2 * step) - slope)).toBeLessThan(2e-3 * Math.abs(slope) + 1e-4);
      expect(Math.abs(slope)).toBeGreaterThan(0.01);
    }
  });

  it('asks a twin without a part in the objective for its responses only, and calls none with more than it can take', async () => {
    const small = new GaborModel([unit('linear')], smallField, { batchSize: 3 });
    const model = combine([
      [
        'B',
        {
          ...small,
          batchSize: 8,
          mostPerRun: 3,
          units: small.units,
          field: small.field,
          responses: small.responses.bind(small),
          gradient: () => Promise.reject(new Error('asked')),
        },
      ],
    ]);
    expect(model.mostPerRun).toBe(3);
    expect(model.batchSize).toBe(first.batchSize);
    const answer = await model.gradient?.(noise(2, 'part'), 2, Float32Array.of(1, 0, 0, 1, 0, 0));
    expect(answer?.responses).toHaveLength(6);
    expect(answer?.gradient.some((value) => value !== 0)).toBe(true);
  });

  it('refuses pictures beside clips, clips of another rate, and names who has no gradient', () => {
    const clips = (frames: number, frameRateHz: number): ResponseModel => ({
      ...second,
      units: second.units,
      responses: second.responses.bind(second),
      field: { ...widerField, frames, frameRateHz },
    });
    expect(refusal(() => combine([['B', clips(30, 30)]]))).toMatch(
      /^First sees still pictures, and Twin B clips of 30 frames at 30 Hz, so they cannot .* Nothing was started\./,
    );
    const twoClips = (rate: number) => () =>
      combineModels([
        { member: null, title: 'Slow', model: clips(30, 30) },
        { member: 'B', title: 'Fast', model: clips(30, rate) },
      ]);
    expect(refusal(twoClips(60))).toMatch(
      /Slow sees clips of 30 frames at 30 Hz, and Fast clips of 30 frames at 60 Hz/,
    );
    expect(refusal(twoClips(30))).toBe('none');
    const blind = combine([['B', { ...clips(1, 0), field: widerField, gradient: null }]]);
    const plan = planOf({ with: [{ twin: 'other' }], target: [{ area: 'V1-linear' }] });
    expect(refusal(() => searchOn(blind, plan))).toMatch(/^Twin B offers no gradient, so pixels cannot be searched/);
  });

  it('says where a twin sees less of the stimulus or was made for another background', () => {
    const other = new GaborModel([unit('linear')], { sizePx: 16, fieldOfViewDeg: 2, background: 0.45 });
    expect(combine([['B', other]]).notices).toEqual([
      'Twin B sees 2° of the 3° that the stimuli of this search fill.',
      'Twin B was made for a background of 0.45; it is shown the stimuli of this search on 0.5.',
    ]);
    const finer = new GaborModel([unit('linear')], { ...smallField, sizePx: 48 });
    expect(combine([['B', finer]]).notices).toEqual([
      expect.stringMatching(
        /^Twin B has smaller pixels .* may leave the luminance range by a little, where a run holds it/,
      ),
    ]);
    expect(combine([['B', new GaborModel([unit('linear')], { ...smallField, sizePx: 24 })]]).notices).toEqual([]);
  });
});

/** The objective of a plan on responses to the reference set, as a search makes it. */
async function objectiveOn(
  model: ResponseModel,
  plan: SearchPlan,
): Promise<{ objective: Objective; rows: Float32Array[] }> {
  const source = gratingReference(model.field);
  const rows: Float32Array[] = [];
  for (let i = 0; i < source.count - 1; i++) rows.push(await model.responses(await source.render(i), 1));
  const stacked = Float32Array.from(rows.flatMap((row) => [...row]));
  const statistics = unitStatistics(stacked, model.units);
  const terms = resolveObjective(plan, model.units, model.field);
  const groupSd = Float64Array.from(groupsOf(terms), ({ units }) => sdOfMean(units, statistics, stacked));
  return { objective: createObjective(terms, { ...statistics, groupSd }, []), rows };
}

const three = combine([
  ['B', second],
  ['C', new GaborModel([unit('linear', { orientationDeg: 0 }), unit('complex')], smallField)],
]);
const ofThree = (changes: Record<string, unknown>): SearchPlan =>
  planOf({
    with: [{ twin: 'b' }, { twin: 'c' }],
    target: [{ area: 'V1-linear' }, { area: 'V1-complex', weight: 0.5 }],
    ...changes,
  });
const driveOf = async (twin: string): Promise<Objective> =>
  (
    await objectiveOn(
      three,
      ofThree({
        target: [
          { area: 'V1-linear', twin },
          { area: 'V1-complex', weight: 0.5, twin },
        ],
      }),
    )
  ).objective;

describe('objectives over several twins', () => {
  it('mean − κ·sd by hand, with no slope of the sd where all agree', () => {
    const linear = (weights: number[]): Objective => ({
      linear: true,
      value: (responses) => weights.reduce((sum, weight, u) => sum + weight * (responses[u] as number), 0),
      cotangent: () => Float32Array.from(weights),
    });
    const members = [linear([1, 0, 0]), linear([0, 1, 0]), linear([0, 0, 2])];
    // Values 1, 2, 6: mean 3, population variance (4 + 1 + 9) ÷ 3.
    const responses = Float32Array.of(1, 2, 3);
    expect(ensembleObjective(members, 0).value(responses)).toBeCloseTo(3, 12);
    const sd = Math.sqrt(14 / 3);
    expect(ensembleObjective(members, 0.5).value(responses)).toBeCloseTo(3 - 0.5 * sd, 12);
    const slopes = ensembleObjective(members, 0.5).cotangent(responses);
    for (const [u, [deviation, weight]] of [
      [-2, 1],
      [-1, 1],
      [3, 2],
    ].entries() as Iterable<[number, [number, number]]>) {
      expect(slopes[u]).toBeCloseTo(weight * (1 / 3 - (0.5 * deviation) / (3 * sd)), 6);
    }
    expect([...ensembleObjective(members, 2).cotangent(Float32Array.of(2, 2, 1))].map((v) => v.toFixed(6))).toEqual(
      [1 / 3, 1 / 3, 2 / 3].map((v) => v.toFixed(6)),
    );
    expect(ensembleObjective(members, 0).linear).toBe(true);
    expect(ensembleObjective(members, 0.1).linear).toBe(false);
  });

  it('ensembles have the cotangent that finite differences show, and the value of their members', async () => {
    const drives = [await driveOf('A'), await driveOf('B'), await driveOf('C')];
    for (const kappa of [0, 0.7]) {
      const { objective, rows } = await objectiveOn(three, ofThree({ objective: { type: 'ensemble', kappa } }));
      const spreadOf = (responses: Float32Array): { mean: number; sd: number } => {
        const values = drives.map((drive) => drive.value(responses));
        const mean = values.reduce((sum, value) => sum + value, 0) / 3;
        return { mean, sd: Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / 3) };
      };
      // Where all agree the sd has a kink, which finite differences would cross.
      const disagreed = rows.filter((responses) => spreadOf(responses).sd > 0.3).slice(0, 3);
      expect(disagreed).toHaveLength(3);
      for (const responses of disagreed) {
        const { mean, sd } = spreadOf(responses);
        expect(objective.value(responses)).toBeCloseTo(mean - kappa * sd, 6);
        const slopes = objective.cotangent(responses);
        for (let u = 0; u < responses.length; u++) {
          const moved = (by: number): Float32Array => responses.map((value, i) => (i === u ? value + by : value));
          const [up, down] = [moved(0.05), moved(-0.05)];
          const slope = (objective.value(up) - objective.value(down)) / ((up[u] as number) - (down[u] as number));
          expect(slopes[u]).toBeCloseTo(slope, 3);
        }
      }
    }
  });

  it('controversial is the drive of one twin minus that of the other', async () => {
    const [a, b, c] = [await driveOf('A'), await driveOf('B'), await driveOf('C')];
    const usual = await objectiveOn(three, ofThree({ objective: { type: 'controversial' } }));
    const named = await objectiveOn(three, ofThree({ objective: { type: 'controversial', between: ['C', 'A'] } }));
    for (const at of [3, 30]) {
      const responses = usual.rows[at] as Float32Array;
      expect(usual.objective.value(responses)).toBeCloseTo(a.value(responses) - b.value(responses), 6);
      expect(named.objective.value(responses)).toBeCloseTo(c.value(responses) - a.value(responses), 6);
    }
    expect(usual.objective.linear).toBe(true);
  });

  it('states weigh the same objective in each of them, with the others unchanged', async () => {
    const plan = planOf({
      with: [{ twin: 'b' }],
      states: [{ behaviour: {} }, { behaviour: { running: 20 }, weight: 3 }],
      target: [{ area: 'V1-linear' }],
      objective: { type: 'ensemble', kappa: 0.4 },
    });
    const running = new GaborModel([unit('linear', { orientationDeg: 40 }), unit('complex')], smallField);
    const model = combine([
      ['state 2', running],
      ['B', second],
    ]);
    const { objective, rows } = await objectiveOn(model, plan);
    const single = async (others: [Member, ResponseModel][], own: ResponseModel) =>
      objectiveOn(
        combineModels([
          { member: null, title: 'Own', model: own },
          ...others.map(([member, other]) => ({ member, title: 'B', model: other })),
        ]),
        planOf({ with: [{ twin: 'b' }], target: [{ area: 'V1-linear' }], objective: { type: 'ensemble', kappa: 0.4 } }),
      );
    const still = await single([['B', second]], first);
    const moving = await single([['B', second]], running);
    for (const at of [7, 40]) {
      const expected =
        0.25 * still.objective.value(still.rows[at] as Float32Array) +
        0.75 * moving.objective.value(moving.rows[at] as Float32Array);
      expect(objective.value(rows[at] as Float32Array)).toBeCloseTo(expected, 6);
    }
  });

  it('selective leaves the areas of twins alone that the target is not about', () => {
    const areas = (changes: Record<string, unknown>): string[] =>
      resolveObjective(
        planOf({ with: [{ twin: 'b' }], objective: { type: 'selective' }, ...changes }),
        both.units,
        both.field,
      )[0]!.against.map(({ label }) => label);
    expect(areas({ target: [{ area: 'V1-linear' }] })).toEqual(['V1-complex']);
    expect(areas({ target: [{ area: 'V1-linear', twin: 'B' }] })).toEqual(['B: V1-simple', 'B: V1-complex']);
  });

  it('refuses what the plan cannot mean', () => {
    const refused = (changes: Record<string, unknown>, model = both): string =>
      refusal(() => searchOn(model, planOf({ with: [{ twin: 'b' }], target: [{ area: 'V1-linear' }], ...changes })));
    expect(refused({})).toBe('none');
    expect(refused({ target: [{ area: 'V1-linear', twin: 'D' }] })).toMatch(
      /^No twin of this plan is called 'D'\. Nothing was started\. It has 'A', 'B'\.$/,
    );
    expect(refused({ target: [{ area: 'V1-linear', twin: 'B' }], with: undefined }, first)).toMatch(
      /It has one, 'A'; name others in `with`\.$/,
    );
    expect(refused({ target: [{ area: 'V1-simpl', twin: 'B' }] })).toMatch(
      /no area 'B: V1-simpl'; the nearest name is 'B: V1-simple'/,
    );
    expect(refused({ as: 'B' })).toMatch(/Two twins of the plan are called 'B'/);
    expect(refused({ objective: { type: 'ensemble' }, target: [{ area: 'V1-linear', twin: 'B' }] })).toMatch(
      /The objective ensemble looks for its target on each of its twins, so the target terms must not name one/,
    );
    expect(refused({ objective: { type: 'ensemble' }, target: [{ area: 'V1-simple' }] })).toMatch(
      /no area 'V1-simple'/,
    );
    expect(refused({ objective: { type: 'controversial' }, with: undefined }, first)).toMatch(
      /The objective controversial is about several twins, and this plan has one/,
    );
    expect(refused({ objective: { type: 'controversial', between: ['B', 'B'] } })).toMatch(/names a twin twice/);
  });
});

const pixels = (model: ResponseModel, changes: Record<string, unknown>): Search =>
  searchOn(
    model,
    planOf({
      with: [{ twin: 'b' }],
      target: [{ area: 'V1-linear' }],
      optimiser: { type: 'gradient', steps: 60 },
      constraints: { contrastRms: 0.1, range: [0, 1] },
      starts: 2,
      controls: { random: 10 },
      ...changes,
    }),
  );

describe('searches over several twins', () => {
  // On one raster, so that what the search must find can be written down: linear units have a linear objective, and the
  // image of a given contrast that makes it largest is the weighted sum of their filters.
  const other = new GaborModel([unit('linear', { orientationDeg: 120, spatialFrequencyCpd: 1.5 })], smallField);
  const onOneRaster = combine([['B', other]]);

  const correlation = (a: ArrayLike<number>, b: ArrayLike<number>): number => {
    const n = a.length;
    const mean = (values: ArrayLike<number>): number => Array.from(values).reduce((sum, value) => sum + value, 0) / n;
    const [ma, mb] = [mean(a), mean(b)];
    let [ab, aa, bb] = [0, 0, 0];
    for (let i = 0; i < n; i++) {
      const [x, y] = [(a[i] as number) - ma, (b[i] as number) - mb];
      [ab, aa, bb] = [ab + x * y, aa + x * x, bb + y * y];
    }
    return ab / Math.sqrt(aa * bb);
  };

  for (const [type, sign] of [
    ['controversial', -1],
    ['ensemble', 1],
  ] as const) {
    it(`${type}: the found image is the ${sign < 0 ? 'difference' : 'sum'} of the filters over the sds of their responses`, async () => {
      const search = await finish(pixels(onOneRaster, { objective: { type } }));
      const { candidates, reference } = search.result();
      const sd = reference?.scale.sd as Float64Array;
      const [f, g] = [first.filters[0]!.even, other.filters[0]!.even];
      const wanted = f.map((value, i) => value / sd[0]! + (sign * (g[i] as number)) / sd[2]!);
      expect(correlation(candidates[0]!.image, wanted)).toBeGreaterThan(0.995);
      expect(candidates[0]!.areas.map(({ area }) => area)).toEqual(['V1-linear', 'V1-complex', 'B: V1-linear']);
      expect(candidates[0]!.areas[2]!.z * sign).toBeGreaterThan(1);
    });
  }

  it('resumed at every step equals uninterrupted, on different rasters, over states, with a nonlinear objective', async () => {
    const running = new GaborModel([unit('linear', { phaseDeg: 80 }), unit('complex')], smallField);
    const model = combine([
      ['state 2', running],
      ['B', second],
    ]);
    const make = (): Search =>
      pixels(model, {
        states: [{ behaviour: {} }, { behaviour: { running: 1 } }],
        objective: { type: 'ensemble', kappa: 0.5 },
        target: [{ area: 'V1-linear' }, { area: 'V1-complex' }],
        optimiser: { type: 'gradient', steps: 4 },
      });
    expect(await differencesAfterResuming(make)).toEqual([]);
  });
});
