/**
 * The model a second time, straight from its definition, in float64: what the graph is checked against. Filters are sums
 * over the pixels of the whole picture, energies are sums of squares, time courses are sums over the frames before. It
 * shares with the builder the units' parameters (`sampling.ts`), the preferred temporal frequencies (`temporal.ts`) and the
 * weights of normalisation and MT (`weights.ts`), which have tests of their own.
 */
import { cos, degreesToRadians, exp, sin } from '../../main/platform/exactMath.ts';
import {
  background,
  cutRadius,
  fieldOfViewDeg,
  frameRateHz,
  frames,
  mtAreas,
  mtBaseline,
  mtCount,
  mtSemiSaturation,
  sensorCount,
  sizePx,
  undershoot,
  v1Count,
  v1SemiSaturation,
  type Area,
  type MotionSensor,
  type Population,
} from './parameters.ts';
import { samplePopulation, shippedSeed } from './sampling.ts';
import { preferredHz } from './temporal.ts';
import { plantedUnits, type PlantedUnit } from './units.ts';
import { makeWeights, type Weights } from './weights.ts';

export interface ReferenceOptions {
  seed?: number;
  perturbation?: number;
}

export interface ReferenceModel {
  population: Population;
  units: Record<Area, PlantedUnit[]>;
  /** Responses per area to n clips of 64 × 64 × 64 luminances (time, height, width): n × units × 64. */
  responses(clips: ArrayLike<number>, n: number): Record<Area, Float64Array>;
}

/** 1/n! · xⁿ · e^−x, as a product that never leaves the range of doubles. */
function gammaStep(n: number, x: number): number {
  let value = exp(-x);
  for (let i = 1; i <= n; i++) value *= x / i;
  return value;
}

/** Frames back in time, weighted: (kt)ⁿ·e^(−kt)·[1/n! − β(kt)²/(n+2)!] at the middle of each frame, times k·dt. */
function taps(n: number, k: number): number[] {
  return Array.from({ length: frames }, (_, lag) => {
    const x = (k * (lag + 0.5)) / frameRateHz;
    return ((gammaStep(n, x) - undershoot * gammaStep(n + 2, x)) * k) / frameRateHz;
  });
}

interface Sensor {
  pixels: number[];
  even: number[];
  odd: number[];
  fast: number[];
  slow: number[];
}

interface Courses {
  preferred: number[];
  opposite: number[];
}

const filtered = (signal: readonly number[], kernel: readonly number[]): number[] =>
  signal.map((_, t) => {
    let sum = 0;
    for (let lag = 0; lag <= t; lag++) sum += (kernel[lag] as number) * (signal[t - lag] as number);
    return sum;
  });

/** Energies in both directions over time (Adelson & Bergen 1985). */
function energies({ fast, slow }: Sensor, even: readonly number[], odd: readonly number[]): Courses {
  const [evenFast, evenSlow] = [filtered(even, fast), filtered(even, slow)];
  const [oddFast, oddSlow] = [filtered(odd, fast), filtered(odd, slow)];
  const square = (value: number) => value * value;
  const at = (t: number) => [evenFast[t], evenSlow[t], oddFast[t], oddSlow[t]] as [number, number, number, number];
  return {
    preferred: even.map((_, t) => {
      const [ef, es, of, os] = at(t);
      return square(es + of) + square(ef - os);
    }),
    opposite: even.map((_, t) => {
      const [ef, es, of, os] = at(t);
      return square(es - of) + square(ef + os);
    }),
  };
}

/** The sensor's filters on the whole picture, scaled by what they give for their preferred grating after the onset. */
function makeSensor(parameters: MotionSensor, k: number, hz: number): Sensor {
  const { xDeg, yDeg, directionDeg, spatialFrequencyCpd, envelopeDeg } = parameters;
  const angle = degreesToRadians(directionDeg);
  const [ux, uy] = [cos(angle), sin(angle)];
  const sensor: Sensor = { pixels: [], even: [], odd: [], fast: taps(6, k), slow: taps(9, k) };
  const phases: number[] = [];
  for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
    const x = (((pixel % sizePx) + 0.5) / sizePx - 0.5) * fieldOfViewDeg - xDeg;
    const y = (0.5 - (Math.floor(pixel / sizePx) + 0.5) / sizePx) * fieldOfViewDeg - yDeg;
    const distance = Math.sqrt(x * x + y * y) / envelopeDeg;
    if (distance > cutRadius) continue;
    const phase = 2 * Math.PI * spatialFrequencyCpd * (x * ux + y * uy);
    sensor.pixels.push(pixel);
    phases.push(phase);
    sensor.even.push(exp(-distance * distance) * cos(phase));
    sensor.odd.push(exp(-distance * distance) * sin(phase));
  }
  // What the preferred grating cos(phase − ωt) gives in each filter: a cosine and a sine part over time.
  const amplitude = (filter: readonly number[], wave: (x: number) => number) =>
    filter.reduce((sum, weight, i) => sum + weight * wave(phases[i] as number), 0);
  const courseOf = (filter: readonly number[]) => {
    const [c, s] = [amplitude(filter, cos), amplitude(filter, sin)];
    return Array.from({ length: frames }, (_, t) => {
      const turn = (2 * Math.PI * hz * t) / frameRateHz;
      return c * cos(turn) + s * sin(turn);
    });
  };
  const { preferred, opposite } = energies(sensor, courseOf(sensor.even), courseOf(sensor.odd));
  const scale = 1 / Math.sqrt((preferred[frames - 1] as number) - (opposite[frames - 1] as number));
  return { ...sensor, even: sensor.even.map((w) => w * scale), odd: sensor.odd.map((w) => w * scale) };
}

