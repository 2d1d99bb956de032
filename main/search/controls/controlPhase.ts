/** Measures images that a candidate has to beat. */
import type { ControlKind } from '../../contract/searchEvidence.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { plural } from '../../platform/words.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { Saved } from '../checkpoint.ts';
import { evaluate } from '../model.ts';
import { objectiveOf, type Phase, type SearchContext } from '../phase.ts';

/** A family of control images. Image `index` depends on nothing but the plan and, where matched, on the best candidate. */
export type ControlImages = {
  /** Where the label of the description cannot tell what the images are. */
  label?: string;
  /** Null where it cannot be brought to the constraints as what it is said to be; it is left out then. */
  image(index: number): Promise<Float32Array | null> | Float32Array | null;
  /** For images that a generator makes; null for those that only exist as rasters. */
  spec(index: number): StimulusSpec | null;
  /** The stimulus that was brought to the constraints, where the image was made from one. */
  source(index: number): ControlSource | null;
};

/** A stimulus of a set (index into that set, and its description) from which a control was made. */
export type ControlSource = { sourceIndex: number; sourceSpec: StimulusSpec };

export type ControlDescription = { kind: ControlKind; label: string; name: string; n: number };

export type MeasuredControl = ControlDescription & {
  /** Objective of every image that was shown; `n` counts these. */
  values: Float64Array;
  bestIndex: number;
  /** The image with the largest objective, as it was shown. */
  image: Float32Array;
  spec: StimulusSpec | null;
  source: ControlSource | null;
};

export class ControlPhase implements Phase {
  readonly name: string;
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #description: ControlDescription;
  readonly #open: () => ControlImages | null;
  /** A control whose images are the first ones of this one too, and are not shown again. */
  readonly #earlier: ControlPhase | null;
  /** How many images this phase itself shows. */
  readonly #own: number;
  #images: ControlImages | null | undefined;
  /** NaN for images that were left out. */
  #values: Float64Array;
  #done = 0;
  #bestIndex = -1;
  #best: Float32Array | null = null;
  /** Largest selective score of its images. */
  #selective = -Infinity;

