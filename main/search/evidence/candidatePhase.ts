/**
 * Shows the best candidate as it may look elsewhere, and on top of what drives the units that it suppresses (the mask paradigm).
 * Everything shown is a function of the candidate and the plan; checkpoints keep numbers alone.
 */
import type { Suppression, Variation } from '../../contract/searchEvidence.ts';
import { medianOf } from '../../platform/median.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { apertureOf } from '../../stimuli/aperture.ts';
import type { Saved } from '../checkpoint.ts';
import { evaluate, type StimulusSource } from '../model.ts';
import { areasOf } from '../objectives/normalisation.ts';
import { type FoundStimulus, objectiveOf, type Phase, type SearchContext } from '../phase.ts';
import { activityOfArea, type ReferenceScale } from '../reference/reference.ts';
import { signsOf, targetedUnits } from './signs.ts';
import { atContrast, superimposed, variationCount, type VariedImage, variationsOf } from './variations.ts';

/** Units that the mask is measured on; of more, the first ones. */
const mostMasked = 32;

type Shown = { image(): Promise<Float32Array> | Float32Array };

export class CandidatePhase implements Phase {
  readonly name = 'checking the candidate';
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #scale: () => ReferenceScale;
  readonly #reference: StimulusSource;
  readonly #best: () => FoundStimulus | undefined;
  readonly #areas: [string, number[]][];
  /** Units whose suppression is measured with a mask. */
  readonly #masked: number[];
  /** Objective, mean response of the target and activity of every area, for every variation shown. */
  #rows: Float64Array[] = [];
  /** Responses of every masked unit to its best reference stimulus, alone and with the candidate. */
  #masks: number[] = [];

  constructor(
    context: SearchContext,
    scale: () => ReferenceScale,
    reference: StimulusSource,
    best: () => FoundStimulus | undefined,
  ) {
    this.#context = context;
    this.#scale = scale;
    this.#reference = reference;
    this.#best = best;
    this.#areas = [...areasOf(context.model.units)];
    this.#masked = suppressedUnits(context).slice(0, mostMasked);
    const images = context.plan.checkCandidate ? variationCount + 2 * this.#masked.length : 0;
    this.steps = Math.ceil(images / context.model.batchSize);
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    const { model } = this.#context;
    const best = this.#best();
    if (best === undefined) return { evaluations: 0, point: null };
    const from = index * model.batchSize;
    const chunk = this.#shown(best).slice(from, from + model.batchSize);
    const images: Float32Array[] = [];
    for (const { image } of chunk) images.push(await image());
    const responses = await evaluate(model, images, 'the candidate was checked', signal);
    for (const [k, row] of responses.entries()) {
      const at = from + k;
      if (at < variationCount) this.#rows.push(this.#measured(row));
      else this.#masks.push(row[this.#masked[(at - variationCount) >> 1] as number] as number);
    }
    return { evaluations: images.length, point: null };
  }

