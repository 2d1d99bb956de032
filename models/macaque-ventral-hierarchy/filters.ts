/**
 * Gabors on the raster: G = exp(−(u² + γ²v²)/2σ²) · cos 2πu/λ within a circle, without response to uniform light. The
 * even filters of S1 have unit norm (Serre et al. 2007); the quadrature pairs of V1 are scaled so that each part answers
 * a grating of wavelength λ and contrast 1 in its own phase with 1.
 */
import { cos, exp, sin } from '../../main/platform/exactMath.ts';
import { aspectRatio, direction, orientationsDeg, type Scale } from './parameters.ts';

/** How a filter differs from its scale and orientation; all 0 in an unperturbed twin. */
export interface FilterChange {
  rotationDeg: number;
  /** Natural logarithms of factors. */
  wavelengthLog: number;
  sigmaLog: number;
}

export interface QuadratureFilters {
  even: Float64Array;
  odd: Float64Array;
}

interface Profile {
  even: Float64Array;
  odd: Float64Array;
  /** u of every pixel and whether it lies in the circle. */
  across: Float64Array;
  inside: Uint8Array;
  wavelengthPx: number;
}

/** Row-major, top row first, `supportPx` on each side. */
function profile(scale: Scale, orientation: number, change: FilterChange): Profile {
  const { supportPx } = scale;
  const pixels = supportPx * supportPx;
  const { sin: s, cos: c } = direction(orientationsDeg[orientation] + change.rotationDeg);
  const wavelengthPx = scale.wavelengthPx * exp(change.wavelengthLog);
  const sigmaPx = scale.sigmaPx * exp(change.sigmaLog);
  const half = (supportPx - 1) / 2;
  const result: Profile = {
    even: new Float64Array(pixels),
    odd: new Float64Array(pixels),
    across: new Float64Array(pixels),
    inside: new Uint8Array(pixels),
    wavelengthPx,
  };
  let evenSum = 0;
  let count = 0;
  for (let at = 0; at < pixels; at++) {
    const x = (at % supportPx) - half;
    const y = half - Math.floor(at / supportPx);
    if (4 * (x * x + y * y) > supportPx * supportPx) continue;
    const u = -x * s + y * c;
    const v = aspectRatio * (x * c + y * s);
    const envelope = exp(-(u * u + v * v) / (2 * sigmaPx * sigmaPx));
    const phase = (2 * Math.PI * u) / wavelengthPx;
    result.across[at] = u;
    result.inside[at] = 1;
    result.even[at] = envelope * cos(phase);
    result.odd[at] = envelope * sin(phase);
    evenSum += result.even[at];
    count++;
  }
  for (let at = 0; at < pixels; at++) if (result.inside[at] === 1) result.even[at] -= evenSum / count;
  return result;
}

/** The even filter of unit norm. */
export function evenFilter(scale: Scale, orientation: number, change: FilterChange): Float64Array {
  const { even } = profile(scale, orientation, change);
  const norm = Math.sqrt(even.reduce((sum, w) => sum + w * w, 0));
  return even.map((w) => w / norm);
}

export function quadratureFilters(scale: Scale, orientation: number, change: FilterChange): QuadratureFilters {
  const { even, odd, across, wavelengthPx } = profile(scale, orientation, change);
  const k = (2 * Math.PI) / wavelengthPx;
  const evenGain = even.reduce((sum, w, at) => sum + w * cos(k * across[at]), 0);
  const oddGain = odd.reduce((sum, w, at) => sum + w * sin(k * across[at]), 0);
  return { even: even.map((w) => w / evenGain), odd: odd.map((w) => w / oddGain) };
}
