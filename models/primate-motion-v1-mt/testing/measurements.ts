/** The experiments behind the figures of the twin's card (`measured.ts`) and its acceptance table. */
import { Random } from '../../../main/platform/random.ts';
import type { Measurement } from '../../figures.ts';
import { quantile } from '../../statistics.ts';
import { areas, areaTraits, type Area } from '../parameters.ts';
import { clipOf, counts, sensorCount, type Bench, type Draw, type Drift, type Responses } from './bench.ts';
import { classify, discoveries, tuningP, type PlaidClass } from './plaid.ts';

/** What a unit was built to prefer. */
export interface PlantedPreference {
  directionDeg: number;
  spatialFrequencyCpd: number;
  temporalFrequencyHz: number;
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const distribution = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: median(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});
export const share = (values: readonly boolean[]): Measurement => ({
  n: values.length,
  value: (100 * values.filter(Boolean).length) / values.length,
});

export const directions = Array.from({ length: 12 }, (_, i) => 30 * i);
export const gridCpd = [0.55, 0.78, 1.1, 1.56, 2.2];
export const gridHz = [3, 4.2, 6, 8.4, 12];

export interface UnitTuning {
  area: Area;
  /** Place of the best grating in the grid of frequencies. */
  cpd: number;
  hz: number;
  /** Responses at 12 directions to the best grating, contrast .5, and to plaids of two of them. */
  grating: number[];
  plaid: number[];
  blank: number;
  responsive: boolean;
}

/** Tuning of all units over 12 directions, 5 spatial and 5 temporal frequencies, gratings and 120° plaids. */
export async function measureTuning(bench: Bench, draw: Draw = clipOf): Promise<UnitTuning[]> {
  const joined = (response: Responses): Float32Array => {
    const all = new Float32Array(Object.values(counts).reduce((sum, n) => sum + n, 0));
    let at = 0;
    for (const area of areas) {
      all.set(response[areaTraits[area].tensor] as Float32Array, at);
      at += counts[areaTraits[area].tensor as keyof typeof counts];
    }
    return all;
  };
  const blank = joined((await bench.responses([draw([])]))[0] as Responses);
  const cells: { cpd: number; hz: number; grating: Float32Array[]; plaid: Float32Array[] }[] = [];
  for (const cpd of gridCpd) {
    for (const hz of gridHz) {
      const part = (directionDeg: number): Drift => ({ directionDeg, cpd, hz, contrast: 0.5 });
      const gratings = directions.map((direction) => draw([part(direction)]));
      const plaids = directions.map((direction) => draw([part(direction - 60), part(direction + 60)]));
      const responses = (await bench.responses([...gratings, ...plaids])).map(joined);
      cells.push({ cpd, hz, grating: responses.slice(0, 12), plaid: responses.slice(12) });
    }
  }
  const areaOf = areas.flatMap((area) =>
    Array.from({ length: counts[areaTraits[area].tensor as keyof typeof counts] }, () => area),
  );
  const units = areaOf.map((area, at): UnitTuning => {
    const highest = (cell: (typeof cells)[number]) => Math.max(...cell.grating.map((each) => each[at] as number));
    const best = cells.reduce((top, cell) => (highest(cell) > highest(top) ? cell : top));
    const [grating, plaid] = [best.grating, best.plaid].map((all) => all.map((each) => each[at] as number)) as [
      number[],
      number[],
    ];
    return { area, cpd: best.cpd, hz: best.hz, grating, plaid, blank: blank[at] as number, responsive: true };
  });
  for (const area of areas) {
    const own = units.filter((unit) => unit.area === area);
    const evoked = own.map((unit) => Math.max(...unit.grating) - unit.blank);
    for (const [i, unit] of own.entries()) unit.responsive = (evoked[i] as number) >= 0.02 * Math.max(...evoked);
  }
  return units;
}

/** Classes of the units of an area that respond and whose direction tuning is significant. */
export function plaidClasses(tuning: readonly UnitTuning[], area: Area): PlaidClass[] {
  const random = Random.fromSeed(1, `trials of ${area}`);
  const own = tuning.filter((unit) => unit.area === area && unit.responsive);
  const significant = discoveries(
    own.map(({ grating }) => tuningP(grating, random)),
    0.05,
  );
  return own.filter((_, i) => significant[i]).map(({ grating, plaid, blank }) => classify(grating, plaid, blank));
}

