/** Figures of the acceptance table of the mouse twin, from the measurements that its rows rest on. */
import type { AcceptanceFigure } from '../../acceptance.ts';
import { figure, medianMarks, upright, type Axis, type Mark } from '../../plots.ts';
import { binnedPercent, cumulativePercent } from '../../statistics.ts';
import { frameRateHz } from './bench.ts';
import { contrasts, median, responsive, strongest, type DirectionTuning, type Evoked } from './measurements.ts';

const percent: Axis = { label: 'units, %', from: 0, to: 100, ticks: [0, 25, 50, 75, 100] };

export function selectivityFigure(tuning: readonly DirectionTuning[]): AcceptanceFigure {
  const caption = `Orientation and direction selectivity index of ${tuning.length} units at their best grating, cumulative; dashed: .5, above which most excitatory cells lie in orientation selectivity (Niell & Stryker 2008 [m]); band: where the median of direction selectivity must lie.`;
  const svg = figure(
    caption,
    { x: { label: 'selectivity index', from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }, y: percent },
    [
      { type: 'band', colour: 'orange', x: [0.15, 0.45], y: [0, 100] },
      { type: 'line', colour: 'grey', dashed: true, at: upright(0.5, percent) },
      { type: 'line', colour: 'blue', label: 'orientation', at: cumulativePercent(tuning.map(({ osi }) => osi)) },
      { type: 'line', colour: 'orange', label: 'direction', at: cumulativePercent(tuning.map(({ dsi }) => dsi)) },
    ],
  );
  return { name: 'selectivity', caption, svg };
}

/** @param peaks preferred spatial frequencies in cpd */
export function frequencyFigure(peaks: readonly number[]): AcceptanceFigure {
  const caption = `Preferred spatial frequency of ${peaks.length} units at 2 Hz; line: their median, ${median(peaks).toFixed(3)} cpd. Dashed and grey: published median of about .036 cpd, and where most cells lie (Niell & Stryker 2008 [m]).`;
  const edges = Array.from({ length: 17 }, (_, i) => 0.01 * 2 ** (i / 4));
  const y: Axis = { label: 'units, %', from: 0, to: 30, ticks: [0, 10, 20, 30] };
  const x = {
    label: 'preferred spatial frequency, cpd',
    from: 0.01,
    to: 0.16,
    ticks: [0.01, 0.02, 0.04, 0.08, 0.16],
    logarithmic: true,
  };
  const svg = figure(caption, { x, y }, [
    { type: 'band', colour: 'grey', label: 'most cells, published', x: [0.02, 0.08], y: [0, y.to] },
    { type: 'bars', colour: 'blue', edges, heights: binnedPercent(peaks, edges) },
    { type: 'line', colour: 'blue', label: 'median', at: upright(median(peaks), y) },
    { type: 'line', colour: 'grey', dashed: true, label: 'published median', at: upright(0.036, y) },
  ]);
  return { name: 'spatial-frequency', caption, svg };
}

/**
 * @param curves evoked responses of every unit at all contrasts, in parts of that at contrast .8
 * @param halfContrast median over units
 */
export function contrastFigure(curves: readonly (readonly number[])[], halfContrast: number): AcceptanceFigure {
  const caption = `Evoked responses of ${curves.length} units to their preferred grating by contrast, in parts of that at contrast .8: median and quartiles. Dashed: the median contrast at half of it, ${halfContrast.toFixed(2)}; by design .57 without gain control (a square of contrast) and .28 where it rules.`;
  const y: Axis = { label: 'evoked response, relative', from: 0, to: 1.5, ticks: [0, 0.5, 1, 1.5] };
  const svg = figure(caption, { x: { label: 'contrast', from: 0, to: 1, ticks: [0, 0.2, 0.4, 0.6, 0.8, 1] }, y }, [
    {
      type: 'line',
      colour: 'grey',
      dashed: true,
      label: 'without gain control',
      at: Array.from({ length: 41 }, (_, i): [number, number] => [i / 40, (i / 32) ** 2]).filter(([, r]) => r <= y.to),
    },
    { type: 'line', colour: 'orange', dashed: true, label: 'half', at: upright(halfContrast, y) },
    ...medianMarks(contrasts, curves, { colour: 'blue', label: 'units' }),
  ]);
  return { name: 'contrast', caption, svg };
}

