/** Which unit of another twin stands for a unit: by its responses to the same reference stimuli. */

/** Smallest correlation that counts as a match (science.md §4). */
export const leastCorrelation = 0.5;

/** Columns of `rows` (stimuli × `width`) with mean 0 and norm 1, one per entry of `units`; zeros where a unit is silent. */
export function standardised(rows: Float32Array, width: number, units: readonly number[]): Float64Array[] {
  const stimuli = rows.length / width;
  return units.map((u) => {
    const column = Float64Array.from({ length: stimuli }, (_, s) => rows[s * width + u] as number);
    let sum = 0;
    for (const value of column) sum += value;
    const mean = sum / stimuli;
    let squares = 0;
    for (let s = 0; s < stimuli; s++) {
      const deviation = (column[s] as number) - mean;
      column[s] = deviation;
      squares += deviation * deviation;
    }
    const norm = Math.sqrt(squares);
    return norm > 0 ? column.map((value) => value / norm) : column.fill(0);
  });
}

/** Pearson's correlation of two standardised columns. */
export function correlationOf(a: Float64Array, b: Float64Array): number {
  let sum = 0;
  for (let s = 0; s < a.length; s++) sum += (a[s] as number) * (b[s] as number);
  return sum;
}

export type Match = { by: 'id' | 'correlation'; pairs: { index: number; correlation: number; matched: boolean }[] };

/**
 * For every column of `own` the column of `others` that correlates most, with the first one where several do. A pair counts as
 * matched where the correlation is at least .5, also one of equal ids. `sameId` names the column of equal unit id, where all units of an area have one: these are paired
 * by id where half of them agree at least as much, which units drawn anew under the same names do not.
 */
export function matchUnits(
  own: readonly Float64Array[],
  others: readonly Float64Array[],
  sameId: readonly number[] | null,
): Match {
  if (sameId !== null) {
    const pairs = own.map((column, i) => {
      const index = sameId[i] as number;
      const correlation = correlationOf(column, others[index] as Float64Array);
      return { index, correlation, matched: correlation >= leastCorrelation };
    });
    const agreeing = pairs.filter(({ correlation }) => correlation >= leastCorrelation).length;
    if (2 * agreeing >= pairs.length) return { by: 'id', pairs };
  }
  return {
    by: 'correlation',
    pairs: own.map((column) => {
      let index = -1;
      let correlation = -Infinity;
      for (const [k, other] of others.entries()) {
        const r = correlationOf(column, other);
        if (r <= correlation) continue;
        index = k;
        correlation = r;
      }
      return { index, correlation, matched: correlation >= leastCorrelation };
    }),
  };
}
