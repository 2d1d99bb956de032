/** Experiments on the twin: what a physiologist would measure, from pictures and responses alone. */
import { areas, type Area } from '../parameters.ts';
import type { ReferenceModel } from '../reference.ts';
import type { Measurement } from '../../figures.ts';
import { quantile } from '../../statistics.ts';
import type { FigureId } from '../measured.ts';
import { discAndRing, grating, type Bench } from './bench.ts';
import { fitDog, type DogFit } from './fit.ts';

/** A unit with its place among all outputs. Experiments use where it lies and its eccentricity, as an experimenter would. */
export interface Placed {
  at: number;
  area: Area;
  unit: string;
  xDeg: number;
  yDeg: number;
  eccentricityDeg: number;
}

export function placedUnits({ units }: ReferenceModel): Placed[] {
  return areas
    .flatMap((area) => units[area])
    .map(({ area, unit, xDeg, yDeg, eccentricityDeg }, at) => ({ at, area, unit, xDeg, yDeg, eccentricityDeg }));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);
export const mean = (values: readonly number[]): number => values.reduce((sum, v) => sum + v, 0) / values.length;

const medianOf = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: median(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});

export const isMidget = ({ area }: { area: Area }) => area.startsWith('midget');
const isOn = ({ area }: { area: Area }) => area.endsWith('ON');

/** Amplitude of a harmonic over equally spaced phases. */
const harmonic = (rates: readonly number[], order: number): number => {
  const phases = rates.map((_, i) => (2 * Math.PI * order * i) / rates.length);
  const [c, s] = [Math.cos, Math.sin].map((wave) =>
    rates.reduce((sum, rate, i) => sum + rate * wave(phases[i] as number), 0),
  ) as [number, number];
  return (2 / rates.length) * Math.hypot(c, s);
};
const firstHarmonic = (rates: readonly number[]): number => harmonic(rates, 1);

export const frequenciesCpd = Array.from({ length: 16 }, (_, i) => 0.1 * 120 ** (i / 15));
/** Low, so that no rate reaches 0 and the gain control is hardly engaged. */
const fitContrast = 0.002;

export type Fitted = Placed & { fit: DogFit };

/** Fits centre and surround of every unit; amplitudes in spikes/s per unit of contrast. */
export async function fitUnits(bench: Bench, placed: readonly Placed[]): Promise<Fitted[]> {
  const phases = [0, 90, 180, 270];
  function* pictures(): Iterable<Float32Array> {
    for (const cpd of frequenciesCpd)
      for (const phaseDeg of phases) yield grating({ orientationDeg: 0, cpd, phaseDeg, contrast: fitContrast });
  }
  const responses = await bench.responses(pictures());
  return placed.map((unit) => {
    const amplitudes = frequenciesCpd.map((_, f) => {
      const rates = phases.map((_phase, p) => responses[f * phases.length + p]?.[unit.at] as number);
      return firstHarmonic(rates) / fitContrast;
    });
    return { ...unit, fit: fitDog(frequenciesCpd, amplitudes) };
  });
}

/** Units whose surround does not leave the picture, by how far they are from the axes. */
export const hasWholeSurround = (unit: Placed): boolean =>
  Math.max(Math.abs(unit.xDeg), Math.abs(unit.yDeg)) <= (isMidget(unit) ? 5 : 4.5);

type Figures<K extends FigureId> = Record<K, Measurement>;

/** Centres and surrounds by class and bin of eccentricity. */
export function measureFields(
  fitted: readonly Fitted[],
): Figures<
  | 'midgetCentreNear'
  | 'midgetCentreFar'
  | 'parasolCentre'
  | 'centreRatio'
  | 'onOffRatio'
  | 'midgetRadiusRatio'
  | 'parasolRadiusRatio'
  | 'midgetSurroundNear'
  | 'midgetSurroundFar'
  | 'parasolSurround'
  | 'surroundGain'
  | 'gainRatio'
