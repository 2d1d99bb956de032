/**
 * Texture families on a torus of 256 px, and noise with each sample’s amplitude spectrum and random phases. Two constants of
 * the twin were chosen while looking at the development families; the held-out ones were measured once, afterwards.
 */
import { Random } from '../../../main/platform/random.ts';
import { fft2 } from '../../../main/stimuli/fft.ts';
import { pxPerDeg, sizePx } from '../parameters.ts';

const n = 256;

/** Distance on the torus along one axis, between −n/2 and n/2. */
const around = (d: number): number => d - n * Math.round(d / n);

interface Element {
  x: number;
  y: number;
  angle: number;
  size: number;
  value: number;
}

function scatter(random: Random, count: number, sizes: readonly [number, number]): Element[] {
  return Array.from({ length: count }, () => ({
    x: n * random.uniform(),
    y: n * random.uniform(),
    angle: Math.PI * random.uniform(),
    size: sizes[0] + (sizes[1] - sizes[0]) * random.uniform(),
    value: random.uniform() < 0.5 ? -1 : 1,
  }));
}

/** Paints elements over one another: `cover` gives the coverage (0 … 1) at a place in the element's own axes. */
function painted(
  elements: readonly Element[],
  reach: number,
  cover: (along: number, across: number, size: number) => number,
  shade: (element: Element, along: number, across: number) => number = ({ value }) => value,
): Float64Array {
  const image = new Float64Array(n * n);
  for (const element of elements) {
    const [c, s] = [Math.cos(element.angle), Math.sin(element.angle)];
    const far = Math.ceil(reach * element.size) + 1;
    const [x0, y0] = [Math.round(element.x), Math.round(element.y)];
    for (let dy = -far; dy <= far; dy++) {
      for (let dx = -far; dx <= far; dx++) {
        const [ox, oy] = [around(x0 + dx - element.x), around(y0 + dy - element.y)];
        const [along, across] = [ox * c + oy * s, oy * c - ox * s];
        const part = cover(along, across, element.size);
        if (part <= 0) continue;
        const at = ((y0 + dy + 2 * n) % n) * n + ((x0 + dx + 2 * n) % n);
        image[at] += Math.min(1, part) * (shade(element, along, across) - image[at]);
      }
    }
  }
  return image;
}

const disc = (along: number, across: number, size: number) => size - Math.hypot(along, across) + 0.5;
const bar = (width: number) => (along: number, across: number, size: number) =>
  Math.min(size - Math.abs(along), width - Math.abs(across)) + 0.5;

/** Distances to the nearest and second nearest of some points, and which is nearest. */
function voronoi(random: Random, count: number): { first: Float64Array; second: Float64Array; owner: Int32Array } {
  const points = scatter(random, count, [1, 1]);
  const result = { first: new Float64Array(n * n), second: new Float64Array(n * n), owner: new Int32Array(n * n) };
  for (let at = 0; at < n * n; at++) {
    let [first, second, owner] = [Infinity, Infinity, 0];
    for (const [i, { x, y }] of points.entries()) {
      const d = Math.hypot(around((at % n) - x), around(Math.floor(at / n) - y));
      if (d < first) [first, second, owner] = [d, first, i];
      else if (d < second) second = d;
    }
    result.first[at] = first;
    result.second[at] = second;
    result.owner[at] = owner;
  }
  return result;
}

/** Gaussian noise whose amplitude follows `gain` of the frequency in cycles per image. */
function noise(random: Random, gain: (frequency: number) => number): Float64Array {
  const real = Float64Array.from({ length: n * n }, () => random.normal());
  const imaginary = new Float64Array(n * n);
  fft2(real, imaginary, n);
  for (let at = 0; at < n * n; at++) {
    const frequency = Math.hypot(around(at % n), around(Math.floor(at / n)));
    const factor = frequency === 0 ? 0 : gain(frequency);
    real[at] *= factor;
    // Conjugated, so that the next transform is the inverse one but for scale and reflection.
    imaginary[at] *= -factor;
  }
  fft2(real, imaginary, n);
  return real;
}

const bandAround = (centre: number, octaves: number) => (f: number) =>
  Math.exp(-((Math.log2(f / centre) / octaves) ** 2));
const sign = (image: Float64Array, at = 0) => image.map((value) => (value > at ? 1 : -1));
const standardised = (image: Float64Array): Float64Array => {
  const mean = image.reduce((sum, value) => sum + value, 0) / image.length;
  const sd = Math.sqrt(image.reduce((sum, value) => sum + (value - mean) ** 2, 0) / image.length);
  return image.map((value) => (value - mean) / sd);
};

