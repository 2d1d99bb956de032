/** The population: places by rule, receptive fields drawn around the published medians at their eccentricity. */
import { exp } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import { mosaic, type Place } from './mosaic.ts';
import {
  areas,
  areaTraits,
  centreGainLogSd,
  centreRadiusLogSd,
  classes,
  meanSurroundGain,
  poolReach,
  positionJitter,
  radiusRatioLogSd,
  radiusSpread,
  semiSaturationContrast,
  smallestCentreDeg,
  smallestSurroundDeg,
  surroundGainRange,
  surroundGainSd,
  type Area,
  type UnitParameters,
} from './parameters.ts';

export const shippedSeed = 1;

const clamp = (value: number, [low, high]: readonly [number, number]) => Math.min(high, Math.max(low, value));

/** Standard normal values, rescaled to mean 0 and standard deviation 1 exactly. */
function normals(random: Random, n: number): number[] {
  const values = Array.from({ length: n }, () => random.normal());
  const mean = values.reduce((sum, value) => sum + value, 0) / n;
  const sd = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) * (value - mean), 0) / n);
  return values.map((value) => (value - mean) / sd);
}

const distance = (x: number, y: number) => Math.sqrt(x * x + y * y);

/** The place moved by (dx, dy), kept inside the square of the class. */
function moved(area: Area, { xDeg, yDeg }: { xDeg: number; yDeg: number }, dx: number, dy: number) {
  const limit = classes[areaTraits[area].cellClass].largestOffsetDeg;
  const x = clamp(xDeg + dx, [-limit, limit]);
  const y = clamp(yDeg + dy, [-limit, limit]);
  return { xDeg: x, yDeg: y, eccentricityDeg: distance(x, y) };
}

/** Median centre radius of the area at an eccentricity: ON and OFF on both sides of the published one. */
export function medianCentreDeg(area: Area, eccentricityDeg: number): number {
  const { cellClass, polarity } = areaTraits[area];
  const { centreRadius, onOffDiameterRatio } = classes[cellClass];
  const both = centreRadius.atFixation + centreRadius.perDegree * eccentricityDeg;
  return both * (polarity === 1 ? Math.sqrt(onOffDiameterRatio) : 1 / Math.sqrt(onOffDiameterRatio));
}

/** Median surround radius ÷ median centre radius at an eccentricity. */
export function medianRadiusRatio(area: Area, eccentricityDeg: number): number {
  const { centreRadius, surroundRadius } = classes[areaTraits[area].cellClass];
  return (
    (surroundRadius.atFixation + surroundRadius.perDegree * eccentricityDeg) /
    (centreRadius.atFixation + centreRadius.perDegree * eccentricityDeg)
  );
}

function drawArea(area: Area, seed: number): Omit<UnitParameters, 'index' | 'unit'>[] {
  const { cellClass } = areaTraits[area];
  const traits = classes[cellClass];
  const random = Random.fromSeed(seed, `${area} mosaic`);
  const places = mosaic(traits, 2 * Math.PI * random.uniform());
  const n = places.length;
  const [dx, dy, centre, ratio, surround, gain] = Array.from({ length: 6 }, () => normals(random, n)) as [
    number[],
    number[],
    number[],
    number[],
    number[],
    number[],
  ];
  return places.map((place: Place, i) => {
    const jitter = positionJitter * place.spacingDeg;
    const at = moved(area, place, jitter * (dx[i] as number), jitter * (dy[i] as number));
    const spread = clamp(exp(centreRadiusLogSd * (centre[i] as number)), radiusSpread);
    const centreRadiusDeg = Math.max(smallestCentreDeg, medianCentreDeg(area, at.eccentricityDeg) * spread);
    const radiusRatio =
      medianRadiusRatio(area, at.eccentricityDeg) * clamp(exp(radiusRatioLogSd * (ratio[i] as number)), radiusSpread);
    const surroundRadiusDeg = Math.max(smallestSurroundDeg, centreRadiusDeg * radiusRatio);
    return {
      area,
      ...at,
      centreRadiusDeg,
      surroundRadiusDeg,
      surroundGain: clamp(meanSurroundGain + surroundGainSd * (surround[i] as number), surroundGainRange),
      centreGain: traits.centreGain * exp(centreGainLogSd * (gain[i] as number)),
      gainControl: cellClass === 'midget' ? null : { radiusDeg: poolReach * surroundRadiusDeg, semiSaturationContrast },
    };
  });
}

/** Every parameter jittered by the relative spread `amount`; places by that part of the centre radius. */
function perturbed(unit: UnitParameters, amount: number, random: Random): UnitParameters {
  const factor = () => exp(amount * random.normal());
  const shift = () => amount * unit.centreRadiusDeg * random.normal();
  return {
    ...unit,
    ...moved(unit.area, unit, shift(), shift()),
    centreRadiusDeg: Math.max(smallestCentreDeg, unit.centreRadiusDeg * factor()),
    surroundRadiusDeg: Math.max(smallestSurroundDeg, unit.surroundRadiusDeg * factor()),
    surroundGain: unit.surroundGain * factor(),
    centreGain: unit.centreGain * factor(),
    gainControl: unit.gainControl && {
      radiusDeg: unit.gainControl.radiusDeg * factor(),
      semiSaturationContrast: unit.gainControl.semiSaturationContrast * factor(),
    },
  };
}

function sampleArea(area: Area, seed: number, perturbation: number): UnitParameters[] {
  const changes = Random.fromSeed(seed, `${area} perturbation`);
  return drawArea(area, seed)
    .toSorted((a, b) => a.xDeg - b.xDeg)
    .map((drawn, index) => {
      const unit = { ...drawn, index, unit: `${areaTraits[area].prefix}${String(index).padStart(3, '0')}` };
      return perturbation === 0 ? unit : perturbed(unit, perturbation, changes);
    });
}

/**
 * The units of all areas in the order of the output axes: from left to right.
 *
 * @param perturbation relative spread by which every parameter is jittered around the values of `seed` (0: none). Units
 * correspond one to one between two perturbations of one seed.
 */
export function samplePopulation(seed: number, perturbation = 0): Record<Area, UnitParameters[]> {
  return Object.fromEntries(areas.map((area) => [area, sampleArea(area, seed, perturbation)])) as Record<
    Area,
    UnitParameters[]
  >;
}