> {
  const [midget, parasol] = [fitted.filter(isMidget), fitted.filter((unit) => !isMidget(unit))];
  const within = (units: readonly Fitted[], low: number, high: number) =>
    units.filter(({ eccentricityDeg: e }) => e >= low && e < high);
  const centres = (units: readonly Fitted[]) => units.map(({ fit }) => fit.centreRadiusDeg);
  const surrounds = (units: readonly Fitted[]) =>
    units.filter(hasWholeSurround).map(({ fit }) => fit.surroundRadiusDeg);
  const ratios = (units: readonly Fitted[]) =>
    units.filter(hasWholeSurround).map(({ fit }) => fit.surroundRadiusDeg / fit.centreRadiusDeg);
  const meanOf = (values: readonly number[]): Measurement => ({ n: values.length, value: mean(values) });
  const nearby = { midget: within(midget, 4, 6), parasol: within(parasol, 4, 6) };
  const whole = fitted.filter(hasWholeSurround);
  return {
    midgetCentreNear: medianOf(centres(within(midget, 0, 5))),
    midgetCentreFar: medianOf(centres(within(midget, 5, 10))),
    parasolCentre: medianOf(centres(within(parasol, 0, 10))),
    centreRatio: {
      n: nearby.midget.length + nearby.parasol.length,
      value: median(centres(nearby.parasol)) / median(centres(nearby.midget)),
    },
    onOffRatio: {
      n: parasol.length,
      value: median(centres(parasol.filter(isOn))) / median(centres(parasol.filter((unit) => !isOn(unit)))),
    },
    midgetRadiusRatio: meanOf(ratios(midget)),
    parasolRadiusRatio: meanOf(ratios(parasol)),
    midgetSurroundNear: medianOf(surrounds(within(midget, 0, 5))),
    midgetSurroundFar: medianOf(surrounds(within(midget, 5, 10))),
    parasolSurround: medianOf(surrounds(within(parasol, 0, 10))),
    surroundGain: meanOf(whole.map(({ fit }) => fit.surroundGain / fit.centreGain)),
    gainRatio: {
      n: fitted.length,
      value: mean(parasol.map(({ fit }) => fit.centreGain)) / mean(midget.map(({ fit }) => fit.centreGain)),
    },
  };
}

/** Least-squares line through points. */
export function line(x: readonly number[], y: readonly number[]): { slope: number; intercept: number } {
  const [mx, my] = [mean(x), mean(y)];
  const slope =
    x.reduce((sum, value, i) => sum + (value - mx) * ((y[i] as number) - my), 0) /
    x.reduce((sum, value) => sum + (value - mx) ** 2, 0);
  return { slope, intercept: my - slope * mx };
}

export const contrasts = [0.02, 0.05, 0.1, 0.2, 0.4, 0.8];

export interface ContrastCurve {
  unit: Placed;
  /** Peak rate above the spontaneous one over 8 phases, per contrast. */
  peaks: number[];
  /** Second harmonic ÷ first, at the lowest contrast, where no rate reaches 0. */
  secondHarmonic: number;
}

/** Responses to full-field gratings of 2 cpd of the units whose contrast pool lies inside the picture. */
export async function contrastCurves(bench: Bench, placed: readonly Placed[]): Promise<ContrastCurve[]> {
  const phases = Array.from({ length: 8 }, (_, i) => 45 * i);
  function* pictures(): Iterable<Float32Array> {
    yield grating({ orientationDeg: 0, cpd: 1, phaseDeg: 0, contrast: 0 });
    for (const contrast of contrasts)
      for (const phaseDeg of phases) yield grating({ orientationDeg: 0, cpd: 2, phaseDeg, contrast });
  }
  const [blank, ...responses] = await bench.responses(pictures());
  const whole = placed.filter(({ xDeg, yDeg }) => Math.max(Math.abs(xDeg), Math.abs(yDeg)) <= 3.5);
  return whole.map((unit) => {
    const rates = contrasts.map((_, c) =>
      phases.map((_phase, p) => responses[c * phases.length + p]?.[unit.at] as number),
    );
    const lowest = rates[0] as number[];
    return {
      unit,
      peaks: rates.map((each) => Math.max(...each) - (blank?.[unit.at] as number)),
      secondHarmonic: harmonic(lowest, 2) / harmonic(lowest, 1),
    };
  });
}

/**
 * c50 from R = R_max·c/(c + c50), by a straight line through c/R = (c50 + c)/R_max, and the exponent of R ∝ cⁿ.
 */
