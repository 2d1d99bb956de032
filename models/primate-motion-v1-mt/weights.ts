/**
 * Weights of normalisation and of MT. They are scaled by what full-field gratings of contrast 1 give, in closed form: the
 * energy of a filter with the envelope exp(−r²/s²) at a wave vector q is exp(−2π²s²|q − q₀|²) of that at its own, q₀.
 */
import { cos, degreesToRadians, exp, log2, sin } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import { temporalClasses } from './filters.ts';
import {
  component,
  mtAreas,
  mtBaseline,
  mtCount,
  mtDirections,
  mtReachDeg,
  pattern,
  poolDistanceDeg,
  rateConstants,
  sensorCount,
  spatialFrequencies,
  v1Count,
  v1SemiSaturation,
  type DriftingGrating,
  type MotionSensor,
  type MtArea,
  type MtUnit,
  type Population,
} from './parameters.ts';
import { directionalGain, preferredHz } from './temporal.ts';

export interface Weights {
  /** [sensors, sensors], row by row: what the total energies of all sensors add to the pool of one. */
  pool: Float64Array;
  mt: Record<MtArea, MtWeights>;
}

export interface MtWeights {
  /** [units, V1 units], row by row: the preferred grating gives a drive of 1. */
  drive: Float64Array;
  /** [units, units of both areas of MT]: the preferred grating gives a pool of 1. */
  pool: Float64Array;
}

/** What a V1 unit prefers: those of a sensor's positive direction stand first, then those of the opposite ones. */
export interface V1Preference extends DriftingGrating {
  sensor: MotionSensor;
}

export function v1Preferences(population: Population): V1Preference[] {
  const classes = temporalClasses(population);
  return [0, 180].flatMap((turn) =>
    population.sensors.map((sensor) => ({
      sensor,
      directionDeg: (sensor.directionDeg + turn) % 360,
      spatialFrequencyCpd: sensor.spatialFrequencyCpd,
      temporalFrequencyHz: (classes[sensor.temporalClass] as (typeof classes)[number]).preferredHz,
    })),
  );
}

interface Energies {
  opponent: Float64Array;
  total: Float64Array;
}

/** Energies of all sensors for a full-field drifting grating of contrast 1, relative to that of the preferred one. */
export type EnergyModel = (grating: DriftingGrating) => Energies;

export function energyModel(population: Population): EnergyModel {
  const classes = temporalClasses(population);
  const vectorOf = (cpd: number, directionDeg: number) => {
    const angle = degreesToRadians(directionDeg);
    return [cpd * cos(angle), cpd * sin(angle)] as const;
  };
  const filters = population.sensors.map((sensor) => ({
    vector: vectorOf(sensor.spatialFrequencyCpd, sensor.directionDeg),
    narrowness: 2 * Math.PI * Math.PI * sensor.envelopeDeg * sensor.envelopeDeg,
    temporalClass: sensor.temporalClass,
  }));
  return ({ directionDeg, spatialFrequencyCpd, temporalFrequencyHz }) => {
    const [qx, qy] = vectorOf(spatialFrequencyCpd, directionDeg);
    const gains = classes.map(({ k, opponent }) => {
      const gain = directionalGain(k, temporalFrequencyHz);
      return { opponent: gain.opponent / opponent, total: gain.total / opponent };
    });
    const energies = { opponent: new Float64Array(sensorCount), total: new Float64Array(sensorCount) };
    for (const [i, { vector, narrowness, temporalClass }] of filters.entries()) {
      const energyAt = (sign: number) => {
        const [dx, dy] = [qx - sign * vector[0], qy - sign * vector[1]];
        return exp(-narrowness * (dx * dx + dy * dy));
      };
      const [along, against] = [energyAt(1), energyAt(-1)];
      const gain = gains[temporalClass] as (typeof gains)[number];
      energies.opponent[i] = gain.opponent * (along - against);
      energies.total[i] = gain.total * (along + against);
    }
    return energies;
  };
}

/** Σ_j row[j]·values[j] for row `i` of a matrix. */
function product(matrix: Float64Array, i: number, values: Float64Array): number {
  let sum = 0;
  const start = i * values.length;
  for (let j = 0; j < values.length; j++) sum += (matrix[start + j] as number) * (values[j] as number);
  return sum;
}

