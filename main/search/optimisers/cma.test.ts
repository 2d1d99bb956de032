import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { Random } from '../../platform/random.ts';
import { defaultPopulation, sampleGeneration, startCma, updateCma } from './cma.ts';
import { symmetricEigen } from './eigen.ts';

type Reference = {
  ftarget: number;
  runs: number;
  functions: { name: string; dimensions: number; reached: number; evaluations: { median: number } }[];
};
const reference = JSON.parse(
  readFileSync(new URL('./fixtures/cma_reference.json', import.meta.url), 'utf8'),
) as Reference;

const functions: Record<string, (x: readonly number[]) => number> = {
  sphere: (x) => x.reduce((sum, v) => sum + v * v, 0),
  ellipsoid: (x) => x.reduce((sum, v, i) => sum + 10 ** ((6 * i) / (x.length - 1)) * v * v, 0),
  rosenbrock: (x) => {
    let sum = 0;
    for (let i = 0; i + 1 < x.length; i++) {
      const [a, b] = [x[i] as number, x[i + 1] as number];
      sum += 100 * (a * a - b) ** 2 + (a - 1) ** 2;
    }
    return sum;
  },
};

/** Evaluations to the target, or null. */
function evaluationsOf(f: (x: readonly number[]) => number, n: number, seed: number, target: number): number | null {
  const random = Random.fromSeed(seed, 'benchmark');
  let state = startCma(
    Array.from({ length: n }, () => 4 * random.uniform() - 2),
    0.5,
  );
  let evaluations = 0;
  while (evaluations < 8_000) {
    const generation = sampleGeneration(state, random);
    const values = generation.points.map(f);
    evaluations += values.length;
    if (Math.min(...values) < target) return evaluations;
    state = updateCma(
      state,
      generation,
      values.map((value) => -value),
    );
  }
  return null;
}

describe('CMA-ES against the reference implementation of its author (51 stored runs per function)', () => {
  for (const { name, dimensions, reached, evaluations } of reference.functions) {
    if (dimensions === 10) continue;
    it(`${name} in ${dimensions} dimensions`, () => {
      const runs = Array.from({ length: 51 }, (_, i) =>
        evaluationsOf(functions[name] as (x: readonly number[]) => number, dimensions, i + 1, reference.ftarget),
      );
      const counts = runs.filter((count) => count !== null).toSorted((a, b) => a - b);
      const median = counts[Math.floor(counts.length / 2)] as number;
      expect(median).toBeGreaterThan(0.88 * evaluations.median);
      expect(median).toBeLessThan(1.12 * evaluations.median);
      // Rosenbrock has a second optimum that catches some runs of either implementation.
      expect(counts.length / runs.length).toBeGreaterThan(reached / reference.runs - 0.15);
    });
  }

  it('uses the default population of the tutorial', () => {
    expect([2, 3, 5, 6, 10, 20].map(defaultPopulation)).toEqual([6, 7, 8, 9, 10, 12]);
  });

  it('does not change under an increasing transformation of the objective', () => {
    const f = functions['ellipsoid'] as (x: readonly number[]) => number;
    const plain = evaluationsOf(f, 5, 3, 1e-6);
    expect(plain).not.toBeNull();
    expect(evaluationsOf((x) => Math.cbrt(f(x)) - 7, 5, 3, 1e-2 - 7)).toBe(plain);
  });
});

describe('symmetricEigen', () => {
  it('gives the hand-computed pairs of a 2 × 2 matrix', () => {
    // [[2, 1], [1, 2]] has eigenvalues 1 and 3 with vectors (1, −1)/√2 and (1, 1)/√2.
    const { values, vectors } = symmetricEigen([2, 1, 1, 2], 2);
    const order = (values[0] as number) < (values[1] as number) ? [0, 1] : [1, 0];
    expect(order.map((k) => values[k])).toEqual([expect.closeTo(1, 14), expect.closeTo(3, 14)]);
    const small = order.map((_, i) => vectors[i * 2 + (order[0] as number)] as number);
    expect(Math.abs((small[0] as number) + (small[1] as number))).toBeLessThan(1e-14);
  });

  it('takes a random matrix apart: orthonormal vectors with A·v = λ·v, also with repeated eigenvalues', () => {
    const random = Random.fromSeed(1, 'matrices');
    for (let trial = 0; trial < 50; trial++) {
      const n = 2 + random.int(7);
      const root = Array.from({ length: n * n }, () => random.normal());
      const matrix = Array.from({ length: n * n }, (_, at) => {
        const [i, j] = [Math.floor(at / n), at % n];
        let sum = trial % 3 === 0 && i === j ? 1000 : 0;
        for (let k = 0; k < n; k++) sum += (root[i * n + k] as number) * (root[j * n + k] as number);
        return sum;
      });
      const { values, vectors } = symmetricEigen(matrix, n);
      const scale = Math.max(...values.map(Math.abs));
      for (let k = 0; k < n; k++) {
        for (let i = 0; i < n; i++) {
          let image = 0;
          for (let j = 0; j < n; j++) image += (matrix[i * n + j] as number) * (vectors[j * n + k] as number);
          expect(Math.abs(image - (values[k] as number) * (vectors[i * n + k] as number))).toBeLessThan(1e-12 * scale);
        }
        for (let l = 0; l < n; l++) {
          let dot = 0;
          for (let i = 0; i < n; i++) dot += (vectors[i * n + k] as number) * (vectors[i * n + l] as number);
          expect(Math.abs(dot - (k === l ? 1 : 0))).toBeLessThan(1e-12);
        }
      }
    }
  });
});