  /** `open` is called before the first image; null where the control makes no sense for what was found. */
  constructor(
    context: SearchContext,
    description: ControlDescription,
    open: () => ControlImages | null,
    earlier: ControlPhase | null = null,
  ) {
    this.#context = context;
    this.#description = description;
    this.#open = open;
    this.#earlier = earlier;
    this.#own = Math.max(0, description.n - (earlier?.count ?? 0));
    this.name = description.name;
    this.steps = Math.ceil(this.#own / context.model.batchSize);
    this.#values = new Float64Array(this.#own);
  }

  get count(): number {
    return this.#description.n;
  }

  get kind(): ControlKind {
    return this.#description.kind;
  }

  /** Largest selective score of what was shown; null before the end or where there is none. */
  get selective(): number | null {
    return this.#done < this.#own || this.#selective === -Infinity ? null : this.#selective;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    const images = this.#source();
    if (images === null) return { evaluations: 0, point: null };
    const { model } = this.#context;
    const from = index * model.batchSize;
    const to = Math.min(from + model.batchSize, this.#own);
    const skipped = this.#description.n - this.#own;
    const shown: number[] = [];
    const batch: Float32Array[] = [];
    for (let i = from; i < to; i++) {
      const image = await images.image(skipped + i);
      if (image === null) continue;
      shown.push(i);
      batch.push(image);
    }
    const responses = batch.length === 0 ? [] : await evaluate(model, batch, 'controls were shown', signal);
    const objective = objectiveOf(this.#context);
    this.#values.fill(NaN, from, to);
    for (const [k, row] of responses.entries()) {
      const value = objective.value(row);
      const i = shown[k] as number;
      if (this.#bestIndex < 0 || value > (this.#values[this.#bestIndex] as number)) {
        this.#bestIndex = i;
        this.#best = batch[k] as Float32Array;
      }
      this.#values[i] = value;
      const selective = this.#context.selective?.objective?.value(row) ?? -Infinity;
      this.#selective = Math.max(this.#selective, selective);
    }
    this.#done = to;
    if (to === this.#own) this.#tellLeftOut();
    return { evaluations: batch.length, point: null };
  }

  #source(): ControlImages | null {
    if (this.#images === undefined) this.#images = this.#open();
    return this.#images;
  }

  #tellLeftOut(): void {
    const leftOut = this.#values.filter(Number.isNaN).length;
    if (leftOut === 0) return;
    const { label, kind } = this.#description;
    const all = leftOut === this.#own;
    this.#context.notices.push(
      `${all ? 'All' : `${leftOut} of the`} ${plural(this.#own, 'image')} of the control ‘${kind}’ (${label}) cannot be brought to the ` +
        `constraints as what they are and ${leftOut === 1 ? 'is' : 'are'} left out.`,
    );
  }

  /**
   * Null before the end, and where the control makes no sense. What its images are is asked for only when they, or those of the
   * earlier control, were shown: before that nothing is known to match them to.
   */
  measured(): MeasuredControl | null {
    const raw = this.#raw();
    if (raw === null) return null;
    const source = this.#source();
    const shown = (values: Float64Array): Float64Array => values.filter((value) => !Number.isNaN(value));
    const values = shown(raw.values);
    const leftOut = raw.values.length - values.length;
    const label = source?.label ?? this.#description.label;
    return {
      ...this.#description,
      n: values.length,
      label:
        leftOut === 0
          ? label
          : `${label}; ${leftOut} of them left out, which cannot be brought to the constraints as what they are`,
      values,
      bestIndex: shown(raw.values.subarray(0, raw.bestIndex)).length,
      image: raw.image,
      spec: source?.spec(raw.bestIndex) ?? null,
      source: source?.source(raw.bestIndex) ?? null,
    };
  }

  /** With the first images of the earlier control; null as in `measured`. */
  #raw(): { values: Float64Array; bestIndex: number; image: Float32Array } | null {
    if (this.#done < this.#own) return null;
    const earlier = this.#earlier === null ? null : this.#earlier.#raw();
    if (this.#earlier === null ? this.#best === null : earlier === null) return null;
    const skipped = this.#description.n - this.#own;
    const values = new Float64Array(this.#description.n);
    values.set(earlier?.values.subarray(0, skipped) ?? []);
    values.set(this.#values, skipped);
    let bestIndex = -1;
    for (const [i, value] of values.entries()) {
      if (value > (values[bestIndex] ?? -Infinity)) bestIndex = i;
    }
    if (bestIndex < 0) return null;
    const image =
      bestIndex >= skipped
        ? this.#best
        : bestIndex === earlier?.bestIndex
          ? earlier.image
          : this.#source()?.image(bestIndex);
    if (!(image instanceof Float32Array)) throw new Error('images that two controls share are drawn at once');
    return { values, bestIndex, image };
  }

  save(): Saved {
    const selective = this.#selective === -Infinity ? null : this.#selective;
    return {
      json: { bestIndex: this.#bestIndex, selective },
      arrays: { values: this.#values.slice(0, this.#done) },
    };
  }

  /** After the phases before it: what controls are matched to is known from them. The best image is made again. */
  async restore({ json, arrays }: Saved): Promise<void> {
    const values = arrays['values'] as Float64Array;
    this.#done = values.length;
    this.#values.set(values);
    const { bestIndex, selective } = json as { bestIndex: number; selective: number | null };
    this.#bestIndex = bestIndex;
    this.#selective = selective ?? -Infinity;
    const skipped = this.#description.n - this.#own;
    this.#best = bestIndex < 0 ? null : ((await this.#source()?.image(skipped + bestIndex)) ?? null);
  }
}
