/** The parameters of one generator as a box: fixed, continuous or discrete, checked against what the twin can be shown. */
import type { z } from 'zod';
import type { Constraints, ParameterRange, ParametricSpace, ParametricStimulus } from '../../contract/plans.ts';
import {
  counterphaseGratingSpec,
  driftingGratingSpec,
  driftingPlaidSpec,
  gaborSpec,
  gratingSpec,
  noiseSpec,
  randomDotsSpec,
  type StimulusSpec,
} from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { nyquistCpd } from '../../stimuli/geometry.ts';
import { mustStandStill, refuseShown, tooFast } from '../../stimuli/motion.ts';
import { formatNumber, generatorNouns } from '../../stimuli/words.ts';
import type { ModelUnit, SearchField } from '../model.ts';
import { nearest, resolveTarget } from '../objectives/target.ts';
import { between, type Boundary, inUnitInterval, levelAt, type SpecBox } from './box.ts';

type Generator = { noun: string; nouns: string; shape: Record<string, z.ZodType> };

const generator = (type: ParametricStimulus, noun: string, { shape }: { shape: object }): Generator => {
  const { type: _, ...parameters } = shape as Record<string, z.ZodType>;
  return { noun, nouns: generatorNouns[type], shape: parameters };
};

const generators: Record<ParametricStimulus, Generator> = {
  grating: generator('grating', 'grating', gratingSpec),
  gabor: generator('gabor', 'Gabor', gaborSpec),
  noise: generator('noise', 'noise image', noiseSpec),
  'drifting-grating': generator('drifting-grating', 'drifting grating', driftingGratingSpec),
  'counterphase-grating': generator('counterphase-grating', 'counterphase grating', counterphaseGratingSpec),
  'drifting-plaid': generator('drifting-plaid', 'drifting plaid', driftingPlaidSpec),
  'random-dots': generator('random-dots', 'field of dots', randomDotsSpec),
};

/** Searched in equal ratios where the range does not touch 0. */
const ratios = new Set([
  'spatialFrequencyCpd',
  'temporalFrequencyHz',
  'speedDegPerS',
  'diameterDeg',
  'sigmaDeg',
  'aspectRatio',
  'dotDiameterDeg',
  'dotsPerDeg2',
  'lifetimeS',
]);
const turns = new Set(['orientationDeg', 'directionDeg', 'phaseDeg']);

type Value = number | string;
type Continuous = { name: string; low: number; high: number; logarithmic: boolean; boundary: Boundary };
/** The least and the largest value of a parameter. */
type Ends = { low: number; high: number };
type Discrete = { name: string; count: number; wraps: boolean; value(level: number): Value };

/**
 * Throws 'bad-input' for parameters that the generator lacks, or needs and does not get, bounds that are empty, beyond the
 * raster's or the frames' Nyquist limit or outside the luminance range, and units without a place.
 */