function lattice(random: Random, period: number, jitter: number): Element[] {
  const cells = Math.round(n / period);
  return Array.from({ length: cells * cells }, (_, i) => ({
    x: ((i % cells) + 0.5 + jitter * (random.uniform() - 0.5)) * (n / cells),
    y: (Math.floor(i / cells) + 0.5 + jitter * (random.uniform() - 0.5)) * (n / cells),
    angle: 0.3 * (random.uniform() - 0.5),
    size: (0.3 + 0.08 * random.uniform()) * (n / cells),
    value: 1,
  }));
}

const square = (a: number, b: number, size: number) => size - Math.max(Math.abs(a), Math.abs(b)) + 0.5;

type Families = Record<string, (random: Random) => Float64Array>;

/** One sample of each family from a generator of its own. */
export const developmentFamilies: Families = {
  cells: (random) => {
    const { owner } = voronoi(random, 90);
    const shades = Array.from({ length: 90 }, () => random.uniform());
    return Float64Array.from(owner, (i) => shades[i]);
  },
  cracks: (random) => {
    const { first, second } = voronoi(random, 110);
    return first.map((d, at) => (second[at] - d < 2.5 ? -1 : 0));
  },
  pebbles: (random) => voronoi(random, 120).first.map((d) => Math.max(0, 9 - d)),
  leaves: (random) => {
    const elements = scatter(random, 900, [0.02, 1]).map((element) => ({
      ...element,
      size: Math.min(40, 2.5 / Math.sqrt(element.size)),
      value: random.uniform(),
    }));
    return painted(elements, 1, disc);
  },
  grass: (random) => {
    const blades = scatter(random, 700, [10, 26]).map((e) => ({ ...e, angle: 1.35 + 0.15 * e.angle }));
    return painted(blades, 1, bar(1.4));
  },
  straw: (random) => painted(scatter(random, 350, [14, 34]), 1, bar(1.8)),
  discs: (random) => painted(scatter(random, 130, [5, 10]), 1, disc),
  rings: (random) => painted(scatter(random, 110, [6, 12]), 1, (a, b, size) => 2 - Math.abs(Math.hypot(a, b) - size)),
  crosses: (random) =>
    painted(scatter(random, 150, [6, 11]), 1.2, (a, b, size) => Math.max(bar(1.5)(a, b, size), bar(1.5)(b, a, size))),
  specks: (random) =>
    painted(scatter(random, 260, [2, 4.5]), 3, (a, b, size) => Math.exp(-(a * a + b * b) / (2 * size * size))),
  bricks: (random) =>
    painted(
      lattice(random, 24, 0.25),
      1.6,
      (a, b, size) => Math.min(1.15 * size - Math.abs(a), size - Math.abs(b)) + 0.5,
    ),
  patches: (random) => sign(noise(random, (f) => f ** -1.4)),
  labyrinth: (random) => sign(noise(random, bandAround(18, 0.3))),
  ridges: (random) => noise(random, (f) => f ** -1 * bandAround(10, 1.2)(f)).map((value) => -Math.abs(value)),
  spots: (random) => {
    const image = standardised(noise(random, bandAround(16, 0.35)));
    return sign(image, 0.9);
  },
  squares: (random) => painted(scatter(random, 120, [4, 10]), 1.5, square),
  triangles: (random) =>
    painted(scatter(random, 140, [5, 11]), 1.6, (a, b, size) => Math.min(a + size, (size - a) / 2 - Math.abs(b)) + 0.5),
  wedges: (random) =>
    painted(scatter(random, 160, [7, 12]), 1.5, (a, b, size) => {
      const edge = Math.abs(Math.abs(b) - 0.6 * a);
      return Math.min(a, size - a, 1.8 - edge) + 0.5;
    }),
  grain: (random) => {
    const warp = standardised(noise(random, (f) => f ** -2));
    return warp.map((value, at) => Math.sign(Math.sin((2 * Math.PI * (at % n)) / 16 + 2.5 * value)));
  },
  foam: (random) => {
    const { first, second } = voronoi(random, 150);
    return first.map((d, at) => Math.exp(-(second[at] - d) / 2));
  },
  tiles: (random) =>
    painted(
      lattice(random, 32, 0.1).map((e) => ({ ...e, value: random.uniform() })),
      2,
      (a, b, size) => square(a, b, 1.3 * size),
    ),
  frames: (random) =>
    painted(scatter(random, 90, [6, 13]), 1.6, (a, b, size) => 2 - Math.abs(square(a, b, size) - 0.5)),
  marble: (random) => {
    const [one, other] = [noise(random, (f) => f ** -1.6), noise(random, (f) => f ** -1.6)].map(standardised);
    return one.map((value, at) => -Math.sqrt(Math.abs(value * value - other[at] * other[at])));
  },
};

