import { describe, expect, it } from 'vitest';
import { Random } from '../../platform/random.ts';
import { whitenedProduct } from '../objectives/similarity.ts';
import type { ResponseModel } from '../model.ts';
import type { SearchContext } from '../phase.ts';
import { differencesAfterResuming, finish, planOf, searchOn, smallField, unit } from '../testing/fixtures.ts';
import { GaborModel } from '../testing/gaborModel.ts';
import { diversityOf } from './diverse.ts';

const { sizePx } = smallField;
const units = [0, 45, 90, 135].map((orientationDeg) => unit('complex', { orientationDeg }));

/** What the diversity needs of a search; V1-complex is the target. */
const context = {
  model: {
    field: smallField,
    units: [...units.map((_, i) => ({ area: 'V1-complex', unit: `u${i}` })), { area: 'V4', unit: 'x' }],
  },
  groups: [{ label: 'V1-complex', weight: 1, units: [0, 1] }],
  scale: { mean: Float64Array.of(1, 2, 3, 4, 5), sd: Float64Array.of(1, 0.5, 2, 0, 1) },
} as unknown as SearchContext;

function randomSet(n: number) {
  const random = Random.fromSeed(4, 'set');
  return Array.from({ length: n }, () => ({
    image: Float32Array.from({ length: sizePx * sizePx }, () => 0.5 + 0.1 * random.normal()),
    responses: Float32Array.from({ length: 5 }, () => 3 * random.uniform()),
  }));
}

describe('the diversity of a set', () => {
  it('is the mean cosine over pairs, by hand', () => {
    const set = randomSet(3);
    const cosine = (i: number, j: number, product: (a: number, b: number) => number) =>
      product(i, j) / Math.sqrt(product(i, i) * product(j, j));
    const mean = (product: (a: number, b: number) => number) =>
      (cosine(0, 1, product) + cosine(0, 2, product) + cosine(1, 2, product)) / 3;
    const pixels = (i: number, j: number) =>
      whitenedProduct(set[i]?.image as Float32Array, set[j]?.image as Float32Array, sizePx);
    expect(diversityOf('pixels', context).meanCosine(set)).toBeCloseTo(mean(pixels), 12);
    // Units of V1-complex; the fourth is not modulated, the fifth of another area.
    const z = (i: number) => [0, 1, 2].map((u) => ((set[i]?.responses[u] as number) - [1, 2, 3][u]!) / [1, 0.5, 2][u]!);
    const responses = (i: number, j: number) => z(i).reduce((sum, value, u) => sum + value * (z(j)[u] as number), 0);
    expect(diversityOf('responses', context).meanCosine(set)).toBeCloseTo(mean(responses), 12);
    expect(diversityOf('pixels', context).meanCosine(set.slice(0, 1))).toBe(0);
  });

  it('has the gradient of finite differences, in pixels and in responses', () => {
    const set = randomSet(4);
    const inDoubles = set.map(({ image, responses }) => ({
      image: Float64Array.from(image) as unknown as Float32Array,
      responses: Float64Array.from(responses) as unknown as Float32Array,
    }));
    for (const over of ['pixels', 'responses'] as const) {
      const diversity = diversityOf(over, context);
      const key = over === 'pixels' ? 'image' : 'responses';
      const slopes = over === 'pixels' ? diversity.pixelGradients(inDoubles) : diversity.responseGradients(inDoubles);
      const other = over === 'pixels' ? diversity.responseGradients(inDoubles) : diversity.pixelGradients(inDoubles);
      expect(other).toBeNull();
      for (const [i, member] of inDoubles.entries()) {
        const at = over === 'pixels' ? [0, 1, 33, 500, sizePx * sizePx - 1] : [0, 1, 2, 3, 4];
        for (const k of at) {
          const step = 1e-5;
          const before = member[key][k] as number;
          const [up, down] = [step, -step].map((d) => {
            member[key][k] = before + d;
            return diversity.meanCosine(inDoubles);
          }) as [number, number];
          member[key][k] = before;
          const slope = slopes?.[i]?.[k];
          expect(slope).toBeCloseTo((up - down) / (2 * step), 7);
        }
      }
    }
  });
});

