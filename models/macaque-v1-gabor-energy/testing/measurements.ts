/**
 * The experiments behind the figures of the twin's card (`measured.ts`): stimuli made by the bench, responses of the ONNX
 * graph. Units are shown their planted preference and all gratings are full-field and of contrast 1 unless said otherwise.
 */
import { Random } from '../../../main/platform/random.ts';
import type { Measurement } from '../../figures.ts';
import { fitContrastResponse, type ContrastResponse } from '../../nakaRushton.ts';
import { quantile } from '../../statistics.ts';
import type { FigureId } from '../measured.ts';
import type { PlantedUnit, ReferenceModel } from '../reference.ts';
import { fieldCentre, luminance, sizePx, type Bench, type Grating } from './bench.ts';

export const blankRate = 0.82;

/** A unit and its place among the 512 responses of the bench. */
export interface Placed {
  unit: PlantedUnit;
  at: number;
}

export function placedUnits(reference: ReferenceModel): Placed[] {
  return [...reference.units['V1-simple'], ...reference.units['V1-complex']].map((unit, at) => ({ unit, at }));
}

/** n units of both areas, drawn without replacement. */
export function drawUnits(placed: readonly Placed[], n: number, seed: number): Placed[] {
  return Random.fromSeed(seed, 'measured units')
    .shuffle([...placed])
    .slice(0, n)
    .toSorted((a, b) => a.at - b.at);
}

export const phases = (n: number): number[] => Array.from({ length: n }, (_, i) => (360 * i) / n);
export const median = (values: readonly number[]): number => quantile(values, 0.5);
const percent = (values: readonly boolean[]): number => (100 * values.filter(Boolean).length) / values.length;

/** Mean over grating phase. */
export const f0 = (curve: readonly number[]): number => curve.reduce((sum, value) => sum + value, 0) / curve.length;
/** Amplitude of the first harmonic over equally spaced grating phases. */
export function f1(curve: readonly number[]): number {
  const wave = (f: (x: number) => number) =>
    curve.reduce((sum, value, i) => sum + value * f((2 * Math.PI * i) / curve.length), 0);
  return (2 * Math.hypot(wave(Math.cos), wave(Math.sin))) / curve.length;
}

export const distribution = (values: readonly number[]): Measurement => ({
  n: values.length,
  value: median(values),
  quartiles: [quantile(values, 0.25), quantile(values, 0.75)],
});
export const share = (values: readonly boolean[]): Measurement => ({ n: values.length, value: percent(values) });

/** Responses of each chosen unit to its own gratings: conditions × phases; a condition is a function of unit and phase. */
async function ownResponses(
  bench: Bench,
  chosen: readonly Placed[],
  conditions: readonly ((unit: PlantedUnit, phaseDeg: number) => Float32Array)[],
  phasesDeg: readonly number[],
): Promise<number[][][]> {
  function* images(): Iterable<Float32Array> {
    for (const { unit } of chosen)
      for (const condition of conditions) for (const phaseDeg of phasesDeg) yield condition(unit, phaseDeg);
  }
  const responses = await bench.responses(images());
  return chosen.map(({ at }, u) =>
    conditions.map((_, c) =>
      phasesDeg.map((_, p) => responses[(u * conditions.length + c) * phasesDeg.length + p]?.[at] as number),
    ),
  );
}

const preferred = (unit: PlantedUnit, phaseDeg: number, contrast: number): Grating => ({
  orientationDeg: unit.orientationDeg,
  cpd: unit.spatialFrequencyCpd,
  phaseDeg,
  contrast,
});

/** Responses of each unit to its preferred grating over 12 phases. */
export async function phaseCurves(bench: Bench, chosen: readonly Placed[]): Promise<number[][]> {
  const curves = await ownResponses(bench, chosen, [(unit, p) => luminance([preferred(unit, p, 1)])], phases(12));
  return curves.map(([curve]) => curve as number[]);
}

export const variation = (curve: readonly number[]) =>
  (100 * (Math.max(...curve) - Math.min(...curve))) / Math.max(...curve);

type Part<Id extends FigureId> = Promise<Record<Id, Measurement>>;

