/**
 * Superquadrics seen along −z (Barr 1981): points u, in units of the semi-axes, with
 * G(u) = (|u₁|^r + |u₂|^r)^{t/r} + |u₃|^t = 1. With r, t ≥ 1 the solid is convex and G is convex along every ray, so
 * Newton's method from in front of it reaches the nearer intersection without passing it. The exponents are 2, 4 or 8,
 * which needs no more than products and square roots.
 */
import type { Random } from '../../platform/random.ts';

export type Exponent = 2 | 4 | 8;

export type Superquadric = {
  centre: readonly [number, number, number];
  /** In degrees. */
  semiAxes: readonly [number, number, number];
  r: Exponent;
  t: Exponent;
  /** Rows are the solid's axes. */
  rotation: Float64Array;
};

/** What a ray met: depth z (larger is nearer) and the outward normal. */
export type Hit = { z: number; normal: [number, number, number] };

const close = 1e-6;
const mostSteps = 60;

function powerOf(value: number, exponent: Exponent): number {
  const squared = value * value;
  if (exponent === 2) return squared;
  const fourth = squared * squared;
  return exponent === 4 ? fourth : fourth * fourth;
}

/** value^(t/r). */
function ratioPower(value: number, t: Exponent, r: Exponent): number {
  switch (t / r) {
    case 0.25:
      return Math.sqrt(Math.sqrt(value));
    case 0.5:
      return Math.sqrt(value);
    case 2:
      return value * value;
    case 4:
      return value * value * value * value;
    default:
      return value;
  }
}

/** A rotation drawn uniformly, as the matrix of a unit quaternion of four normals. */
export function randomRotation(random: Random): Float64Array {
  const q = [random.normal(), random.normal(), random.normal(), random.normal()] as const;
  const length = Math.sqrt(q[0] * q[0] + q[1] * q[1] + q[2] * q[2] + q[3] * q[3]);
  const w = q[0] / length;
  const x = q[1] / length;
  const y = q[2] / length;
  const z = q[3] / length;
  return Float64Array.of(
    1 - 2 * (y * y + z * z),
    2 * (x * y - w * z),
    2 * (x * z + w * y),
    2 * (x * y + w * z),
    1 - 2 * (x * x + z * z),
    2 * (y * z - w * x),
    2 * (x * z - w * y),
    2 * (y * z + w * x),
    1 - 2 * (x * x + y * y),
  );
}

/** Radius around the centre that holds the whole solid. */
export const reachOf = ({ semiAxes: [a, b, c] }: Superquadric): number => Math.sqrt(a * a + b * b + c * c);

/** Where the ray through (x, y) meets the solid, written into `hit`; false where it misses. */
export function cast(solid: Superquadric, x: number, y: number, hit: Hit): boolean {
  const { centre, semiAxes, rotation, r, t } = solid;
  const [a, b, c] = semiAxes;
  const dx = x - centre[0];
  const dy = y - centre[1];
  const m = (at: number): number => rotation[at] as number;
  // u(s) = o − s·d: the point (x, y, −s) relative to the centre, in the solid's own axes and units.
  const o1 = (m(0) * dx + m(1) * dy) / a;
  const o2 = (m(3) * dx + m(4) * dy) / b;
  const o3 = (m(6) * dx + m(7) * dy) / c;
  const d1 = m(2) / a;
  const d2 = m(5) / b;
  const d3 = m(8) / c;
  // The ray begins where it enters the sphere around the cube |u| ≤ 1; there G ≥ 1.
  const dd = d1 * d1 + d2 * d2 + d3 * d3;
  const od = o1 * d1 + o2 * d2 + o3 * d3;
  const discriminant = od * od - dd * (o1 * o1 + o2 * o2 + o3 * o3 - 3);
  if (discriminant < 0) return false;
  let s = (od - Math.sqrt(discriminant)) / dd;
  for (let step = 0; step < mostSteps; step++) {
    const u1 = o1 - s * d1;
    const u2 = o2 - s * d2;
    const u3 = o3 - s * d3;
    const p1 = powerOf(u1, r);
    const p2 = powerOf(u2, r);
    const p3 = powerOf(u3, t);
    const sum = p1 + p2;
    const outer = ratioPower(sum, t, r);
    // The gradient over t; on the axis of u₃ the other two parts vanish.
    const flank = sum > 1e-12 ? outer / sum : 0;
    const g1 = u1 === 0 ? 0 : (flank * p1) / u1;
    const g2 = u2 === 0 ? 0 : (flank * p2) / u2;
    const g3 = u3 === 0 ? 0 : p3 / u3;
    const excess = outer + p3 - 1;
    if (excess < close) {
      const n1 = g1 / a;
      const n2 = g2 / b;
      const n3 = g3 / c;
      const length = Math.sqrt(n1 * n1 + n2 * n2 + n3 * n3);
      hit.z = centre[2] - s;
      hit.normal[0] = (m(0) * n1 + m(3) * n2 + m(6) * n3) / length;
      hit.normal[1] = (m(1) * n1 + m(4) * n2 + m(7) * n3) / length;
      hit.normal[2] = (m(2) * n1 + m(5) * n2 + m(8) * n3) / length;
      return true;
    }
    const slope = -t * (g1 * d1 + g2 * d2 + g3 * d3);
    if (slope >= 0) return false;
    s -= excess / slope;
  }
  return false;
}
