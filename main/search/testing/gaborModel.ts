/**
 * An analytic twin for tests, in float64: linear, simple (half-squared) and complex (energy) Gabor units with divisive
 * normalisation by the pooled energy of a bank of Gabors; responses and gradients are written out by hand.
 */
import { cos, exp, sin } from '../../platform/exactMath.ts';
import type { ModelUnit, ResponseModel, SearchField } from '../model.ts';

export type GaborUnit = {
  type: 'linear' | 'simple' | 'complex';
  orientationDeg: number;
  spatialFrequencyCpd: number;
  phaseDeg: number;
  sigmaDeg: number;
  xDeg: number;
  yDeg: number;
};

type Filters = { even: Float64Array; odd: Float64Array };

export class GaborModel implements ResponseModel {
  readonly batchSize: number;
  readonly units: readonly ModelUnit[];
  readonly field: SearchField;
  readonly filters: Filters[];
  readonly pool: Filters[];
  /** Images per call, in order. */
  readonly calls: number[] = [];
  readonly #gabors: readonly GaborUnit[];
  readonly #semisaturation: number;

  constructor(
    gabors: readonly GaborUnit[],
    field: SearchField,
    options: { batchSize?: number; pool?: readonly GaborUnit[]; semisaturation?: number } = {},
  ) {
    this.#gabors = gabors;
    this.field = field;
    this.batchSize = options.batchSize ?? 8;
    this.#semisaturation = options.semisaturation ?? 0.1;
    this.units = gabors.map(({ type }, i) => ({ area: `V1-${type}`, unit: `u${i}` }));
    this.filters = gabors.map((gabor) => gaborPair(gabor, field));
    this.pool = (options.pool ?? []).map((gabor) => gaborPair(gabor, field));
  }

  async responses(images: Float32Array, n: number): Promise<Float32Array> {
    return (await this.#run(images, n, null)).responses;
  }

  gradient: ResponseModel['gradient'] = (images, n, cotangent) => this.#run(images, n, cotangent);

  async #run(images: Float32Array, n: number, cotangent: Float32Array | null) {
    this.calls.push(n);
    const pixels = this.field.sizePx ** 2;
    if (n > this.batchSize || images.length !== n * pixels) throw new Error('batch layout');
    const units = this.units.length;
    const responses = new Float32Array(n * units);
    const gradient = new Float32Array(cotangent === null ? 0 : n * pixels);
    for (let s = 0; s < n; s++) {
      const image = images.subarray(s * pixels, (s + 1) * pixels);
      const energies = this.pool.map(({ even, odd }) => [this.#dot(even, image), this.#dot(odd, image)] as const);
      let pooled = 0;
      for (const [e, o] of energies) pooled += (e * e + o * o) / this.pool.length;
      const half = this.#semisaturation ** 2;
      const divisor = this.pool.length === 0 ? 1 : (half + pooled) / half;
      const accumulated = new Float64Array(pixels);
      let throughPool = 0;
      for (let u = 0; u < units; u++) {
        const { type } = this.#gabors[u] as GaborUnit;
        const { even, odd } = this.filters[u] as Filters;
        const e = this.#dot(even, image);
        const o = type === 'complex' ? this.#dot(odd, image) : 0;
        const driven = type === 'linear' ? e : type === 'simple' ? Math.max(0, e) ** 2 : e * e + o * o;
        responses[s * units + u] = driven / divisor;
        if (cotangent === null) continue;
        const v = cotangent[s * units + u] as number;
        if (v === 0) continue;
        const slope = type === 'linear' ? 1 : type === 'simple' ? 2 * Math.max(0, e) : 2 * e;
        add(accumulated, even, (v * slope) / divisor);
        if (type === 'complex') add(accumulated, odd, (v * 2 * o) / divisor);
        throughPool -= (v * driven) / (divisor * divisor);
      }
      if (cotangent === null) continue;
      for (const [k, [e, o]] of energies.entries()) {
        const { even, odd } = this.pool[k] as Filters;
        const scale = (2 * throughPool) / (half * this.pool.length);
        add(accumulated, even, scale * e);
        add(accumulated, odd, scale * o);
      }
      for (let i = 0; i < pixels; i++) {
        gradient[s * pixels + i] = (accumulated[i] as number) / this.field.background;
      }
    }
    return { responses, gradient };
  }

  #dot(filter: Float64Array, image: Float32Array): number {
    const { background } = this.field;
    let sum = 0;
    for (let i = 0; i < filter.length; i++) {
      sum += (filter[i] as number) * ((image[i] as number) / background - 1);
    }
    return sum;
  }
}

function add(into: Float64Array, values: Float64Array, scale: number): void {
  for (let i = 0; i < into.length; i++) into[i] = (into[i] as number) + scale * (values[i] as number);
}

/** Quadrature pair without response to uniform light, each of norm 1 over the pixels. */
export function gaborPair(gabor: GaborUnit, field: SearchField): Filters {
  const { sizePx, fieldOfViewDeg } = field;
  const pxPerDeg = sizePx / fieldOfViewDeg;
  const orientation = (gabor.orientationDeg * Math.PI) / 180;
  const make = (phaseDeg: number): Float64Array => {
    const values = new Float64Array(sizePx * sizePx);
    let sum = 0;
    let envelopeSum = 0;
    const envelope = new Float64Array(values.length);
    for (let row = 0; row < sizePx; row++) {
      for (let column = 0; column < sizePx; column++) {
        const x = (column + 0.5 - sizePx / 2) / pxPerDeg - gabor.xDeg;
        const y = -(row + 0.5 - sizePx / 2) / pxPerDeg - gabor.yDeg;
        const u = -x * sin(orientation) + y * cos(orientation);
        const i = row * sizePx + column;
        envelope[i] = exp(-(x * x + y * y) / (2 * gabor.sigmaDeg * gabor.sigmaDeg));
        values[i] =
          (envelope[i] as number) * cos(2 * Math.PI * gabor.spatialFrequencyCpd * u + (phaseDeg * Math.PI) / 180);
        sum += values[i] as number;
        envelopeSum += envelope[i] as number;
      }
    }
    let norm = 0;
    for (let i = 0; i < values.length; i++) {
      values[i] = (values[i] as number) - ((envelope[i] as number) * sum) / envelopeSum;
      norm += (values[i] as number) ** 2;
    }
    return values.map((value) => value / Math.sqrt(norm));
  };
  return { even: make(gabor.phaseDeg), odd: make(gabor.phaseDeg + 90) };
}

/** Gabors over a grid of places, orientations and spatial frequencies: the normalisation pool. */
export function gaborBank(): GaborUnit[] {
  const bank: GaborUnit[] = [];
  for (const xDeg of [-0.6, 0, 0.6]) {
    for (const yDeg of [-0.6, 0, 0.6]) {
      for (const orientationDeg of [0, 45, 90, 135]) {
        for (const spatialFrequencyCpd of [1, 2, 4]) {
          bank.push({
            type: 'complex',
            orientationDeg,
            spatialFrequencyCpd,
            phaseDeg: 0,
            sigmaDeg: 0.4 / spatialFrequencyCpd,
            xDeg,
            yDeg,
          });
        }
      }
    }
  }
  return bank;
}
