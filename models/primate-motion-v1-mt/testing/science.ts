/** The acceptance table of the motion twin: clips of the product's renderer through the ONNX graph. */
import type { Acceptance, AcceptanceRow } from '../../acceptance.ts';
import type { Measurement } from '../../figures.ts';
import type { FigureId } from '../measured.ts';
import { areas, areaTraits, type Area } from '../parameters.ts';
import { createReference } from '../reference.ts';
import {
  classFigure,
  contrastFigure,
  energyFigure,
  opponencyFigure,
  plaidFigure,
  published,
} from './acceptanceFigures.ts';
import { openBench, openEnergies } from './bench.ts';
import { renderDrifts, renderFlicker } from './clips.ts';
import { measureAnchor } from './energies.ts';
import {
  contrastCurves,
  contrastFigures,
  measureTuning,
  plaidClasses,
  type PlantedPreference,
} from './measurements.ts';
import type { PlaidClass } from './plaid.ts';

/** Experiments that can be made alone. */
export const parts = ['energy', 'contrast', 'plaids'] as const;

const energyPaper = 'Adelson & Bergen 1985, computed from its equations';
const mtPaper = 'Simoncelli & Heeger 1998 [v]';

type Part<Id extends FigureId> = Record<Id, Measurement>;
const within = (value: number, target: number, tolerance: number): boolean => Math.abs(value - target) <= tolerance;
const decimal = (value: number, digits: number): string => value.toFixed(digits);

async function energyTable(): Promise<Acceptance> {
  const measured = await measureAnchor(await openEnergies(), { drift: renderDrifts, flicker: renderFlicker });
  const energy = measured.figures;
  const ratios = [energy.ratio4, energy.ratio6, energy.ratio8, energy.ratio10].map(({ value }) => value);
  const peak = (check: string, { value }: Measurement, target: number): AcceptanceRow => ({
    check,
    published: `${target} Hz`,
    source: energyPaper,
    measured: `${decimal(value, 2)} Hz`,
    tolerance: `${target} ± .05 Hz`,
    passed: within(value, target, 0.05),
    n: 1,
  });
  const rows = [
    peak(
      'Temporal frequency of the largest energy in the preferred direction, P',
      energy.preferredPeak,
      published.preferredPeakHz,
    ),
    peak('Temporal frequency of the largest opponent energy, P − N', energy.opponentPeak, published.opponentPeakHz),
    {
      check: 'Opponent over total energy, (P − N)/(P + N), at 4/6/8/10 Hz',
      published: '.67/.87/.93/.88',
      source: energyPaper,
      measured: ratios.map((ratio) => decimal(ratio, 3)).join('/'),
      tolerance: 'each ± .01',
      passed: ratios.every((ratio, i) => within(ratio, published.ratios[i]!.ratio, 0.01)),
      n: 1,
    },
    {
      check: 'Opponent energy over 12 phases of a drifting grating, (max − min)/max',
      published: 'invariant',
      source: energyPaper,
      measured: `${decimal(energy.phaseVariation.value, 4)} %`,
      tolerance: '≤ .1 %',
      passed: energy.phaseVariation.value <= 0.1,
      n: energy.phaseVariation.n,
    },
    {
      check: 'Opponent energy of counterphase flicker over that of a drifting grating, largest of 12 phases',
      published: '0',
      source: energyPaper,
      measured: `${decimal(energy.counterphase.value, 4)} %`,
      tolerance: '≤ .1 %',
      passed: energy.counterphase.value <= 0.1,
      n: energy.counterphase.n,
    },
  ];
  return { rows, figures: [energyFigure(measured), opponencyFigure(measured)] };
}

async function contrastTable(planted: readonly PlantedPreference[]): Promise<Acceptance> {
  const curves = await contrastCurves(await openBench(), planted, 12, renderDrifts);
  const figures = contrastFigures(curves);
  const full: Part<'preferredV1' | 'preferredComponent' | 'preferredPattern'> = figures;
  const deviation = await stageDeviation(planted);
  const responses = [full.preferredV1, full.preferredComponent, full.preferredPattern];
  const spread = responses.flatMap(({ value, quartiles }) => [value, ...(quartiles ?? [])]);
  const rows = [
    {
      check: 'Response to the preferred full-field grating of contrast 1',
      published: '1 in both stages',
      source: mtPaper,
      measured: `medians V1 ${decimal(responses[0]!.value, 3)}, MT component ${decimal(responses[1]!.value, 3)}, MT pattern ${decimal(responses[2]!.value, 3)}`,
      tolerance: 'medians and quartiles 1 ± .02',
      passed: spread.every((value) => within(value, 1, 0.02)),
      n: responses.reduce((sum, { n }) => sum + n, 0),
    },
    {
      check: 'Semi-saturation contrast and exponent of V1',
      published: 'c50 .10, exponent 2',
      source: mtPaper,
      measured: `medians c50 ${decimal(figures.v1C50.value, 3)}, exponent ${decimal(figures.v1Exponent.value, 2)}`,
      tolerance: 'c50 .10 ± .005, exponent 2 ± .05',
      passed: within(figures.v1C50.value, 0.1, 0.005) && within(figures.v1Exponent.value, 2, 0.05),
      n: figures.v1C50.n,
    },
    {
      check:
        'Rates of MT against 1.01·Q²/(pool + .10²), Q = max(0, drive + .1)/1.1, from the tensors in between, 3 contrasts',
      published: 'c50 .10, exponent 2, resting drive .1',
      source: mtPaper,
      measured: `largest deviation ${decimal(deviation, 6)}`,
      tolerance: '≤ .0001',
      passed: deviation <= 1e-4,
      n: 288,
    },
  ];
  return { rows, figures: [contrastFigure(curves)] };
}

