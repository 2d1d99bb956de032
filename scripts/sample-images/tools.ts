/** Small tools of the sample scenes: colours, noise, cells and overlapping objects. */
import { Random } from '../../main/platform/random.ts';

export type Colour = [number, number, number];
/** Linear-light colour, and opacity where the picture has an alpha channel, at (x, y); y down, the short side is 1. */
export type Shader = (x: number, y: number) => Colour | [...Colour, number];

export const clamp = (v: number, low = 0, high = 1) => Math.min(high, Math.max(low, v));
export const mix = (a: number, b: number, t: number) => a + (b - a) * t;
export const smooth = (from: number, to: number, v: number) => {
  const t = clamp((v - from) / (to - from));
  return t * t * (3 - 2 * t);
};
export const blend = (a: Colour, b: Colour, t: number): Colour => [
  mix(a[0], b[0], t),
  mix(a[1], b[1], t),
  mix(a[2], b[2], t),
];
export const lit = (colour: Colour, light: number): Colour => [colour[0] * light, colour[1] * light, colour[2] * light];
/** Linear light of a colour written as in CSS. */
export const hex = (code: string): Colour =>
  [0, 2, 4].map((at) => (Number.parseInt(code.slice(at, at + 2), 16) / 255) ** 2.2) as Colour;

/** Gradient noise (Perlin 1985) in about −1 … 1, and sums of its octaves. */
export function noiseField(seed: string) {
  const random = Random.fromSeed(1, seed);
  const order = random.shuffle(Array.from({ length: 256 }, (_, index) => index));
  const gradients = order.map(() => random.uniform() * 2 * Math.PI).map((angle) => [Math.cos(angle), Math.sin(angle)]);
  const corner = (ix: number, iy: number, dx: number, dy: number) => {
    const [gx, gy] = gradients[order[(ix + (order[iy & 255] as number)) & 255] as number] as [number, number];
    return gx * dx + gy * dy;
  };
  const noise = (x: number, y: number): number => {
    const ix = Math.floor(x);
    const iy = Math.floor(y);
    const dx = x - ix;
    const dy = y - iy;
    const fade = (t: number) => t * t * t * (t * (t * 6 - 15) + 10);
    const top = mix(corner(ix, iy, dx, dy), corner(ix + 1, iy, dx - 1, dy), fade(dx));
    const bottom = mix(corner(ix, iy + 1, dx, dy - 1), corner(ix + 1, iy + 1, dx - 1, dy - 1), fade(dx));
    return 1.5 * mix(top, bottom, fade(dy));
  };
  const fractal = (x: number, y: number, octaves = 6, gain = 0.5): number => {
    let sum = 0;
    for (let octave = 0, size = 1, weight = 1; octave < octaves; octave++, size *= 2.03, weight *= gain) {
      sum += weight * noise(x * size + 17 * octave, y * size - 31 * octave);
    }
    return sum;
  };
  /** Sharp crests: 1 − |noise| summed over octaves, about 0 … 2. */
  const ridged = (x: number, y: number, octaves = 5): number => {
    let sum = 0;
    for (let octave = 0, size = 1, weight = 1; octave < octaves; octave++, size *= 2.1, weight *= 0.5) {
      sum += weight * (1 - Math.abs(noise(x * size + 9 * octave, y * size + 5 * octave)));
    }
    return sum;
  };
  return { noise, fractal, ridged };
}

/** Points with about one in every unit cell: distances to the two nearest and the nearest one's own random numbers. */
export function cellField(seed: string, squareness = 0.9) {
  const table = Random.fromSeed(1, seed);
  const values = Float64Array.from({ length: 4096 }, () => table.uniform());
  const value = (ix: number, iy: number, which: number) =>
    values[(ix * 374761 + iy * 668265 + which * 1013) & 4095] as number;
  return (x: number, y: number) => {
    let first = Infinity;
    let second = Infinity;
    let nearest = { dx: 0, dy: 0, id: [0, 0, 0] };
    for (let iy = Math.floor(y) - 1; iy <= Math.floor(y) + 1; iy++) {
      for (let ix = Math.floor(x) - 1; ix <= Math.floor(x) + 1; ix++) {
        const dx = x - ix - 0.5 - squareness * (value(ix, iy, 0) - 0.5);
        const dy = y - iy - 0.5 - squareness * (value(ix, iy, 1) - 0.5);
        const distance = Math.hypot(dx, dy);
        if (distance < first) {
          second = first;
          first = distance;
          nearest = { dx, dy, id: [value(ix, iy, 2), value(ix, iy, 3), value(ix, iy, 4)] };
        } else if (distance < second) second = distance;
      }
    }
    return { first, second, ...nearest };
  };
}

/** Objects painted over each other; the last one drawn is in front. Finds what covers a point through a coarse grid. */
export function scatter<T extends { x: number; y: number; reach: number }>(items: T[], cell = 0.05) {
  const grid = new Map<string, T[]>();
  for (const item of items) {
    for (let iy = Math.floor((item.y - item.reach) / cell); iy <= (item.y + item.reach) / cell; iy++) {
      for (let ix = Math.floor((item.x - item.reach) / cell); ix <= (item.x + item.reach) / cell; ix++) {
        const key = `${ix},${iy}`;
        const list = grid.get(key);
        if (list === undefined) grid.set(key, [item]);
        else list.unshift(item);
      }
    }
  }
  return (x: number, y: number): readonly T[] => grid.get(`${Math.floor(x / cell)},${Math.floor(y / cell)}`) ?? [];
}

export const sky = (y: number, top: Colour, low: Colour): Colour => blend(top, low, smooth(0, 1, y));