describe('a search for a diverse set', () => {
  const plan = (changes: object) =>
    planOf({
      target: [{ area: 'V1-complex' }],
      optimiser: { type: 'gradient', steps: 40 },
      controls: { random: 9 },
      starts: 4,
      ...changes,
    });
  const run = async (changes: object) =>
    (await finish(searchOn(new GaborModel(units, smallField), plan(changes)))).result();

  for (const over of ['pixels', 'responses'] as const) {
    it(`spreads ${over} as far as the weight asks, at the price of drive`, async () => {
      const free = await run({ diverse: { weight: 0, over } });
      const spread = await run({ diverse: { weight: 20, over } });
      const cosineOf = ({ notices }: typeof free): number =>
        Number(/mean cosine between two of them is (−?[\d.]+)/.exec(notices.join(' '))?.[1]?.replace('−', '-'));
      expect(spread.candidates).toHaveLength(4);
      expect(cosineOf(spread)).toBeLessThan(cosineOf(free) - 0.1);
      const drive = ({ candidates }: typeof free): number => candidates.reduce((sum, { value }) => sum + value, 0);
      expect(drive(spread)).toBeLessThan(drive(free));
      // Still above every control.
      for (const control of spread.controls) expect(control.beaten).toBe(true);
      for (const { residuals } of spread.candidates) expect(residuals?.contrastRms).toBeLessThan(1e-6);
      if (over === 'responses') return;
      const all = spread.candidates.map(({ image }) => image);
      const cosines = all.flatMap((a, i) =>
        all
          .slice(0, i)
          .map(
            (b) =>
              whitenedProduct(a, b, sizePx) / Math.sqrt(whitenedProduct(a, a, sizePx) * whitenedProduct(b, b, sizePx)),
          ),
      );
      expect(cosines.reduce((sum, value) => sum + value / 6, 0)).toBeCloseTo(cosineOf(spread), 2);
    });
  }

  it('never lowers its joint objective, and keeps values and responses of exactly its images', async () => {
    const model = new GaborModel(units, smallField);
    const search = searchOn(model, plan({ diverse: { weight: 5, over: 'pixels' } }));
    let last = -Infinity;
    while (!search.done) {
      const { point } = await search.advance();
      if (point === null) continue;
      const set = search.result().candidates;
      const drive = set.reduce((sum, { value }) => sum + value, 0);
      const joint = drive - 5 * diversityOf('pixels', { model } as unknown as SearchContext).meanCosine(set);
      expect(joint).toBeGreaterThanOrEqual(last);
      last = joint;
    }
    for (const { image, responses } of search.result().candidates) {
      expect(await model.responses(image, 1)).toEqual(responses);
    }
  });

  it('spreads images to which a suppressed unit is silent, and refuses a set of one and a unit without a slope', async () => {
    const simple = [unit('simple')];
    const silent: ResponseModel = {
      batchSize: 8,
      field: smallField,
      units: [{ area: 'V1-simple', unit: 'u0' }],
      responses: (images, n) => new GaborModel(simple, smallField).responses(images, n),
      gradient: async (images, n) => ({
        responses: await new GaborModel(simple, smallField).responses(images, n),
        gradient: new Float32Array(images.length),
      }),
    };
    const target = [{ area: 'V1-simple' }];
    const diverse = { weight: 5, over: 'pixels' };
    const optimiser = { type: 'gradient', steps: 60 };
    const suppressing = plan({ target, objective: { type: 'suppress' }, diverse, optimiser, starts: 2 });
    const outcome = (await finish(searchOn(silent, suppressing))).result();
    expect(outcome.candidates).toHaveLength(2);
    const cosine = diversityOf('pixels', { model: silent } as unknown as SearchContext).meanCosine(outcome.candidates);
    expect(cosine).toBeLessThan(-0.5);
    await expect(finish(searchOn(silent, plan({ target, diverse, optimiser })))).rejects.toThrow(
      /answered the same to all 16 starting images/,
    );
    expect(() => searchOn(silent, plan({ target, diverse, starts: 1 }))).toThrow(/needs at least two candidates/);
  });

  it('gives the same bytes when it is stopped and resumed at every single step, also while it looks for a slope', async () => {
    // A small simple cell is silent to half of all noise images.
    const silent = [unit('simple', { xDeg: 0.6, sigmaDeg: 0.15 })];
    for (const [members, target] of [
      [units, 'V1-complex'],
      [silent, 'V1-simple'],
    ] as const) {
      for (const over of ['pixels', 'responses']) {
        const different = await differencesAfterResuming(() =>
          searchOn(
            new GaborModel(members, smallField, { batchSize: 3 }),
            plan({
              target: [{ area: target }],
              optimiser: { type: 'gradient', steps: 8 },
              diverse: { weight: 2, over },
            }),
            { sources: {} },
          ),
        );
        expect(different).toEqual([]);
      }
    }
  });
});
