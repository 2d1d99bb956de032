/**
 * Random-dot kinematograms after Britten et al. (1992), in a form that does not depend on the frame rate. A dot lives
 * for `lifetimeS` and is then born again elsewhere; births are spread evenly over time. At birth it is drawn whether the
 * dot moves in the stimulus's direction (with the chance `coherence`) or in a direction of its own, at the same speed:
 * noise of random directions (Scase, Braddick & Raymond 1996) where Britten et al. replaced dots from frame to frame.
 * Half of the dots are black and half white on average, so the mean luminance is that of the background.
 *
 * A dot that leaves the field enters it again at the other end of the chord on which it moves, which keeps the density
 * the same everywhere. Where a dot is at any time follows from the seed alone.
 */
import type { RandomDotsSpec } from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { cos, degreesToRadians, sin } from '../platform/exactMath.ts';
import { Random } from '../platform/random.ts';
import { formatCount } from '../platform/words.ts';
import { apertureWeights } from './aperture.ts';
import type { StimulusRaster } from './geometry.ts';
import { rasterPxPerDeg } from './geometry.ts';
import { formatNumber } from './words.ts';

export type DotField = Pick<
  RandomDotsSpec,
  | 'directionDeg'
  | 'speedDegPerS'
  | 'coherence'
  | 'dotsPerDeg2'
  | 'dotDiameterDeg'
  | 'lifetimeS'
  | 'diameterDeg'
  | 'edgeDeg'
  | 'seed'
>;

export type Dot = {
  /** From the centre of the field, y up. */
  xDeg: number;
  yDeg: number;
  white: boolean;
  /** Whether it moves in the stimulus's direction. */
  coherent: boolean;
  /** Counts the births of its slot; the dot is the same one from frame to frame while this is. */
  generation: number;
};

/** Dots may stand half outside, so that the density is even up to the end of the aperture's edge. */
const fieldRadiusDeg = ({ diameterDeg, edgeDeg, dotDiameterDeg }: DotField): number =>
  (diameterDeg + edgeDeg + dotDiameterDeg) / 2;

export function dotCount(field: DotField): number {
  const radius = fieldRadiusDeg(field);
  return Math.max(1, Math.round(field.dotsPerDeg2 * Math.PI * radius * radius));
}

/** 100 per square degree over a field of 50°. */
const mostDots = 200_000;

/** Throws 'bad-input' for a field of more dots than can be drawn in reasonable time and memory. */
function requireDrawable(field: DotField): void {
  const count = dotCount(field);
  if (count <= mostDots) return;
  throw new TwinscopeError(
    'bad-input',
    `A field of ${formatNumber(field.diameterDeg)}° with ${formatNumber(field.dotsPerDeg2)} dots per square degree holds ` +
      `${formatCount(count)} dots; at most ${formatCount(mostDots)} are drawn. Nothing was drawn. Choose a smaller field or ` +
      'fewer dots.',
  );
}

/** Dots born per square degree and second, as Britten et al. state density. */
export const dotsPerDeg2PerS = ({ dotsPerDeg2, lifetimeS }: { dotsPerDeg2: number; lifetimeS: number }): number =>
  dotsPerDeg2 / lifetimeS;

/** (x, y) moved by `lengthDeg` along the unit vector (ux, uy), around the end of its chord of the circle. */
function alongChord(
  [x, y]: [number, number],
  [ux, uy]: [number, number],
  lengthDeg: number,
  radius: number,
): [number, number] {
  const along = x * ux + y * uy;
  const across = y * ux - x * uy;
  const half = Math.sqrt(Math.max(0, radius * radius - across * across));
  if (half === 0) return [x, y];
  const moved = along + lengthDeg + half;
  const wrapped = moved - 2 * half * Math.floor(moved / (2 * half)) - half;
  return [wrapped * ux - across * uy, wrapped * uy + across * ux];
}

/**
 * All dots at a time, in the order in which they are painted; the same length and order at any time. Throws 'bad-input'
 * where there are too many to draw.
 */
