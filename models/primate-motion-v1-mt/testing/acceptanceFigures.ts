/** Figures of the acceptance table of the motion twin, from the measurements that its rows rest on. */
import type { AcceptanceFigure } from '../../acceptance.ts';
import { figure, medianMarks, upright, type Colour, type Mark } from '../../plots.ts';
import { areas, areaTraits, type Area } from '../parameters.ts';
import type { AnchorEnergies } from './energies.ts';
import { contrasts, directions, type ContrastCurve, type UnitTuning } from './measurements.ts';
import type { PlaidClass } from './plaid.ts';

/** What the paper's equations give, which rows and figures compare with. */
export const published = {
  preferredPeakHz: 5.6,
  opponentPeakHz: 5.95,
  ratios: [
    { hz: 4, ratio: 0.67 },
    { hz: 6, ratio: 0.87 },
    { hz: 8, ratio: 0.93 },
    { hz: 10, ratio: 0.88 },
  ],
} as const;

const areaColours: Record<Area, Colour> = { V1: 'green', 'MT-component': 'blue', 'MT-pattern': 'orange' };
const areaNames: Record<Area, string> = { V1: 'V1', 'MT-component': 'MT component', 'MT-pattern': 'MT pattern' };
const relativeTicks = [0, 0.25, 0.5, 0.75, 1];

const frequencyAxis = (to: number) => ({
  label: 'temporal frequency, Hz',
  from: 2,
  to,
  ticks: Array.from({ length: to - 1 }, (_, i) => 2 + i),
});

export function energyFigure({ tuning }: AnchorEnergies): AcceptanceFigure {
  const caption = `Energies of the published filters for a grating of 1.1 cpd that drifts in the preferred direction: P in it, N against it, in parts of the largest P. Dashed: where the equations of Adelson & Bergen 1985 have the peaks of P (${published.preferredPeakHz} Hz) and P − N (${published.opponentPeakHz} Hz).`;
  const largest = Math.max(...tuning.map(({ preferred }) => preferred));
  const y = { label: 'energy, relative', from: 0, to: 1, ticks: relativeTicks };
  const line = (colour: Colour, label: string, of: (each: (typeof tuning)[number]) => number): Mark => ({
    type: 'line',
    colour,
    label,
    at: tuning.map((each) => [each.hz, of(each) / largest]),
  });
  const svg = figure(caption, { x: frequencyAxis(9), y }, [
    { type: 'line', colour: 'blue', dashed: true, at: upright(published.preferredPeakHz, y) },
    { type: 'line', colour: 'green', dashed: true, at: upright(published.opponentPeakHz, y) },
    line('blue', 'P', ({ preferred }) => preferred),
    line('orange', 'N', ({ total, preferred }) => total - preferred),
    line('green', 'P − N', ({ opponent }) => opponent),
  ]);
  return { name: 'energy', caption, svg };
}

export function opponencyFigure({ tuning, checked }: AnchorEnergies): AcceptanceFigure {
  const caption =
    'Opponent over total energy of the same filters against temporal frequency; dots: from the equations of Adelson & Bergen 1985.';
  const all = [...tuning, ...checked].toSorted((a, b) => a.hz - b.hz);
  const svg = figure(
    caption,
    { x: frequencyAxis(10), y: { label: '(P − N)/(P + N)', from: 0, to: 1, ticks: relativeTicks } },
    [
      {
        type: 'line',
        colour: 'blue',
        label: 'graph',
        at: all.map(({ hz, opponent, total }) => [hz, opponent / total]),
      },
      ...published.ratios.map(({ hz, ratio }): Mark => ({
        type: 'interval',
        colour: 'orange',
        label: 'published',
        x: hz,
        value: ratio,
        y: [ratio, ratio],
      })),
    ],
  );
  return { name: 'opponent-energy', caption, svg };
}

