/** Experiments on the twin: what a physiologist would measure, from clips and responses alone. */
import type { Measurement } from '../../figures.ts';
import { quantile } from '../../statistics.ts';
import type { FigureId } from '../measured.ts';
import {
  blankClip,
  clipFrames,
  drifting,
  frameRateHz,
  unitCount,
  windowFrom,
  windowMeans,
  type Behaviour,
  type Bench,
  type Grating,
} from './bench.ts';

export const median = (values: readonly number[]): number => quantile(values, 0.5);

const medianOf = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: median(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});
const percentOf = (values: readonly boolean[]): Measurement => ({
  n: values.length,
  value: (100 * values.filter(Boolean).length) / values.length,
});

/** Defaults of the Allen Brain Observatory, from memory. */
export const directionsDeg = [0, 45, 90, 135, 180, 225, 270, 315];
export const temporalFrequenciesHz = [1, 2, 4, 8, 15];
const cpd = 0.04;
const contrast = 0.8;
export const spatialFrequenciesCpd = Array.from({ length: 9 }, (_, i) => 0.01 * 2 ** (i / 2));
export const contrasts = [0.05, 0.1, 0.2, 0.4, 0.8, 1];

/** Responses above the blank: [grating][unit], with the blank's. */
export interface Evoked {
  gratings: Grating[];
  evoked: number[][];
  blank: Float64Array;
}

export async function show(bench: Bench, gratings: Grating[], behaviour: Behaviour = {}): Promise<Evoked> {
  function* clips(): Iterable<Float32Array> {
    yield blankClip();
    for (const grating of gratings) yield drifting(grating);
  }
  const [blank, ...means] = (await bench.means(clips(), behaviour)) as [Float64Array, ...Float64Array[]];
  return { gratings, blank, evoked: means.map((mean) => Array.from(mean, (value, u) => value - (blank[u] as number))) };
}

export const crossed = (...lists: { [K in keyof Grating]?: Grating[K][] }[]): Grating[] => {
  const [given = {}] = lists;
  const of = <K extends keyof Grating>(key: K, fallback: Grating[K]) => (given[key] ?? [fallback]) as number[];
  return of('directionDeg', 0).flatMap((directionDeg) =>
    of('cpd', cpd).flatMap((each) =>
      of('hz', 2).flatMap((hz) => of('contrast', contrast).map((c) => ({ directionDeg, cpd: each, hz, contrast: c }))),
    ),
  );
};

/** Index of the strongest grating of every unit. */
export function strongest({ evoked }: Evoked): number[] {
  return Array.from({ length: unitCount }, (_, u) =>
    evoked.reduce((best, row, g) => ((row[u] as number) > (evoked[best]?.[u] as number) ? g : best), 0),
  );
}

/** Units whose strongest response is at least 2 % of the largest of all. */
export function responsive(shown: Evoked): number[] {
  const peaks = strongest(shown).map((g, u) => shown.evoked[g]?.[u] as number);
  const least = 0.02 * Math.max(...peaks);
  return peaks.flatMap((peak, u) => (peak >= least ? [u] : []));
}

export interface DirectionTuning {
  unit: number;
  directionDeg: number;
  hz: number;
  osi: number;
  dsi: number;
}

/** Indices at each responsive unit's best temporal frequency; `shown` are all directions at all temporal frequencies. */
export function directionTuning(shown: Evoked): DirectionTuning[] {
  const best = strongest(shown);
  return responsive(shown).map((unit) => {
    const { directionDeg, hz } = shown.gratings[best[unit] as number] as Grating;
    const at = (turn: number) => {
      const g = shown.gratings.findIndex(
        (grating) => grating.hz === hz && grating.directionDeg === (directionDeg + turn) % 360,
      );
      return Math.max(0, shown.evoked[g]?.[unit] as number);
    };
    const [preferred, null_, orthogonal] = [at(0), at(180), (at(90) + at(270)) / 2];
    return {
      unit,
      directionDeg,
      hz,
      osi: (preferred - orthogonal) / (preferred + orthogonal),
      dsi: (preferred - null_) / (preferred + null_),
    };
  });
}

/** The top of a parabola through the largest value and its neighbours; x evenly spaced; null at the ends. */
export function peakOf(x: readonly number[], y: readonly number[]): number | null {
  const at = y.indexOf(Math.max(...y));
  const [left, top, right] = [y[at - 1], y[at] as number, y[at + 1]];
  if (left === undefined || right === undefined) return null;
  const step = (x[at + 1] as number) - (x[at] as number);
  return (x[at] as number) + (step * (left - right)) / (2 * (left - 2 * top + right));
}

/** Preferred spatial frequency in cpd at each responsive unit's best direction, 2 Hz; null at the ends of the range. */
export function spatialPreference(shown: Evoked): (number | null)[] {
  const best = strongest(shown);
  return responsive(shown).map((unit) => {
    const { directionDeg } = shown.gratings[best[unit] as number] as Grating;
    const curve = spatialFrequenciesCpd.map((each) => {
      const g = shown.gratings.findIndex((grating) => grating.directionDeg === directionDeg && grating.cpd === each);
      return shown.evoked[g]?.[unit] as number;
    });
    const peak = peakOf(spatialFrequenciesCpd.map(Math.log2), curve);
    return peak === null ? null : 2 ** peak;
  });
}

