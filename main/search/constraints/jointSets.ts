/**
 * Sets beside range, mean and contrast, each with its projection. A point is the deviation from the mean luminance of every
 * pixel, frame behind frame; distances are weighted by the aperture.
 */
import { TwinscopeError } from '../../platform/errors.ts';
import { emptySpectrum, type HalfSpectrum, multiplicity, squareTransform } from './fourier.ts';

export interface JointSet {
  readonly name: 'spectrum' | 'distance' | 'temporal';
  /** A linear or affine set needs no memory in Dykstra's algorithm; a set that is not convex has none. */
  readonly kind: 'affine' | 'convex' | 'nonconvex';
  /** How far a point is from the set, relative to what was asked; 0 inside. */
  violation(point: Float64Array): number;
  /** Moves the point into the set. Of a spectrum: the point whose violation was measured last. */
  project(point: Float64Array): void;
}

const squared = (re: number, im: number): number => re * re + im * im;

/** How often every bin of a half spectrum stands in the whole one. */
function multiplicities(sizePx: number): Float64Array {
  const { columns } = squareTransform(sizePx);
  return Float64Array.from({ length: columns * sizePx }, (_, at) => multiplicity(Math.floor(at / sizePx), sizePx));
}

/** Frequency of every bin of a half spectrum, in cycles per degree. */
export function binFrequenciesCpd(sizePx: number, fieldOfViewDeg: number): Float64Array {
  const { columns } = squareTransform(sizePx);
  const frequencies = new Float64Array(columns * sizePx);
  for (let u = 0; u < columns; u++) {
    for (let v = 0; v < sizePx; v++) {
      const fy = v <= sizePx / 2 ? v : v - sizePx;
      frequencies[u * sizePx + v] = Math.sqrt(u * u + fy * fy) / fieldOfViewDeg;
    }
  }
  return frequencies;
}

/** The half spectra of all frames, taken when the violation is measured. */
function framesOf(sizePx: number) {
  const transform = squareTransform(sizePx);
  const plane = sizePx * sizePx;
  const spectra: HalfSpectrum[] = [];
  const image = new Float64Array(plane);
  return {
    transform,
    take(point: Float64Array): HalfSpectrum[] {
      const frames = point.length / plane;
      while (spectra.length < frames) spectra.push(emptySpectrum(transform));
      spectra.length = frames;
      for (const [t, spectrum] of spectra.entries())
        transform.forward(point.subarray(t * plane, (t + 1) * plane), spectrum);
      return spectra;
    },
    give(point: Float64Array): void {
      for (const [t, spectrum] of spectra.entries()) {
        transform.inverse(spectrum, image);
        point.set(image, t * plane);
      }
    },
  };
}

/** No amplitude outside a band but for the mean of a frame: a linear set. */
export function bandSet(sizePx: number, fieldOfViewDeg: number, lowCpd: number, highCpd: number): JointSet {
  const frequencies = binFrequenciesCpd(sizePx, fieldOfViewDeg);
  // A limit that stands on a bin includes it, whatever the last bit of the division.
  const outside = Uint8Array.from(frequencies, (f) =>
    f > 0 && (f < lowCpd * (1 - 1e-12) || f > highCpd * (1 + 1e-12)) ? 1 : 0,
  );
  const frames = framesOf(sizePx);
  const times = multiplicities(sizePx);
  let taken: HalfSpectrum[] = [];
  return {
    name: 'spectrum',
    kind: 'affine',
    violation(point) {
      taken = frames.take(point);
      let wrong = 0;
      let all = 0;
      for (const { real, imaginary } of taken) {
        for (let at = 1; at < real.length; at++) {
          const power = (times[at] as number) * squared(real[at] as number, imaginary[at] as number);
          all += power;
          if (outside[at] === 1) wrong += power;
        }
      }
      return wrong === 0 ? 0 : Math.sqrt(wrong / all);
    },
    project(point) {
      for (const { real, imaginary } of taken) {
        for (let at = 1; at < real.length; at++) {
          if (outside[at] === 0) continue;
          real[at] = 0;
          imaginary[at] = 0;
        }
      }
      frames.give(point);
    },
  };
}

/** Amplitudes of every frame of an image by bin, the mean of the frame left out. */
export function amplitudesOf(image: ArrayLike<number>, sizePx: number): Float64Array[] {
  const transform = squareTransform(sizePx);
  const plane = sizePx * sizePx;
  return Array.from({ length: image.length / plane }, (_, t) => {
    const spectrum = emptySpectrum(transform);
    transform.forward(
      Float64Array.from({ length: plane }, (__, i) => image[t * plane + i] as number),
      spectrum,
    );
    const amplitudes = spectrum.real.map((re, at) => Math.sqrt(squared(re, spectrum.imaginary[at] as number)));
    amplitudes[0] = 0;
    return amplitudes;
  });
}

/**
 * Amplitudes in proportion to given ones, or equal to them where `scaled` is false: phases are free, so the set is not
 * convex. One frame of amplitudes holds for all frames.
 */