/** Half of the width of the direction tuning at half of its height above the lowest response, in degrees. */
export function halfBandwidth(curve: readonly number[]): number {
  const [top, low] = [Math.max(...curve), Math.min(...curve)];
  const peak = curve.indexOf(top);
  const n = curve.length;
  const half = (top + low) / 2;
  const side = (sign: number) => {
    for (let i = 1; i < n; i++) {
      const [inner, outer] = [i - 1, i].map((k) => curve[(peak + sign * k + n * n) % n] as number) as [number, number];
      if (outer <= half) return i - 1 + (inner - half) / (inner - outer);
    }
    return n / 2;
  };
  return ((side(1) + side(-1)) / 2) * (360 / n);
}

/** Direction of the vector sum of the responses, in degrees. */
export function vectorDirection(curve: readonly number[]): number {
  const along = (f: (x: number) => number) =>
    curve.reduce((sum, rate, i) => sum + rate * f((2 * Math.PI * i) / curve.length), 0);
  return (Math.atan2(along(Math.sin), along(Math.cos)) * 180) / Math.PI;
}

type TuningFigures =
  | 'v1Component'
  | 'v1Pattern'
  | 'componentComponent'
  | 'componentPattern'
  | 'patternPattern'
  | 'patternComponent'
  | 'preferenceKept'
  | 'v1Bandwidth'
  | 'componentBandwidth'
  | 'patternBandwidth'
  | 'patternPlaid'
  | 'componentPlaid';

export function tuningFigures(
  tuning: readonly UnitTuning[],
  planted: readonly PlantedPreference[],
): Record<TuningFigures, Measurement> {
  const of = (area: Area) => tuning.filter((unit) => unit.area === area);
  const kinds = (area: Area, kind: PlaidClass['kind']) => share(plaidClasses(tuning, area).map((c) => c.kind === kind));
  const bandwidth = (area: Area) => distribution(of(area).map(({ grating }) => halfBandwidth(grating)));
  /** Largest response to a plaid over the largest to one of its components alone, both above blank. */
  const plaidGain = (area: Area) =>
    distribution(
      of(area).map(({ grating, plaid, blank }) => (Math.max(...plaid) - blank) / (Math.max(...grating) - blank)),
    );
  const kept = tuning.map(({ cpd, hz, grating }, i) => {
    const truth = planted[i] as PlantedPreference;
    const best = vectorDirection(grating);
    const apart = Math.abs(best - truth.directionDeg) % 360;
    return (
      Math.min(apart, 360 - apart) <= 15 &&
      Math.abs(Math.log2(cpd / truth.spatialFrequencyCpd)) <= 0.5 &&
      Math.abs(Math.log2(hz / truth.temporalFrequencyHz)) <= 0.5
    );
  });
  return {
    v1Component: kinds('V1', 'component'),
    v1Pattern: kinds('V1', 'pattern'),
    componentComponent: kinds('MT-component', 'component'),
    componentPattern: kinds('MT-component', 'pattern'),
    patternPattern: kinds('MT-pattern', 'pattern'),
    patternComponent: kinds('MT-pattern', 'component'),
    preferenceKept: share(kept),
    v1Bandwidth: bandwidth('V1'),
    componentBandwidth: bandwidth('MT-component'),
    patternBandwidth: bandwidth('MT-pattern'),
    patternPlaid: plaidGain('MT-pattern'),
    componentPlaid: plaidGain('MT-component'),
  };
}

/** Every n-th unit of every area, with its place among the responses and its planted preference. */
function someUnits(planted: readonly PlantedPreference[], every: number) {
  const offsets: Record<Area, number> = { V1: 0, 'MT-component': 2 * sensorCount, 'MT-pattern': 2 * sensorCount + 144 };
  return areas.flatMap((area) => {
    const tensor = areaTraits[area].tensor as keyof typeof counts;
    const step = area === 'V1' ? 3 * every : every;
    return Array.from({ length: Math.ceil(counts[tensor] / step) }, (_, i) => ({
      area,
      tensor,
      at: i * step,
      preference: planted[offsets[area] + i * step] as PlantedPreference,
    }));
  });
}

