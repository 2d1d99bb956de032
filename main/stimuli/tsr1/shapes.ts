/** Silhouettes of any size, place and rotation, filled or in outline, white or black. Local: peak contrast 1. */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';
import { within } from '../aperture.ts';
import type { StimulusRaster } from '../geometry.ts';
import { columnCentresDeg, rasterPxPerDeg, rowCentresDeg } from '../geometry.ts';
import { tsr1Random } from './classes.ts';
import { clamp01, rounded, uniformBetween } from './draws.ts';
import { depthIn, silhouette, silhouetteNames, type Silhouette } from './silhouettes.ts';

const perSilhouette = 16;
/** Width of an outline as a part of the shape's size. */
const outlineShare = 1 / 12;

export type ShapeParameters = {
  family: Silhouette;
  drawing: 'filled' | 'outline';
  polarity: 'white' | 'black';
  /** Diameter of the circle around the shape's own origin that just holds it. */
  sizeDeg: number;
  xDeg: number;
  yDeg: number;
  rotationDeg: number;
};

/** Size uniform over 1–4°, centre over ±2°, rotation over all angles; four of every drawing and polarity. */
export function shapeParameters(k: number): ShapeParameters {
  const random = tsr1Random('shapes', k);
  return {
    family: silhouetteNames[Math.floor(k / perSilhouette)] as Silhouette,
    drawing: Math.floor(k / 2) % 2 === 0 ? 'filled' : 'outline',
    polarity: Math.floor(k / 4) % 2 === 0 ? 'white' : 'black',
    sizeDeg: rounded(uniformBetween(random, 1, 4)),
    xDeg: rounded(uniformBetween(random, -2, 2)),
    yDeg: rounded(uniformBetween(random, -2, 2)),
    rotationDeg: rounded(uniformBetween(random, 0, 360)),
  };
}

/** Pixels on the border carry the share of them that is covered. */
export function drawShape(k: number, raster: StimulusRaster, out: Float32Array): Float32Array {
  const { family, drawing, polarity, sizeDeg, xDeg, yDeg, rotationDeg } = shapeParameters(k);
  const { sizePx, background } = raster;
  const pxPerDeg = rasterPxPerDeg(raster);
  const turn = degreesToRadians(rotationDeg);
  const c = cos(turn);
  const s = sin(turn);
  const radius = sizeDeg / 2;
  const corners = silhouette(family).map(([x, y]): [number, number] => [
    xDeg + radius * (x * c - y * s),
    yDeg + radius * (x * s + y * c),
  ]);
  const outline = drawing === 'outline' ? outlineShare * sizeDeg : Infinity;
  const columns = columnCentresDeg(raster);
  const rows = rowCentresDeg(raster);
  const reach = radius + 1 / pxPerDeg;
  const [left, right] = within(columns, xDeg, reach);
  const [top, bottom] = within(rows, yDeg, reach);
  const contrast = polarity === 'white' ? 1 : -1;
  for (let row = top; row < bottom; row++) {
    for (let column = left; column < right; column++) {
      const depth = depthIn(corners, columns[column] as number, rows[row] as number);
      const covered = clamp01(Math.min(0.5 + depth * pxPerDeg, 0.5 + (outline - depth) * pxPerDeg));
      if (covered > 0) out[row * sizePx + column] = clamp01(background * (1 + contrast * covered));
    }
  }
  return out;
}
