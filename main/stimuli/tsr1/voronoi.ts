/** Voronoi cells of random greys around points drawn one in each square of a lattice. */
import type { Random } from '../../platform/random.ts';
import { clamp01 } from './draws.ts';
import { cells, periodDeg } from './grid.ts';

/** A point's own square and the two around it hold every point that can be nearest: it lies within √2 squares. */
const around = 2;

export function voronoiPattern(random: Random, cellDeg: number): Float64Array {
  const n = Math.max(2 * around + 1, Math.round(periodDeg / cellDeg));
  const side = cells / n;
  const points = Array.from({ length: n * n }, () => ({
    x: random.uniform(),
    y: random.uniform(),
    grey: random.uniform(),
  }));
  const pattern = new Float64Array(cells * cells);
  for (let row = 0, at = 0; row < cells; row++) {
    const y = (row + 0.5) / side;
    for (let column = 0; column < cells; column++, at++) {
      const x = (column + 0.5) / side;
      pattern[at] = greyAt(x, y, points, n, side);
    }
  }
  return pattern;
}

/** Grey at (x, y) in squares; where the border to the next cell cuts the pixel, of both cells by their shares. */
function greyAt(
  x: number,
  y: number,
  points: readonly { x: number; y: number; grey: number }[],
  n: number,
  side: number,
): number {
  let nearest = Infinity;
  let next = Infinity;
  let grey = 0;
  let nextGrey = 0;
  let apartX = 0;
  let apartY = 0;
  let nearestX = 0;
  let nearestY = 0;
  const column = Math.floor(x);
  const row = Math.floor(y);
  for (let j = row - around; j <= row + around; j++) {
    for (let i = column - around; i <= column + around; i++) {
      const point = points[((j + n) % n) * n + ((i + n) % n)] as { x: number; y: number; grey: number };
      const px = i + point.x;
      const py = j + point.y;
      const squared = (px - x) * (px - x) + (py - y) * (py - y);
      if (squared < nearest) {
        next = nearest;
        nextGrey = grey;
        apartX = px - nearestX;
        apartY = py - nearestY;
        nearest = squared;
        grey = point.grey;
        nearestX = px;
        nearestY = py;
      } else if (squared < next) {
        next = squared;
        nextGrey = point.grey;
        apartX = px - nearestX;
        apartY = py - nearestY;
      }
    }
  }
  // Distance to the perpendicular bisector, in pixels.
  const border = (side * (next - nearest)) / (2 * Math.sqrt(apartX * apartX + apartY * apartY));
  const share = clamp01(0.5 + border);
  return share * grey + (1 - share) * nextGrey;
}
