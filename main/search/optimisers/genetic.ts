/**
 * A real-coded genetic algorithm: parents are the winners of tournaments of two (Goldberg & Deb 1991); continuous
 * parameters of a child are drawn between and beyond its parents' (blend crossover, BLX-α: Eshelman & Schaffer 1993),
 * discrete ones taken from either (uniform crossover: Syswerda 1989); mutation adds a normal number or takes another value.
 * The best few live on in the place of the worst children.
 */
import type { SearchOptimiser } from '../../contract/plans.ts';
import type { Random } from '../../platform/random.ts';
import { type Gene, levelCentre } from '../spaces/box.ts';
import type { Evolver } from './evolver.ts';

/** Best first; empty before the first generation. */
export type GeneticState = {
  generation: number;
  population: { point: number[]; value: number }[];
  /** Where the first generation is drawn around; null for the whole box. */
  around: number[] | null;
};

type GeneticOptimiser = Extract<SearchOptimiser, { type: 'genetic' }>;

export function geneticEvolver(
  { population, elite, crossover, mutation }: GeneticOptimiser,
  genes: readonly Gene[],
): Evolver<GeneticState, { points: number[][] }> {
  const rate = mutation.rate ?? 1 / genes.length;

  const another = (gene: Gene, from: number, random: Random): number => {
    if (gene.levels === null) return from + mutation.sd * random.normal();
    // One of the other cells, each as likely.
    const level = Math.floor(from * gene.levels);
    return levelCentre((level + 1 + random.int(gene.levels - 1)) % gene.levels, gene.levels);
  };
  const mutated = (point: readonly number[], random: Random): number[] =>
    point.map((t, i) => (random.uniform() < rate ? another(genes[i] as Gene, t, random) : t));
  const blend = (a: number, b: number, random: Random): number => {
    const low = Math.min(a, b);
    const distance = Math.abs(a - b);
    return low - crossover.blend * distance + (1 + 2 * crossover.blend) * distance * random.uniform();
  };
  const first = (around: readonly number[] | null, k: number, random: Random): number[] => {
    if (around === null) return genes.map(() => random.uniform());
    if (k === 0) return [...around];
    return around.map((t, i) => {
      const gene = genes[i] as Gene;
      return gene.levels === null || random.uniform() < rate ? another(gene, t, random) : t;
    });
  };

  return {
    stream: 'genetic',
    population,
    begin: (_, from) => ({ generation: 0, population: [], around: from === undefined ? null : [...from] }),
    sample: (state, random) => {
      if (state.population.length === 0) {
        return { points: Array.from({ length: population }, (_, k) => first(state.around, k, random)) };
      }
      // The population is sorted, so the lower of two indices wins.
      const winner = (): number[] =>
        state.population[Math.min(random.int(population), random.int(population))]?.point as number[];
      return {
        points: Array.from({ length: population }, () => {
          const [mother, father] = [winner(), winner()];
          const child =
            random.uniform() >= crossover.rate
              ? mother
              : mother.map((t, i) =>
                  (genes[i] as Gene).levels === null
                    ? blend(t, father[i] as number, random)
                    : random.uniform() < 0.5
                      ? t
                      : (father[i] as number),
                );
          return mutated(child, random);
        }),
      };
    },
    update: (state, { points }, values) => {
      const byValue = (a: { value: number }, b: { value: number }): number => b.value - a.value;
      const children = points.map((point, k) => ({ point, value: values[k] as number })).toSorted(byValue);
      const living = state.population.slice(0, Math.min(elite, population - 1));
      return {
        ...state,
        generation: state.generation + 1,
        population: [...living, ...children.slice(0, population - living.length)].toSorted(byValue),
      };
    },
    // Mutation keeps it moving.
    converged: () => false,
  };
}
