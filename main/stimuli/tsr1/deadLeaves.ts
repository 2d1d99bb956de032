/** Dead leaves (Lee, Mumford & Huang 2001): opaque discs one over the other until nothing of the ground is left. */
import { createCanvas, discOf, flatten, paint } from './canvas.ts';
import { tsr1Random } from './classes.ts';
import { cells, cellsPerDeg, lastCell, pinkNoise } from './grid.ts';

const smallestDeg = 0.1;
const largestDeg = 4;
/** Standard deviation of a leaf's texture, where white over black is 1. */
const textureSd = 0.15;
/** Far more than are needed; what they would leave open is a few cells of mid grey. */
const mostLeaves = 50_000;

export type DeadLeavesParameters = { family: 'plain' | 'textured' };

/** By turns two plain ones and two whose leaves have a texture of 1/f. */
export const deadLeavesParameters = (k: number): DeadLeavesParameters => ({
  family: Math.floor(k / 2) % 2 === 0 ? 'plain' : 'textured',
});

export function deadLeavesPattern(k: number): Float64Array {
  const random = tsr1Random('deadLeaves', k);
  const texture = deadLeavesParameters(k).family === 'textured' ? pinkNoise(random) : null;
  const canvas = createCanvas();
  const low = 1 / (smallestDeg * smallestDeg);
  const high = 1 / (largestDeg * largestDeg);
  for (let leaf = 0; canvas.open > 0 && leaf < mostLeaves; leaf++) {
    // p(r) ∝ r⁻³: 1/r² is uniform.
    const radius = cellsPerDeg / Math.sqrt(low - random.uniform() * (low - high));
    const x = cells * random.uniform();
    const y = cells * random.uniform();
    const grey = random.uniform();
    // Every leaf is cut from another place of one texture.
    const shift = texture === null ? 0 : random.int(cells * cells);
    paint(canvas, {
      x,
      y,
      reach: radius + 0.5,
      coverage: discOf(radius),
      value: (at) => (texture === null ? grey : grey + textureSd * (texture[shifted(at, shift)] as number)),
    });
  }
  return flatten(canvas, 0.5);
}

/** A cell moved by the rows and columns of another, around the period. */
function shifted(at: number, by: number): number {
  const row = (Math.floor(at / cells) + Math.floor(by / cells)) & lastCell;
  return row * cells + ((at + by) & lastCell);
}