export function dotsAt(field: DotField, timeS: number): Dot[] {
  requireDrawable(field);
  const { speedDegPerS, coherence, lifetimeS, seed } = field;
  const radius = fieldRadiusDeg(field);
  const direction = degreesToRadians(field.directionDeg % 360);
  const common: [number, number] = [cos(direction), sin(direction)];
  const clocks = Random.fromSeed(seed, 'random dots clocks');
  // A stream for each generation of all slots: any time can be reached without the times before it.
  const births = new Map<number, Random>();
  const slots = Array.from({ length: dotCount(field) }, () => timeS / lifetimeS + clocks.uniform());
  const generations = slots.map(Math.floor);
  const dots: Dot[] = [];
  for (const generation of new Set(generations)) {
    births.set(generation, Random.fromSeed(seed, `random dots generation ${generation}`));
  }
  for (const [slot, generation] of generations.entries()) {
    for (const [of, random] of births) {
      // Every slot draws from every stream, so that a slot's numbers do not depend on the others' clocks.
      const distance = radius * Math.sqrt(random.uniform());
      const bearing = 2 * Math.PI * random.uniform();
      const coherent = random.uniform() < coherence;
      const own = 2 * Math.PI * random.uniform();
      const white = random.uniform() < 0.5;
      if (of !== generation) continue;
      const ageS = ((slots[slot] as number) - generation) * lifetimeS;
      const start: [number, number] = [distance * cos(bearing), distance * sin(bearing)];
      const way: [number, number] = coherent ? common : [cos(own), sin(own)];
      const [xDeg, yDeg] = alongChord(start, way, speedDegPerS * ageS, radius);
      dots.push({ xDeg, yDeg, white, coherent, generation });
    }
  }
  return dots;
}

/**
 * Paints discs one over the other into `out`, in linear light, with antialiased borders. Each holds the light of its area,
 * also where it is narrower than a pixel.
 */
export function paintDots(
  dots: readonly Dot[],
  dotDiameterDeg: number,
  centre: { xDeg: number; yDeg: number },
  levels: { black: number; white: number },
  raster: StimulusRaster,
  out: Float32Array,
): void {
  const { sizePx } = raster;
  const pxPerDeg = rasterPxPerDeg(raster);
  const radiusPx = (dotDiameterDeg / 2) * pxPerDeg;
  // A disc of radius r with a ramp one pixel wide around it holds the light of π(r² + 1/12) square pixels, r ≥ ½.
  const squared = radiusPx * radiusPx - 1 / 12;
  const drawnPx = squared < 0.25 ? 0.5 : Math.sqrt(squared);
  const strength = squared < 0.25 ? 3 * radiusPx * radiusPx : 1;
  const reach = drawnPx + 0.5;
  for (const { xDeg, yDeg, white } of dots) {
    // In pixels, columns to the right and rows down.
    const x = (centre.xDeg + xDeg) * pxPerDeg + sizePx / 2;
    const y = sizePx / 2 - (centre.yDeg + yDeg) * pxPerDeg;
    const level = white ? levels.white : levels.black;
    const lastRow = Math.min(sizePx - 1, Math.floor(y + reach - 0.5));
    const lastColumn = Math.min(sizePx - 1, Math.floor(x + reach - 0.5));
    for (let row = Math.max(0, Math.ceil(y - reach - 0.5)); row <= lastRow; row++) {
      const dy = row + 0.5 - y;
      for (let column = Math.max(0, Math.ceil(x - reach - 0.5)); column <= lastColumn; column++) {
        const dx = column + 0.5 - x;
        const covered = strength * Math.min(1, reach - Math.sqrt(dx * dx + dy * dy));
        if (covered <= 0) continue;
        const at = row * sizePx + column;
        out[at] = (out[at] as number) + covered * (level - (out[at] as number));
      }
    }
  }
}

export function drawRandomDots(
  spec: RandomDotsSpec,
  raster: StimulusRaster,
  out: Float32Array,
  timeS: number,
): Float32Array {
  const { background } = raster;
  const levels = {
    black: background * (1 - spec.contrast),
    white: Math.min(1, background * (1 + spec.contrast)),
  };
  paintDots(dotsAt(spec, timeS), spec.dotDiameterDeg, spec, levels, raster, out);
  const weights = apertureWeights(spec, raster);
  for (let at = 0; at < out.length; at++) {
    const weight = weights[at] as number;
    if (weight < 1) out[at] = background + weight * ((out[at] as number) - background);
  }
  return out;
}
