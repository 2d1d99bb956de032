import { describe, expect, it } from 'vitest';
import { cmaOptimiser, geneticOptimiser } from '../../contract/plans.ts';
import { upperTail } from '../../platform/normal.ts';
import { Random } from '../../platform/random.ts';
import { type Gene, levelAt, levelCentre } from '../spaces/box.ts';
import { startCma } from './cma.ts';
import { cmaEvolver, type Evolver } from './evolver.ts';
import { geneticEvolver } from './genetic.ts';
import { withMargin } from './margin.ts';

const continuous: Gene = { levels: null };
const discrete = (levels: number): Gene => ({ levels });

/** The best value of a maximisation after so many evaluations. */
function bestOf<S extends { generation: number }, G extends { points: number[][] }>(
  evolver: Evolver<S, G>,
  f: (point: readonly number[]) => number,
  evaluations: number,
  seed: number,
): number {
  const random = Random.fromSeed(seed, 'test');
  let state = evolver.begin(random);
  let best = -Infinity;
  for (let done = 0; done < evaluations; done += evolver.population) {
    const generation = evolver.sample(state, random);
    const values = generation.points.map(f);
    best = Math.max(best, ...values);
    state = evolver.update(state, generation, values);
  }
  return best;
}

const genetic = (genes: readonly Gene[], changes: object = {}) =>
  geneticEvolver(geneticOptimiser.parse({ type: 'genetic', ...changes }), genes);
const cma = (genes: readonly Gene[], changes: object = {}) =>
  cmaEvolver(cmaOptimiser.parse({ type: 'cma-es', ...changes }), genes);

const peak = [0.2, 0.7, 0.4, 0.9];
const sphere = (x: readonly number[]): number => -x.reduce((sum, t, i) => sum + (t - (peak[i] as number)) ** 2, 0);
/** 5⁴ local optima; the best, 0, at the peak. */
const rastrigin = (x: readonly number[]): number =>
  -x.reduce((sum, t, i) => {
    const d = 5 * (t - (peak[i] as number));
    return sum + d * d + 2 * (1 - Math.cos(2 * Math.PI * d));
  }, 0);

describe('the genetic algorithm', () => {
  it('approaches the optimum of a sphere and the best of the many optima of Rastrigin’s function', () => {
    const four = Array.from({ length: 4 }, () => continuous);
    for (let seed = 1; seed <= 5; seed++) {
      expect(bestOf(genetic(four), sphere, 6400, seed)).toBeGreaterThan(-1e-3);
      expect(bestOf(genetic(four, { population: 60 }), rastrigin, 18_000, seed)).toBeGreaterThan(-0.5);
      // As many random points leave much more.
      const random = Random.fromSeed(seed, 'random');
      let best = -Infinity;
      for (let i = 0; i < 18_000; i++) best = Math.max(best, rastrigin(peak.map(() => random.uniform())));
      expect(best).toBeLessThan(-0.5);
    }
  });

  it('finds the best of 6⁵ combinations of categories without order', () => {
    const genes = Array.from({ length: 5 }, () => discrete(6));
    const wanted = [3, 0, 5, 2, 1];
    const matches = (x: readonly number[]) =>
      x.reduce((sum, t, i) => sum + (levelAt(t, 6, true) === wanted[i] ? 1 : 0), 0);
    for (let seed = 1; seed <= 5; seed++) expect(bestOf(genetic(genes), matches, 3200, seed)).toBe(5);
  });

  it('never loses its best while it keeps an elite', () => {
    const evolver = genetic([continuous, continuous], { population: 10, elite: 1, mutation: { rate: 1, sd: 1 } });
    const random = Random.fromSeed(3, 'test');
    let state = evolver.begin(random);
    let last = -Infinity;
    for (let g = 0; g < 60; g++) {
      const generation = evolver.sample(state, random);
      expect(generation.points).toHaveLength(10);
      state = evolver.update(state, generation, generation.points.map(sphere));
      expect(state.population).toHaveLength(10);
      const values = state.population.map(({ value }) => value);
      expect(values).toEqual(values.toSorted((a, b) => b - a));
      expect(values[0]).toBeGreaterThanOrEqual(last);
      last = values[0] as number;
    }
  });

  it('draws children as blend crossover says: uniform over the parents’ interval, half as much longer at each end', () => {
    const evolver = genetic([continuous], {
      population: 2000,
      elite: 0,
      crossover: { rate: 1, blend: 0.5 },
      mutation: { rate: 0 },
    });
    const population = [0.4, 0.6].flatMap((t) => Array.from({ length: 1000 }, () => ({ point: [t], value: 0 })));
    const children = evolver.sample({ generation: 1, population, around: null }, Random.fromSeed(1)).points.flat();
    // Both parents .4: three quarters squared; both .6; or one of each, with children over [.3, .7].
    const mixed = children.filter((t) => t !== 0.4 && t !== 0.6);
    expect(mixed.length / 2000).toBeCloseTo(2 * 0.75 * 0.25, 1);
    expect(children.filter((t) => t === 0.4).length / 2000).toBeCloseTo(0.75 ** 2, 1);
    expect(Math.min(...mixed)).toBeGreaterThanOrEqual(0.3);
    expect(Math.max(...mixed)).toBeLessThanOrEqual(0.7);
    const quarters = [0, 0, 0, 0];
    for (const t of mixed)
      quarters[Math.floor((t - 0.3) / 0.1)] = (quarters[Math.floor((t - 0.3) / 0.1)] as number) + 1;
    for (const count of quarters) expect(Math.abs(count / mixed.length - 0.25)).toBeLessThan(0.06);
  });

  it('mutates with its rate and standard deviation, and values to any other value', () => {
    const evolver = genetic([continuous, discrete(4)], {
      population: 4000,
      crossover: { rate: 0 },
      mutation: { rate: 0.25, sd: 0.2 },
    });
    const population = Array.from({ length: 4000 }, () => ({ point: [0.5, levelCentre(2, 4)], value: 0 }));
    const { points } = evolver.sample({ generation: 1, population, around: null }, Random.fromSeed(1));
    const moved = points.map(([t]) => (t as number) - 0.5).filter((d) => d !== 0);
    expect(moved.length / 4000).toBeCloseTo(0.25, 1);
    const sd = Math.sqrt(moved.reduce((sum, d) => sum + d * d, 0) / moved.length);
    expect(Math.abs(sd / 0.2 - 1)).toBeLessThan(0.1);
    const levels = [0, 1, 2, 3].map(
      (level) => points.filter(([, t]) => levelAt(t as number, 4, true) === level).length,
    );
    expect((levels[2] as number) / 4000).toBeCloseTo(0.75, 1);
    for (const level of [0, 1, 3]) expect(Math.abs((levels[level] as number) / 4000 - 0.25 / 3)).toBeLessThan(0.02);
  });

  it('begins at a point that it is given', () => {
    const evolver = genetic([continuous, discrete(4)], { population: 8 });
    const state = evolver.begin(Random.fromSeed(1), [0.3, 0.6]);
    expect(evolver.sample(state, Random.fromSeed(1)).points[0]).toEqual([0.3, 0.6]);
  });
});

