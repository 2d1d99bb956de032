/**
 * Where the cells of a mosaic lie. Cell k stands at the angle k times the golden angle and at the eccentricity e_k at which
 * the number of cells further in is k + ½: a phyllotactic lattice whose density can follow any rule. Here the distance
 * between neighbours is proportional to the median centre radius, as in retinas that are tiled by receptive fields, so
 * the density is c/r(e)² with r(e) = a + b·e and the number of cells further in
 * N(e) = 2πc·[G(e) − G(e_min)], G(e) = (ln(a + b·e) + a/(a + b·e))/b².
 */
import { cos, log, sin } from '../../main/platform/exactMath.ts';
import type { ClassTraits } from './parameters.ts';

const goldenAngle = Math.PI * (3 - Math.sqrt(5));

export interface Place {
  xDeg: number;
  yDeg: number;
  /** Distance to the neighbours if the lattice were hexagonal there. */
  spacingDeg: number;
}

/** ∫ t/(a + b·t)² dt, up to a constant. */
function cumulative({ centreRadius: { atFixation: a, perDegree: b } }: ClassTraits, eccentricityDeg: number): number {
  const radius = a + b * eccentricityDeg;
  return (log(radius) + a / radius) / (b * b);
}

/** The eccentricity between two bounds with the given `cumulative`, which grows. */
function eccentricityAt(traits: ClassTraits, value: number, lowDeg: number, highDeg: number): number {
  let [low, high] = [lowDeg, highDeg];
  for (let i = 0; i < 44; i++) {
    const middle = (low + high) / 2;
    if (cumulative(traits, middle) < value) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** Cells of the lattice inside the square; `step` is 1/(2πc). */
function lattice(traits: ClassTraits, rotation: number, step: number): Place[] {
  const { innermostDeg, largestOffsetDeg, centreRadius } = traits;
  const outermostDeg = largestOffsetDeg * Math.SQRT2;
  const [first, last] = [cumulative(traits, innermostDeg), cumulative(traits, outermostDeg)];
  const places: Place[] = [];
  for (let k = 0; first + (k + 0.5) * step <= last; k++) {
    const eccentricityDeg = eccentricityAt(traits, first + (k + 0.5) * step, innermostDeg, outermostDeg);
    const angle = rotation + k * goldenAngle;
    const xDeg = eccentricityDeg * cos(angle);
    const yDeg = eccentricityDeg * sin(angle);
    if (Math.max(Math.abs(xDeg), Math.abs(yDeg)) > largestOffsetDeg) continue;
    const radius = centreRadius.atFixation + centreRadius.perDegree * eccentricityDeg;
    // One cell per 2π·step·r²; a hexagonal lattice of that density has neighbours at √(2/√3 · area).
    places.push({ xDeg, yDeg, spacingDeg: radius * Math.sqrt((2 / Math.sqrt(3)) * 2 * Math.PI * step) });
  }
  return places;
}

/** The places of one mosaic, from the centre outwards: the thinnest lattice that holds all its units in the square. */
export function mosaic(traits: ClassTraits, rotation: number): Place[] {
  const wanted = traits.unitsPerMosaic;
  const span = cumulative(traits, traits.largestOffsetDeg * Math.SQRT2) - cumulative(traits, traits.innermostDeg);
  // Too dense and too thin a lattice; the corners outside the square hold fewer cells than the square.
  let [dense, thin] = [span / (4 * wanted), span / (wanted / 2)];
  for (let i = 0; i < 24; i++) {
    const middle = (dense + thin) / 2;
    if (lattice(traits, rotation, middle).length >= wanted) dense = middle;
    else thin = middle;
  }
  return lattice(traits, rotation, dense).slice(0, wanted);
}
