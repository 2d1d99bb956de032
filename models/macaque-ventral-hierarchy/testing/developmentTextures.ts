/** Families that constants of the twin were chosen on. Those from `arcs` on were held out of version 1.0.0. */
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
};
