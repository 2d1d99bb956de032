/** Measures the reference set and the blank: the scale on which everything else is expressed. */
import type { StimulusSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import type { CancelSignal } from '../platform/cancel.ts';
import { formatCount, plural } from '../platform/words.ts';
import type { Saved } from './checkpoint.ts';
import { tsr1Weight } from '../stimuli/tsr1/classes.ts';
import { tsr1vWeight } from '../stimuli/tsr1v/classes.ts';
import { evaluate, type StimulusSource } from './model.ts';
import { areasOf, createObjective, groupActivity, unitStatistics } from './normalisation.ts';
import type { Phase, SearchContext } from './phase.ts';

/** All arrays have one entry per unit. */
export type ReferenceScale = {
  /** Reference stimuli, blanks left out. */
  stimuli: number;
  mean: Float64Array;
  /** 0 marks an unmodulated unit. */
  sd: Float64Array;
  blank: Float32Array;
  /** Coefficient of each unit's deviation from its mean in its area's activity; 0 for unmodulated units. */
  areaCoefficient: Float64Array;
};

const fewestStimuli = 2;

/** Every class of a reference set counts equally, however many images or clips it has. */
function referenceWeight(spec: StimulusSpec): number {
  if (spec.type === 'tsr1') return tsr1Weight(spec.index);
  return spec.type === 'tsr1v' ? tsr1vWeight(spec.index) : 1;
}

export class ReferencePhase implements Phase {
  readonly name = 'measuring the reference set';
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #source: StimulusSource;
  /** Indices of the stimuli that are not blanks. */
  readonly #indices: number[] = [];
  readonly #renderSpec: (spec: StimulusSpec) => Float32Array;
  #rows: Float32Array[] = [];
  #scale: ReferenceScale | null = null;

  constructor(context: SearchContext, source: StimulusSource, renderSpec: (spec: StimulusSpec) => Float32Array) {
    this.#context = context;
    this.#source = source;
    this.#renderSpec = renderSpec;
    for (let i = 0; i < source.count; i++) if (source.spec(i).type !== 'blank') this.#indices.push(i);
    if (this.#indices.length < fewestStimuli) {
      throw new TwinscopeError(
        'bad-input',
        `The reference set holds ${plural(this.#indices.length, 'stimulus', 'stimuli')} besides blanks; a mean and a standard deviation need at least ` +
          `${fewestStimuli}. Nothing was started. Choose a larger reference set.`,
      );
    }
    this.steps = Math.ceil(this.#indices.length / context.model.batchSize) + 1;
  }

  get scale(): ReferenceScale {
    if (this.#scale === null) throw new Error('the reference phase has not ended');
    return this.#scale;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    const { model } = this.#context;
    if (index === this.steps - 1) {
      const blank = this.#renderSpec({ type: 'blank' });
      const [responses] = await evaluate(model, [blank], 'the blank was shown', signal);
      this.#finish(responses as Float32Array);
      return { evaluations: 1, point: null };
    }
    const chosen = this.#indices.slice(index * model.batchSize, (index + 1) * model.batchSize);
    const images: Float32Array[] = [];
    for (const i of chosen) images.push(await this.#source.render(i));
    this.#rows.push(...(await evaluate(model, images, 'the reference set was shown', signal)));
    return { evaluations: images.length, point: null };
  }

  #finish(blank: Float32Array): void {
    const { model, groups, notices } = this.#context;
    const { units } = model;
    const responses = stack(this.#rows, units.length);
    const weights = Float64Array.from(this.#indices, (i) => referenceWeight(this.#source.spec(i)));
    const statistics = unitStatistics(responses, units, weights);
    const objective = createObjective(groups, statistics, responses);
    const areaCoefficient = new Float64Array(units.length);
    for (const members of areasOf(units).values()) {
      const activity = groupActivity(members, statistics, responses);
      for (const [i, u] of (activity?.units ?? []).entries()) {
        areaCoefficient[u] = activity?.coefficient[i] as number;
      }
    }
    for (const { label, units: members } of groups) {
      const left = members.filter((u) => statistics.sd[u] === 0).length;
      if (left > 0) {
        notices.push(
          `${formatCount(left)} of ${plural(members.length, 'unit')} of the target ${label} ${left === 1 ? 'does not respond to the reference set and is' : 'do not respond to the reference set and are'} left out.`,
        );
      }
    }
    const { stimuli, mean, sd } = statistics;
    this.#scale = { stimuli, mean, sd, blank, areaCoefficient };
    this.#context.objective = objective;
    this.#rows = [];
  }

  save(): Saved {
    const scale = this.#scale;
    const units = this.#context.model.units.length;
    return scale === null
      ? { json: { stimuli: null }, arrays: { rows: stack(this.#rows, units) } }
      : {
          json: { stimuli: scale.stimuli },
          arrays: {
            mean: scale.mean,
            sd: scale.sd,
            blank: scale.blank,
            areaCoefficient: scale.areaCoefficient,
            weight: this.#context.objective?.weight as Float64Array,
          },
        };
  }

  restore({ json, arrays }: Saved): void {
    const { stimuli } = json as { stimuli: number | null };
    const units = this.#context.model.units.length;
    if (stimuli === null) {
      const rows = arrays['rows'] as Float32Array;
      this.#rows = Array.from({ length: rows.length / units }, (_, s) => rows.slice(s * units, (s + 1) * units));
      return;
    }
    const mean = arrays['mean'] as Float64Array;
    this.#scale = {
      stimuli,
      mean,
      sd: arrays['sd'] as Float64Array,
      blank: arrays['blank'] as Float32Array,
      areaCoefficient: arrays['areaCoefficient'] as Float64Array,
    };
    this.#context.objective = { weight: arrays['weight'] as Float64Array, mean };
  }
}

function stack(rows: readonly Float32Array[], length: number): Float32Array {
  const stacked = new Float32Array(rows.length * length);
  for (const [i, row] of rows.entries()) stacked.set(row, i * length);
  return stacked;
}
