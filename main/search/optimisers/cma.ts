/**
 * CMA-ES as in N. Hansen, "The CMA Evolution Strategy: A Tutorial" (arXiv:1604.00772v2, 2023): the equations and the
 * default parameters of its table 1. Written for maximisation. Own code, because its bits have to be the same on every
 * machine. Three forms of the covariance:
 *
 * - full: the tutorial's, negative recombination weights included;
 * - diagonal: sep-CMA-ES (Ros & Hansen, "A Simple Modification in CMA-ES Achieving Linear Time and Space Complexity",
 *   PPSN 2008): only the variances are learned, (n + 2)/3 times as fast, from positive weights alone;
 * - spherical: one step size for all coordinates, by cumulative step-size adaptation.
 */
import { exp, log } from '../../platform/exactMath.ts';
import type { Random } from '../../platform/random.ts';
import { symmetricEigen } from './eigen.ts';

export type CovarianceForm = 'full' | 'diagonal' | 'spherical';

/** Plain numbers, so that it can be stored. */
export type CmaState = {
  form: CovarianceForm;
  mean: number[];
  sigma: number;
  /** full: n × n, row-major; diagonal: the n variances; spherical: empty. */
  covariance: number[];
  /** What steps are stretched by along each coordinate before they are shown; see `margin.ts`. Absent where by nothing. */
  stretch?: number[];
  /** Evolution paths of the covariance and of the step size. */
  covariancePath: number[];
  sigmaPath: number[];
  generation: number;
  population: number;
};

/** Sampled points with their steps from the mean in units of sigma, and the root of the covariance they came from. */
export type CmaGeneration = {
  points: number[][];
  steps: number[][];
  /** Null where the axes are those of the coordinates. */
  vectors: number[] | null;
  axes: number[];
};

export const defaultPopulation = (dimensions: number): number => 4 + Math.floor(3 * log(dimensions));

export function startCma(
  mean: readonly number[],
  sigma: number,
  population = defaultPopulation(mean.length),
  form: CovarianceForm = 'full',
): CmaState {
  const n = mean.length;
  const identity = {
    full: () => Array.from({ length: n * n }, (_, i) => (i % (n + 1) === 0 ? 1 : 0)),
    diagonal: () => Array.from({ length: n }, () => 1),
    spherical: () => [],
  }[form];
  return {
    form,
    mean: [...mean],
    sigma,
    covariance: identity(),
    covariancePath: Array.from({ length: n }, () => 0),
    sigmaPath: Array.from({ length: n }, () => 0),
    generation: 0,
    population,
  };
}

/** σ²·C along coordinate `i`. */
export function varianceAlong({ form, sigma, covariance, mean }: CmaState, i: number): number {
  if (form === 'spherical') return sigma * sigma;
  return sigma * sigma * (covariance[form === 'full' ? i * (mean.length + 1) : i] as number);
}

/** Draws m + σ·B·D·z, z standard normal, stretched where the state says so. */
export function sampleGeneration(state: CmaState, random: Random): CmaGeneration {
  const { form, mean, sigma, covariance, population, stretch } = state;
  const n = mean.length;
  const { values, vectors } =
    form === 'full'
      ? symmetricEigen(covariance, n)
      : { values: form === 'diagonal' ? covariance : mean.map(() => 1), vectors: null };
  const axes = values.map((value) => Math.sqrt(Math.max(value, 1e-30)));
  const steps: number[][] = [];
  for (let k = 0; k < population; k++) {
    const z = axes.map((axis) => axis * random.normal());
    steps.push(product(vectors, z, n));
  }
  const points = steps.map((step) =>
    step.map((y, i) => (mean[i] as number) + (stretch === undefined ? sigma : sigma * (stretch[i] as number)) * y),
  );
  return { points, steps, vectors, axes };
}