function scaleRow(matrix: Float64Array, i: number, columns: number, factor: number): void {
  for (let j = i * columns; j < (i + 1) * columns; j++) matrix[j] = (matrix[j] as number) * factor;
}

interface Placed {
  xDeg: number;
  yDeg: number;
}
/** A Gaussian of the distance between two places, 1 where they agree. */
function nearness(a: Placed, b: Placed, sdDeg: number): number {
  const [dx, dy] = [a.xDeg - b.xDeg, a.yDeg - b.yDeg];
  return exp(-(dx * dx + dy * dy) / (2 * sdDeg * sdDeg));
}

type Change = () => number;

/** Enough for the pool to be even within 5 % over most of the range. */
const poolSteps = 60;

function poolWeights(population: Population, preferences: V1Preference[], model: EnergyModel, change: Change) {
  const weights = new Float64Array(sensorCount * sensorCount);
  for (const [i, sensor] of population.sensors.entries()) {
    for (const [j, other] of population.sensors.entries()) {
      weights[i * sensorCount + j] = nearness(sensor, other, poolDistanceDeg) * change();
    }
    const { total } = model(preferences[i] as V1Preference);
    scaleRow(weights, i, sensorCount, 1 / product(weights, i, total));
  }
  return weights;
}

/** Rates of all V1 units for a full-field drifting grating of contrast 1. */
function v1Rates(pool: Float64Array, { opponent, total }: Energies): Float64Array {
  const squared = v1SemiSaturation * v1SemiSaturation;
  const rates = new Float64Array(v1Count);
  for (let i = 0; i < sensorCount; i++) {
    const scaled = ((1 + squared) * (opponent[i] as number)) / (product(pool, i, total) + squared);
    rates[i] = Math.max(0, scaled);
    rates[sensorCount + i] = Math.max(0, -scaled);
  }
  return rates;
}

const gaussian = (distance: number, sd: number): number => exp(-(distance * distance) / (2 * sd * sd));

/** Agreement of a V1 unit with the band of directions and frequencies of a component cell. */
function componentMatch(unit: MtUnit, v1: V1Preference): number {
  const apart = Math.abs(unit.directionDeg - v1.directionDeg) % 360;
  return (
    gaussian(Math.min(apart, 360 - apart), component.directionSdDeg) *
    gaussian(log2(v1.spatialFrequencyCpd / unit.spatialFrequencyCpd), component.octavesSd) *
    gaussian(log2(v1.temporalFrequencyHz / unit.temporalFrequencyHz), component.octavesSd)
  );
}

/** Agreement of a V1 unit with the plane of one velocity, ω = f·v·cos of the angle between the directions. */
function patternMatch(unit: MtUnit, v1: V1Preference): number {
  const alignment = cos(degreesToRadians(unit.directionDeg - v1.directionDeg));
  if (alignment <= 0) return 0;
  const speed = unit.temporalFrequencyHz / unit.spatialFrequencyCpd;
  const onPlaneHz = v1.spatialFrequencyCpd * speed * alignment;
  return (
    gaussian(log2(v1.temporalFrequencyHz / onPlaneHz), pattern.planeOctavesSd) *
    gaussian(log2(v1.spatialFrequencyCpd / unit.spatialFrequencyCpd), pattern.spatialOctavesSd)
  );
}

const matches = { 'MT-component': componentMatch, 'MT-pattern': patternMatch };
const inhibition = { 'MT-component': component.inhibition, 'MT-pattern': pattern.inhibition };

type RatesOf = (grating: DriftingGrating) => Float64Array;

function driveWeights(
  area: MtArea,
  units: readonly MtUnit[],
  preferences: readonly V1Preference[],
  ratesOf: RatesOf,
  change: Change,
): Float64Array {
  const drive = new Float64Array(mtCount * v1Count);
  for (const [i, unit] of units.entries()) {
    const agreement = preferences.map((v1) => matches[area](unit, v1));
    const mean = agreement.reduce((sum, value) => sum + value, 0) / v1Count;
    for (const [j, { sensor }] of preferences.entries()) {
      const weight = (agreement[j] as number) - inhibition[area] * mean;
      drive[i * v1Count + j] = weight * nearness(unit, sensor, mtReachDeg) * change();
    }
    scaleRow(drive, i, v1Count, 1 / product(drive, i, ratesOf(unit)));
  }
  return drive;
}

