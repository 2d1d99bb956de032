/**
 * How far a stored image is from its constraints, in float64, by code that shares nothing with the projection (only what a
 * running search shows takes its spectrum from fast transforms, livePowers.ts).
 */
import { type Bounded, type ConstraintRole, type Constraints, endsOf } from '../../contract/plans.ts';
import type { Residuals } from '../../contract/results.ts';
import { cos, pow, sin } from '../../platform/exactMath.ts';
import { decodeGrey, encodeGrey } from '../../stimuli/encode.ts';

/** What constraints speak of beside numbers: the field, and the stimuli on its raster. */
export type Given = {
  constraints: Constraints;
  field: { sizePx: number; fieldOfViewDeg: number; background: number };
  images?: Partial<Record<ConstraintRole, Float32Array>>;
};

/** n² powers of one frame of n × n pixels, row-major by frequency, that of its mean 0. */
export type FramePowers = (frame: Float32Array, n: number) => Float64Array;

/**
 * Relative errors, 0 between two ends; `range`: largest distance outside the luminance range; `background`: largest
 * difference from the background of a mask outside its foreground; both absolute. `spectrum`: root of the power that is
 * wrong (outside the band; of the differences from the amplitudes asked for) over that of the contrast image.
 * `weights` are the aperture's, one per pixel, 0 outside the foreground of a mask. By its definition, a spectrum takes
 * O(n³) operations per frame.
 */
export function measureResiduals(
  image: Float32Array,
  weights: Float64Array,
  constraints: Constraints,
  given: Omit<Given, 'constraints'> = {
    field: { sizePx: Math.sqrt(weights.length), fieldOfViewDeg: 1, background: 0.5 },
  },
  powers: FramePowers = powersByDefinition,
): Residuals {
  const { meanLuminance, contrastRms, normL2, range, mask, spectrum, distance, temporal } = constraints;
  const own = statisticsOf(image, weights, { constraints, ...given });
  let outside = 0;
  for (const luminance of image) outside = Math.max(outside, luminance - range[1], range[0] - luminance);
  const unit = distance?.unit === 'luminance' ? 1 : meanLuminance;
  return {
    meanLuminance: Math.abs(own.mean / meanLuminance - 1),
    ...(contrastRms === null ? {} : { contrastRms: beyond(own.contrastRms, contrastRms) }),
    range: outside,
    ...(normL2 === undefined ? {} : { normL2: beyond(own.normL2, normL2) }),
    ...(mask === undefined ? {} : { background: fromBackground(image, weights, { constraints, ...given }) }),
    ...(spectrum === undefined ? {} : { spectrum: spectralError(image, { constraints, ...given }, powers) }),
    ...(distance === undefined ? {} : { distance: beyond(own.distance / unit, distance.rms) }),
    ...(temporal === undefined ? {} : { temporal: beyond(own.largestChange, { max: temporal.maxChangeRms }) }),
  };
}

/**
 * The same on the pixels of an exported 8-bit picture: encoded as sRGB, as pictures are exported unless a display says
 * otherwise, and decoded again. An 8-bit step is about 1 % of a mid-grey, so these are no errors of the search.
 */
export function measureResiduals8Bit(
  image: Float32Array,
  weights: Float64Array,
  constraints: Constraints,
  given: Omit<Given, 'constraints'>,
): Residuals {
  const shown = decodeGrey(encodeGrey(image, { srgb: true }), { srgb: true });
  return measureResiduals(shown, weights, constraints, given);
}

function beyond(value: number, asked: Bounded): number {
  const [least, most] = endsOf(asked);
  if (value < least) return 1 - value / least;
  return value > most ? value / most - 1 : 0;
}

export type ImageStatistics = {
  mean: number;
  contrastRms: number;
  /** √∫((L − mean)/mean)², in degrees. */
  normL2: number;
  /** RMS luminance between the image and that of the distance; NaN without one. */
  distance: number;
  /** Largest RMS change between successive frames over the mean luminance that was asked for. */
  largestChange: number;
};

export function statisticsOf(
  image: Float32Array,
  weights: Float64Array,
  { constraints, field, images }: Given,
): ImageStatistics {
  const { mean, contrastRms } = weightedStatistics(image, weights);
  const area = weights.reduce((sum, a) => sum + a, 0) * (field.fieldOfViewDeg / field.sizePx) ** 2;
  const near = images?.distance;
  return {
    mean,
    contrastRms,
    normL2: contrastRms * Math.sqrt(area),
    distance: near === undefined ? NaN : rmsBetween(image, near, weights),
    largestChange: rmsChange(image, weights) / constraints.meanLuminance,
  };
}

/** Weighted mean of the luminance, and its weighted standard deviation over that mean; of a clip, over all its frames. */
export function weightedStatistics(image: Float32Array, weights: Float64Array): { mean: number; contrastRms: number } {
  const pixels = weights.length;
  let total = 0;
  let sum = 0;
  for (let i = 0; i < image.length; i++) {
    total += weights[i % pixels] as number;
    sum += (weights[i % pixels] as number) * (image[i] as number);
  }
  const mean = sum / total;
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    const deviation = (image[i] as number) - mean;
    squares += (weights[i % pixels] as number) * deviation * deviation;
  }
  return { mean, contrastRms: Math.sqrt(squares / total) / mean };
}

function rmsBetween(image: Float32Array, other: Float32Array, weights: Float64Array): number {
  let total = 0;
  let squares = 0;
  for (let i = 0; i < image.length; i++) {
    const a = weights[i % weights.length] as number;
    const difference = (image[i] as number) - (other[i % other.length] as number);
    total += a;
    squares += a * difference * difference;
  }
  return Math.sqrt(squares / total);
}

