/**
 * Clips whose frames change by at most τ from one to the next, in the aperture-weighted norm: a convex set. The nearest
 * clip to y is x = y − Dᵀ·Λ·u with the differences u = D·x = (I + D·Dᵀ·Λ)⁻¹·D·y and multipliers λ_t ≥ 0, positive only where
 * |u_t| = τ (Karush–Kuhn–Tucker). |u_t|² needs the products of the differences alone, so the multipliers are found in the
 * number of frames: Newton steps on 1/|u_t| = 1/τ, which is nearly linear in λ (Moré & Sorensen 1983).
 */
import type { JointSet } from './jointSets.ts';

const newtonSteps = 60;

/** `largest`: τ² as Σ A·(change)². `weights`: of every pixel of one frame. */
export function temporalSet(weights: Float64Array, largest: number): JointSet {
  return {
    name: 'temporal',
    kind: 'convex',
    violation: (point) => Math.max(0, Math.sqrt(largestChange(point, weights) / largest) - 1),
    project(point) {
      const plane = weights.length;
      const steps = point.length / plane - 1;
      if (steps < 1) return;
      const gram = products(point, weights, steps);
      const solved = multipliers(gram, steps, Math.sqrt(largest));
      if (solved === null) return;
      const { lambda, inverse } = solved;
      const e = new Float64Array(steps);
      const pull = new Float64Array(steps);
      for (let i = 0; i < plane; i++) {
        if (weights[i] === 0) continue;
        for (let t = 0; t < steps; t++)
          e[t] = (point[(t + 1) * plane + i] as number) - (point[t * plane + i] as number);
        for (let t = 0; t < steps; t++) {
          let u = 0;
          if (lambda[t] !== 0)
            for (let s = 0; s < steps; s++) u += (inverse[t * steps + s] as number) * (e[s] as number);
          pull[t] = (lambda[t] as number) * u;
        }
        for (let t = 0; t <= steps; t++) {
          const before = t > 0 ? (pull[t - 1] as number) : 0;
          const after = t < steps ? (pull[t] as number) : 0;
          point[t * plane + i] = (point[t * plane + i] as number) + after - before;
        }
      }
    },
  };
}

/** Largest Σ A·(x_{t+1} − x_t)² of a clip; 0 for a still picture. */
export function largestChange(clip: ArrayLike<number>, weights: Float64Array): number {
  const plane = weights.length;
  let largest = 0;
  for (let from = 0; from + plane < clip.length; from += plane) {
    let sum = 0;
    for (let i = 0; i < plane; i++) {
      const change = (clip[from + plane + i] as number) - (clip[from + i] as number);
      sum += (weights[i] as number) * change * change;
    }
    largest = Math.max(largest, sum);
  }
  return largest;
}

/** ⟨e_s, e_t⟩ of the differences e of neighbouring frames. */
function products(clip: Float64Array, weights: Float64Array, steps: number): Float64Array {
  const plane = weights.length;
  const gram = new Float64Array(steps * steps);
  const e = new Float64Array(steps);
  for (let i = 0; i < plane; i++) {
    const a = weights[i] as number;
    if (a === 0) continue;
    for (let t = 0; t < steps; t++) e[t] = (clip[(t + 1) * plane + i] as number) - (clip[t * plane + i] as number);
    for (let s = 0; s < steps; s++) {
      const es = a * (e[s] as number);
      for (let t = s; t < steps; t++) gram[s * steps + t] = (gram[s * steps + t] as number) + es * (e[t] as number);
    }
  }
  for (let s = 0; s < steps; s++) for (let t = 0; t < s; t++) gram[s * steps + t] = gram[t * steps + s] as number;
  return gram;
}

/** The multipliers and (I + D·Dᵀ·Λ)⁻¹; null where nothing changes by more than τ. */
function multipliers(
  gram: Float64Array,
  n: number,
  tau: number,
): { lambda: Float64Array; inverse: Float64Array } | null {
  let lambda = new Float64Array(n);
  let state = changesAt(lambda, gram, n);
  if (Math.max(...state.norms) <= tau) return null;
  let worst = excess(state.norms, lambda, tau);
  for (let step = 0; step < newtonSteps && worst > 1e-12; step++) {
    const active: number[] = [];
    for (let t = 0; t < n; t++) if ((lambda[t] as number) > 0 || (state.norms[t] as number) > tau) active.push(t);
    const m = active.length;
    const jacobian = new Float64Array(m * m);
    const right = new Float64Array(m);
    for (const [i, t] of active.entries()) {
      const norm = state.norms[t] as number;
      right[i] = 1 / tau - 1 / norm;
      for (const [j, s] of active.entries()) {
        jacobian[i * m + j] =
          ((state.response[t * n + s] as number) * (state.inner[t * n + s] as number)) / (norm * norm * norm);
      }
    }
    const delta = solveLinear(jacobian, right, m);
    if (delta === null) break;
    // A step that overshoots is halved; the last half is taken as it is.
    for (let share = 1, tries = 0; ; share /= 2, tries++) {
      const next = lambda.slice();
      for (const [i, t] of active.entries()) {
        next[t] = Math.max(0, (lambda[t] as number) + share * (delta[i] as number));
      }
      const moved = changesAt(next, gram, n);
      const left = excess(moved.norms, next, tau);
      if (left < worst || tries === 12) {
        lambda = next;
        state = moved;
        worst = left;
        break;
      }
    }
  }
  return { lambda, inverse: state.inverse };
}