export function createParametricBox(
  space: ParametricSpace,
  constraints: Constraints,
  field: SearchField,
  units: readonly ModelUnit[] = [],
): SpecBox {
  const { noun, nouns, shape } = generators[space.stimulus];
  const ranges = withPlace(space, shape, nouns, units);
  const fixed: Record<string, Value> = {};
  const continuous = new Map<string, Continuous>();
  const discrete = new Map<string, Discrete>();
  for (const name of Object.keys(shape)) {
    const range = ranges[name];
    if (range === undefined) {
      const usual = shape[name]?.safeParse(undefined);
      if (usual?.success !== true) {
        throw refuse(
          `${capital(nouns)} need ${name}, which the space does not state.`,
          `Write ${name}: [low, high] or a single value.`,
        );
      }
      fixed[name] = usual.data as Value;
    } else if (Array.isArray(range)) {
      const [low, high] = range;
      if (low > high)
        throw refuse(`The bounds of ${name} run from ${low} down to ${high}.`, `Write them as [${high}, ${low}].`);
      for (const value of range) requireValue(shape, name, value);
      if (low === high) fixed[name] = low;
      else if (name === 'seed') {
        discrete.set(name, { name, count: high - low + 1, wraps: true, value: (level) => low + level });
      } else {
        continuous.set(name, {
          name,
          low,
          high,
          logarithmic: ratios.has(name) && low > 0,
          boundary: turns.has(name) && high - low === 360 ? 'wrap' : 'reflect',
        });
      }
    } else if (typeof range === 'object') {
      const values = [...new Set(range.values)];
      for (const value of values) requireValue(shape, name, value);
      const numbers = values.filter((value) => typeof value === 'number').toSorted((a, b) => a - b);
      const ordered: Value[] = numbers.length === values.length ? numbers : values;
      if (ordered.length === 1) fixed[name] = ordered[0] as Value;
      else {
        const wraps = turns.has(name) || ordered !== numbers;
        discrete.set(name, { name, count: ordered.length, wraps, value: (level) => ordered[level] as Value });
      }
    } else {
      requireValue(shape, name, range);
      fixed[name] = range;
    }
  }
  const orientation = continuous.get('orientationDeg');
  const phase = continuous.get('phaseDeg');
  // Half a turn of the bars shows the same grating with its phase reversed.
  if (orientation !== undefined && orientation.high - orientation.low === 180 && phase?.boundary === 'wrap') {
    orientation.boundary = 'flip';
  }
  const free = Object.keys(shape).filter((name) => continuous.has(name) || discrete.has(name));
  if (free.length === 0) {
    throw refuse(`All bounds of the space of ${nouns} are single values, so there is nothing to search.`, 'Widen one.');
  }
  const box: SpecBox = {
    noun,
    nouns,
    genes: free.map((name) => ({ levels: discrete.get(name)?.count ?? null })),
    spec: (point) => {
      const values: Record<string, Value> = { ...fixed };
      let flipped = false;
      for (const [i, name] of free.entries()) {
        const t = point[i] as number;
        const levels = discrete.get(name);
        if (levels !== undefined) {
          values[name] = levels.value(levelAt(t, levels.count, levels.wraps));
          continue;
        }
        const { low, high, logarithmic, boundary } = continuous.get(name) as Continuous;
        values[name] = between(low, high, logarithmic, inUnitInterval(t, boundary));
        if (boundary === 'flip' && Math.abs(Math.floor(t)) % 2 === 1) flipped = true;
      }
      if (flipped) {
        const { low, high } = phase as Continuous;
        const turned = inUnitInterval((-(values['phaseDeg'] as number) - low) / 360, 'wrap');
        values['phaseDeg'] = between(low, high, false, turned);
      }
      if ('edgeDeg' in values) {
        values['edgeDeg'] = Math.min(values['edgeDeg'] as number, values['diameterDeg'] as number);
      }
      // In the order of the description, which is that of its stored form.
      const ordered = Object.keys(shape).map((name) => [name, values[name]]);
      return { type: space.stimulus, ...Object.fromEntries(ordered) } as StimulusSpec;
    },
  };
  const ends = (name: string): Ends => {
    const levels = discrete.get(name);
    const range = continuous.get(name);
    if (levels === undefined) return range ?? { low: fixed[name] as number, high: fixed[name] as number };
    const values = Array.from({ length: levels.count }, (_, level) => levels.value(level) as number);
    return { low: Math.min(...values), high: Math.max(...values) };
  };
  requireShown(space.stimulus, box, ends, constraints, field);
  return box;
}

/** The stated ranges with those that a receptive field gives. */
function withPlace(
  { parameters, place }: ParametricSpace,
  shape: Generator['shape'],
  nouns: string,
  units: readonly ModelUnit[],
): Record<string, ParameterRange> {
  const names = Object.keys(shape);
  for (const name of Object.keys(parameters)) {
    if (names.includes(name)) continue;
    throw refuse(
      `${capital(nouns)} have no parameter '${name}'; the nearest name is '${nearest(name, names)}'.`,
      `Their parameters are ${names.join(', ')}.`,
    );
  }
  if (place === undefined) return parameters;
  const [group] = resolveTarget([{ area: place.area, units: [place.unit] }], units);
  const { xDeg = null, yDeg = null, sizeDeg = null } = units[group?.units[0] as number]?.place ?? {};
  const size = 'sigmaDeg' in shape ? 'sigmaDeg' : 'diameterDeg';
  if (xDeg === null || yDeg === null || (sizeDeg === null && !(size in parameters))) {
    throw refuse(
      `The twin’s table of units does not tell where ${place.area} unit ${place.unit} has its receptive field` +
        (xDeg === null || yDeg === null ? '' : ', or not how large it is') +
        '.',
      `State xDeg, yDeg and ${size} among the parameters instead.`,
    );
  }
  for (const name of ['xDeg', 'yDeg']) {
    if (!(name in parameters)) continue;
    throw refuse(
      `The space states ${name}, and also that it is that of ${place.area} unit ${place.unit}.`,
      `Leave out ${name} or \`place\`.`,
    );
  }
  const diameterDeg = place.scale * (sizeDeg ?? 0);
  return { [size]: size === 'sigmaDeg' ? diameterDeg / 4 : diameterDeg, ...parameters, xDeg, yDeg };
}