export const contrasts = [0.01, 0.02, 0.03, 0.05, 0.07, 0.1, 0.14, 0.2, 0.4, 1];

/** n and c50 of cⁿ/(cⁿ + c50ⁿ) in units of the response at contrast 1, by least squares on a refined grid. */
function fitContrast(rates: readonly number[]): { n: number; c50: number } {
  let best = { n: 2, c50: 0.1, error: Infinity };
  for (const [ratio, steps] of [
    [1.1, 12],
    [1.02, 8],
    [1.004, 8],
    [1.001, 8],
  ] as const) {
    const { n, c50 } = best;
    for (let i = -steps; i <= steps; i++) {
      for (let j = -steps; j <= steps; j++) {
        const [exponent, half] = [n * ratio ** i, c50 * ratio ** j];
        const level = (c: number) => (c ** exponent * (1 + half ** exponent)) / (c ** exponent + half ** exponent);
        const error = contrasts.reduce((sum, c, k) => sum + (level(c) - (rates[k] as number)) ** 2, 0);
        if (error < best.error) best = { n: exponent, c50: half, error };
      }
    }
  }
  return best;
}

type ContrastFigures =
  | 'preferredV1'
  | 'preferredComponent'
  | 'preferredPattern'
  | 'v1C50'
  | 'v1Exponent'
  | 'componentHalf'
  | 'patternHalf'
  | 'componentBlank'
  | 'patternBlank';

/** Responses of a unit to background and, by contrast, to its planted preference. */
export interface ContrastCurve {
  area: Area;
  blank: number;
  rates: number[];
}

export async function contrastCurves(
  bench: Bench,
  planted: readonly PlantedPreference[],
  every: number,
  draw: Draw = clipOf,
): Promise<ContrastCurve[]> {
  const units = someUnits(planted, every);
  function* clips(): Iterable<Float32Array> {
    yield draw([]);
    for (const { preference } of units) {
      const { directionDeg, spatialFrequencyCpd: cpd, temporalFrequencyHz: hz } = preference;
      for (const contrast of contrasts) yield draw([{ directionDeg, cpd, hz, contrast }]);
    }
  }
  const responses = await bench.responses(clips());
  return units.map(({ area, tensor, at }, u) => ({
    area,
    blank: responses[0]?.[tensor]?.[at] as number,
    rates: contrasts.map((_, c) => responses[1 + u * contrasts.length + c]?.[tensor]?.[at] as number),
  }));
}

export function contrastFigures(curves: readonly ContrastCurve[]): Record<ContrastFigures, Measurement> {
  const of = (area: Area) => curves.filter((curve) => curve.area === area);
  const full = (area: Area) => distribution(of(area).map(({ rates }) => rates.at(-1) as number));
  const fits = of('V1').map(({ rates }) => fitContrast(rates.map((rate) => rate / (rates.at(-1) as number))));
  /** Contrast at which the response has gone half of the way from blank to contrast 1, by straight lines. */
  const half = (area: Area) =>
    distribution(
      of(area).map(({ blank, rates }) => {
        const level = (blank + (rates.at(-1) as number)) / 2;
        const i = rates.findIndex((rate) => rate >= level);
        const [r0, c0] = i === 0 ? [blank, 0] : [rates[i - 1] as number, contrasts[i - 1] as number];
        return c0 + (((contrasts[i] as number) - c0) * (level - r0)) / ((rates[i] as number) - r0);
      }),
    );
  const blanks = (area: Area) => distribution(of(area).map(({ blank }) => blank));
  return {
    preferredV1: full('V1'),
    preferredComponent: full('MT-component'),
    preferredPattern: full('MT-pattern'),
    v1C50: distribution(fits.map(({ c50 }) => c50)),
    v1Exponent: distribution(fits.map(({ n }) => n)),
    componentHalf: half('MT-component'),
    patternHalf: half('MT-pattern'),
    componentBlank: blanks('MT-component'),
    patternBlank: blanks('MT-pattern'),
  };
}