/** How far the conditions are from holding: too large a change, or one below τ that is held back all the same. */
function excess(norms: Float64Array, lambda: Float64Array, tau: number): number {
  let worst = 0;
  for (let t = 0; t < norms.length; t++) {
    const over = (norms[t] as number) / tau - 1;
    worst = Math.max(worst, (lambda[t] as number) > 0 ? Math.abs(over) : over);
  }
  return worst;
}

/** |u_t|, ⟨u_s, u_t⟩, W = (I + K·Λ)⁻¹ and W·K with K = D·Dᵀ, the second difference. */
function changesAt(lambda: Float64Array, gram: Float64Array, n: number) {
  const matrix = new Float64Array(n * n);
  const second = new Float64Array(n * n);
  for (let t = 0; t < n; t++) {
    for (const [s, value] of [
      [t - 1, -1],
      [t, 2],
      [t + 1, -1],
    ] as const) {
      if (s < 0 || s >= n) continue;
      second[t * n + s] = value;
      matrix[t * n + s] = value * (lambda[s] as number);
    }
    matrix[t * n + t] = (matrix[t * n + t] as number) + 1;
  }
  const inverse = invert(matrix, n);
  const half = multiply(inverse, gram, n);
  const inner = new Float64Array(n * n);
  for (let s = 0; s < n; s++) {
    for (let t = 0; t < n; t++) {
      let sum = 0;
      for (let k = 0; k < n; k++) sum += (half[s * n + k] as number) * (inverse[t * n + k] as number);
      inner[s * n + t] = sum;
    }
  }
  const norms = Float64Array.from({ length: n }, (_, t) => Math.sqrt(Math.max(0, inner[t * n + t] as number)));
  return { inverse, inner, norms, response: multiply(inverse, second, n) };
}

function multiply(a: Float64Array, b: Float64Array, n: number): Float64Array {
  const product = new Float64Array(n * n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const value = a[i * n + k] as number;
      if (value === 0) continue;
      for (let j = 0; j < n; j++)
        product[i * n + j] = (product[i * n + j] as number) + value * (b[k * n + j] as number);
    }
  }
  return product;
}

/** Of a diagonally dominant matrix by columns: every column is a linear system. */
function invert(matrix: Float64Array, n: number): Float64Array {
  const inverse = new Float64Array(n * n);
  const factors = eliminate(matrix.slice(), n);
  if (factors === null) throw new Error('a matrix of time steps has no inverse');
  const right = new Float64Array(n);
  for (let column = 0; column < n; column++) {
    right.fill(0);
    right[column] = 1;
    const solution = substitute(factors, right, n);
    for (let row = 0; row < n; row++) inverse[row * n + column] = solution[row] as number;
  }
  return inverse;
}

function solveLinear(matrix: Float64Array, right: Float64Array, n: number): Float64Array | null {
  const factors = eliminate(matrix.slice(), n);
  return factors === null ? null : substitute(factors, right, n);
}

type Factors = { matrix: Float64Array; order: Int32Array };

/** LU factors with partial pivoting, in place; null for a singular matrix. */
function eliminate(matrix: Float64Array, n: number): Factors | null {
  const order = Int32Array.from({ length: n }, (_, i) => i);
  const at = (row: number, column: number): number => matrix[row * n + column] as number;
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let row = k + 1; row < n; row++) if (Math.abs(at(row, k)) > Math.abs(at(pivot, k))) pivot = row;
    if (at(pivot, k) === 0) return null;
    if (pivot !== k) {
      for (let column = 0; column < n; column++) {
        const held = at(k, column);
        matrix[k * n + column] = at(pivot, column);
        matrix[pivot * n + column] = held;
      }
      const held = order[k] as number;
      order[k] = order[pivot] as number;
      order[pivot] = held;
    }
    for (let row = k + 1; row < n; row++) {
      const factor = at(row, k) / at(k, k);
      matrix[row * n + k] = factor;
      if (factor === 0) continue;
      for (let column = k + 1; column < n; column++)
        matrix[row * n + column] = at(row, column) - factor * at(k, column);
    }
  }
  return { matrix, order };
}

function substitute({ matrix, order }: Factors, right: Float64Array, n: number): Float64Array {
  const solution = Float64Array.from(order, (row) => right[row] as number);
  for (let row = 0; row < n; row++) {
    for (let k = 0; k < row; k++)
      solution[row] = (solution[row] as number) - (matrix[row * n + k] as number) * (solution[k] as number);
  }
  for (let row = n - 1; row >= 0; row--) {
    for (let k = row + 1; k < n; k++)
      solution[row] = (solution[row] as number) - (matrix[row * n + k] as number) * (solution[k] as number);
    solution[row] = (solution[row] as number) / (matrix[row * n + row] as number);
  }
  return solution;
}
