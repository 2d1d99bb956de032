/**
 * Marks painted front to back on the periodic grid: what is painted first hides what comes later, and a cell that the
 * border of a mark cuts keeps the share it leaves uncovered. Positions and lengths are in cells.
 */
import { cells, lastCell } from './grid.ts';

export type Canvas = {
  value: Float64Array;
  /** The share of every cell that is still uncovered; 0 once it is negligible. */
  left: Float64Array;
  /** Cells of which some is uncovered. */
  open: number;
};

export type Mark = {
  /** Centre, columns to the right and rows down. */
  x: number;
  y: number;
  /** Half the side of the square that holds the mark; at most half the period. */
  reach: number;
  /** Covered share of the cell whose centre is dx to the right of and dy above the mark's; may leave 0 … 1. */
  coverage(dx: number, dy: number): number;
  /** What the mark shows at a cell. */
  value(at: number): number;
};

const negligible = 1 / 512;

export const createCanvas = (): Canvas => ({
  value: new Float64Array(cells * cells),
  left: new Float64Array(cells * cells).fill(1),
  open: cells * cells,
});

export function paint(canvas: Canvas, mark: Mark): void {
  const { x, y, reach } = mark;
  const firstColumn = Math.ceil(x - reach - 0.5);
  const lastColumn = Math.floor(x + reach - 0.5);
  const bottom = Math.floor(y + reach - 0.5);
  for (let row = Math.ceil(y - reach - 0.5); row <= bottom; row++) {
    const dy = y - (row + 0.5);
    const start = (row & lastCell) * cells;
    for (let column = firstColumn; column <= lastColumn; column++) {
      const at = start + (column & lastCell);
      const left = canvas.left[at] as number;
      if (left === 0) continue;
      const covered = Math.min(1, mark.coverage(column + 0.5 - x, dy));
      if (covered <= 0) continue;
      const rest = left * (1 - covered);
      const closed = rest < negligible;
      canvas.value[at] = (canvas.value[at] as number) + (closed ? left : left * covered) * mark.value(at);
      canvas.left[at] = closed ? 0 : rest;
      if (closed) canvas.open--;
    }
  }
}

/** The picture on a uniform ground. */
export function flatten({ value, left }: Canvas, ground: number): Float64Array {
  return value.map((painted, at) => painted + (left[at] as number) * ground);
}

/** Coverage of a disc. */
export const discOf =
  (radius: number) =>
  (dx: number, dy: number): number =>
    0.5 + radius - Math.sqrt(dx * dx + dy * dy);