/** F1/F0 of blank-subtracted rates, and how much rates and energies of complex cells depend on phase. */
export async function measurePhase(
  full: Bench,
  linear: Bench,
  chosen: readonly Placed[],
): Part<'f1F0Agreement' | 'f1F0Simple' | 'f1F0Complex' | 'phaseVariation' | 'energyPhaseVariation'> {
  const curves = await phaseCurves(full, chosen);
  const ratios = curves.map((curve) => f1(curve) / (f0(curve) - blankRate));
  const isSimple = chosen.map(({ unit }) => unit.area === 'V1-simple');
  const wide = chosen.filter(({ unit }) => unit.area === 'V1-complex' && unit.nx >= 0.25);
  const energies = await phaseCurves(linear, wide);
  return {
    f1F0Agreement: share(ratios.map((ratio, i) => ratio > 1 === isSimple[i])),
    f1F0Simple: distribution(ratios.filter((_, i) => isSimple[i])),
    f1F0Complex: distribution(ratios.filter((_, i) => !isSimple[i])),
    phaseVariation: distribution(curves.filter((_, i) => !isSimple[i]).map(variation)),
    energyPhaseVariation: { n: energies.length, value: Math.max(...energies.map(variation)) },
  };
}

export interface GratingGrid {
  stepDeg: number;
  stepsPerOctave: number;
}

/** The best grating of a grid for a unit, by mean rate over phase. */
export interface Preference {
  orientationDeg: number;
  cpd: number;
}

export interface GratingTuning {
  preferences: Preference[];
  /** Raw rates over orientation, equally spaced, at the spatial frequency of the unit's best grating. */
  orientationCurves: number[][];
}

/** Tuning of all 512 units on one grid of full-field gratings over 8 phases, for several forms of the model at once. */
export async function measureGratings<Key extends string>(
  benches: Readonly<Record<Key, Bench>>,
  grid: GratingGrid,
): Promise<Record<Key, GratingTuning>> {
  const orientationsDeg = Array.from({ length: 180 / grid.stepDeg }, (_, i) => grid.stepDeg * i);
  const frequenciesCpd = Array.from(
    { length: 4.5 * grid.stepsPerOctave + 1 },
    (_, i) => 0.42 * 2 ** (i / grid.stepsPerOctave),
  );
  // Four phases would show which of them lies nearest to a simple cell's best one.
  const phasesDeg = phases(8);
  const keys = Object.keys(benches) as Key[];
  const means = Object.fromEntries(keys.map((key) => [key, []])) as unknown as Record<Key, Float64Array[]>;
  for (const orientationDeg of orientationsDeg) {
    const images = frequenciesCpd.flatMap((cpd) =>
      phasesDeg.map((phaseDeg) => luminance([{ orientationDeg, cpd, phaseDeg, contrast: 1 }])),
    );
    for (const key of keys) {
      const responses = await benches[key].responses(images);
      for (let cell = 0; cell < frequenciesCpd.length; cell++) {
        means[key].push(
          Float64Array.from({ length: 512 }, (_, at) =>
            f0(phasesDeg.map((_, p) => responses[cell * phasesDeg.length + p]?.[at] as number)),
          ),
        );
      }
    }
  }
  const tuningOf = (cells: readonly Float64Array[]): GratingTuning => {
    const best = Array.from({ length: 512 }, (_, at) =>
      cells.reduce((top, mean, i) => ((mean[at] as number) > (cells[top]?.[at] as number) ? i : top), 0),
    );
    return {
      preferences: best.map((cell) => ({
        orientationDeg: orientationsDeg[Math.floor(cell / frequenciesCpd.length)] as number,
        cpd: frequenciesCpd[cell % frequenciesCpd.length] as number,
      })),
      orientationCurves: best.map((cell, at) => {
        const frequency = cell % frequenciesCpd.length;
        return orientationsDeg.map((_, o) => cells[o * frequenciesCpd.length + frequency]?.[at] as number);
      }),
    };
  };
  return Object.fromEntries(keys.map((key) => [key, tuningOf(means[key])])) as Record<Key, GratingTuning>;
}

