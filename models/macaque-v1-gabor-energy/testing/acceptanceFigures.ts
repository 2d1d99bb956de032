/** Figures of the acceptance table of the V1 twin, from the measurements that its rows rest on. */
import type { AcceptanceFigure } from '../../acceptance.ts';
import { figure, medianMarks, spreadMarks, upright, type Axis, type Mark } from '../../plots.ts';
import { binnedPercent, cumulativeHistogram, cumulativePercent, quantile } from '../../statistics.ts';
import {
  contrastFigures,
  contrastsShown,
  diametersDeg,
  maskContrasts,
  median,
  sizeFigures,
  suppressionIndex,
  type ContrastCurve,
  type MaskedRates,
} from './measurements.ts';
import { complexQuartilesCpd, simpleFrequencies } from './published.ts';

/** Edges of equal bins. */
const edgesOf = (to: number, bins: number): number[] => Array.from({ length: bins + 1 }, (_, i) => (to * i) / bins);

const percentAxis = (label: string, to: number, step: number): Axis => ({
  label: `${label}, %`,
  from: 0,
  to,
  ticks: Array.from({ length: to / step + 1 }, (_, i) => i * step),
});

/** @param simple, complex F1/F0 of every unit shown */
export function modulationFigure(simple: readonly number[], complex: readonly number[]): AcceptanceFigure {
  const caption =
    'F1/F0 of the rate above blank over the phase of the preferred grating, each class by itself; dashed: 1, between complex and simple.';
  const edges = edgesOf(2, 20);
  const y = percentAxis('units of the class', 100, 25);
  const svg = figure(caption, { x: { label: 'F1/F0', from: 0, to: 2, ticks: [0, 0.5, 1, 1.5, 2] }, y }, [
    { type: 'bars', colour: 'orange', label: 'complex cells', edges, heights: binnedPercent(complex, edges) },
    { type: 'bars', colour: 'blue', label: 'simple cells', edges, heights: binnedPercent(simple, edges) },
    { type: 'line', colour: 'grey', dashed: true, at: upright(1, y) },
  ]);
  return { name: 'f1-over-f0', caption, svg };
}

/** @param simple, complex preferred spatial frequency of every unit in cpd */
export function frequencyFigure(simple: readonly number[], complex: readonly number[]): AcceptanceFigure {
  const caption =
    'Preferred spatial frequency of every unit, cumulative, against the published histogram of simple cells and quartiles of complex cells (Dapello & Marques et al. 2020).';
  const { edgesLog2Cpd, counts } = simpleFrequencies;
  const published = cumulativeHistogram(edgesLog2Cpd, counts);
  const x = {
    label: 'preferred spatial frequency, cpd',
    from: 0.4,
    to: 10,
    ticks: [0.5, 1, 2, 4, 8],
    logarithmic: true,
  };
  const svg = figure(caption, { x, y: percentAxis('units of the class', 100, 25) }, [
    {
      type: 'line',
      colour: 'grey',
      dashed: true,
      label: 'simple, published',
      at: edgesLog2Cpd.map((edge) => [2 ** edge, 100 * published(edge)]),
    },
    { type: 'line', colour: 'blue', label: 'simple', at: cumulativePercent(simple) },
    { type: 'line', colour: 'orange', label: 'complex', at: cumulativePercent(complex) },
    ...complexQuartilesCpd.map((cpd, i): Mark => {
      const percent = 25 * (i + 1);
      return {
        type: 'interval',
        colour: 'orange',
        label: 'complex, published',
        x: cpd,
        value: percent,
        y: [percent, percent],
      };
    }),
  ]);
  return { name: 'spatial-frequency', caption, svg };
}

