/** Eight silhouettes as polygons around the origin, the farthest corner at distance 1; x right, y up. */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';

export const silhouetteNames = ['ellipse', 'triangle', 'square', 'star', 'cross', 'crescent', 'arrow', 'L'] as const;
export type Silhouette = (typeof silhouetteNames)[number];

type Point = readonly [number, number];

const at = (angleDeg: number, radius = 1): Point => [
  radius * cos(degreesToRadians(angleDeg)),
  radius * sin(degreesToRadians(angleDeg)),
];

/** `count` corners, evenly around the circle from the top. */
const regular = (count: number, radius: (corner: number) => number = () => 1): Point[] =>
  Array.from({ length: count }, (_, corner) => at(90 + (360 / count) * corner, radius(corner)));

const arc = (fromDeg: number, toDeg: number, count: number): Point[] =>
  Array.from({ length: count }, (_, step) => at(fromDeg + ((toDeg - fromDeg) * step) / (count - 1)));

/** The unit disc without one whose border meets the unit circle at ±tipDeg and bends by ±innerDeg around its own centre. */
function crescent(): Point[] {
  const tipDeg = 57;
  const innerDeg = 100;
  const [tipX, tipY] = at(tipDeg);
  const [bendX, bendY] = at(innerDeg);
  const radius = tipY / bendY;
  const centre = tipX - radius * bendX;
  const inner = arc(360 - innerDeg, innerDeg, 24).map(([x, y]): Point => [centre + radius * x, radius * y]);
  // The two tips belong to both arcs.
  return [...arc(tipDeg, 360 - tipDeg, 36), ...inner.slice(1, -1)];
}

const third = 1 / 3;
const drawn: Record<Silhouette, readonly Point[]> = {
  ellipse: regular(64).map(([x, y]): Point => [x, 0.6 * y]),
  triangle: regular(3),
  square: regular(4),
  star: regular(10, (corner) => (corner % 2 === 0 ? 1 : 0.4)),
  cross: [
    [third, 1],
    [-third, 1],
    [-third, third],
    [-1, third],
    [-1, -third],
    [-third, -third],
    [-third, -1],
    [third, -1],
    [third, -third],
    [1, -third],
    [1, third],
    [third, third],
  ],
  crescent: crescent(),
  arrow: [
    [0, 1],
    [-0.8, 0.1],
    [-0.3, 0.1],
    [-0.3, -1],
    [0.3, -1],
    [0.3, 0.1],
    [0.8, 0.1],
  ],
  L: [
    [-0.15, 1],
    [-0.7, 1],
    [-0.7, -1],
    [0.7, -1],
    [0.7, -0.45],
    [-0.15, -0.45],
  ],
};

/** Corners in order, the farthest at distance 1. */
export function silhouette(name: Silhouette): readonly Point[] {
  const corners = drawn[name];
  const farthest = Math.sqrt(corners.reduce((most, [x, y]) => Math.max(most, x * x + y * y), 0));
  return corners.map(([x, y]): Point => [x / farthest, y / farthest]);
}

/** Distance of (x, y) from the border of a polygon: positive inside, negative outside. */
export function depthIn(corners: readonly Point[], x: number, y: number): number {
  let squared = Infinity;
  let inside = false;
  let [ax, ay] = corners[corners.length - 1] as Point;
  for (const [bx, by] of corners) {
    const dx = bx - ax;
    const dy = by - ay;
    const along = Math.min(1, Math.max(0, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
    const offX = x - ax - along * dx;
    const offY = y - ay - along * dy;
    squared = Math.min(squared, offX * offX + offY * offY);
    if (ay > y !== by > y && x < ax + ((y - ay) / dy) * dx) inside = !inside;
    ax = bx;
    ay = by;
  }
  const distance = Math.sqrt(squared);
  return inside ? distance : -distance;
}
