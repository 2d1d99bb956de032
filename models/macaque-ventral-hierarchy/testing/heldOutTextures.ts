/** Fifteen families that nothing of the twin was chosen on; drawn up before any of them was shown to it. */
import {
  bandAround,
  bar,
  disc,
  lattice,
  n,
  noise,
  painted,
  scatter,
  standardised,
  voronoi,
  type Families,
} from './textureParts.ts';

const place = (at: number) => [at % n, Math.floor(at / n)] as const;
const full = 2 * Math.PI;
const ellipse = (thin: number) => (a: number, b: number, size: number) => size - Math.hypot(a, b / thin) + 0.5;
/** Slope of a surface towards the right: light that comes from there. */
const lit = (surface: Float64Array) =>
  surface.map((_, at) => {
    const [x, y] = place(at);
    return surface[y * n + ((x + 1) % n)] - surface[y * n + ((x + n - 1) % n)];
  });

export const heldOutFamilies: Families = {
  shingles: (random) => {
    const tiles = lattice(random, 16, 0.1).map((e) => ({
      ...e,
      x: e.x + (Math.floor(e.y / 16) % 2) * 8,
      angle: Math.PI / 2,
      size: 12,
      value: random.uniform(),
    }));
    return painted(
      tiles,
      1,
      (a, b, size) => Math.min(size - Math.abs(a), 7.5 - Math.abs(b)) + 0.5,
      (e, a) => e.value + a / 8,
    );
  },
  reptile: (random) => {
    const { first, second } = voronoi(random, 140);
    return first.map((d, at) => Math.sqrt(Math.max(0, second[at] - d)));
  },
  needles: (random) => {
    const tufts = scatter(random, 130, [7, 11]).flatMap((tuft) =>
      Array.from({ length: 6 }, (_, i) => {
        const angle = tuft.angle + 0.35 * i;
        const [x, y] = [tuft.x + tuft.size * Math.cos(angle), tuft.y + tuft.size * Math.sin(angle)];
        return { ...tuft, x, y, angle };
      }),
    );
    return painted(tufts, 1, bar(0.8));
  },
  contours: (random) => {
    const height = standardised(noise(random, bandAround(5, 0.7)));
    return height.map((h) => -Math.exp(-((Math.sin(6 * h) / 0.35) ** 2)));
  },
  rope: (random) => {
    const shift = Array.from({ length: 16 }, () => full * random.uniform());
    const drift = standardised(noise(random, bandAround(6, 0.5)));
    return drift.map((value, at) => {
      const [x, y] = place(at);
      const [strand, across] = [Math.floor(x / 16), (x % 16) - 7.5];
      return Math.cos(across / 5) * (0.5 + Math.cos((full * (y + 0.9 * across)) / 13 + shift[strand] + 0.6 * value));
    });
  },
  leather: (random) => lit(voronoi(random, 260).first.map((d) => Math.sqrt(Math.max(0, 81 - d * d)))),
  knit: (random) => {
    const stitches = lattice(random, 12.8, 0.12).flatMap((e) =>
      [-1, 1].map((side) => ({ ...e, x: e.x + 3 * side, angle: Math.PI / 2 + 0.5 * side, size: 6.5 })),
    );
    return painted(stitches, 1, ellipse(0.42), (_, __, across) => 1 - Math.abs(across) / 3);
  },
  relief: (random) => lit(standardised(noise(random, bandAround(13, 0.5))).map((h) => Math.tanh(4 * (h - 0.3)))),
  crosshatch: (random) => {
    const lines = scatter(random, 420, [14, 30]).map((e, i) => ({
      ...e,
      angle: (i % 2 === 0 ? 0.5 : 2.2) + 0.08 * (e.angle - 1.57),
      value: -1,
    }));
    return painted(lines, 1, bar(0.7));
  },
  petals: (random) => {
    const flowers = scatter(random, 120, [5, 8]).flatMap((flower) =>
      [0, 1, 2, 3, 4].map((i) => {
        const angle = flower.angle + (full * i) / 5;
        const [x, y] = [flower.x + flower.size * Math.cos(angle), flower.y + flower.size * Math.sin(angle)];
        return { ...flower, x, y, angle, value: 1 };
      }),
    );
    return painted(flowers, 1, ellipse(0.5), (_, along, across) => 0.3 + along / 12 + Math.abs(across) / 10);
  },
  mesh: (random) => {
    const [dx, dy] = [0, 1].map(() => standardised(noise(random, bandAround(4, 0.6))));
    return dx.map((shift, at) => {
      const [x, y] = place(at);
      const waves = [Math.sin((full * (x + y)) / 32 + 0.8 * shift), Math.sin((full * (x - y)) / 32 + 0.8 * dy[at])];
      return waves.some((wave) => Math.abs(wave) < 0.28) ? 1 : 0;
    });
  },
  droplets: (random) =>
    painted(
      scatter(random, 330, [3, 9]).map((e) => ({ ...e, angle: 0.4 })),
      1,
      disc,
      ({ size }, along, across) => {
        const r = Math.hypot(along / size + 0.4, across / size);
        return Math.exp(-((r / 0.25) ** 2)) * 2 - along / size;
      },
    ),
  zebra: (random) => {
    const [re, im] = [0, 1].map(() => standardised(noise(random, bandAround(3, 0.6))));
    return re.map((value, at) => {
      const [x] = place(at);
      return Math.tanh(5 * Math.cos((full * x) / 21.33 + 2 * Math.atan2(im[at], value + 2)));
    });
  },
  dandelions: (random) =>
    painted(scatter(random, 150, [7, 13]), 1, disc, ({ size, angle }, along, across) => {
      const r = Math.hypot(along, across) / size;
      return r < 0.2 ? -1 : Math.cos(9 * Math.atan2(across, along) + angle) * (1 - r);
    }),
  chains: (random) => {
    const links = lattice(random, 16, 0.2).map((e) => ({ ...e, angle: 0.5 * (random.uniform() - 0.5), size: 8 }));
    return painted(
      links,
      1.4,
      (a, b, size) => 1.6 - Math.abs(Math.hypot(a / 1.25, b / 0.7) - size) + 0.5,
      (_, __, across) => 1 - across / 8,
    );
  },
};