export function contrastFigure(curves: readonly ContrastCurve[]): AcceptanceFigure {
  const { contrastExponent, semiSaturation } = contrastFigures(curves);
  const caption = `Contrast response to the preferred grating, ${curves.length} units: median and quartiles of rates in parts of the rate at contrast 1; Naka–Rushton functions with the medians of the fits (n ${contrastExponent.value.toFixed(2)}, c50 ${semiSaturation.value.toFixed(2)}) and with the published medians (n 2.4, c50 .33; Sclar et al. 1990 [m]).`;
  const nakaRushton = (n: number, c50: number) =>
    edgesOf(2, 60).map((decades): [number, number] => {
      const c = 0.01 * 10 ** decades;
      return [c, (c ** n * (1 + c50 ** n)) / (c ** n + c50 ** n)];
    });
  const shown = contrastsShown.slice(1);
  const parts = curves.map(({ rates }) => rates.slice(1).map((rate) => rate / (rates.at(-1) as number)));
  const svg = figure(
    caption,
    {
      x: { label: 'contrast', from: 0.01, to: 1, ticks: [0.01, 0.03, 0.1, 0.3, 1], logarithmic: true },
      y: { label: 'rate above blank, relative', from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] },
    },
    [
      {
        type: 'line',
        colour: 'orange',
        label: 'medians of fits',
        at: nakaRushton(contrastExponent.value, semiSaturation.value),
      },
      { type: 'line', colour: 'grey', dashed: true, label: 'published medians', at: nakaRushton(2.4, 0.33) },
      ...shown.map((contrast, i): Mark => {
        const rates = parts.map((unit) => unit[i] as number);
        const y = [quantile(rates, 0.25), quantile(rates, 0.75)] as const;
        return { type: 'interval', colour: 'blue', label: 'units', x: contrast, value: median(rates), y };
      }),
    ],
  );
  return { name: 'contrast', caption, svg };
}

export function maskFigure(masked: readonly MaskedRates[]): AcceptanceFigure {
  const caption = `How much a mask at right angles cuts the response to the preferred grating, both of the same contrast; ${masked.length} units, dots and bars: medians and quartiles; band: where the median must lie.`;
  const svg = figure(
    caption,
    {
      x: {
        label: 'contrast of grating and of mask, %',
        from: -0.5,
        to: 2.6,
        ticks: [0, 1, 2],
        names: maskContrasts.map((contrast) => String(100 * contrast)),
      },
      y: percentAxis('cut of the response', 100, 20),
    },
    [
      { type: 'band', colour: 'green', label: 'must be', x: [-0.4, 0.5], y: [20, 60] },
      ...maskContrasts.flatMap((_, at) =>
        spreadMarks(
          at,
          masked.map(({ cuts }) => cuts[at] as number),
          'blue',
        ),
      ),
    ],
  );
  return { name: 'cross-orientation', caption, svg };
}

/** @param simple, complex responses of every unit to patches of all diameters */
export function sizeFigure(simple: readonly number[][], complex: readonly number[][]): AcceptanceFigure {
  const { summationField } = sizeFigures([...simple, ...complex]);
  const caption = `Responses to patches of the preferred grating by diameter, in parts of each unit's largest: medians and quartiles. Dashed: the published median of summation fields, .78° (Cavanaugh et al. 2002); that of the units is ${summationField.value.toFixed(2)}°.`;
  const parts = (curves: readonly number[][]) => curves.map((rates) => rates.map((rate) => rate / Math.max(...rates)));
  const y = { label: 'response, relative', from: 0, to: 1, ticks: [0, 0.25, 0.5, 0.75, 1] };
  const svg = figure(
    caption,
    { x: { label: 'diameter, °', from: 0.2, to: 10, ticks: [0.2, 0.5, 1, 2, 5, 10], logarithmic: true }, y },
    [
      { type: 'line', colour: 'grey', dashed: true, label: 'published field', at: upright(0.78, y) },
      ...medianMarks(diametersDeg, parts(simple), { colour: 'blue', label: 'simple cells' }),
      ...medianMarks(diametersDeg, parts(complex), { colour: 'orange', label: 'complex cells' }),
    ],
  );
  return { name: 'size-tuning', caption, svg };
}

export function suppressionFigure(curves: readonly number[][]): AcceptanceFigure {
  const indices = curves.map(suppressionIndex);
  const caption = `Surround suppression index of ${indices.length} units; line: their median. Dashed and grey: published median and quartiles, .33 and .14–.57 (Cavanaugh et al. 2002).`;
  const edges = edgesOf(1, 20);
  const y = percentAxis('units', 20, 5);
  const svg = figure(
    caption,
    { x: { label: '(peak − response to the largest)/peak', from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }, y },
    [
      { type: 'band', colour: 'grey', label: 'published quartiles', x: [0.14, 0.57], y: [0, y.to] },
      { type: 'bars', colour: 'blue', edges, heights: binnedPercent(indices, edges) },
      { type: 'line', colour: 'blue', label: 'median', at: upright(median(indices), y) },
      { type: 'line', colour: 'grey', dashed: true, label: 'published median', at: upright(0.33, y) },
    ],
  );
  return { name: 'surround-suppression', caption, svg };
}
