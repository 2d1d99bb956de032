/** Eight silhouettes for the check of position tolerance. None of them is among the objects that IT was tuned to. */
import { Random } from '../../../main/platform/random.ts';
import { pxPerDeg, sizePx } from '../parameters.ts';

type Inside = (x: number, y: number) => boolean;

const polar =
  (radius: (angle: number) => number): Inside =>
  (x, y) =>
    Math.hypot(x, y) <= radius(Math.atan2(y, x));
const box =
  (x0: number, x1: number, y0: number, y1: number): Inside =>
  (x, y) =>
    x >= x0 && x <= x1 && y >= y0 && y <= y1;
const either =
  (...parts: Inside[]): Inside =>
  (x, y) =>
    parts.some((part) => part(x, y));

/** Within about the unit circle, y up. */
export const silhouettes: Record<string, Inside> = {
  disc: polar(() => 0.8),
  star: polar((a) => 0.65 + 0.3 * Math.cos(5 * (a - Math.PI / 2))),
  cross: either(box(-0.9, 0.9, -0.28, 0.28), box(-0.28, 0.28, -0.9, 0.9)),
  letterL: either(box(-0.6, -0.1, -0.8, 0.8), box(-0.6, 0.7, -0.8, -0.3)),
  letterT: either(box(-0.8, 0.8, 0.3, 0.8), box(-0.25, 0.25, -0.8, 0.8)),
  crescent: (x, y) => Math.hypot(x, y) <= 0.9 && Math.hypot(x - 0.5, y) > 0.75,
  triangle: (x, y) => y >= -0.6 && y <= 0.9 - 1.7 * Math.abs(x),
  ring: (x, y) => Math.hypot(x, y) <= 0.9 && Math.hypot(x, y) >= 0.5,
};

const samplesPerPixel = 3;

/** A silhouette on grey; centre in degrees, radius of the unit circle in degrees, luminance contrast. */
export function drawShape(
  inside: Inside,
  place: { xDeg: number; yDeg: number; radiusDeg: number; turnDeg: number; contrast: number },
): Float32Array {
  const image = new Float32Array(sizePx * sizePx).fill(0.5);
  const [c, s] = [Math.cos((place.turnDeg * Math.PI) / 180), Math.sin((place.turnDeg * Math.PI) / 180)];
  const columns = place.xDeg * pxPerDeg + sizePx / 2;
  const rows = -place.yDeg * pxPerDeg + sizePx / 2;
  const reach = Math.ceil(1.2 * place.radiusDeg * pxPerDeg);
  for (let row = Math.floor(rows - reach); row <= rows + reach; row++) {
    for (let column = Math.floor(columns - reach); column <= columns + reach; column++) {
      let covered = 0;
      for (let sub = 0; sub < samplesPerPixel * samplesPerPixel; sub++) {
        const px = column + ((sub % samplesPerPixel) + 0.5) / samplesPerPixel - columns;
        const py = rows - row - (Math.floor(sub / samplesPerPixel) + 0.5) / samplesPerPixel;
        const [x, y] = [px / (place.radiusDeg * pxPerDeg), py / (place.radiusDeg * pxPerDeg)];
        if (inside(x * c + y * s, y * c - x * s)) covered++;
      }
      image[row * sizePx + column] += (0.5 * place.contrast * covered) / (samplesPerPixel * samplesPerPixel);
    }
  }
  return image;
}

export interface ShapeExample {
  label: number;
  image: Float32Array;
}

/** `each` examples of every silhouette around a place: ±10° turn, ±10 % size, ±.1° shift, either polarity. */
export function shapeExamples(xDeg: number, yDeg: number, each: number, seed: number): ShapeExample[] {
  const random = Random.fromSeed(seed, 'shape examples');
  const between = (low: number, high: number) => low + (high - low) * random.uniform();
  return Object.values(silhouettes).flatMap((inside, label) =>
    Array.from({ length: each }, () => ({
      label,
      image: drawShape(inside, {
        xDeg: xDeg + between(-0.1, 0.1),
        yDeg: yDeg + between(-0.1, 0.1),
        radiusDeg: between(0.9, 1.1),
        turnDeg: between(-10, 10),
        contrast: (random.uniform() < 0.5 ? -1 : 1) * between(0.4, 0.9),
      }),
    })),
  );
}