/** Q² of all cells of MT for given rates of V1. */
function mtPowers(drives: readonly Float64Array[], rates: Float64Array): Float64Array {
  return Float64Array.from({ length: drives.length * mtCount }, (_, j) => {
    const drive = mtDrive(product(drives[Math.floor(j / mtCount)] as Float64Array, j % mtCount, rates));
    return drive * drive;
  });
}

/**
 * Share of every cell of MT in the pool, so that the pool is the same for all full-field gratings whose frequencies lie
 * within those of V1: what an even tiling of velocities gives. Multiplicative steps keep the shares positive.
 */
function poolShares(drives: readonly Float64Array[], ratesOf: RatesOf): Float64Array {
  const steps = (values: readonly number[]) =>
    values.flatMap((value, i) => (i === 0 ? [value] : [value / Math.SQRT2, value]));
  const temporalFrequencies = rateConstants.map(preferredHz);
  const powers: Float64Array[] = [];
  for (const spatialFrequencyCpd of steps(spatialFrequencies)) {
    for (const temporalFrequencyHz of steps(temporalFrequencies)) {
      for (let i = 0; i < mtDirections; i++) {
        const directionDeg = (360 / mtDirections) * i;
        powers.push(mtPowers(drives, ratesOf({ directionDeg, spatialFrequencyCpd, temporalFrequencyHz })));
      }
    }
  }
  const cells = drives.length * mtCount;
  let shares = new Float64Array(cells).fill(1 / cells);
  for (let step = 0; step < poolSteps; step++) {
    const [gain, sum] = [new Float64Array(cells), new Float64Array(cells)];
    for (const power of powers) {
      const pooled = product(power, 0, shares);
      for (let j = 0; j < cells; j++) {
        gain[j] = (gain[j] as number) + (power[j] as number) / pooled;
        sum[j] = (sum[j] as number) + (power[j] as number);
      }
    }
    shares = shares.map((share, j) => (share * (gain[j] as number)) / (sum[j] as number));
  }
  return shares;
}

/** Every cell of MT, of both kinds, adds to the pool of every other. */
function mtPoolWeights(
  units: readonly MtUnit[],
  drives: readonly Float64Array[],
  shares: Float64Array,
  ratesOf: RatesOf,
  change: Change,
): Float64Array {
  const columns = drives.length * mtCount;
  const pool = new Float64Array(mtCount * columns);
  for (const [i, unit] of units.entries()) {
    for (let j = 0; j < columns; j++) pool[i * columns + j] = (shares[j] as number) * change();
    scaleRow(pool, i, columns, 1 / product(pool, i, mtPowers(drives, ratesOf(unit))));
  }
  return pool;
}

/** (L + baseline)/(1 + baseline), never below 0. */
export const mtDrive = (summed: number): number => Math.max(0, summed + mtBaseline) / (1 + mtBaseline);

export function makeWeights(population: Population): Weights {
  const random = Random.fromSeed(population.seed, 'weight perturbation');
  const change = () => (population.perturbation === 0 ? 1 : exp(population.perturbation * random.normal()));
  const model = energyModel(population);
  const preferences = v1Preferences(population);
  const pool = poolWeights(population, preferences, model, change);
  const known = new Map<DriftingGrating, Float64Array>();
  const ratesOf: RatesOf = (grating) => {
    const rates = known.get(grating) ?? v1Rates(pool, model(grating));
    known.set(grating, rates);
    return rates;
  };
  const drives = mtAreas.map((area) => driveWeights(area, population.mt[area], preferences, ratesOf, change));
  const shares = poolShares(drives, ratesOf);
  return {
    pool,
    mt: Object.fromEntries(
      mtAreas.map((area, i) => [
        area,
        { drive: drives[i] as Float64Array, pool: mtPoolWeights(population.mt[area], drives, shares, ratesOf, change) },
      ]),
    ) as Record<MtArea, MtWeights>,
  };
}
