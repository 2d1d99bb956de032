import { describe, expect, it } from 'vitest';
import type { SearchPlan } from '../../contract/plans.ts';
import { createConstraints, type ConstraintSet } from '../constraints/constraints.ts';
import { finish, planOf, searchOn, smallField, unit } from '../testing/fixtures.ts';
import { gaborBank, GaborModel } from '../testing/gaborModel.ts';

const aperture = { xDeg: 0.1, yDeg: 0, diameterDeg: 1.8, edgeDeg: 0.5 };

async function bestOf(model: GaborModel, plan: SearchPlan): Promise<{ image: Float32Array; response: number }> {
  const { candidates } = (await finish(searchOn(model, plan))).result();
  const [best] = candidates;
  if (best === undefined) throw new Error('nothing was found');
  return { image: best.image, response: best.responses[0] as number };
}

const planFor = (type: string, changes: Record<string, unknown>): SearchPlan =>
  planOf({ target: [{ area: `V1-${type}`, units: ['u0'] }], controls: { random: 0 }, ...changes });

/** Σ w·d of an image, d its deviation from the mean. */
function drive(filter: Float64Array, image: Float32Array, mean: number): number {
  let sum = 0;
  for (let i = 0; i < filter.length; i++) sum += (filter[i] as number) * ((image[i] as number) - mean);
  return sum;
}

/**
 * Upper bound of Σ w·d over the feasible images by Lagrangian duality, which no feasible image can exceed: for any μ
 * and λ > 0, Σ max over −below ≤ d ≤ above of (w·d − μ·A·d − ½λ·A·d²) + ½λ·S. Minimised over μ and λ by nested golden
 * sections.
 */
function dualBound(filter: Float64Array, { weights, constraints }: ConstraintSet): { bound: number; clipped: number } {
  const { meanLuminance: mean, contrastRms, range } = constraints;
  let total = 0;
  for (const a of weights) total += a;
  const sumOfSquares = ((contrastRms as number) * mean) ** 2 * total;
  let clipped = 0;
  const dual = (lambda: number, mu: number): number => {
    let sum = 0.5 * lambda * sumOfSquares;
    clipped = 0;
    for (let i = 0; i < filter.length; i++) {
      const a = weights[i] as number;
      if (a === 0) continue;
      const slope = (filter[i] as number) - mu * a;
      const free = slope / (lambda * a);
      const d = Math.min(Math.max(free, -a * (mean - range[0])), a * (range[1] - mean));
      if (d !== free) clipped++;
      sum += slope * d - 0.5 * lambda * a * d * d;
    }
    return sum;
  };
  const minimise = (f: (x: number) => number, low: number, high: number): number => {
    const ratio = (Math.sqrt(5) - 1) / 2;
    let [a, b] = [low, high];
    for (let i = 0; i < 60; i++) {
      const [c, d] = [b - ratio * (b - a), a + ratio * (b - a)];
      if (f(c) < f(d)) b = d;
      else a = c;
    }
    return (a + b) / 2;
  };
  const atLambda = (logLambda: number): number => {
    const mu = minimise((x) => dual(Math.exp(logLambda), x), -1, 1);
    return dual(Math.exp(logLambda), mu);
  };
  return { bound: atLambda(minimise(atLambda, -8, 6)), clipped };
}

