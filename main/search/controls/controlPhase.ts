/** Measures images that a candidate has to beat. */
import type { ControlKind } from '../../contract/searchEvidence.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { StimulusSpec } from '../../contract/stimuli.ts';
import type { Saved } from '../checkpoint.ts';
import { evaluate } from '../model.ts';
import { objectiveOf, type Phase, type SearchContext } from '../phase.ts';

/** A family of control images. Image `index` depends on nothing but the plan and, where matched, on the best candidate. */
export type ControlImages = {
  /** Where the label of the description cannot tell what the images are. */
  label?: string;
  image(index: number): Promise<Float32Array> | Float32Array;
  /** For images that a generator makes; null for those that only exist as rasters. */
  spec(index: number): StimulusSpec | null;
  /** The stimulus that was brought to the constraints, where the image was made from one. */
  source(index: number): ControlSource | null;
};

/** A stimulus of a set (index into that set, and its description) from which a control was made. */
export type ControlSource = { sourceIndex: number; sourceSpec: StimulusSpec };

export type ControlDescription = { kind: ControlKind; label: string; name: string; n: number };

export type MeasuredControl = ControlDescription & {
  /** Objective of every image. */
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
  #values: Float64Array;
  #done = 0;
  #bestIndex = -1;
  #best: Float32Array | null = null;
  #dropped = false;
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
    const images = this.#dropped ? null : this.#source();
    if (images === null) return { evaluations: 0, point: null };
    const { model } = this.#context;
    const from = index * model.batchSize;
    const to = Math.min(from + model.batchSize, this.#own);
    const skipped = this.#description.n - this.#own;
    const batch: Float32Array[] = [];
    try {
      for (let i = from; i < to; i++) batch.push(await images.image(skipped + i));
    } catch (error) {
      // What was found is not lost because no scramble of it meets the constraints.
      if (this.#description.kind !== 'phase-scrambled' || !isTwinscopeError(error)) throw error;
      this.#dropped = true;
      this.#context.notices.push(`Phase scrambles of the candidate were left out. ${error.message}`);
      return { evaluations: 0, point: null };
    }
    const responses = await evaluate(model, batch, 'controls were shown', signal);
    const objective = objectiveOf(this.#context);
    for (const [k, row] of responses.entries()) {
      const value = objective.value(row);
      if (this.#bestIndex < 0 || value > (this.#values[this.#bestIndex] as number)) {
        this.#bestIndex = from + k;
        this.#best = batch[k] as Float32Array;
      }
      this.#values[from + k] = value;
      const selective = this.#context.selective?.objective?.value(row) ?? -Infinity;
      this.#selective = Math.max(this.#selective, selective);
    }
    this.#done = to;
    return { evaluations: batch.length, point: null };
  }

  #source(): ControlImages | null {
    if (this.#images === undefined) this.#images = this.#open();
    return this.#images;
  }

  /**
   * Null before the end, and where the control makes no sense. What its images are is asked for only when they, or those of the
   * earlier control, were shown: before that nothing is known to match them to.
   */
  measured(): MeasuredControl | null {
    if (this.#dropped || this.#done < this.#own) return null;
    const earlier = this.#earlier?.measured() ?? null;
    if (this.#earlier === null ? this.#best === null : earlier === null) return null;
    const label = this.#source()?.label ?? this.#description.label;
    if (earlier !== null && this.#own === 0) return this.#firstOf(earlier, label);
    if (this.#best === null) return null;
    const skipped = earlier?.values.length ?? 0;
    const values = new Float64Array(this.#description.n);
    values.set(earlier?.values ?? []);
    values.set(this.#values, skipped);
    const described = { ...this.#description, label, values };
    if (
      earlier !== null &&
      (earlier.values[earlier.bestIndex] as number) >= (values[skipped + this.#bestIndex] as number)
    ) {
      const { bestIndex, image, spec, source } = earlier;
      return { ...described, bestIndex, image, spec, source };
    }
    const bestIndex = skipped + this.#bestIndex;
    return {
      ...described,
      bestIndex,
      image: this.#best,
      spec: this.#source()?.spec(bestIndex) ?? null,
      source: this.#source()?.source(bestIndex) ?? null,
    };
  }

  /** Where the earlier control has all images of this one. */
  #firstOf(earlier: MeasuredControl, label: string): MeasuredControl | null {
    const values = earlier.values.slice(0, this.#description.n);
    const bestIndex = values.indexOf(values.reduce((a, b) => Math.max(a, b)));
    const source = this.#source();
    const image = bestIndex === earlier.bestIndex ? earlier.image : source?.image(bestIndex);
    if (!(image instanceof Float32Array)) throw new Error('images that two controls share are drawn at once');
    return {
      ...this.#description,
      label,
      values,
      bestIndex,
      image,
      spec: source?.spec(bestIndex) ?? null,
      source: source?.source(bestIndex) ?? null,
    };
  }

  save(): Saved {
    const selective = this.#selective === -Infinity ? null : this.#selective;
    return {
      json: { bestIndex: this.#bestIndex, selective, dropped: this.#dropped },
      arrays: { values: this.#values.slice(0, this.#done) },
    };
  }

  /** After the phases before it: what controls are matched to is known from them. The best image is made again. */
  async restore({ json, arrays }: Saved): Promise<void> {
    const values = arrays['values'] as Float64Array;
    this.#done = values.length;
    this.#values.set(values);
    const { bestIndex, selective, dropped } = json as { bestIndex: number; selective: number | null; dropped: boolean };
    this.#dropped = dropped;
    this.#bestIndex = bestIndex;
    this.#selective = selective ?? -Infinity;
    const skipped = this.#description.n - this.#own;
    this.#best = bestIndex < 0 || dropped ? null : ((await this.#source()?.image(skipped + bestIndex)) ?? null);
  }
}