/** Largest distance of the rates of MT from what the published equation makes of the drive and pool of the same clip. */
async function stageDeviation(planted: readonly PlantedPreference[]): Promise<number> {
  const mt = areas.filter((area) => area !== 'V1').map((area) => areaTraits[area].tensor);
  const stage = await openBench(
    {},
    mt.flatMap((name) => [name, `${name}_summed`, `${name}_pool`]),
  );
  const { directionDeg, spatialFrequencyCpd: cpd, temporalFrequencyHz: hz } = planted[0] as PlantedPreference;
  const clips = [0.03, 0.1, 1].map((contrast) => renderDrifts([{ directionDeg, cpd, hz, contrast }]));
  const deviations = (await stage.courses(clips)).flatMap((course) =>
    mt.map((name) => {
      const [rates, summed, pool] = [course[name], course[`${name}_summed`], course[`${name}_pool`]] as [
        Float32Array,
        Float32Array,
        Float32Array,
      ];
      return rates.reduce((worst, rate, i) => {
        // The graph keeps the drive in units of 1.1.
        const q = Math.max(0, (summed[i] as number) + 0.1 / 1.1);
        return Math.max(worst, Math.abs(rate - (1.01 * q * q) / ((pool[i] as number) + 0.01)));
      }, 0);
    }),
  );
  return Math.max(...deviations);
}

async function plaidTable(): Promise<Acceptance> {
  const tuning = await measureTuning(await openBench(), renderDrifts);
  const classesOf = Object.fromEntries(areas.map((area) => [area, plaidClasses(tuning, area)])) as Record<
    Area,
    PlaidClass[]
  >;
  const of = (area: Area) => {
    const classes = classesOf[area];
    const percent = (kind: string) => (100 * classes.filter((each) => each.kind === kind).length) / classes.length;
    return { n: classes.length, component: percent('component'), pattern: percent('pattern') };
  };
  const row = (
    area: Area,
    published: string,
    source: string,
    tolerance: string,
    met: (component: number, pattern: number) => boolean,
  ): AcceptanceRow => {
    const { n, component, pattern } = of(area);
    const units = tuning.filter((unit) => unit.area === area).length;
    return {
      check: `${areaTraits[area].label} with significant direction tuning, classed by 120° plaids`,
      published,
      source,
      measured: `${decimal(component, 1)} % component, ${decimal(pattern, 1)} % pattern (${n} of ${units} units)`,
      tolerance,
      passed: met(component, pattern) && n >= units / 2,
      n,
    };
  };
  const v1 = 'component cells, no pattern cells';
  const rows = [
    row(
      'V1',
      v1,
      'Movshon et al. 1985 [m]',
      '≥ 95 % component, 0 pattern, at least half of the units',
      (c, p) => c >= 95 && p === 0,
    ),
    row(
      'MT-component',
      'by construction; in macaque MT about 40 % are component cells',
      'Movshon et al. 1985 [m]',
      '≥ 95 % component, 0 pattern, at least half of the units',
      (c, p) => c >= 95 && p === 0,
    ),
    row(
      'MT-pattern',
      'by construction; in macaque MT about 25 % are pattern cells',
      'Movshon et al. 1985 [m]; model: Simoncelli & Heeger 1998, Rust et al. 2006',
      '≥ 90 % pattern, at least half of the units',
      (_, p) => p >= 90,
    ),
  ];
  const figures = [classFigure(classesOf), plaidFigure(tuning, 'MT-component'), plaidFigure(tuning, 'MT-pattern')];
  return { rows, figures };
}

export async function acceptance(only: readonly string[] = parts): Promise<Acceptance> {
  const { units } = createReference();
  const planted = areas.flatMap((area) => units[area]);
  const tables = [
    ...(only.includes('energy') ? [await energyTable()] : []),
    ...(only.includes('contrast') ? [await contrastTable(planted)] : []),
    ...(only.includes('plaids') ? [await plaidTable()] : []),
  ];
  return { rows: tables.flatMap(({ rows }) => rows), figures: tables.flatMap(({ figures }) => figures) };
}