function rmsChange(clip: Float32Array, weights: Float64Array): number {
  const plane = weights.length;
  let largest = 0;
  for (let t = 1; t < clip.length / plane; t++) {
    const frame = clip.subarray(t * plane, (t + 1) * plane);
    largest = Math.max(largest, rmsBetween(frame, clip.subarray((t - 1) * plane, t * plane), weights));
  }
  return largest;
}

function fromBackground(image: Float32Array, weights: Float64Array, { field, images }: Given): number {
  const behind = images?.background;
  let largest = 0;
  for (let i = 0; i < image.length; i++) {
    const at = i % weights.length;
    if (weights[at] !== 0) continue;
    const wanted = behind === undefined ? Math.fround(field.background) : (behind[at] as number);
    largest = Math.max(largest, Math.abs((image[i] as number) - wanted));
  }
  return largest;
}

/** By the definition of the Fourier sum, first along rows, then along columns; the mean of every frame is left out. */
function powersByDefinition(frame: Float32Array, n: number): Float64Array {
  const cosines = Float64Array.from({ length: n }, (_, k) => cos((2 * Math.PI * k) / n));
  const sines = Float64Array.from({ length: n }, (_, k) => sin((2 * Math.PI * k) / n));
  let mean = 0;
  for (let i = 0; i < n * n; i++) mean += (frame[i] as number) / (n * n);
  const rowsRe = new Float64Array(n * n);
  const rowsIm = new Float64Array(n * n);
  for (let y = 0; y < n; y++) {
    for (let u = 0; u < n; u++) {
      let re = 0;
      let im = 0;
      for (let x = 0; x < n; x++) {
        const d = (frame[y * n + x] as number) - mean;
        re += d * (cosines[(u * x) % n] as number);
        im -= d * (sines[(u * x) % n] as number);
      }
      rowsRe[u * n + y] = re;
      rowsIm[u * n + y] = im;
    }
  }
  const found = new Float64Array(n * n);
  for (let u = 0; u < n; u++) {
    for (let v = 0; v < n; v++) {
      let re = 0;
      let im = 0;
      for (let y = 0; y < n; y++) {
        const c = cosines[(v * y) % n] as number;
        const s = sines[(v * y) % n] as number;
        const a = rowsRe[u * n + y] as number;
        const b = rowsIm[u * n + y] as number;
        re += a * c + b * s;
        im += b * c - a * s;
      }
      found[v * n + u] = re * re + im * im;
    }
  }
  found[0] = 0;
  return found;
}

/** Amplitudes of the frames of the goals of running searches, by how they were found. */
const goals = new WeakMap<FramePowers, WeakMap<Float32Array, Float64Array[]>>();

function amplitudesOfGoal(goal: Float32Array, n: number, powers: FramePowers): Float64Array[] {
  let known = goals.get(powers);
  if (known === undefined) goals.set(powers, (known = new WeakMap()));
  let found = known.get(goal);
  if (found === undefined) {
    found = powersOfFrames(goal, n, powers).map((frame) => frame.map(Math.sqrt));
    known.set(goal, found);
  }
  return found;
}

const powersOfFrames = (clip: Float32Array, n: number, powers: FramePowers): Float64Array[] =>
  Array.from({ length: clip.length / (n * n) }, (_, t) => powers(clip.subarray(t * n * n, (t + 1) * n * n), n));

const signed = (k: number, n: number): number => (2 * k <= n ? k : k - n);

function spectralError(image: Float32Array, { constraints, field, images }: Given, powers: FramePowers): number {
  const { spectrum, contrastRms, normL2 } = constraints;
  const n = field.sizePx;
  const shown = powersOfFrames(image, n, powers);
  const cpd = (at: number): number =>
    Math.sqrt(signed(at % n, n) ** 2 + signed(Math.floor(at / n), n) ** 2) / field.fieldOfViewDeg;
  let all = 0;
  for (const frame of shown) for (const power of frame) all += power;
  if (spectrum !== undefined && !('from' in spectrum) && !('exponent' in spectrum)) {
    const { lowCpd = 0, highCpd = Infinity } = spectrum;
    let wrong = 0;
    for (const frame of shown) {
      for (const [at, power] of frame.entries()) {
        if (at > 0 && (cpd(at) < lowCpd * (1 - 1e-9) || cpd(at) > highCpd * (1 + 1e-9))) wrong += power;
      }
    }
    return all === 0 ? 0 : Math.sqrt(wrong / all);
  }
  const law = (exponent: number): Float64Array =>
    Float64Array.from({ length: n * n }, (_, at) => (at === 0 ? 0 : pow(cpd(at), -exponent)));
  const asked =
    spectrum !== undefined && 'exponent' in spectrum
      ? [law(spectrum.exponent)]
      : amplitudesOfGoal(images?.spectrum as Float32Array, n, powers);
  const equal = spectrum !== undefined && 'from' in spectrum && contrastRms === null && normL2 === undefined;
  const goal = (t: number): Float64Array => asked[asked.length === 1 ? 0 : t] as Float64Array;
  let along = 0;
  let squares = 0;
  for (const [t, frame] of shown.entries()) {
    for (const [at, power] of frame.entries()) {
      along += Math.sqrt(power) * (goal(t)[at] as number);
      squares += (goal(t)[at] as number) ** 2;
    }
  }
  const scale = equal ? 1 : along / squares;
  let wrong = 0;
  for (const [t, frame] of shown.entries()) {
    for (const [at, power] of frame.entries()) wrong += (Math.sqrt(power) - scale * (goal(t)[at] as number)) ** 2;
  }
  return Math.sqrt(wrong / all);
}
