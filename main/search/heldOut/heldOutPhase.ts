/** Shows the reference set and the best candidate to a twin that had no part in the search. */
import type { HeldOutResult } from '../../contract/searchEvidence.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { isTwinscopeError } from '../../platform/errors.ts';
import type { Saved } from '../checkpoint.ts';
import { signsOf } from '../evidence/signs.ts';
import { evaluate, type ResponseModel, type SearchField, type StimulusSource } from '../model.ts';
import type { FoundStimulus, Phase, SearchContext } from '../phase.ts';
import { type ReferenceScale, referenceIndices, scaleOf, stackRows } from '../reference/reference.ts';
import { compareAreas } from './gain.ts';

export type HeldOutTwin = Pick<HeldOutResult, 'twin' | 'tier'> & {
  /** The set that the search is z-scored over. */
  reference: Pick<StimulusSource, 'count' | 'spec'>;
  /** Called when the twin's turn has come. Throws 'unsupported' where it is not to be had. */
  open(): Promise<OpenHeldOut>;
};

export type OpenHeldOut = {
  model: ResponseModel;
  /** A stimulus of the reference on this twin's raster. */
  render(index: number): Promise<Float32Array>;
  /** A candidate of a search on the raster `field` on this twin's raster, in degrees. Throws 'unsupported' where it cannot be shown. */
  show(found: FoundStimulus, field: SearchField): Promise<Float32Array>;
  /** Called once, when there is a result. */
  letGo(): void;
};

/** What the searched twin answered to the reference set. */
export type OwnReference = { readonly scale: ReferenceScale; readonly rows: Float32Array };

export class HeldOutPhase implements Phase {
  readonly name: string;
  readonly steps: number;
  readonly #context: SearchContext;
  readonly #heldOut: HeldOutTwin;
  readonly #own: OwnReference;
  readonly #best: () => FoundStimulus | undefined;
  readonly #indices: number[];
  #open: OpenHeldOut | null = null;
  #rows: Float32Array[] = [];
  #result: HeldOutResult | null = null;

  constructor(context: SearchContext, heldOut: HeldOutTwin, own: OwnReference, best: () => FoundStimulus | undefined) {
    this.#context = context;
    this.#heldOut = heldOut;
    this.#own = own;
    this.#best = best;
    this.#indices = referenceIndices(heldOut.reference);
    this.name = `showing the candidate to ${heldOut.twin.id}`;
    // The last step shows the candidate.
    this.steps = Math.ceil(this.#indices.length / context.model.batchSize) + 1;
  }

  /** Null before the end. */
  get result(): HeldOutResult | null {
    return this.#result;
  }

  async step(index: number, signal?: CancelSignal): Promise<{ evaluations: number; point: null }> {
    if (this.#result !== null) return { evaluations: 0, point: null };
    try {
      return { evaluations: await this.#show(index, signal), point: null };
    } catch (error) {
      // What this twin cannot do is a finding about it; the search itself has succeeded.
      if (!isTwinscopeError(error) || !(refusals.has(error.code) || 'unit' in error.details)) throw error;
      this.#fail(error.message);
      return { evaluations: 0, point: null };
    }
  }

  async #show(index: number, signal?: CancelSignal): Promise<number> {
    const { batchSize } = this.#context.model;
    this.#open ??= await this.#heldOut.open();
    const { model, render, show } = this.#open;
    if (index < this.steps - 1) {
      const images: Float32Array[] = [];
      for (const i of this.#indices.slice(index * batchSize, (index + 1) * batchSize)) {
        signal?.throwIfAborted();
        images.push(await render(i));
      }
      this.#rows.push(...(await evaluate(model, images, 'the reference set was shown to a held-out twin', signal)));
      return images.length;
    }
    const best = this.#best();
    const signs = signsOf(this.#context.terms);
    if (best === undefined || signs.size === 0) {
      this.#fail('There is no gain to be kept: nothing was driven or suppressed.');
      return 0;
    }
    const [candidate] = await evaluate(
      model,
      [await show(best, this.#context.model.field)],
      'the candidate was shown to a held-out twin',
      signal,
    );
    const rows = stackRows(this.#rows, model.units.length);
    const blank = new Float32Array(model.units.length);
    const { scale } = scaleOf({ rows, blank }, this.#heldOut.reference, model.units);
    const own = { units: this.#context.model.units, scale: this.#own.scale, rows: this.#own.rows };
    const areas = compareAreas(
      { ...own, candidate: best.responses },
      { units: model.units, scale, rows, candidate: candidate as Float32Array },
      signs,
      this.#context.plan.seed,
      `held-out bootstrap/${this.#heldOut.twin.sha256}`,
    );
    this.#end({ failure: null, areas });
    return 1;
  }

  #fail(sentence: string): void {
    this.#end({ failure: sentence, areas: [] });
  }

  #end(result: Pick<HeldOutResult, 'failure' | 'areas'>): void {
    this.#rows = [];
    this.#result = { twin: this.#heldOut.twin, tier: this.#heldOut.tier, ...result };
    this.#open?.letGo();
    this.#open = null;
  }

  save(): Saved {
    const units = this.#rows[0]?.length ?? 0;
    return { json: { result: this.#result, units }, arrays: { rows: stackRows(this.#rows, units) } };
  }

  restore({ json, arrays }: Saved): void {
    const { result, units } = json as { result: HeldOutResult | null; units: number };
    const rows = arrays['rows'] as Float32Array;
    this.#result = result;
    this.#rows = Array.from({ length: units === 0 ? 0 : rows.length / units }, (_, s) =>
      rows.slice(s * units, (s + 1) * units),
    );
  }
}

const refusals: ReadonlySet<string> = new Set(['bad-input', 'unsupported']);
