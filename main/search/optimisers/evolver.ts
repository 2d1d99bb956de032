/** A search in generations over the coordinates of a box. States are plain JSON, so that they can be stored. */
import type { Random } from '../../platform/random.ts';
import type { Gene } from '../spaces/box.ts';
import {
  type CmaGeneration,
  type CmaState,
  defaultPopulation,
  sampleGeneration,
  startCma,
  updateCma,
  varianceAlong,
} from './cma.ts';
import type { SearchOptimiser } from '../../contract/plans.ts';
import { withMargin } from './margin.ts';

export interface Evolver<State extends { generation: number }, Generation extends { points: number[][] }> {
  /** Name of its random streams. */
  readonly stream: string;
  /** Points of a generation. */
  readonly population: number;
  /** The state before the first generation, around `from` where that is given. */
  begin(random: Random, from?: readonly number[]): State;
  sample(state: State, random: Random): Generation;
  /** `values` are the objective at the points, larger is better. */
  update(state: State, generation: Generation, values: readonly number[]): State;
  /** Nothing new is to be expected. */
  converged(state: State): boolean;
}

/** Largest standard deviation, in units of a parameter's range, at which a run has converged and begins anew. */
const smallestSpread = 1e-4;

export function cmaEvolver(
  { sigma, covariance, population: asked }: Extract<SearchOptimiser, { type: 'cma-es' }>,
  genes: readonly Gene[],
): Evolver<CmaState, CmaGeneration> {
  const population = asked ?? defaultPopulation(genes.length);
  const continuous = genes.flatMap(({ levels }, i) => (levels === null ? [i] : []));
  const watched = continuous.length > 0 ? continuous : [...genes.keys()];
  return {
    stream: 'cma-es',
    population,
    begin: (random, from) => {
      const mean = from ?? genes.map(() => random.uniform());
      return withMargin(startCma(mean, sigma, population, covariance), genes);
    },
    sample: sampleGeneration,
    update: (state, generation, values) => withMargin(updateCma(state, generation, values), genes),
    converged: (state) => Math.sqrt(Math.max(...watched.map((i) => varianceAlong(state, i)))) <= smallestSpread,
  };
}