/** The next state; `values` are the objective at `points`, larger is better. Equal values keep their order. */
export function updateCma(state: CmaState, generation: CmaGeneration, values: readonly number[]): CmaState {
  const n = state.mean.length;
  const { weights, muEff, cSigma, dSigma, cC, c1, cMu, expectedNorm } = parametersOf(n, state.population, state.form);
  const order = values.map((_, k) => k).toSorted((a, b) => (values[b] as number) - (values[a] as number));
  const sorted = order.map((k) => generation.steps[k] as number[]);

  const meanStep = Array.from({ length: n }, () => 0);
  for (const [k, step] of sorted.entries()) {
    const weight = weights[k] as number;
    if (weight <= 0) break;
    for (let i = 0; i < n; i++) meanStep[i] = (meanStep[i] as number) + weight * (step[i] as number);
  }
  const whitened = whiten(generation, meanStep, n);
  const sigmaGain = Math.sqrt(cSigma * (2 - cSigma) * muEff);
  const sigmaPath = state.sigmaPath.map((p, i) => (1 - cSigma) * p + sigmaGain * (whitened[i] as number));
  const norm = Math.sqrt(sumOfSquares(sigmaPath));
  let decay = 1;
  for (let g = 0; g <= state.generation && decay > 1e-20; g++) decay *= (1 - cSigma) * (1 - cSigma);
  const long = norm / Math.sqrt(1 - decay) >= (1.4 + 2 / (n + 1)) * expectedNorm;
  const gain = long ? 0 : Math.sqrt(cC * (2 - cC) * muEff);
  const covariancePath = state.covariancePath.map((p, i) => (1 - cC) * p + gain * (meanStep[i] as number));

  let weightSum = 0;
  for (const weight of weights) weightSum += weight;
  const kept = 1 + (long ? c1 * cC * (2 - cC) : 0) - c1 - cMu * weightSum;
  const covariance = state.covariance.map((c) => kept * c);
  addProduct(covariance, covariancePath, c1, n);
  for (const [k, step] of sorted.entries()) {
    const weight = weights[k] as number;
    if (weight === 0) continue;
    // Negative weights act on a step scaled to the length √n, so that the covariance stays positive.
    const scale = weight > 0 ? 1 : n / (sumOfSquares(whiten(generation, step, n)) + 1e-300);
    addProduct(covariance, step, cMu * weight * scale, n);
  }
  return {
    ...state,
    mean: state.mean.map((m, i) => m + state.sigma * (meanStep[i] as number)),
    sigma: state.sigma * exp(Math.min(1, (cSigma / dSigma) * (norm / expectedNorm - 1))),
    covariance,
    covariancePath,
    sigmaPath,
    generation: state.generation + 1,
  };
}

/** Equations (49) to (58) and table 1 of the tutorial; of the diagonal form with the factor of Ros & Hansen. */
function parametersOf(n: number, population: number, form: CovarianceForm) {
  const parents = Math.floor(population / 2);
  const raw = Array.from({ length: population }, (_, k) => log((population + 1) / 2) - log(k + 1));
  const muEffOf = (part: readonly number[]): number => {
    let sum = 0;
    for (const w of part) sum += w;
    return (sum * sum) / sumOfSquares(part);
  };
  const muEff = muEffOf(raw.slice(0, parents));
  const muEffNegative = muEffOf(raw.slice(parents));
  const cSigma = (muEff + 2) / (n + muEff + 5);
  const dSigma = 1 + 2 * Math.max(0, Math.sqrt((muEff - 1) / (n + 1)) - 1) + cSigma;
  const cC = (4 + muEff / n) / (n + 4 + (2 * muEff) / n);
  const faster = { full: 1, diagonal: (n + 2) / 3, spherical: 0 }[form];
  const c1 = Math.min(1, (faster * 2) / ((n + 1.3) * (n + 1.3) + muEff));
  const cMu = Math.min(1 - c1, (faster * 2 * (0.25 + muEff + 1 / muEff - 2)) / ((n + 2) * (n + 2) + muEff));
  const negativeSum =
    form === 'full' ? Math.min(1 + c1 / cMu, 1 + (2 * muEffNegative) / (muEff + 2), (1 - c1 - cMu) / (n * cMu)) : 0;
  let positive = 0;
  let negative = 0;
  for (const w of raw) {
    if (w >= 0) positive += w;
    else negative -= w;
  }
  return {
    weights: raw.map((w) => (w >= 0 ? w / positive : (w * negativeSum) / negative)),
    muEff,
    cSigma,
    dSigma,
    cC,
    c1,
    cMu,
    expectedNorm: Math.sqrt(n) * (1 - 1 / (4 * n) + 1 / (21 * n * n)),
  };
}

/** C^(−1/2)·step. */
function whiten({ vectors, axes }: CmaGeneration, step: readonly number[], n: number): number[] {
  if (vectors === null) return axes.map((axis, i) => (step[i] as number) / axis);
  const along = axes.map((axis, k) => {
    let sum = 0;
    for (let i = 0; i < n; i++) sum += (vectors[i * n + k] as number) * (step[i] as number);
    return sum / axis;
  });
  return product(vectors, along, n);
}

function product(matrix: readonly number[] | null, vector: readonly number[], n: number): number[] {
  if (matrix === null) return [...vector];
  return Array.from({ length: n }, (_, i) => {
    let sum = 0;
    for (let k = 0; k < n; k++) sum += (matrix[i * n + k] as number) * (vector[k] as number);
    return sum;
  });
}

/** Adds scale·v·vᵀ to what is kept of the covariance: all of it, its diagonal, or nothing. */
function addProduct(matrix: number[], vector: readonly number[], scale: number, n: number): void {
  if (matrix.length < n * n || n === 1) {
    for (let i = 0; i < matrix.length; i++) {
      matrix[i] = (matrix[i] as number) + scale * (vector[i] as number) * (vector[i] as number);
    }
    return;
  }
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) {
      matrix[i * n + j] = (matrix[i * n + j] as number) + scale * (vector[i] as number) * (vector[j] as number);
    }
  }
}

function sumOfSquares(values: readonly number[]): number {
  let sum = 0;
  for (const value of values) sum += value * value;
  return sum;
}