export function contrastFigures(curves: readonly ContrastCurve[]): Figures<'parasolC50' | 'midgetExponent'> {
  const c50s = curves
    .filter(({ unit }) => !isMidget(unit))
    .map(({ peaks }) => {
      const { slope, intercept } = line(
        contrasts,
        contrasts.map((c, i) => c / (peaks[i] as number)),
      );
      return intercept / slope;
    });
  const exponents = curves
    .filter(({ unit }) => isMidget(unit))
    .map(({ peaks }) => line(contrasts.map(Math.log), peaks.map(Math.log)).slope);
  return { parasolC50: medianOf(c50s), midgetExponent: medianOf(exponents) };
}

/**
 * What is left of the first harmonic of a disc of grating on the centre when a ring of the same grating surrounds it, both
 * at contrast .5. Spatial frequency and sizes follow the fitted centre.
 */
export async function measureSuppression(
  bench: Bench,
  fitted: readonly Fitted[],
): Promise<Figures<'parasolSuppression' | 'midgetSuppression'>> {
  const phases = [0, 90, 180, 270];
  // Every third unit near the middle, where rings of 2° fit into the picture.
  const some = fitted.filter(({ xDeg, yDeg }) => Math.max(Math.abs(xDeg), Math.abs(yDeg)) <= 4);
  const take = (units: readonly Fitted[], n: number) =>
    Array.from({ length: n }, (_, i) => units[Math.floor(((i + 0.5) * units.length) / n)] as Fitted);
  const chosen = [
    ...take(some.filter(isMidget), 12),
    ...take(
      some.filter((unit) => !isMidget(unit)),
      12,
    ),
  ];
  function* pictures(): Iterable<Float32Array> {
    for (const { xDeg, yDeg, fit } of chosen) {
      const r = fit.centreRadiusDeg;
      const disc = { orientationDeg: 0, cpd: 0.15 / r, contrast: 0.5 };
      const ring = { ...disc, phaseDeg: 45 };
      const places = { xDeg, yDeg, discRadiusDeg: 3 * r, ringDeg: [3.5 * r, 2] as [number, number] };
      for (const contrast of [0, 0.5])
        for (const phaseDeg of phases) yield discAndRing({ ...disc, phaseDeg }, places, { ...ring, contrast });
    }
  }
  const responses = await bench.responses(pictures());
  const kept = chosen.map((unit, i) => {
    const [alone, with_] = [0, 1].map((half) =>
      firstHarmonic(phases.map((_, p) => responses[(2 * i + half) * phases.length + p]?.[unit.at] as number)),
    ) as [number, number];
    return { unit, cut: 100 * (1 - with_ / alone) };
  });
  const cuts = (wanted: boolean) => kept.filter(({ unit }) => isMidget(unit) === wanted).map(({ cut }) => cut);
  return { parasolSuppression: medianOf(cuts(false)), midgetSuppression: medianOf(cuts(true)) };
}

/** Distance to the nearest neighbour of the same area ÷ standard deviation of the centre. */
export function measureSpacing(fitted: readonly Fitted[]): Figures<'midgetSpacing' | 'parasolSpacing'> {
  const spacings = fitted.map((unit) => {
    const distances = fitted
      .filter(({ area, at }) => area === unit.area && at !== unit.at)
      .map(({ xDeg, yDeg }) => Math.hypot(xDeg - unit.xDeg, yDeg - unit.yDeg));
    return { unit, value: (Math.min(...distances) * Math.SQRT2) / unit.fit.centreRadiusDeg };
  });
  const of = (wanted: boolean) =>
    medianOf(spacings.filter(({ unit }) => isMidget(unit) === wanted).map(({ value }) => value));
  return { midgetSpacing: of(true), parasolSpacing: of(false) };
}

/** Every figure of the card, and the fits they rest on. */
export async function measureAll(
  bench: Bench,
  reference: ReferenceModel,
): Promise<{ fitted: Fitted[]; figures: Record<FigureId, Measurement> }> {
  const placed = placedUnits(reference);
  const fitted = await fitUnits(bench, placed);
  const figures = {
    ...measureFields(fitted),
    ...contrastFigures(await contrastCurves(bench, placed)),
    ...(await measureSuppression(bench, fitted)),
    ...measureSpacing(fitted),
  };
  return { fitted, figures };
}