/** Evoked responses of every unit to its best grating at rest, while the animal is in another state and at rest. */
export function gainFigure(still: Evoked, running: Evoked, wide: Evoked): AcceptanceFigure {
  const [units, best] = [responsive(still), strongest(still)];
  const caption = `Evoked response of ${units.length} units to their best grating while running at 20 cm/s, and with the pupil at 1.5 times its usual size, against that at rest. Dashed: as at rest, and twice that (running more than doubles it in most neurons, Niell & Stryker 2010).`;
  const of = ({ evoked }: Evoked, unit: number) => evoked[best[unit] as number]?.[unit] as number;
  const [from, to] = [0.5, 50];
  const x = {
    label: 'evoked response at rest, arbitrary units',
    from,
    to,
    ticks: [0.5, 1, 2, 5, 10, 20, 50],
    logarithmic: true,
  };
  const y = {
    label: 'in the other state, arbitrary units',
    from,
    to: 150,
    ticks: [1, 3, 10, 30, 100],
    logarithmic: true,
  };
  const points = (changed: Evoked) => units.map((unit) => [of(still, unit), of(changed, unit)] as const);
  const times = (gain: number): Mark => ({
    type: 'line',
    colour: 'grey',
    dashed: true,
    at: [
      [from, from * gain],
      [to, to * gain],
    ],
  });
  const svg = figure(caption, { x, y }, [
    times(1),
    times(2),
    { type: 'points', colour: 'blue', label: 'pupil at 1.5', at: points(wide) },
    { type: 'points', colour: 'orange', label: 'running', at: points(running) },
  ]);
  return { name: 'running-and-pupil', caption, svg };
}

/** @param means of every unit over the response window */
export function eyeFigure(means: Record<'picture' | 'turned' | 'moved', ArrayLike<number>>): AcceptanceFigure {
  const caption =
    'Responses to a moving scene with the eye turned by (6°, −4°) against those of the resting eye to the scene moved by (−6°, 4°), which must be equal; grey: what the resting eye gives for the scene in its place.';
  const axis = (label: string): Axis => ({
    label: `${label}, arbitrary units`,
    from: 0.3,
    to: 30,
    ticks: [0.3, 1, 3, 10, 30],
    logarithmic: true,
  });
  const points = (values: ArrayLike<number>) =>
    Array.from(means.moved, (value, unit) => [value, values[unit] as number] as const);
  const svg = figure(caption, { x: axis('response to the moved scene'), y: axis('to the scene in its place') }, [
    { type: 'points', colour: 'grey', label: 'eye at rest', at: points(means.picture) },
    { type: 'points', colour: 'orange', label: 'eye turned', at: points(means.turned) },
  ]);
  return { name: 'eye-position', caption, svg };
}

/** Part of the clip that the memory of it is shown for. */
const shownMs = 600;

/** @param courses rates of every unit over the frames of a clip of background, in parts of its spontaneous rate */
export function stateFigure(
  courses: Record<'afterGrating' | 'afterBackground', readonly number[][]>,
): AcceptanceFigure {
  const caption = `Rates of the ${courses.afterGrating.length} energy units that a grating drove to more than twice their spontaneous rate, in parts of that rate, while background is shown: after the grating and after background; medians and quartiles.`;
  const ms = Array.from({ length: (shownMs * frameRateHz) / 1000 + 1 }, (_, t) => (1000 * t) / frameRateHz);
  const svg = figure(
    caption,
    {
      x: { label: 'time since the stimulus ended, ms', from: 0, to: shownMs, ticks: [0, 100, 200, 300, 400, 500, 600] },
      y: { label: 'rate over spontaneous rate', from: 0.5, to: 20, ticks: [0.5, 1, 2, 5, 10, 20], logarithmic: true },
    },
    [
      ...medianMarks(ms, courses.afterBackground, { colour: 'grey', label: 'after background' }),
      ...medianMarks(ms, courses.afterGrating, { colour: 'blue', label: 'after a grating' }),
    ],
  );
  return { name: 'memory', caption, svg };
}
