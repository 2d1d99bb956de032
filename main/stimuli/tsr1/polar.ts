/**
 * Gratings in polar and hyperbolic coordinates around fixation: rings, rays, hyperbolas and spirals. The phase is
 * 2π·f·r for rings, n·θ for rays, both for spirals, and a quadratic form of x and y for hyperbolas; the stated spatial
 * frequency is that at 2° from fixation. Rays grow finer towards the centre and hyperbolas outwards: contrast fades where
 * they pass 6 cpd and is gone at 8.
 */
import { cos, degreesToRadians, sin } from '../../platform/exactMath.ts';
import type { StimulusRaster } from '../geometry.ts';
import { columnCentresDeg, rowCentresDeg } from '../geometry.ts';
import { tsr1HighestCpd } from './classes.ts';

export const polarFamilies = ['concentric', 'radial', 'hyperbolic', 'spiral'] as const;
const frequenciesCpd = [0.5, 1, 2, 4] as const;
const statedAtDeg = 2;
const fadeFromCpd = 6;

export type PolarParameters = {
  family: (typeof polarFamilies)[number];
  spatialFrequencyCpd: number;
  phaseDeg: number;
  /** Orientation of the hyperbolas' axes. */
  orientationDeg?: number;
  /** Which way a spiral turns going outwards. */
  turn?: 'left' | 'right';
};

/** 4 families × 4 frequencies × 4: phases, or two phases of two orientations (hyperbolas) or turns (spirals). */
export function polarParameters(k: number): PolarParameters {
  const half = k % 2;
  const pair = ((k % 16) - half) / 2;
  const family = polarFamilies[Math.floor(k / 16)] as (typeof polarFamilies)[number];
  const frequency = Math.floor(pair / 2);
  const variant = pair % 2;
  const odd = (half + frequency) % 2;
  const spatialFrequencyCpd = frequenciesCpd[frequency] as number;
  if (family === 'hyperbolic') {
    return { family, spatialFrequencyCpd, phaseDeg: 90 * odd, orientationDeg: 45 * variant };
  }
  if (family === 'spiral') {
    return { family, spatialFrequencyCpd, phaseDeg: 90 * odd, turn: variant === 0 ? 'left' : 'right' };
  }
  return { family, spatialFrequencyCpd, phaseDeg: 90 * (2 * variant + odd) };
}

/** phase(x, y) = 2π·(rings·r + hyperbolas·q) + rays·θ + phase, q the quadratic form with gradient r/2°. */
type Waves = { rings: number; hyperbolas: number; rays: number };

function wavesOf({ family, spatialFrequencyCpd: f, turn }: PolarParameters): Waves {
  const perTurn = 2 * Math.PI * statedAtDeg;
  switch (family) {
    case 'concentric':
      return { rings: f, hyperbolas: 0, rays: 0 };
    case 'radial':
      return { rings: 0, hyperbolas: 0, rays: Math.round(perTurn * f) };
    case 'hyperbolic':
      return { rings: 0, hyperbolas: f, rays: 0 };
    case 'spiral': {
      const rays = Math.round((perTurn * f) / Math.SQRT2);
      return { rings: f / Math.SQRT2, hyperbolas: 0, rays: turn === 'left' ? -rays : rays };
    }
  }
}

/** cos nθ and sin nθ of a unit vector, as its nth power. */
function power(c: number, s: number, n: number, out: [number, number]): void {
  let re = 1;
  let im = 0;
  let baseRe = c;
  let baseIm = n < 0 ? -s : s;
  for (let rest = Math.abs(n); rest > 0; rest = Math.floor(rest / 2)) {
    if (rest % 2 === 1) {
      const next = re * baseRe - im * baseIm;
      im = re * baseIm + im * baseRe;
      re = next;
    }
    const square = baseRe * baseRe - baseIm * baseIm;
    baseIm = 2 * baseRe * baseIm;
    baseRe = square;
  }
  out[0] = re;
  out[1] = im;
}

function fade(cpd: number): number {
  if (cpd <= fadeFromCpd) return 1;
  if (cpd >= tsr1HighestCpd) return 0;
  return 0.5 * (1 + cos((Math.PI * (cpd - fadeFromCpd)) / (tsr1HighestCpd - fadeFromCpd)));
}

export function polarField(k: number, raster: StimulusRaster): Float32Array {
  const parameters = polarParameters(k);
  const { rings, hyperbolas, rays } = wavesOf(parameters);
  const phase = degreesToRadians(parameters.phaseDeg);
  const axes = 2 * degreesToRadians(parameters.orientationDeg ?? 0);
  const cosAxes = cos(axes);
  const sinAxes = sin(axes);
  const { sizePx } = raster;
  const columns = columnCentresDeg(raster);
  const rows = rowCentresDeg(raster);
  const field = new Float32Array(sizePx * sizePx);
  const turned: [number, number] = [1, 0];
  for (let row = 0, at = 0; row < sizePx; row++) {
    const y = rows[row] as number;
    for (let column = 0; column < sizePx; column++, at++) {
      const x = columns[column] as number;
      const r = Math.sqrt(x * x + y * y);
      const around = rays === 0 ? 0 : Math.abs(rays) / (2 * Math.PI * Math.max(r, 1e-9));
      const radial = rings + (hyperbolas * r) / statedAtDeg;
      const weight = fade(Math.sqrt(radial * radial + around * around));
      if (weight === 0) continue;
      const form = (cosAxes * (x * x - y * y) + sinAxes * 2 * x * y) / (2 * statedAtDeg);
      const angle = 2 * Math.PI * (rings * r + hyperbolas * form) + phase;
      if (rays === 0) {
        field[at] = weight * cos(angle);
      } else {
        power(x / r, y / r, rays, turned);
        field[at] = weight * (cos(angle) * turned[0] - sin(angle) * turned[1]);
      }
    }
  }
  return field;
}
