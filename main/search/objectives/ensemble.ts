/** One number from what several twins say of the same stimulus. */
import type { Objective } from './objective.ts';

/**
 * mean − κ·sd over the members' values v, the sd that of the population of M members. With m their mean,
 * ∂/∂v_i = 1/M − κ·(v_i − m)/(M·sd); where all agree the sd has no slope, and its part of the cotangent is 0.
 * @param members each linear in the responses
 */
export function ensembleObjective(members: readonly Objective[], kappa: number): Objective {
  const n = members.length;
  const statistics = (responses: Float32Array): { values: number[]; mean: number; sd: number } => {
    const values = members.map((member) => member.value(responses));
    const mean = values.reduce((sum, value) => sum + value, 0) / n;
    const squares = values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0);
    return { values, mean, sd: Math.sqrt(squares / n) };
  };
  return {
    linear: kappa === 0 && members.every(({ linear }) => linear),
    value: (responses) => {
      const { mean, sd } = statistics(responses);
      return mean - kappa * sd;
    },
    cotangent: (responses) => {
      const { values, mean, sd } = statistics(responses);
      const total = new Float64Array(responses.length);
      for (const [i, member] of members.entries()) {
        const agreement = kappa === 0 || sd === 0 ? 0 : (kappa * ((values[i] as number) - mean)) / (n * sd);
        const slope = 1 / n - agreement;
        for (const [u, value] of member.cotangent(responses).entries()) total[u] = (total[u] as number) + slope * value;
      }
      return Float32Array.from(total);
    },
  };
}