describe('CMA-ES with margin', () => {
  it('keeps for each neighbouring cell the chance of the margin, by the exact integral', () => {
    const genes = [continuous, discrete(5)];
    // α/2 = 1/(2 · dimensions · population).
    const least = 1 / (2 * 2 * 8);
    for (const mean of [0.41, 0.5, 0.59, 0.4001, 0.97]) {
      for (const sigma of [0.3, 0.05, 1e-3, 1e-8]) {
        const state = withMargin(startCma([0.5, mean], sigma, 8), genes);
        const low = Math.floor(mean * 5) / 5;
        const sd = sigma * (state.stretch?.[1] ?? 1);
        const at = state.mean[1] as number;
        expect(Math.floor(at * 5)).toBe(Math.floor(mean * 5));
        // The quantile is good to 4.5e-4 standard deviations.
        expect(upperTail((at - low) / sd)).toBeGreaterThan(0.99 * least);
        expect(upperTail((low + 0.2 - at) / sd)).toBeGreaterThan(0.99 * least);
        expect(state.mean[0]).toBe(0.5);
        expect(state.stretch?.[0] ?? 1).toBe(1);
      }
    }
  });

  it('leaves continuous spaces and wide distributions as they are', () => {
    const state = startCma([0.5, 0.5], 0.2, 8);
    expect(withMargin(state, [continuous, continuous])).toBe(state);
    expect(withMargin(state, [continuous, discrete(2)])).toMatchObject({ mean: [0.5, expect.any(Number)], sigma: 0.2 });
  });

  it('solves SphereLeadingOnes, where rounding alone stops at bits that it no longer varies', () => {
    const genes = [continuous, continuous, ...Array.from({ length: 8 }, () => discrete(2))];
    // The paper's test problem: a bit counts only once all before it are 1; here the sphere is settled first.
    const leadingOnes = (x: readonly number[]): number => {
      const zero = x.slice(2).findIndex((t) => levelAt(t, 2, true) === 0);
      return 1e8 * sphere(x.slice(0, 2)) - (8 - (zero < 0 ? 8 : zero));
    };
    const solved = (evolver: ReturnType<typeof cma>): number =>
      Array.from({ length: 20 }, (_, seed) => bestOf(evolver, leadingOnes, 6000, seed) > -1e-3).filter(Boolean).length;
    expect(solved(cma(genes))).toBeGreaterThanOrEqual(15);
    expect(solved(cma(genes.map(() => continuous)))).toBeLessThanOrEqual(5);
  });

  it('searches in all three forms of the covariance, also a single parameter', () => {
    for (const covariance of ['full', 'diagonal', 'spherical']) {
      expect(bestOf(cma([continuous], { covariance }), sphere, 400, 1)).toBeGreaterThan(-1e-8);
      expect(
        bestOf(
          cma(
            peak.map(() => continuous),
            { covariance },
          ),
          sphere,
          1500,
          1,
        ),
      ).toBeGreaterThan(-1e-6);
    }
  });
});