export const heldOutFamilies: Families = {
  arcs: (random) =>
    painted(scatter(random, 150, [6, 12]), 1, (a, b, size) => Math.min(b + 1, 2 - Math.abs(Math.hypot(a, b) - size))),
  dashes: (random) =>
    painted(
      lattice(random, 16, 0.5).map((e) => ({ ...e, angle: Math.PI * random.uniform(), size: 6 })),
      1,
      bar(1.2),
    ),
  fields: (random) => {
    const { owner } = voronoi(random, 60);
    const angles = Array.from({ length: 60 }, () => Math.PI * random.uniform());
    return Float64Array.from(owner, (i, at) => {
      const u = (at % n) * Math.cos(angles[i]) + Math.floor(at / n) * Math.sin(angles[i]);
      return Math.sin((2 * Math.PI * u) / 10);
    });
  },
  waves: (random) => {
    const bend = standardised(noise(random, bandAround(8, 0.4)));
    return bend.map((value, at) => Math.sign(Math.sin((2 * Math.PI * Math.floor(at / n)) / 16 + 1.5 * value)));
  },
  stars: (random) =>
    painted(
      scatter(random, 110, [6, 11]),
      1.1,
      (a, b, size) => size * (0.65 + 0.35 * Math.cos(5 * Math.atan2(b, a))) - Math.hypot(a, b) + 0.5,
    ),
  checks: (random) => {
    const [dx, dy] = [0, 1].map(() => standardised(noise(random, (f) => f ** -2)));
    const wave = (place: number, shift: number) => Math.sign(Math.sin((2 * Math.PI * place) / 32 + shift));
    return dx.map((shift, at) => wave(at % n, shift) * wave(Math.floor(at / n), dy[at]));
  },
};

/** Noise with the amplitude spectrum of the image. */
function scrambled(image: Float64Array, random: Random): Float64Array {
  const [real, imaginary] = [Float64Array.from(image), new Float64Array(n * n)];
  const [re, im] = [Float64Array.from({ length: n * n }, () => random.normal()), new Float64Array(n * n)];
  fft2(real, imaginary, n);
  fft2(re, im, n);
  for (let at = 0; at < n * n; at++) {
    const amplitude = Math.hypot(real[at], imaginary[at]) / Math.hypot(re[at], im[at]);
    re[at] *= amplitude;
    im[at] *= -amplitude;
  }
  fft2(re, im, n);
  return re;
}

/** Raised-cosine aperture of 4° with an edge of .5°. */
const aperture = Float64Array.from({ length: sizePx * sizePx }, (_, at) => {
  const middle = (sizePx - 1) / 2;
  const radius = Math.hypot((at % sizePx) - middle, Math.floor(at / sizePx) - middle) / pxPerDeg;
  if (radius >= 2) return 0;
  return radius <= 1.5 ? 1 : 0.5 + 0.5 * Math.cos(Math.PI * ((radius - 1.5) / 0.5));
});

const rmsContrast = 0.2;

/** Luminance around .5 of the middle of a torus, through the aperture, mean 0 and RMS contrast .2 within it. */
function shown(torus: Float64Array): Float32Array {
  const corner = (n - sizePx) / 2;
  const cut = Float64Array.from(
    { length: sizePx * sizePx },
    (_, at) => torus[(Math.floor(at / sizePx) + corner) * n + (at % sizePx) + corner],
  );
  const total = aperture.reduce((sum, w) => sum + w, 0);
  const mean = cut.reduce((sum, value, at) => sum + aperture[at] * value, 0) / total;
  const sd = Math.sqrt(cut.reduce((sum, value, at) => sum + aperture[at] * (value - mean) ** 2, 0) / total);
  return Float32Array.from(cut, (value, at) => {
    const contrast = Math.max(-1, Math.min(1, (rmsContrast * (value - mean)) / sd));
    return 0.5 * (1 + aperture[at] * contrast);
  });
}

export interface TexturePair {
  family: string;
  texture: Float32Array;
  noise: Float32Array;
}

/** `samples` textures of every family, each with its noise. */
export function* texturePairs(
  samples: number,
  seed: number,
  families: Families = heldOutFamilies,
): Generator<TexturePair> {
  for (const [family, draw] of Object.entries(families)) {
    for (let sample = 0; sample < samples; sample++) {
      const random = Random.fromSeed(seed, `${family} ${sample}`);
      const texture = standardised(draw(random));
      yield { family, texture: shown(texture), noise: shown(scrambled(texture, random)) };
    }
  }
}
