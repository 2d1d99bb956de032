/** The spatial filters of the sensors on the raster, scaled so that the preferred grating of contrast 1 has opponent energy 1. */
import { cos, degreesToRadians, exp, sin } from '../../main/platform/exactMath.ts';
import { cutRadius, pxPerDeg, sizePx, windowOrigin, type MotionSensor, type Population } from './parameters.ts';
import { directionalGain, preferredHz } from './temporal.ts';

export interface TemporalClass {
  /** Rate constant k per second. */
  k: number;
  preferredHz: number;
  /** Opponent gain at the preferred temporal frequency, for unit amplitudes. */
  opponent: number;
}

export function temporalClasses(population: Population): TemporalClass[] {
  return population.rateConstants.map((k) => {
    const hz = preferredHz(k);
    return { k, preferredHz: hz, opponent: directionalGain(k, hz).opponent };
  });
}

export interface FilterPair {
  /** Weights on the pixels of the sensor's window, row by row: cosine and sine of the direction's phase. */
  even: Float64Array;
  odd: Float64Array;
}

/** Envelope exp(−r²/s²) times the cosine and the sine of 2πf along the direction, r within the cut. */
export function filterPair(sensor: MotionSensor, { opponent }: TemporalClass): FilterPair {
  const { left, top, size } = windowOrigin(sensor.spatialClass, sensor.place);
  const angle = degreesToRadians(sensor.directionDeg);
  const [ux, uy] = [cos(angle), sin(angle)];
  const [even, odd] = [new Float64Array(size * size), new Float64Array(size * size)];
  let [cosines, sines] = [0, 0];
  for (let row = 0; row < size; row++) {
    const y = (sizePx / 2 - (top + row + 0.5)) / pxPerDeg - sensor.yDeg;
    for (let column = 0; column < size; column++) {
      const x = (left + column + 0.5 - sizePx / 2) / pxPerDeg - sensor.xDeg;
      const relative = (x * x + y * y) / (sensor.envelopeDeg * sensor.envelopeDeg);
      if (relative > cutRadius * cutRadius) continue;
      const envelope = exp(-relative);
      const phase = 2 * Math.PI * sensor.spatialFrequencyCpd * (x * ux + y * uy);
      const at = row * size + column;
      even[at] = envelope * cos(phase);
      odd[at] = envelope * sin(phase);
      cosines += (even[at] as number) * cos(phase);
      sines += (odd[at] as number) * sin(phase);
    }
  }
  // The preferred grating gives the two filters amplitudes Σ env·cos² and Σ env·sin²; energies multiply them.
  const scale = 1 / Math.sqrt(cosines * sines * opponent);
  return { even: even.map((value) => value * scale), odd: odd.map((value) => value * scale) };
}