function requireValue(shape: Generator['shape'], name: string, value: Value): void {
  const parsed = shape[name]?.safeParse(value);
  if (parsed?.success !== false) return;
  throw refuse(
    `${name} cannot be ${typeof value === 'string' ? `'${value}'` : value}: ${parsed.error.issues[0]?.message ?? 'it is no such value'}.`,
    'Choose other bounds or values.',
  );
}

function requireShown(
  stimulus: ParametricStimulus,
  { nouns, spec, genes }: SpecBox,
  ends: (name: string) => Ends,
  constraints: Constraints,
  field: SearchField,
): void {
  const example = spec(genes.map(() => 0));
  const fastest = {
    ...example,
    ...('temporalFrequencyHz' in example ? { temporalFrequencyHz: ends('temporalFrequencyHz').high } : {}),
    ...('lifetimeS' in example ? { lifetimeS: ends('lifetimeS').low } : {}),
  } as StimulusSpec;
  const { frames = 1, frameRateHz = null } = field;
  refuseShown(frames === 1 ? mustStandStill([fastest], 'This twin') : null);
  refuseShown(frameRateHz === null ? null : tooFast(fastest, frameRateHz));
  const pxPerDeg = field.sizePx / field.fieldOfViewDeg;
  const cpd = 'spatialFrequencyCpd' in example ? ends('spatialFrequencyCpd').high : 0;
  if (cpd > nyquistCpd(pxPerDeg)) {
    throw refuse(
      `${capital(nouns)} of up to ${formatNumber(cpd)} cpd need ${formatNumber(2 * cpd)} px per degree; this twin has ${formatNumber(pxPerDeg)}.`,
      `Lower the upper bound of spatialFrequencyCpd to ${formatNumber(pxPerDeg / 2)}.`,
    );
  }
  const room = contrastRoom(capital(nouns), constraints, field);
  if (stimulus === 'noise') {
    if (constraints.range[0] === 0 && constraints.range[1] === 1) return;
    throw refuse('Noise reaches from black to white, beyond the luminance range.', 'Set the range to [0, 1].');
  }
  const name = 'componentContrast' in example ? 'componentContrast' : 'contrast';
  const most = name === 'contrast' ? room : room / 2;
  if (ends(name).high > most * (1 + 1e-9)) {
    throw refuse(
      `A ${name} of up to ${formatNumber(ends(name).high)} leaves the luminance range.`,
      `Lower the upper bound of ${name} to ${formatNumber(most)}, or widen the range.`,
    );
  }
}

/** Largest contrast that stays within the range on the twin's background. */
export function contrastRoom(what: string, constraints: Constraints, { background }: SearchField): number {
  const [low, high] = constraints.range;
  const room = Math.min(background - low, high - background) / background;
  if (!(room > 0)) {
    throw refuse(
      `${what} stand on this twin's background luminance of ${formatNumber(background)}, which leaves no room within the range ` +
        `${formatNumber(low)} to ${formatNumber(high)}.`,
      'Widen the range.',
    );
  }
  if (Math.abs(constraints.meanLuminance - background) > 1e-9) {
    throw refuse(
      `${what} stand on this twin's background luminance of ${formatNumber(background)}, not on ${formatNumber(constraints.meanLuminance)}.`,
      `Set the mean luminance to ${formatNumber(background)}.`,
    );
  }
  return room;
}

const capital = (words: string): string => words.charAt(0).toUpperCase() + words.slice(1);

function refuse(what: string, remedy: string): TwinscopeError {
  return new TwinscopeError('bad-input', `${what} Nothing was started. ${remedy}`);
}
