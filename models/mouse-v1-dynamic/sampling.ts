/** The units, drawn by rule: places over the middle of the field, tuning and gains around the medians of `parameters.ts`. */
import { exp } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import {
  complexPart,
  cpdOctaveSd,
  cpdRange,
  gridSize,
  gridStepDeg,
  hzOctaveSd,
  hzRange,
  largestOffsetDeg,
  largestOpposite,
  largestUntuned,
  medianCpd,
  medianHz,
  medianPupilGain,
  medianRunningGain,
  medianScale,
  medianSpontaneous,
  orientedPart,
  pupilGainLogSd,
  runningGainLogSd,
  scaleLogSd,
  spontaneousLogSd,
  unitCount,
  type UnitParameters,
} from './parameters.ts';

export const shippedSeed = 1;

const clamp = (value: number, [low, high]: readonly [number, number]) => Math.min(high, Math.max(low, value));
const ln2 = 0.6931471805599453;

/** The place of the grid nearest to a coordinate. */
const onGrid = (deg: number): number =>
  (Math.round(deg / gridStepDeg + (gridSize - 1) / 2) - (gridSize - 1) / 2) * gridStepDeg;

/** The units of a seed in the order of the output axis: from left to right. */
export function sampleUnits(seed: number): UnitParameters[] {
  const random = Random.fromSeed(seed, 'units');
  const normal = (sd: number) => exp(sd * random.normal());
  /** From 0 up to a limit, a quarter of it at the median. */
  const squared = (limit: number) => {
    const u = random.uniform();
    return limit * u * u;
  };
  const place = () => largestOffsetDeg * (2 * random.uniform() - 1);
  const drawn = Array.from({ length: unitCount }, (_, i) => {
    const oriented = i < orientedPart * unitCount;
    const [x, y] = [place(), place()];
    return {
      // Filters without a carrier are not demodulated: between places of the grid their contrast would depend on orientation.
      xDeg: oriented ? x : onGrid(x),
      yDeg: oriented ? y : onGrid(y),
      tuning: oriented
        ? {
            directionDeg: 360 * random.uniform(),
            cpd: clamp(medianCpd * normal(ln2 * cpdOctaveSd), cpdRange),
            opposite: squared(largestOpposite),
            untuned: squared(largestUntuned),
          }
        : null,
      hz: clamp(medianHz * normal(ln2 * hzOctaveSd), hzRange),
      phase: 2 * Math.PI * random.uniform(),
      energyPart: random.uniform() < complexPart ? 1 : 0,
      scale: medianScale * normal(scaleLogSd),
      spontaneous: medianSpontaneous * normal(spontaneousLogSd),
      runningGain: medianRunningGain * normal(runningGainLogSd),
      pupilGain: Math.min(1, medianPupilGain * normal(pupilGainLogSd)),
    };
  });
  return drawn
    .toSorted((a, b) => a.xDeg - b.xDeg || a.yDeg - b.yDeg)
    .map((unit, index) => ({ ...unit, index, unit: `v${String(index).padStart(3, '0')}` }));
}