/** 1 − |Σ r exp(2iθ)| ÷ Σ r over equally spaced orientations. */
export function circularVariance(rates: readonly number[]): number {
  const wave = (f: (x: number) => number) =>
    rates.reduce((sum, rate, o) => sum + rate * f((2 * Math.PI * o) / rates.length), 0);
  return 1 - Math.hypot(wave(Math.cos), wave(Math.sin)) / rates.reduce((sum, rate) => sum + rate, 0);
}

/** Whether a preference lies within 7.5° and 1/8 octave of what the unit's filter prefers. */
export function isKept(unit: PlantedUnit, { orientationDeg, cpd }: Preference): boolean {
  const distance = Math.abs(orientationDeg - unit.orientationDeg) % 180;
  const octaves = Math.abs(Math.log2(cpd / unit.spatialFrequencyCpd));
  return Math.min(distance, 180 - distance) <= 7.5 && octaves <= 1 / 8;
}

/** Preference and circular variance, of the whole model and without normalisation. */
export async function measureTuning(
  full: Bench,
  linear: Bench,
  placed: readonly Placed[],
  grid: GratingGrid = { stepDeg: 5, stepsPerOctave: 8 },
): Part<'preferenceKept' | 'filterPreferenceKept' | 'circularVarianceSimple' | 'circularVarianceComplex'> {
  const tuning = await measureGratings({ full, linear }, grid);
  const kept = ({ preferences }: GratingTuning) =>
    placed.map(({ unit, at }) => isKept(unit, preferences[at] as Preference));
  const ofArea = (area: string) =>
    placed
      .filter(({ unit }) => unit.area === area)
      .map(({ at }) => circularVariance(tuning.full.orientationCurves[at] as number[]));
  return {
    preferenceKept: share(kept(tuning.full)),
    filterPreferenceKept: share(kept(tuning.linear)),
    circularVarianceSimple: distribution(ofArea('V1-simple')),
    circularVarianceComplex: distribution(ofArea('V1-complex')),
  };
}

/** Contrasts of the contrast experiment: blank and 10 steps of equal ratio. */
export const contrastsShown = [0, ...Array.from({ length: 10 }, (_, i) => 0.01 * 100 ** (i / 9))];

/** Rates of each unit without the blank's at the contrasts of the experiment, to its best phase, and what fits them. */
export interface ContrastCurve {
  rates: number[];
  fit: ContrastResponse;
}

export async function contrastCurves(
  full: Bench,
  reference: ReferenceModel,
  chosen: readonly Placed[],
): Promise<ContrastCurve[]> {
  function* images(): Iterable<Float32Array> {
    for (const { unit } of chosen)
      for (const c of contrastsShown) yield Float32Array.from(reference.preferredGrating(unit.index, unit.area, c));
  }
  const responses = await full.responses(images());
  return chosen.map(({ at }, u) => {
    const rates = contrastsShown.map((_, i) => (responses[u * contrastsShown.length + i]?.[at] as number) - blankRate);
    return { rates, fit: fitContrastResponse(contrastsShown, rates) };
  });
}

/** Exponent and semi-saturation of the contrast response fitted by least squares. */
export const contrastFigures = (
  curves: readonly ContrastCurve[],
): Record<'contrastExponent' | 'semiSaturation', Measurement> => ({
  contrastExponent: distribution(curves.map(({ fit }) => fit.exponent)),
  semiSaturation: distribution(curves.map(({ fit }) => fit.semiSaturation)),
});

/** Contrasts of the grating and of its orthogonal mask. */
export const maskContrasts = [0.12, 0.25, 0.5];

/** How much an orthogonal mask of equal contrast cuts the blank-subtracted mean rate, and what it evokes alone; both in %. */
export interface MaskedRates {
  /** At each of the contrasts. */
  cuts: number[];
  /** At contrast .5, in parts of what the preferred grating of that contrast evokes. */
  alone: number;
}

