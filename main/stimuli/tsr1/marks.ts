/** Textures of opaque marks: strokes, a jittered lattice of squares, and discs. */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';
import type { Random } from '../../platform/random.ts';
import { createCanvas, discOf, flatten, paint } from './canvas.ts';
import { cells, cellsPerDeg, periodDeg } from './grid.ts';

/** Marks for each area that one covers, so that about half of the ground stays visible. */
const density = 0.7;

/** Black and white strokes a tenth as wide as long, around a random orientation with standard deviation `spreadDeg`. */
export function strokesPattern(random: Random, lengthDeg: number, spreadDeg: number): Float64Array {
  const canvas = createCanvas();
  const meanDeg = 180 * random.uniform();
  const length = lengthDeg * cellsPerDeg;
  const width = length / 10;
  const n = Math.round((density * cells * cells) / (length * width));
  for (let stroke = 0; stroke < n; stroke++) {
    const x = cells * random.uniform();
    const y = cells * random.uniform();
    const angle = degreesToRadians((meanDeg + spreadDeg * random.normal()) % 360);
    const grey = random.int(2);
    const c = cos(angle);
    const s = sin(angle);
    paint(canvas, {
      x,
      y,
      reach: length / 2 + 0.5,
      coverage: (dx, dy) => {
        const along = dx * c + dy * s;
        const across = dy * c - dx * s;
        // Beyond the two ends, half a width before the tips, the distance is that to the end.
        const beyond = Math.max(0, Math.abs(along) - (length - width) / 2);
        return 0.5 + width / 2 - Math.sqrt(beyond * beyond + across * across);
      },
      value: () => grey,
    });
  }
  return flatten(canvas, 0.5);
}

/** White squares of half the spacing on black, moved by up to a quarter of the spacing and turned at random. */
export function latticePattern(random: Random, spacingDeg: number): Float64Array {
  const canvas = createCanvas();
  const n = Math.round(periodDeg / spacingDeg);
  const spacing = cells / n;
  const half = spacing / 4;
  for (let at = 0; at < n * n; at++) {
    const jitter = (): number => (random.uniform() - 0.5) / 2;
    const x = ((at % n) + 0.5 + jitter()) * spacing;
    const y = (Math.floor(at / n) + 0.5 + jitter()) * spacing;
    const angle = degreesToRadians(90 * random.uniform());
    const c = cos(angle);
    const s = sin(angle);
    paint(canvas, {
      x,
      y,
      reach: Math.SQRT2 * half + 0.5,
      coverage: (dx, dy) => 0.5 + half - Math.max(Math.abs(dx * c + dy * s), Math.abs(dy * c - dx * s)),
      value: () => 1,
    });
  }
  return flatten(canvas, 0);
}

/** Discs of random greys on mid grey, their radii within ±30 % of the stated one. */
export function discsPattern(random: Random, radiusDeg: number): Float64Array {
  const canvas = createCanvas();
  const mean = radiusDeg * cellsPerDeg;
  const n = Math.round((density * cells * cells) / (Math.PI * mean * mean));
  for (let disc = 0; disc < n; disc++) {
    const x = cells * random.uniform();
    const y = cells * random.uniform();
    const radius = mean * (0.7 + 0.6 * random.uniform());
    const grey = random.uniform();
    paint(canvas, { x, y, reach: radius + 0.5, coverage: discOf(radius), value: () => grey });
  }
  return flatten(canvas, 0.5);
}
