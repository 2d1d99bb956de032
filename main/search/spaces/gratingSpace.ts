/** Gratings as points of a box: what CMA-ES moves through. */
import type { Constraints, GratingSpace } from '../../contract/plans.ts';
import type { GratingSpec } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { exp, log } from '../../platform/exactMath.ts';
import { formatNumber } from '../../stimuli/words.ts';
import type { SearchField } from '../model.ts';

const edgeDeg = 0.25;
const names = ['orientationDeg', 'spatialFrequencyCpd', 'phaseDeg', 'diameterDeg', 'xDeg', 'yDeg'] as const;
type ParameterName = (typeof names)[number];

type Parameter = {
  name: ParameterName;
  low: number;
  high: number;
  logarithmic: boolean;
  /** 'flip': after half a turn of the bars the phase runs the other way. */
  boundary: 'reflect' | 'wrap' | 'flip';
};

export interface GratingBox {
  /** Free parameters; those with equal bounds are held fixed. */
  readonly dimensions: number;
  /** Contrast of every grating: the plan's, lowered where the luminance range asks for it. */
  readonly contrast: number;
  /** Any real coordinates, each in units of its parameter's range: angles wrap, the others are reflected at the bounds. */
  spec(point: readonly number[]): GratingSpec;
}

/** Throws 'bad-input' for bounds that are empty, beyond the raster's Nyquist limit or outside the luminance range. */
export function createGratingBox(space: GratingSpace, constraints: Constraints, field: SearchField): GratingBox {
  const nyquist = field.sizePx / field.fieldOfViewDeg / 2;
  for (const name of names) checkBounds(name, space[name], nyquist);
  const [low, high] = constraints.range;
  const { background } = field;
  const room = Math.min(background - low, high - background) / background;
  if (!(room > 0)) {
    throw refuse(
      `Gratings stand on this twin's background luminance of ${formatNumber(background)}, which leaves no room within the range ` +
        `${formatNumber(low)} to ${formatNumber(high)}.`,
      'Widen the range.',
    );
  }
  if (Math.abs(constraints.meanLuminance - background) > 1e-9) {
    throw refuse(
      `Gratings stand on this twin's background luminance of ${formatNumber(background)}, not on ${formatNumber(constraints.meanLuminance)}.`,
      `Set the mean luminance to ${formatNumber(background)}.`,
    );
  }
  const spanOf = (name: ParameterName): number => space[name][1] - space[name][0];
  const phaseWraps = spanOf('phaseDeg') === 360;
  const parameters = names.map((name): Parameter => {
    const boundary =
      (name === 'phaseDeg' && phaseWraps) || (name === 'orientationDeg' && spanOf(name) === 360)
        ? 'wrap'
        : name === 'orientationDeg' && spanOf(name) === 180 && phaseWraps
          ? 'flip'
          : 'reflect';
    const logarithmic = name === 'spatialFrequencyCpd' || name === 'diameterDeg';
    return { name, low: space[name][0], high: space[name][1], logarithmic, boundary };
  });
  const phase = parameters.find(({ name }) => name === 'phaseDeg') as Parameter;
  const free = parameters.filter(({ low: from, high: to }) => to > from);
  if (free.length === 0) {
    throw refuse('All bounds of the grating space are single values, so there is nothing to search.', 'Widen one.');
  }
  return {
    dimensions: free.length,
    contrast: Math.min(space.contrast, room),
    spec: (point) => {
      const values = Object.fromEntries(parameters.map(({ name, low: from }) => [name, from])) as Record<
        ParameterName,
        number
      >;
      let flipped = false;
      for (const [i, parameter] of free.entries()) {
        const t = point[i] as number;
        values[parameter.name] = between(parameter, inUnitInterval(t, parameter.boundary));
        if (parameter.boundary === 'flip' && Math.abs(Math.floor(t)) % 2 === 1) flipped = true;
      }
      if (flipped) values.phaseDeg = between(phase, inUnitInterval((-values.phaseDeg - phase.low) / 360, 'wrap'));
      return {
        type: 'grating',
        ...values,
        contrast: Math.min(space.contrast, room),
        edgeDeg: Math.min(edgeDeg, values.diameterDeg),
      };
    },
  };
}

function between({ low, high, logarithmic }: Parameter, share: number): number {
  const value = logarithmic ? low * exp(share * log(high / low)) : low + share * (high - low);
  return Math.min(Math.max(value, low), high);
}

function inUnitInterval(t: number, boundary: Parameter['boundary']): number {
  if (boundary !== 'reflect') return t - Math.floor(t);
  const folded = Math.abs(t - 2 * Math.round(t / 2));
  return Math.min(folded, 1);
}

function checkBounds(name: ParameterName, [low, high]: readonly [number, number], nyquist: number): void {
  if (low > high) {
    throw refuse(`The bounds of ${name} run from ${low} down to ${high}.`, `Write them as [${high}, ${low}].`);
  }
  if ((name === 'spatialFrequencyCpd' || name === 'diameterDeg') && low <= 0) {
    throw refuse(`The lower bound of ${name} is ${low}; it must be above 0.`, 'Raise it.');
  }
  if (name === 'spatialFrequencyCpd' && high > nyquist) {
    throw refuse(
      `Gratings of up to ${formatNumber(high)} cpd need ${formatNumber(2 * high)} px per degree; this twin has ${formatNumber(2 * nyquist)}.`,
      `Lower the upper bound of spatialFrequencyCpd to ${formatNumber(nyquist)}.`,
    );
  }
}

function refuse(what: string, remedy: string): TwinscopeError {
  return new TwinscopeError('bad-input', `${what} Nothing was started. ${remedy}`);
}