  #shown(best: FoundStimulus): Shown[] {
    const { background } = this.#context.model.field;
    const masks = this.#masked.flatMap((u): Shown[] => {
      const driving = () => this.#reference.render(this.#scale().maxIndex[u] as number);
      return [
        { image: async () => atContrast(await driving(), background, 0.5) },
        { image: async () => superimposed(await driving(), best.image, background) },
      ];
    });
    return [...this.#varied(best), ...masks];
  }

  #varied(best: FoundStimulus): VariedImage[] {
    const { model, plan } = this.#context;
    const aperture = best.spec === null ? plan.constraints.aperture : apertureOf(best.spec);
    const options = { centre: aperture ?? { xDeg: 0, yDeg: 0 }, fieldDeg: this.#fieldDeg(), seed: plan.seed };
    return variationsOf(best.image, model.field, options);
  }

  /** Median size of the receptive fields of the target; null where the twin's table states none. */
  #fieldDeg(): number | null {
    const sizes = targetedUnits(this.#context).flatMap((u) => this.#context.model.units[u]?.place?.sizeDeg ?? []);
    return sizes.length === 0 ? null : medianOf(sizes);
  }

  #measured(row: Float32Array): Float64Array {
    const { mean, areaCoefficient } = this.#scale();
    const targeted = targetedUnits(this.#context);
    let sum = 0;
    for (const u of targeted) sum += row[u] as number;
    return Float64Array.from([
      objectiveOf(this.#context).value(row),
      sum / targeted.length,
      ...this.#areas.map(([, members]) => activityOfArea(members, areaCoefficient, mean, row)),
    ]);
  }

  /** With the candidate itself at the sizes and contrasts of 1; empty before the end. */
  variations(): Variation[] {
    const best = this.#best();
    if (best === undefined || this.#rows.length < variationCount) return [];
    const found = this.#measured(best.responses);
    const rows = this.#varied(best).map(({ kind, label }, i) => ({ kind, label, row: this.#rows[i] as Float64Array }));
    const of = (kind: Variation['kind']): Variation[] =>
      rows.filter((row) => row.kind === kind).map(({ label, row }) => this.#variation(kind, label, [row]));
    const jitter = rows.filter(({ kind }) => kind === 'jitter');
    return [
      ...of('contrast'),
      this.#variation('contrast', '1 × contrast, as found', [found]),
      ...of('position'),
      ...of('size'),
      ...of('encoding'),
      this.#variation(
        'jitter',
        jitter[0]?.label ?? '',
        jitter.map(({ row }) => row),
      ),
    ];
  }

  #variation(kind: Variation['kind'], label: string, rows: readonly Float64Array[]): Variation {
    const mean = (at: number): number => rows.reduce((sum, row) => sum + (row[at] as number), 0) / rows.length;
    return {
      kind,
      label,
      n: rows.length,
      objective: mean(0),
      smallest: rows.length === 1 ? null : Math.min(...rows.map((row) => row[0] as number)),
      response: mean(1),
      areas: this.#areas.map(([area], i) => ({ area, z: mean(2 + i) })),
    };
  }

  /** Null for a target that nothing of is suppressed. */
  suppression(): Suppression | null {
    const best = this.#best();
    const suppressed = suppressedUnits(this.#context);
    if (best === undefined || suppressed.length === 0) return null;
    const { blank, max } = this.#scale();
    const units = suppressed.map((u, i) => {
      const { area, unit } = this.#context.model.units[u] as { area: string; unit: string };
      const response = best.responses[u] as number;
      const spontaneous = blank[u] as number;
      const floor = floorOf(max[u] as number);
      const alone = this.#masks[2 * i];
      const both = this.#masks[2 * i + 1];
      return {
        area,
        unit,
        response,
        blank: spontaneous,
        outcome: suppressionOutcome(response, spontaneous, floor),
        mask:
          alone === undefined || both === undefined
            ? null
            : { alone, both, suppression: maskSuppression(alone, both, spontaneous, floor) },
      };
    });
    return { units, suppressed: suppressed.length, masked: units.filter(({ mask }) => mask !== null).length };
  }

  save(): Saved {
    const width = 2 + this.#areas.length;
    const rows = new Float64Array(this.#rows.length * width);
    for (const [i, row] of this.#rows.entries()) rows.set(row, i * width);
    return { json: null, arrays: { rows, masks: Float64Array.from(this.#masks) } };
  }

  restore({ arrays }: Saved): void {
    const width = 2 + this.#areas.length;
    const rows = arrays['rows'] as Float64Array;
    this.#rows = Array.from({ length: rows.length / width }, (_, i) => rows.slice(i * width, (i + 1) * width));
    this.#masks = [...(arrays['masks'] as Float64Array)];
  }
}

const suppressedUnits = (context: SearchContext): number[] =>
  [...signsOf(context.terms)].filter(([, sign]) => sign < 0).map(([unit]) => unit);

/** A response counts as none up to this share of the largest one over the reference. */
const floorShare = 0.001;
const floorOf = (max: number): number => floorShare * Math.max(0, max);

/** Below blank only where there is something to fall below. */
export function suppressionOutcome(
  response: number,
  blank: number,
  floor: number,
): Suppression['units'][number]['outcome'] {
  if (response > blank + floor) return 'driven';
  if (blank <= floor) return 'at floor';
  return response < blank - floor ? 'below blank' : 'at blank';
}

/** 1 − (both − blank)/(alone − blank); null where the stimulus alone does not exceed the blank. */
export function maskSuppression(alone: number, both: number, blank: number, floor: number): number | null {
  return alone - blank > floor ? 1 - (both - blank) / (alone - blank) : null;
}