/** Over 8 phases. */
export async function maskedRates(full: Bench, chosen: readonly Placed[]): Promise<MaskedRates[]> {
  const plaid = (contrast: number, maskContrast: number) => (unit: PlantedUnit, phaseDeg: number) =>
    luminance([
      preferred(unit, phaseDeg, contrast),
      // Three phase steps of the mask to one of the grating: all pairs of phases are spread evenly.
      {
        ...preferred(unit, 3 * phaseDeg, maskContrast),
        orientationDeg: unit.orientationDeg + 90,
      },
    ]);
  const conditions = maskContrasts.flatMap((c) => [plaid(c, 0), plaid(c, c)]);
  const curves = await ownResponses(full, chosen, [...conditions, plaid(0, 0.5)], phases(8));
  return curves.map((unit) => {
    const evoked = unit.map((curve) => f0(curve) - blankRate);
    return {
      cuts: maskContrasts.map((_, i) => 100 * (1 - (evoked[2 * i + 1] as number) / (evoked[2 * i] as number))),
      alone: (100 * (evoked[6] as number)) / (evoked[4] as number),
    };
  });
}

export function maskFigures(
  masked: readonly MaskedRates[],
): Record<'mask12' | 'mask25' | 'mask50' | 'maskAlone', Measurement> {
  const cut = (i: number) => distribution(masked.map(({ cuts }) => cuts[i] as number));
  const alone = masked.map((unit) => unit.alone);
  return {
    mask12: cut(0),
    mask25: cut(1),
    mask50: cut(2),
    maskAlone: { n: alone.length, value: quantile(alone, 0.95) },
  };
}

/** Diameters of the size experiment, degrees: 12 steps of equal ratio; the largest covers the whole field. */
export const diametersDeg = Array.from({ length: 12 }, (_, i) => 0.21 * (9.5 / 0.21) ** (i / 11));

/**
 * Circular patches of the preferred grating on the receptive field's centre, 6 phases; F1 for simple and blank-subtracted
 * F0 for complex cells.
 */
export async function sizeCurves(full: Bench, chosen: readonly Placed[]): Promise<number[][]> {
  const patches = diametersDeg.map((diameterDeg) => (unit: PlantedUnit, phaseDeg: number) => {
    const image = luminance([preferred(unit, phaseDeg, 1)]);
    const { column, row, pxPerDeg } = fieldCentre(unit);
    const radiusPx = (diameterDeg / 2) * pxPerDeg;
    for (let y = 0, at = 0; y < sizePx; y++) {
      for (let x = 0; x < sizePx; x++, at++) {
        const squared = (x - column) ** 2 + (y - row) ** 2;
        if (squared >= (radiusPx + 0.5) ** 2) image[at] = 0.5;
        else if (squared > (radiusPx - 0.5) ** 2) {
          // The rim is one pixel wide.
          image[at] = 0.5 + (radiusPx + 0.5 - Math.sqrt(squared)) * ((image[at] as number) - 0.5);
        }
      }
    }
    return image;
  });
  const curves = await ownResponses(full, chosen, patches, phases(6));
  return curves.map((unit, u) =>
    unit.map((curve) => (chosen[u]?.unit.area === 'V1-simple' ? f1(curve) : f0(curve) - blankRate)),
  );
}

/** Suppression index (peak − plateau)/peak, plateau at the largest diameter. */
export const suppressionIndex = (rates: readonly number[]): number =>
  (Math.max(...rates) - (rates.at(-1) as number)) / Math.max(...rates);

/** Summation field: the smallest diameter that reaches 95 % of the peak, by straight lines between diameters. */
export function sizeFigures(
  tuning: readonly (readonly number[])[],
): Record<'surroundSuppression' | 'surroundSuppressed' | 'summationField', Measurement> {
  const indices = tuning.map(suppressionIndex);
  const fields = tuning.map((rates) => {
    const enough = 0.95 * Math.max(...rates);
    const i = rates.findIndex((rate) => rate >= enough);
    const [high, to] = [rates[i] as number, diametersDeg[i] as number];
    if (i === 0) return to;
    const [low, from] = [rates[i - 1] as number, diametersDeg[i - 1] as number];
    return from + ((enough - low) / (high - low)) * (to - from);
  });
  return {
    surroundSuppression: distribution(indices),
    surroundSuppressed: share(indices.map((index) => index >= 0.1)),
    summationField: distribution(fields),
  };
}