describe('gradient ascent against the optimum', () => {
  it.each([
    { type: 'linear', contrastRms: 0.05, aperture: undefined },
    { type: 'simple', contrastRms: 0.15, aperture: undefined },
    { type: 'simple', contrastRms: 0.4, aperture: undefined },
    { type: 'simple', contrastRms: 0.4, aperture },
  ] as const)(
    'reaches ≥ 99 % of the clipped matched filter: $type, RMS $contrastRms, aperture $aperture',
    async (given) => {
      const { type, contrastRms } = given;
      const model = new GaborModel([unit(type)], smallField);
      const constraints = { contrastRms, ...(given.aperture === undefined ? {} : { aperture: given.aperture }) };
      const plan = planFor(type, { constraints });
      const { image } = await bestOf(model, plan);
      const filter = model.filters[0]?.even as Float64Array;
      const set = createConstraints(plan.constraints, smallField);
      const { bound, clipped } = dualBound(filter, set);
      const reached = drive(filter, image, 0.5);
      expect(reached).toBeGreaterThan(0.99 * bound);
      expect(reached).toBeLessThan(bound * (1 + 1e-5));
      // The range is active where contrast is high.
      expect(clipped > 0).toBe(contrastRms > 0.1);
      // The closed form itself: the projection of λ·w/A for a large λ.
      const closed = set.projectDeviation(
        filter.map((w, i) => ((set.weights[i] as number) > 0 ? (1e6 * w) / (set.weights[i] as number) : 0)),
        1,
      );
      expect(drive(filter, closed, 0.5)).toBeGreaterThan(bound * (1 - 1e-5));
    },
  );

  it('reaches ≥ 99 % of the best of 50 restarts with normalisation on', async () => {
    const pool = gaborBank().filter(({ spatialFrequencyCpd }) => spatialFrequencyCpd === 2);
    for (const [type, contrastRms] of [
      ['complex', 0.3],
      ['simple', 0.15],
    ] as const) {
      const model = new GaborModel([unit(type, { spatialFrequencyCpd: 1.5 })], smallField, {
        pool,
        semisaturation: 0.5,
        batchSize: 50,
      });
      const plan = planFor(type, { constraints: { contrastRms } });
      const few = await bestOf(model, plan);
      const many = await bestOf(model, { ...plan, starts: 50, seed: 77 });
      expect(few.response).toBeGreaterThan(0.99 * many.response);
    }
  });

  it('beats the projected step without momentum, restarts and step control', async () => {
    const pool = gaborBank().filter(({ spatialFrequencyCpd }) => spatialFrequencyCpd === 1);
    const model = new GaborModel([unit('complex')], smallField, { pool, semisaturation: 0.2 });
    const plan = planFor('complex', {
      constraints: { contrastRms: 0.2 },
      starts: 2,
      optimiser: { type: 'gradient', steps: 60 },
    });
    const { response } = await bestOf(model, plan);
    const set = createConstraints(plan.constraints, smallField);
    let image = set.project(
      Float32Array.from({ length: 1024 }, (_, i) => (i * 7919) % 101),
      1,
    );
    let best = 0;
    for (let step = 0; step < 60; step++) {
      const answer = await model.gradient?.(image, 1, Float32Array.of(1));
      const gradient = answer?.gradient as Float32Array;
      best = Math.max(best, answer?.responses[0] as number);
      const norm = Math.sqrt(gradient.reduce((sum, g) => sum + g * g, 0));
      const length = 0.5 * 0.04 ** (step / 59) * 0.1 * 32;
      image = set.project(
        Float64Array.from(image, (x, i) => x + (length * (gradient[i] as number)) / norm),
        1,
      );
    }
    expect(response).toBeGreaterThan(best);
  });

  it('has a model whose gradient is that of its responses', async () => {
    const model = new GaborModel([unit('complex'), unit('simple')], smallField, { pool: gaborBank().slice(0, 6) });
    const set = createConstraints(planOf({}).constraints, smallField);
    const image = set.project(
      Float32Array.from({ length: 1024 }, (_, i) => (i * 7919) % 101),
      1,
    );
    const cotangent = Float32Array.of(0.7, -1.3);
    const answer = await model.gradient?.(image, 1, cotangent);
    const along = Float32Array.from({ length: 1024 }, (_, i) => ((i * 31) % 17) / 17 - 0.5);
    const valueAt = async (h: number): Promise<number> => {
      const r = await model.responses(
        image.map((x, i) => x + h * (along[i] as number)),
        1,
      );
      return 0.7 * (r[0] as number) - 1.3 * (r[1] as number);
    };
    const numerical = ((await valueAt(1e-2)) - (await valueAt(-1e-2))) / 2e-2;
    const analytic = answer?.gradient.reduce((sum, g, i) => sum + g * (along[i] as number), 0) as number;
    expect(Math.abs(numerical / analytic - 1)).toBeLessThan(1e-2);
  });
});