export function amplitudeSet(sizePx: number, amplitudes: readonly Float64Array[], scaled: boolean): JointSet {
  const frames = framesOf(sizePx);
  const times = multiplicities(sizePx);
  let taken: HalfSpectrum[] = [];
  let scale = 1;
  const wanted = (t: number): Float64Array => amplitudes[amplitudes.length === 1 ? 0 : t] as Float64Array;
  return {
    name: 'spectrum',
    kind: 'nonconvex',
    violation(point) {
      taken = frames.take(point);
      if (amplitudes.length > 1 && amplitudes.length !== taken.length) {
        throw new TwinscopeError(
          'bad-input',
          `The spectrum is that of a clip of ${amplitudes.length} frames, and the clips here have ${taken.length}. ` +
            'What was found before is safe. Choose a clip of this length, or a still picture.',
        );
      }
      let along = 0;
      let squares = 0;
      let own = 0;
      for (const [t, { real, imaginary }] of taken.entries()) {
        const target = wanted(t);
        for (let at = 1; at < real.length; at++) {
          const share = times[at] as number;
          const goal = target[at] as number;
          const power = squared(real[at] as number, imaginary[at] as number);
          own += share * power;
          along += share * Math.sqrt(power) * goal;
          squares += share * goal * goal;
        }
      }
      scale = scaled ? along / squares : 1;
      let wrong = 0;
      for (const [t, { real, imaginary }] of taken.entries()) {
        const target = wanted(t);
        for (let at = 1; at < real.length; at++) {
          const amplitude = Math.sqrt(squared(real[at] as number, imaginary[at] as number));
          const e = amplitude - scale * (target[at] as number);
          wrong += (times[at] as number) * e * e;
        }
      }
      if (own === 0) return 1;
      return Math.sqrt(wrong / (scaled ? own : squares));
    },
    project(point) {
      for (const [t, { real, imaginary }] of taken.entries()) {
        const target = wanted(t);
        for (let at = 1; at < real.length; at++) {
          const re = real[at] as number;
          const im = imaginary[at] as number;
          const amplitude = Math.sqrt(re * re + im * im);
          const goal = scale * (target[at] as number);
          // A bin without a phase of its own gets that of a cosine.
          real[at] = amplitude === 0 ? goal : (re * goal) / amplitude;
          imaginary[at] = amplitude === 0 ? 0 : (im * goal) / amplitude;
        }
      }
      frames.give(point);
    },
  };
}

export type Distance = {
  /** Deviation of the given image from the mean luminance, for every pixel of every frame. */
  given: Float64Array;
  /** Aperture weight, for every pixel of one frame. */
  weights: Float64Array;
  /** Smallest and largest Σ A·(d − given)². */
  least: number;
  most: number;
};

export function squaredDistance(point: Float64Array, { given, weights }: Pick<Distance, 'given' | 'weights'>): number {
  let sum = 0;
  for (let i = 0; i < point.length; i++) {
    const e = (point[i] as number) - (given[i] as number);
    sum += (weights[i % weights.length] as number) * e * e;
  }
  return sum;
}

/** At most the largest distance: a ball. */
export function ballSet(distance: Distance): JointSet {
  const { given, most } = distance;
  return {
    name: 'distance',
    kind: 'convex',
    violation: (point) => Math.max(0, Math.sqrt(squaredDistance(point, distance) / most) - 1),
    project(point) {
      const squares = squaredDistance(point, distance);
      if (squares <= most) return;
      const factor = Math.sqrt(most / squares);
      for (let i = 0; i < point.length; i++) {
        point[i] = (given[i] as number) + factor * ((point[i] as number) - (given[i] as number));
      }
    },
  };
}

/**
 * Where Σ A d² is S, both distances are bounds on ⟨d, given⟩ = (S + |given|² − |d − given|²)/2: a slab, or a hyperplane.
 * The violation is that of the distance that a point with this product has on the sphere.
 */
export function slabSet({ given, weights, least, most }: Distance, sumOfSquares: number): JointSet {
  const dot = (a: Float64Array, b: Float64Array): number => {
    let sum = 0;
    for (let i = 0; i < a.length; i++)
      sum += (weights[i % weights.length] as number) * (a[i] as number) * (b[i] as number);
    return sum;
  };
  const norm = dot(given, given);
  const low = (sumOfSquares + norm - most) / 2;
  const high = (sumOfSquares + norm - least) / 2;
  return {
    name: 'distance',
    kind: low === high ? 'affine' : 'convex',
    violation(point) {
      const squares = Math.max(0, sumOfSquares + norm - 2 * dot(point, given));
      const over = squares > most ? Math.sqrt(squares / most) - 1 : 0;
      return squares < least ? 1 - Math.sqrt(squares / least) : over;
    },
    project(point) {
      const product = dot(point, given);
      const wanted = Math.min(Math.max(product, low), high);
      if (wanted === product || norm === 0) return;
      const factor = (wanted - product) / norm;
      for (let i = 0; i < point.length; i++) point[i] = (point[i] as number) + factor * (given[i] as number);
    },
  };
}
