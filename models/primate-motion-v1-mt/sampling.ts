/** The population: places and directions by rule, moved a little with the seed; the published filter stands in the middle. */
import { exp, log } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import {
  areaTraits,
  axesPerPlace,
  cutRadius,
  envelopeCycles,
  mtAreas,
  mtDirections,
  mtPlaces,
  mtSpeeds,
  pattern,
  placeCentre,
  places,
  pxPerDeg,
  rateConstants,
  spatialFrequencies,
  windowPx,
  type MotionSensor,
  type MtArea,
  type MtUnit,
  type Population,
} from './parameters.ts';

export const shippedSeed = 1;

const axisSpacingDeg = 180 / axesPerPlace;
const directionJitterDeg = 6;
const frequencyJitter = 0.05;
const placeJitterDeg = 0.05;

/** Log-uniform ranges of what an MT cell prefers. */
const patternSpeeds = [3, 9] as const;
const componentFrequencies = [0.55, 2.2] as const;
const componentHz = [3, 12] as const;

const clamp = (value: number, limit: number) => Math.min(limit, Math.max(-limit, value));
const modulo = (value: number, n: number) => ((value % n) + n) % n;

/** The filter kept within its window: a larger envelope or a shift further out would be cut by it. */
function within(sensor: MotionSensor): MotionSensor {
  const half = (windowPx[sensor.spatialClass] as number) / 2 / pxPerDeg;
  const centre = placeCentre(sensor.place);
  const envelopeDeg = Math.min(sensor.envelopeDeg, (half - placeJitterDeg) / cutRadius);
  const room = half - cutRadius * envelopeDeg;
  return {
    ...sensor,
    envelopeDeg,
    xDeg: centre.xDeg + clamp(sensor.xDeg - centre.xDeg, room),
    yDeg: centre.yDeg + clamp(sensor.yDeg - centre.yDeg, room),
  };
}

/** The filters of Adelson & Bergen 1985 as published: rightward at fixation, 1.1 cpd, s = .5°, k = 100. */
export const isAnchor = (
  { place, spatialClass, temporalClass }: Pick<MotionSensor, 'place' | 'spatialClass' | 'temporalClass'>,
  axis: number,
): boolean => place === (places - 1) / 2 && spatialClass === 1 && temporalClass === 1 && axis === 0;

function drawSensors(seed: number): MotionSensor[] {
  const random = Random.fromSeed(seed, 'V1 sensors');
  const sensors: MotionSensor[] = [];
  for (const [spatialClass, frequency] of spatialFrequencies.entries()) {
    for (let place = 0; place < places; place++) {
      for (const temporalClass of rateConstants.keys()) {
        for (let axis = 0; axis < axesPerPlace; axis++) {
          const jitter = (sd: number) => clamp(sd * random.normal(), 2 * sd);
          const [turn, octave, dx, dy] = [
            jitter(directionJitterDeg),
            jitter(frequencyJitter),
            jitter(placeJitterDeg / 2),
            jitter(placeJitterDeg / 2),
          ];
          const centre = placeCentre(place);
          const sensor = { place, spatialClass, temporalClass };
          const moved = isAnchor(sensor, axis) ? 0 : 1;
          const spatialFrequencyCpd = frequency * exp(moved * octave);
          sensors.push(
            within({
              ...sensor,
              xDeg: centre.xDeg + moved * dx,
              yDeg: centre.yDeg + moved * dy,
              directionDeg: modulo(axis * axisSpacingDeg + moved * turn, 360),
              spatialFrequencyCpd,
              envelopeDeg: envelopeCycles / spatialFrequencyCpd,
            }),
          );
        }
      }
    }
  }
  return sensors;
}

/** A value of the stratum `i` of `n` of a log-uniform range. */
function stratum([low, high]: readonly [number, number], i: number, n: number, random: Random): number {
  return low * exp(((i + random.uniform()) / n) * log(high / low));
}

function drawMt(area: MtArea, seed: number): MtUnit[] {
  const random = Random.fromSeed(seed, `${area} cells`);
  const units: MtUnit[] = [];
  for (const [placeIndex, place] of mtPlaces.entries()) {
    for (let direction = 0; direction < mtDirections; direction++) {
      for (let speed = 0; speed < mtSpeeds; speed++) {
        const index = units.length;
        const jitter = () => clamp(0.1 * random.normal(), 0.2);
        const [xDeg, yDeg] = [place.xDeg + jitter(), place.yDeg + jitter()];
        const directionDeg = modulo((360 / mtDirections) * (direction + random.uniform() - 0.5), 360);
        const isPattern = area === 'MT-pattern';
        const spatialFrequencyCpd = isPattern
          ? pattern.spatialFrequencyCpd
          : stratum(componentFrequencies, (direction + speed + placeIndex) % 3, 3, random);
        const temporalFrequencyHz = isPattern
          ? spatialFrequencyCpd * stratum(patternSpeeds, speed, mtSpeeds, random)
          : stratum(componentHz, speed, mtSpeeds, random);
        const unit = `${areaTraits[area].prefix}${String(index).padStart(3, '0')}`;
        units.push({ unit, area, index, xDeg, yDeg, directionDeg, spatialFrequencyCpd, temporalFrequencyHz });
      }
    }
  }
  return units;
}

/** The filter with every parameter jittered by the relative spread `amount`; directions by that part of a radian. */
function perturbed(sensor: MotionSensor, amount: number, random: Random): MotionSensor {
  const factor = () => exp(amount * random.normal());
  const shift = () => amount * sensor.envelopeDeg * random.normal();
  return within({
    ...sensor,
    xDeg: sensor.xDeg + shift(),
    yDeg: sensor.yDeg + shift(),
    directionDeg: modulo(sensor.directionDeg + (180 / Math.PI) * amount * random.normal(), 360),
    spatialFrequencyCpd: sensor.spatialFrequencyCpd * factor(),
    envelopeDeg: sensor.envelopeDeg * factor(),
  });
}

/**
 * All units of a seed.
 *
 * @param perturbation relative spread by which filters, time constants and the weights of normalisation and of MT are
 * jittered around those of `seed` (0: none). Units correspond one to one between two perturbations of one seed; MT cells
 * keep the velocity their weights were made for.
 */
export function samplePopulation(seed: number, perturbation = 0): Population {
  const drawn = drawSensors(seed);
  const changes = Random.fromSeed(seed, 'V1 perturbation');
  const change = (value: number) => value * exp(perturbation * changes.normal());
  return {
    seed,
    perturbation,
    rateConstants: perturbation === 0 ? [...rateConstants] : rateConstants.map(change),
    sensors: perturbation === 0 ? drawn : drawn.map((sensor) => perturbed(sensor, perturbation, changes)),
    mt: Object.fromEntries(mtAreas.map((area) => [area, drawMt(area, seed)])) as Record<MtArea, MtUnit[]>,
  };
}
