/**
 * Families that constants of the twin were chosen on. Those from `arcs` on were held out of version 1.0.0, those
 * from `gravel` on of the first trial of 1.1.0.
 */
import {
  bandAround,
  bar,
  disc,
  lattice,
  n,
  noise,
  painted,
  scatter,
  sign,
  square,
  standardised,
  voronoi,
  type Families,
} from './textureParts.ts';

const ring = (width: number) => (a: number, b: number, size: number) => width - Math.abs(Math.hypot(a, b) - size) + 0.5;
const box = (long: number, short: number) => (a: number, b: number, size: number) =>
  Math.min(long * size - Math.abs(a), short * size - Math.abs(b)) + 0.5;
/** Light from the left of the element's own axes. */
const lit = (_: unknown, along: number) => along / 10;
const place = (at: number) => [at % n, Math.floor(at / n)] as const;
const full = 2 * Math.PI;

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
  gravel: (random) => {
    const stone = (a: number, b: number, size: number) =>
      size * (0.8 + 0.12 * Math.cos(3 * Math.atan2(b, a)) + 0.08 * Math.cos(5 * Math.atan2(b, a))) -
      Math.hypot(a, b) +
      0.5;
    return painted(scatter(random, 420, [4, 12]), 1, stone, ({ value }, along) => 0.4 * value + along / 14);
  },
  scales: (random) => {
    const rows = lattice(random, 20, 0.15).map((e) => ({ ...e, angle: 1.57, size: 13, value: random.uniform() }));
    return painted(rows, 1, disc, ({ value }, along, across) => 0.5 * value - Math.hypot(along, across) / 13);
  },
  weave: (random) => {
    const strips = lattice(random, 16, 0.06).map((e, i) => ({
      ...e,
      angle: (i + Math.floor(i / 16)) % 2 === 0 ? 0 : Math.PI / 2,
      size: 8,
    }));
    return painted(strips, 1.3, box(1.25, 0.7), (_, __, across) => Math.cos(across / 4));
  },
  bark: (random) => {
    const coarse = noise(random, bandAround(9, 0.8));
    const typical = Math.sqrt(coarse.reduce((sum, value) => sum + value * value, 0) / coarse.length);
    return coarse.map((_, at) => {
      const [x, y] = place(at);
      const depth = Math.abs(coarse[Math.floor(y / 4) * n + x]) / typical;
      return -depth / (depth + 0.3);
    });
  },
  fur: (random) => {
    const turn = standardised(noise(random, bandAround(3, 0.5)));
    const hairs = scatter(random, 1500, [6, 11]).map((e) => {
      const at = (Math.floor(e.y) % n) * n + (Math.floor(e.x) % n);
      return { ...e, angle: 0.8 * turn[at], value: random.uniform() };
    });
    return painted(hairs, 1, bar(0.9));
  },
  smoke: (random) => {
    const octaves = [6, 12, 24, 48].map((f) => standardised(noise(random, bandAround(f, 0.35))));
    return octaves[0].map((_, at) => octaves.reduce((sum, octave, i) => sum - Math.abs(octave[at]) / (i + 1), 0));
  },
  craters: (random) => painted(scatter(random, 220, [4, 10]), 1.2, ring(2.2), lit),
  ferns: (random) => {
    const stems = scatter(random, 170, [9, 13]);
    const leaves = stems.flatMap((stem) =>
      [-1, 0, 1].flatMap((step) =>
        [-1, 1].map((side) => ({
          ...stem,
          x: stem.x + 6 * step * Math.cos(stem.angle) + 3 * Math.cos(stem.angle + side),
          y: stem.y + 6 * step * Math.sin(stem.angle) + 3 * Math.sin(stem.angle + side),
          angle: stem.angle + side,
          size: 4,
        })),
      ),
    );
    return painted([...stems, ...leaves], 1, bar(1.2));
  },
  honeycomb: (random) => {
    const { first, second } = voronoi(random, 200);
    return first.map((d, at) => (second[at] - d < 1.6 ? 1 : -0.3 - d / 30));
  },
  ripples: (random) => {
    const bend = standardised(noise(random, bandAround(4, 0.6)));
    return bend.map((value, at) => {
      const [x, y] = place(at);
      return -Math.abs(Math.sin((full * (x + y)) / 32 + 1.4 * value));
    });
  },
  glyphs: (random) => {
    const strokes = lattice(random, 8, 0.3).filter(({ y }) => Math.floor(y / 8) % 2 === 0);
    const turned = strokes.map((e) => ({ ...e, angle: (Math.PI / 2) * random.int(2), size: 3 + 2 * random.uniform() }));
    return painted(turned, 1.2, bar(0.9));
  },
  bubbles: (random) => {
    const all = scatter(random, 260, [4, 10]);
    return painted(all, 1.3, disc, ({ size }, along, across) => {
      const r = Math.hypot(along, across) / size;
      return r > 0.8 ? -1 : 0.6 * Math.exp(-(((along + 0.35 * size) / (0.3 * size)) ** 2));
    });
  },
  mosaic: (random) => {
    const stones = lattice(random, 13, 0.2).map((e) => ({
      ...e,
      angle: 0.6 * (random.uniform() - 0.5),
      size: 5,
      value: 0.4 + random.uniform(),
    }));
    return painted(stones, 1.6, box(1, 0.9));
  },
  pores: (random) => {
    const holes = standardised(noise(random, bandAround(28, 0.4)));
    const ground = standardised(noise(random, (f) => f ** -1.5));
    return holes.map((value, at) => (value > 1.3 ? -3 : 0) + 0.5 * ground[at]);
  },
  twigs: (random) =>
    painted(
      scatter(random, 260, [14, 40]),
      1,
      (a, b, size) => Math.min(size - Math.abs(a), 0.8 + (1.6 * (size - a)) / (2 * size) - Math.abs(b)) + 0.5,
    ),
};
