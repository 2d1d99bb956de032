/** CMA-ES over grating parameters: independent runs, one generation of each per step. */
import type { SearchOptimiser } from '../contract/plans.ts';
import type { GratingSpec } from '../contract/stimuli.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { Random } from '../platform/random.ts';
import type { Saved } from './checkpoint.ts';
import { type CmaGeneration, type CmaState, defaultPopulation, sampleGeneration, startCma, updateCma } from './cma.ts';
import type { GratingBox } from './gratingSpace.ts';
import { evaluate } from './model.ts';
import { median, objectiveValue } from './normalisation.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from './phase.ts';

type CmaOptimiser = Extract<SearchOptimiser, { type: 'cma-es' }>;

type Run = {
  restarts: number;
  state: CmaState;
  best: { spec: GratingSpec; value: number; image: Float32Array; responses: Float32Array } | null;
};

/** Largest standard deviation, in units of a parameter's range, at which a run has converged and begins anew. */
const converged = 1e-4;

export class CmaPhase implements OptimisationPhase {
  readonly name = 'evolving gratings';
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #optimiser: CmaOptimiser;
  readonly #box: GratingBox;
  readonly #render: (spec: GratingSpec) => Float32Array;
  readonly #population: number;
  #runs: Run[];

  constructor(
    context: SearchContext,
    optimiser: CmaOptimiser,
    box: GratingBox,
    render: (spec: GratingSpec) => Float32Array,
  ) {
    this.#context = context;
    this.#optimiser = optimiser;
    this.#box = box;
    this.#render = render;
    this.#population = optimiser.population ?? defaultPopulation(box.dimensions);
    const { starts } = context.plan;
    this.steps = Math.max(1, Math.floor(optimiser.evaluations / (starts * this.#population)));
    this.#runs = Array.from({ length: starts }, (_, start) => ({
      restarts: 0,
      state: this.#begin(start, 0),
      best: null,
    }));
  }

  #begin(start: number, restart: number): CmaState {
    const random = Random.fromSeed(this.#context.plan.seed, `cma-es/${start}/${restart}/mean`);
    const mean = Array.from({ length: this.#box.dimensions }, () => random.uniform());
    return startCma(mean, this.#optimiser.sigma, this.#population);
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const { model, plan } = this.#context;
    const objective = objectiveOf(this.#context);
    const generations = this.#runs.map(({ restarts, state }, start) =>
      sampleGeneration(state, Random.fromSeed(plan.seed, `cma-es/${start}/${restarts}/${state.generation}`)),
    );
    const specs = generations.flatMap(({ points }) => points.map((point) => this.#box.spec(point)));
    const images = specs.map((spec) => this.#render(spec));
    const responses = await evaluate(model, images, `generation ${index + 1} was shown`, signal);
    const values = responses.map((row) => objectiveValue(objective, row));
    this.#runs = this.#runs.map(({ restarts, state, best }, start) => {
      const from = start * this.#population;
      for (let k = from; k < from + this.#population; k++) {
        const value = values[k] as number;
        if (best !== null && value <= best.value) continue;
        best = {
          spec: specs[k] as GratingSpec,
          value,
          image: images[k] as Float32Array,
          responses: responses[k] as Float32Array,
        };
      }
      const next = updateCma(state, generations[start] as CmaGeneration, values.slice(from, from + this.#population));
      if (spreadOf(next) > converged) return { restarts, state: next, best };
      return { restarts: restarts + 1, state: this.#begin(start, restarts + 1), best };
    });
    const best = this.found().map(({ value }) => value);
    return { evaluations: images.length, point: { step: index + 1, best: Math.max(...best), median: median(best) } };
  }

  found(): FoundStimulus[] {
    return this.#runs.flatMap(({ best }, start) => (best === null ? [] : [{ start, ...best, sourceIndex: null }]));
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const json = this.#runs.map(({ restarts, state, best }, i) => {
      if (best !== null) arrays[`${i}/responses`] = best.responses;
      return { restarts, state, best: best === null ? null : { spec: best.spec, value: best.value } };
    });
    return { json, arrays };
  }

  restore({ json, arrays }: Saved): void {
    const stored = json as {
      restarts: number;
      state: CmaState;
      best: { spec: GratingSpec; value: number } | null;
    }[];
    this.#runs = stored.map(({ restarts, state, best }, i) => ({
      restarts,
      state,
      best:
        best === null
          ? null
          : { ...best, image: this.#render(best.spec), responses: arrays[`${i}/responses`] as Float32Array },
    }));
  }
}

/** Largest standard deviation of a coordinate. */
function spreadOf({ sigma, covariance, mean }: CmaState): number {
  let largest = 0;
  for (let i = 0; i < mean.length; i++) largest = Math.max(largest, covariance[i * (mean.length + 1)] as number);
  return sigma * Math.sqrt(largest);
}
