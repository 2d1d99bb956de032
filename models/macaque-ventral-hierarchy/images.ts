/**
 * The seeded images from which prototypes are taken: dead leaves (overlapping shapes of all sizes) for V4, compact
 * objects of a few parts for IT. Drawn with exact arithmetic, since what comes from them is hashed.
 */
import { cos, sin } from '../../main/platform/exactMath.ts';
import type { Random } from '../../main/platform/random.ts';
import { background, columnOfDeg, pxPerDeg, sizePx } from './parameters.ts';

/** Luminance, row-major, top row first. */
export type Picture = Float64Array;

interface Shape {
  kind: 'ellipse' | 'rectangle' | 'triangle';
  /** Centre in pixels. */
  column: number;
  row: number;
  /** Half the length, and half the width as a part of it. */
  radiusPx: number;
  aspect: number;
  angle: number;
  luminance: number;
}

const kinds = ['ellipse', 'rectangle', 'triangle'] as const;

/** About the signed distance in pixels from the outline, negative inside. */
function distance({ kind, radiusPx, aspect }: Shape, along: number, across: number): number {
  const width = radiusPx * aspect;
  if (kind === 'ellipse') {
    const [a, b] = [along / radiusPx, across / width];
    return (Math.sqrt(a * a + b * b) - 1) * width;
  }
  if (kind === 'rectangle') return Math.max(Math.abs(along) - radiusPx, Math.abs(across) - width);
  // Base at −radius, tip at +radius.
  const slope = width / (2 * radiusPx);
  const side = (Math.abs(across) - (radiusPx - along) * slope) / Math.sqrt(1 + slope * slope);
  return Math.max(-along - radiusPx, side);
}

/** Paints over what is there; the outline is one pixel wide. */
function paint(picture: Picture, shape: Shape): void {
  const { column, row, radiusPx, angle, luminance } = shape;
  const [c, s] = [cos(angle), sin(angle)];
  const reach = radiusPx * 1.5 + 1;
  const [left, right] = [Math.max(0, Math.ceil(column - reach)), Math.min(sizePx - 1, Math.floor(column + reach))];
  const [top, bottom] = [Math.max(0, Math.ceil(row - reach)), Math.min(sizePx - 1, Math.floor(row + reach))];
  for (let y = top; y <= bottom; y++) {
    for (let x = left; x <= right; x++) {
      const [dx, dy] = [x - column, row - y];
      const coverage = Math.min(1, Math.max(0, 0.5 - distance(shape, dx * c + dy * s, dy * c - dx * s)));
      picture[y * sizePx + x] += coverage * (luminance - picture[y * sizePx + x]);
    }
  }
}

const leafCount = 1500;
const leafRadiiDeg = [0.1, 4] as const;

/** Shapes with radii of density r⁻³ between .1° and 4°, luminances uniform between .1 and .9. */
export function deadLeaves(random: Random): Picture {
  const picture = new Float64Array(sizePx * sizePx).fill(background);
  const [smallest, largest] = leafRadiiDeg.map((deg) => deg * pxPerDeg);
  const kept = 1 - (smallest / largest) * (smallest / largest);
  for (let leaf = 0; leaf < leafCount; leaf++) {
    paint(picture, {
      kind: kinds[random.int(kinds.length)],
      radiusPx: smallest / Math.sqrt(1 - kept * random.uniform()),
      column: sizePx * random.uniform(),
      row: sizePx * random.uniform(),
      aspect: 0.35 + 0.65 * random.uniform(),
      angle: 2 * Math.PI * random.uniform(),
      luminance: 0.1 + 0.8 * random.uniform(),
    });
  }
  return picture;
}

/** Two to four overlapping parts around fixation, all lighter or all darker than the background. */
export function compactObject(random: Random): Picture {
  const picture = new Float64Array(sizePx * sizePx).fill(background);
  const polarity = random.uniform() < 0.5 ? -1 : 1;
  const parts = 2 + random.int(3);
  const middle = columnOfDeg(0);
  for (let part = 0; part < parts; part++) {
    const scatter = part === 0 ? 0 : 0.8 * pxPerDeg;
    paint(picture, {
      kind: kinds[random.int(kinds.length)],
      radiusPx: (part === 0 ? 0.7 + 0.5 * random.uniform() : 0.3 + 0.5 * random.uniform()) * pxPerDeg,
      column: middle + scatter * (2 * random.uniform() - 1),
      row: middle + scatter * (2 * random.uniform() - 1),
      aspect: 0.3 + 0.7 * random.uniform(),
      angle: 2 * Math.PI * random.uniform(),
      luminance: background * (1 + polarity * (0.4 + 0.5 * random.uniform())),
    });
  }
  return picture;
}