export function contrastFigure(curves: readonly ContrastCurve[]): AcceptanceFigure {
  const caption = `Responses of ${curves.length} units to their preferred grating by contrast, medians and quartiles; dashed: 1.01·c²/(c² + .10²), as the paper has for V1 (Simoncelli & Heeger 1998).`;
  const fine = Array.from({ length: 61 }, (_, i) => 0.01 * 10 ** (i / 30));
  const svg = figure(
    caption,
    {
      x: { label: 'contrast', from: 0.01, to: 1, ticks: [0.01, 0.03, 0.1, 0.3, 1], logarithmic: true },
      y: { label: 'response, relative', from: 0, to: 1.05, ticks: relativeTicks },
    },
    [
      ...areas.flatMap((area) =>
        medianMarks(
          contrasts,
          curves.filter((curve) => curve.area === area).map(({ rates }) => rates),
          { colour: areaColours[area], label: areaNames[area] },
        ),
      ),
      {
        type: 'line',
        colour: 'grey',
        dashed: true,
        label: 'V1, published',
        at: fine.map((c) => [c, (1.01 * c * c) / (c * c + 0.01)]),
      },
    ],
  );
  return { name: 'contrast', caption, svg };
}

/** Tuning of the cells of an area for gratings and for plaids, each turned to its best direction for gratings. */
export function plaidFigure(tuning: readonly UnitTuning[], area: Area): AcceptanceFigure {
  const own = tuning.filter((unit) => unit.area === area && unit.responsive);
  const n = directions.length;
  const turns = Array.from({ length: n + 1 }, (_, i) => i - n / 2);
  const curves = (which: 'grating' | 'plaid') =>
    own.map(({ grating, blank, ...unit }) => {
      const top = Math.max(...grating);
      const best = grating.indexOf(top);
      const values = which === 'grating' ? grating : unit.plaid;
      return turns.map((turn) => ((values[(best + turn + n) % n] as number) - blank) / (top - blank));
    });
  const caption = `Responses of ${areaTraits[area].label} (${own.length}) by direction of motion, above blank, in parts of each unit's largest to gratings: medians and quartiles. A plaid is two gratings that move 60° to either side of its direction${area === 'MT-component' ? '; a component cell answers each of them' : '; a pattern cell answers the whole'}.`;
  const svg = figure(
    caption,
    {
      x: { label: 'direction from the preferred, °', from: -180, to: 180, ticks: [-180, -120, -60, 0, 60, 120, 180] },
      y: { label: 'response, relative', from: -0.1, to: 1.05, ticks: relativeTicks },
    },
    [
      ...medianMarks(
        turns.map((turn) => (360 * turn) / n),
        curves('grating'),
        { colour: 'grey', label: 'gratings' },
      ),
      ...medianMarks(
        turns.map((turn) => (360 * turn) / n),
        curves('plaid'),
        { colour: areaColours[area], label: 'plaids' },
      ),
    ],
  );
  return { name: area === 'MT-component' ? 'component-cells' : 'pattern-cells', caption, svg };
}

/** Least difference between the two scores of a cell that is classed, p < .1. */
const border = 1.28;

export function classFigure(classes: Readonly<Record<Area, readonly PlaidClass[]>>): AcceptanceFigure {
  const caption =
    'Every unit with significant direction tuning: how well its plaid tuning follows the prediction for a pattern cell and for a component cell, partial correlations as z scores. Dashed: borders of the classes, 1.28 apart (Smith, Majaj & Movshon 2005).';
  const x = { label: 'z of the component prediction', from: -3, to: 12, ticks: [-2, 0, 2, 4, 6, 8, 10, 12] };
  const y = { label: 'z of the pattern prediction', from: -3, to: 7, ticks: [-2, 0, 2, 4, 6] };
  const svg = figure(caption, { x, y }, [
    ...areas.map((area): Mark => ({
      type: 'points',
      colour: areaColours[area],
      label: areaNames[area],
      at: classes[area].map(({ zComponent, zPattern }) => [zComponent, zPattern]),
    })),
    {
      type: 'line',
      colour: 'grey',
      dashed: true,
      at: [
        [x.from, border],
        [0, border],
        [y.to - border, y.to],
      ],
    },
    {
      type: 'line',
      colour: 'grey',
      dashed: true,
      at: [
        [border, y.from],
        [border, 0],
        [y.to + border, y.to],
      ],
    },
  ]);
  return { name: 'plaid-classes', caption, svg };
}
