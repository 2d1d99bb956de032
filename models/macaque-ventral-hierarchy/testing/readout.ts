/** A linear readout: ridge regression on standardised responses, one output per class, largest wins. */

export interface Labelled {
  label: number;
  features: ArrayLike<number>;
}

/** Solves A·X = B for symmetric positive definite A (n × n), B (n × m), by Cholesky's factors; B becomes X. */
function solve(a: Float64Array, b: Float64Array, n: number, m: number): void {
  for (let j = 0; j < n; j++) {
    for (let i = j; i < n; i++) {
      let sum = a[i * n + j];
      for (let k = 0; k < j; k++) sum -= a[i * n + k] * a[j * n + k];
      a[i * n + j] = i === j ? Math.sqrt(sum) : sum / a[j * n + j];
    }
  }
  for (let c = 0; c < m; c++) {
    for (let i = 0; i < n; i++) {
      for (let k = 0; k < i; k++) b[i * m + c] -= a[i * n + k] * b[k * m + c];
      b[i * m + c] /= a[i * n + i];
    }
    for (let i = n - 1; i >= 0; i--) {
      for (let k = i + 1; k < n; k++) b[i * m + c] -= a[k * n + i] * b[k * m + c];
      b[i * m + c] /= a[i * n + i];
    }
  }
}

/** Ridge of .1 times the mean variance that the kernel holds; the dual form, since there are fewer examples than units. */
export function trainReadout(examples: readonly Labelled[], classes: number): (features: ArrayLike<number>) => number {
  const n = examples.length;
  const units = examples[0].features.length;
  const mean = new Float64Array(units);
  const sd = new Float64Array(units);
  for (const { features } of examples) for (let u = 0; u < units; u++) mean[u] += features[u] / n;
  for (const { features } of examples) for (let u = 0; u < units; u++) sd[u] += (features[u] - mean[u]) ** 2 / n;
  const largest = Math.sqrt(Math.max(...sd));
  for (let u = 0; u < units; u++) sd[u] = Math.max(Math.sqrt(sd[u]), 1e-3 * largest);
  const standard = (features: ArrayLike<number>) => Float64Array.from(mean, (m, u) => (features[u] - m) / sd[u]);
  const dot = (a: Float64Array, b: Float64Array) => a.reduce((sum, value, u) => sum + value * b[u], 0);
  const rows = examples.map(({ features }) => standard(features));
  const kernel = Float64Array.from({ length: n * n }, (_, at) => dot(rows[Math.floor(at / n)], rows[at % n]));
  const trace = rows.reduce((sum, _, i) => sum + kernel[i * n + i], 0);
  for (let i = 0; i < n; i++) kernel[i * n + i] += (0.1 * trace) / n;
  const targets = Float64Array.from({ length: n * classes }, (_, at) =>
    examples[Math.floor(at / classes)].label === at % classes ? 1 - 1 / classes : -1 / classes,
  );
  solve(kernel, targets, n, classes);
  const weights = Array.from({ length: classes }, (_, c) => {
    const sum = new Float64Array(units);
    for (const [i, row] of rows.entries()) for (let u = 0; u < units; u++) sum[u] += targets[i * classes + c] * row[u];
    return sum;
  });
  return (features) => {
    const x = standard(features);
    const scores = weights.map((w) => dot(w, x));
    return scores.indexOf(Math.max(...scores));
  };
}