export function createReference(options: ReferenceOptions = {}): ReferenceModel {
  const population = samplePopulation(options.seed ?? shippedSeed, options.perturbation ?? 0);
  let built: { sensors: Sensor[]; weights: Weights } | undefined;

  const build = () => {
    const hz = population.rateConstants.map(preferredHz);
    return {
      weights: makeWeights(population),
      sensors: population.sensors.map((sensor) => {
        const { temporalClass } = sensor;
        return makeSensor(sensor, population.rateConstants[temporalClass] as number, hz[temporalClass] as number);
      }),
    };
  };

  const oneClip = (clip: Float64Array): Record<Area, Float64Array> => {
    built ??= build();
    const { sensors, weights } = built;
    const courses = sensors.map((sensor) => {
      const course = (filter: readonly number[]) =>
        Array.from({ length: frames }, (_, frame) => {
          const start = frame * sizePx * sizePx;
          let sum = 0;
          for (let i = 0; i < filter.length; i++) {
            sum += (filter[i] as number) * (clip[start + (sensor.pixels[i] as number)] as number);
          }
          return sum;
        });
      return energies(sensor, course(sensor.even), course(sensor.odd));
    });
    const result = {
      V1: new Float64Array(v1Count * frames),
      'MT-component': new Float64Array(mtCount * frames),
      'MT-pattern': new Float64Array(mtCount * frames),
    };
    for (let t = 0; t < frames; t++) {
      const v1 = new Float64Array(v1Count);
      const squared = v1SemiSaturation * v1SemiSaturation;
      const totals = courses.map(({ preferred, opposite }) => (preferred[t] as number) + (opposite[t] as number));
      for (const [i, { preferred, opposite }] of courses.entries()) {
        let pool = 0;
        for (let j = 0; j < sensorCount; j++) {
          pool += (weights.pool[i * sensorCount + j] as number) * (totals[j] as number);
        }
        const opponent = (preferred[t] as number) - (opposite[t] as number);
        v1[opponent > 0 ? i : sensorCount + i] = ((1 + squared) * Math.abs(opponent)) / (pool + squared);
      }
      for (const [i, rate] of v1.entries()) result.V1[i * frames + t] = rate;
      const powers = mtAreas.map((area) =>
        Array.from({ length: mtCount }, (_, i) => {
          const row = weights.mt[area].drive.subarray(i * v1Count, (i + 1) * v1Count);
          const drive = row.reduce((sum, weight, j) => sum + weight * (v1[j] as number), 0);
          const rectified = Math.max(0, drive + mtBaseline) / (1 + mtBaseline);
          return rectified * rectified;
        }),
      );
      const all = powers.flat();
      for (const [a, area] of mtAreas.entries()) {
        for (const [i, power] of (powers[a] as number[]).entries()) {
          const row = weights.mt[area].pool.subarray(i * all.length, (i + 1) * all.length);
          const pool = row.reduce((sum, weight, j) => sum + weight * (all[j] as number), 0);
          const half = mtSemiSaturation * mtSemiSaturation;
          result[area][i * frames + t] = ((1 + half) * power) / (pool + half);
        }
      }
    }
    return result;
  };

  const responses = (clips: ArrayLike<number>, n: number): Record<Area, Float64Array> => {
    const values = frames * sizePx * sizePx;
    const all = Array.from({ length: n }, (_, i) =>
      oneClip(
        Float64Array.from({ length: values }, (_unused, at) => {
          const luminance = clips[i * values + at] as number;
          return (luminance - background) / background;
        }),
      ),
    );
    const joined = (area: Area) => {
      const each = (all[0] as Record<Area, Float64Array>)[area].length;
      const whole = new Float64Array(n * each);
      for (const [i, one] of all.entries()) whole.set(one[area], i * each);
      return whole;
    };
    return { V1: joined('V1'), 'MT-component': joined('MT-component'), 'MT-pattern': joined('MT-pattern') };
  };

  return { population, units: plantedUnits(population), responses };
}