/** F1/F0 of each unit in the response window, at the strongest of some gratings of 2 Hz. */
export async function modulationRatios(bench: Bench, units: readonly number[]): Promise<number[]> {
  const start = await bench.background();
  const hz = 2;
  const blank = windowMeans(await bench.run(blankClip(), {}, start));
  const best = new Map<number, { f0: number; ratio: number }>();
  for (const grating of crossed({ directionDeg: directionsDeg, hz: [hz] })) {
    const answer = await bench.run(drifting(grating), {}, start);
    const means = windowMeans(answer);
    for (const unit of units) {
      let [re, im] = [0, 0];
      for (let t = windowFrom; t < clipFrames; t++) {
        const angle = (2 * Math.PI * hz * t) / frameRateHz;
        re += (answer.responses[unit * clipFrames + t] as number) * Math.cos(angle);
        im += (answer.responses[unit * clipFrames + t] as number) * Math.sin(angle);
      }
      const f0 = (means[unit] as number) - (blank[unit] as number);
      const f1 = (2 * Math.hypot(re, im)) / (clipFrames - windowFrom);
      if (f0 > (best.get(unit)?.f0 ?? -Infinity)) best.set(unit, { f0, ratio: f1 / f0 });
    }
  }
  return units.map((unit) => best.get(unit)?.ratio as number);
}

/** The contrast at which a rising curve reaches half of its value at contrast .8. */
function halfContrast(curve: readonly number[]): number {
  const half = (curve[contrasts.indexOf(contrast)] as number) / 2;
  const above = curve.findIndex((value) => value >= half);
  const [low, high] = above === 0 ? [0, 0] : [above - 1, above];
  if (above === 0) return contrasts[0] as number;
  const part = (half - (curve[low] as number)) / ((curve[high] as number) - (curve[low] as number));
  return (contrasts[low] as number) + part * ((contrasts[high] as number) - (contrasts[low] as number));
}

export interface Experiments {
  figures: Record<FigureId, Measurement>;
  tuning: DirectionTuning[];
  spatial: (number | null)[];
  /** All directions at 2 Hz, standing and running at 20 cm/s. */
  still: Evoked;
  running: Evoked;
  /** The same with a pupil of 1.5 times its usual size. */
  wide: Evoked;
  /** Evoked responses of every responsive unit at its best direction, by contrast. */
  contrastCurves: number[][];
  ratios: { unit: number; ratio: number }[];
}

/** Every figure of the card, and the responses they rest on. */
export async function measureAll(bench: Bench): Promise<Experiments> {
  const shown = await show(bench, crossed({ directionDeg: directionsDeg, hz: temporalFrequenciesHz }));
  const tuning = directionTuning(shown);
  const space = await show(bench, crossed({ directionDeg: directionsDeg, cpd: spatialFrequenciesCpd }));
  const spatial = spatialPreference(space);
  const two = shown.gratings.flatMap(({ hz }, g) => (hz === 2 ? [g] : []));
  const still: Evoked = {
    blank: shown.blank,
    gratings: two.map((g) => shown.gratings[g] as Grating),
    evoked: two.map((g) => shown.evoked[g] as number[]),
  };
  const running = await show(bench, still.gratings, { runningCmPerS: 20 });
  const wide = await show(bench, still.gratings, { pupil: 1.5 });
  const [best, some] = [strongest(still), responsive(still)];
  const gain = (changed: Evoked) =>
    some.map((u) => {
      const g = best[u] as number;
      return (changed.evoked[g]?.[u] as number) / (still.evoked[g]?.[u] as number);
    });
  const graded = await show(bench, crossed({ directionDeg: directionsDeg, contrast: contrasts }));
  const contrastCurves = some.map((u) => {
    const { directionDeg } = still.gratings[best[u] as number] as Grating;
    return contrasts.map((c) => {
      const g = graded.gratings.findIndex((each) => each.directionDeg === directionDeg && each.contrast === c);
      return graded.evoked[g]?.[u] as number;
    });
  });
  const halves = contrastCurves.map(halfContrast);
  const ratios = (await modulationRatios(bench, some)).map((ratio, i) => ({ unit: some[i] as number, ratio }));
  const peaks = spatial.filter((peak) => peak !== null);
  const preferredHz = tuning.map(({ hz }) => hz);
  return {
    tuning,
    spatial,
    still,
    running,
    wide,
    contrastCurves,
    ratios,
    figures: {
      responsive: percentOf(Array.from({ length: unitCount }, (_, u) => tuning.some(({ unit }) => unit === u))),
      orientationSelectivity: medianOf(tuning.map(({ osi }) => osi)),
      directionSelectivity: medianOf(tuning.map(({ dsi }) => dsi)),
      spatialFrequency: medianOf(peaks),
      temporalFrequency: medianOf(preferredHz),
      simple: percentOf(ratios.map(({ ratio }) => ratio > 1)),
      halfContrast: medianOf(halves),
      runningGain: medianOf(gain(running)),
      pupilGain: medianOf(gain(wide)),
    },
  };
}
