/**
 * Searches without a gradient over the parameters of a generator (CMA-ES, a genetic algorithm): independent runs, one
 * generation of each per step. The evaluations are dealt out by
 * successive halving: equal rounds, after each of which only the better half of the runs goes on, down to one. With few
 * evaluations that finishes the most promising run instead of leaving all of them half way.
 */
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { Random } from '../../platform/random.ts';
import { medianOf } from '../../platform/median.ts';
import type { Saved } from '../checkpoint.ts';
import type { SpecBox } from '../spaces/box.ts';
import { evaluate } from '../model.ts';
import {
  type FoundStimulus,
  objectiveOf,
  type OptimisationPhase,
  type SearchContext,
  type TrajectoryPoint,
} from '../phase.ts';
import type { Evolver } from './evolver.ts';

type Round = { firstStep: number; steps: number; runs: number };

type Best = { spec: StimulusSpec; value: number; image: Float32Array; responses: Float32Array };

type Run<State> = {
  /** False once other runs were more promising. */
  active: boolean;
  restarts: number;
  state: State;
  best: Best | null;
};

/** Where a run begins: a point of the box and the stimulus that it is. */
export type Beginning = { point: readonly number[]; best: Best };

export class EvolutionPhase<
  State extends { generation: number },
  Generation extends { points: number[][] },
> implements OptimisationPhase {
  readonly name: string;
  readonly steps: number;
  readonly evaluations: number;
  readonly #context: SearchContext;
  readonly #evolver: Evolver<State, Generation>;
  readonly #box: SpecBox;
  readonly #render: (spec: StimulusSpec) => Float32Array;
  readonly #rounds: Round[];
  #runs: Run<State>[];

  /** `evaluations`: of every start, as far as it lasts. `beginnings`: of the first starts, in their order. */
  constructor(
    context: SearchContext,
    evaluations: number,
    evolver: Evolver<State, Generation>,
    box: SpecBox,
    render: (spec: StimulusSpec) => Float32Array,
    beginnings: readonly Beginning[] = [],
  ) {
    this.#context = context;
    this.#evolver = evolver;
    this.#box = box;
    this.#render = render;
    this.name = `evolving ${box.nouns}`;
    const { starts } = context.plan;
    const { population } = evolver;
    this.#rounds = roundsOf(evaluations, starts, population);
    this.steps = this.#rounds.reduce((sum, { steps }) => sum + steps, 0);
    this.evaluations = this.#rounds.reduce((sum, { steps, runs }) => sum + steps * runs, 0) * population;
    this.#runs = Array.from({ length: starts }, (_, start) => ({
      active: true,
      restarts: 0,
      state: this.#begin(start, 0, beginnings[start]?.point),
      best: beginnings[start]?.best ?? null,
    }));
  }

  #begin(start: number, restart: number, from?: readonly number[]): State {
    const random = Random.fromSeed(this.#context.plan.seed, `${this.#evolver.stream}/${start}/${restart}/mean`);
    return this.#evolver.begin(random, from);
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: TrajectoryPoint }> {
    const { model, plan } = this.#context;
    const objective = objectiveOf(this.#context);
    const evolver = this.#evolver;
    const runs = this.#runsOf(index);
    const generations = runs.map(({ active, restarts, state }, start) =>
      active
        ? evolver.sample(
            state,
            Random.fromSeed(plan.seed, `${evolver.stream}/${start}/${restarts}/${state.generation}`),
          )
        : null,
    );
    const specs = generations.flatMap((generation) => (generation?.points ?? []).map((point) => this.#box.spec(point)));
    const images = specs.map((spec) => this.#render(spec));
    const responses = await evaluate(model, images, `generation ${index + 1} was shown`, signal);
    const values = responses.map((row) => objective.value(row));
    let from = 0;
    this.#runs = runs.map((run, start) => {
      const generation = generations[start];
      if (generation === null || generation === undefined) return run;
      let { best } = run;
      const to = from + evolver.population;
      for (let k = from; k < to; k++) {
        const value = values[k] as number;
        if (best !== null && value <= best.value) continue;
        best = {
          spec: specs[k] as StimulusSpec,
          value,
          image: images[k] as Float32Array,
          responses: responses[k] as Float32Array,
        };
      }
      const state = evolver.update(run.state, generation, values.slice(from, to));
      from = to;
      if (!evolver.converged(state)) return { ...run, state, best };
      return { ...run, restarts: run.restarts + 1, state: this.#begin(start, run.restarts + 1), best };
    });
    const best = this.found().map(({ value }) => value);
    return { evaluations: images.length, point: { step: index + 1, best: Math.max(...best), median: medianOf(best) } };
  }

  /** The runs as they enter step `index`: at the start of a round only the better ones stay active. */
  #runsOf(index: number): Run<State>[] {
    const round = this.#rounds.find(({ firstStep }) => firstStep === index);
    if (round === undefined || index === 0) return this.#runs;
    const valueOf = (start: number): number => this.#runs[start]?.best?.value ?? -Infinity;
    const order = this.#runs
      .map((_, start) => start)
      .filter((start) => this.#runs[start]?.active === true)
      .toSorted((a, b) => valueOf(b) - valueOf(a));
    const staying = new Set(order.slice(0, round.runs));
    return this.#runs.map((run, start) => ({ ...run, active: staying.has(start) }));
  }

  found(): FoundStimulus[] {
    return this.#runs.flatMap(({ best }, start) => (best === null ? [] : [{ start, ...best, sourceIndex: null }]));
  }

  save(): Saved {
    const arrays: Saved['arrays'] = {};
    const json = this.#runs.map(({ active, restarts, state, best }, i) => {
      if (best !== null) arrays[`${i}/responses`] = best.responses;
      return { active, restarts, state, best: best === null ? null : { spec: best.spec, value: best.value } };
    });
    return { json, arrays };
  }

  restore({ json, arrays }: Saved): void {
    const stored = json as {
      active: boolean;
      restarts: number;
      state: State;
      best: { spec: StimulusSpec; value: number } | null;
    }[];
    this.#runs = stored.map(({ active, restarts, state, best }, i) => ({
      active,
      restarts,
      state,
      best:
        best === null
          ? null
          : { ...best, image: this.#render(best.spec), responses: arrays[`${i}/responses`] as Float32Array },
    }));
  }
}

/** Rounds of equal evaluations with 1, ½, ¼ … of the runs, the last with one; a round has at least one step. */
function roundsOf(evaluations: number, starts: number, population: number): Round[] {
  const counts = [starts];
  while ((counts.at(-1) as number) > 1) counts.push(Math.ceil((counts.at(-1) as number) / 2));
  const rounds: Round[] = [];
  let firstStep = 0;
  for (const runs of counts) {
    const steps = Math.max(1, Math.floor(evaluations / (counts.length * runs * population)));
    rounds.push({ firstStep, steps, runs });
    firstStep += steps;
  }
  return rounds;
}
