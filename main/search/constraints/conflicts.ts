/**
 * Which constraints are in conflict, and the nearest value of one of them that can be held with the others: found by
 * projecting test images onto sets from which constraints were taken away, and by bisection. The sets with an exact contrast
 * or an amplitude spectrum are not convex, so that what fails for all test images is called a conflict, without a proof.
 */
import { type Constraints, endsOf } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import { nyquistCpd, rasterPxPerDeg } from '../../stimuli/geometry.ts';
import type { SearchField } from '../model.ts';
import { bareConstraints } from './bare.ts';
import { mostSweeps, type Unmet } from './joint.ts';
import type { ConstraintImages } from './region.ts';
import { statisticsOf } from './residuals.ts';

export type Asked = { constraints: Constraints; field: SearchField; images: ConstraintImages; frames: number };

/** Images of noise that are projected to see whether anything can meet the constraints. */
const testSeeds = [1, 2];
const bisections = 9;
/** Test images are noise: adding more of it would not help. */
const noLadder = [0];

/** Null where all test images can be brought to the constraints. */
export function conflictBeforeStart(asked: Asked): TwinscopeError | null {
  if (feasible(asked, asked.constraints, null) !== null) return null;
  return explain(asked, null, 'Nothing was started.');
}

/** Why this image could not be brought to constraints that others can meet. */
export function conflictOfImage(asked: Asked, deviation: Float64Array, unmet: Unmet): TwinscopeError {
  return explain(
    asked,
    deviation,
    `An image came only within ${unmet.violation.toExponential(0)} of ${unmet.name} (${mostSweeps} rounds at most). ` +
      'The step was not done and what was found before is safe.',
  );
}

type Key = 'temporal' | 'distance' | 'spectrum' | 'contrastRms' | 'normL2' | 'mask' | 'aperture' | 'range';

/** Without one of them; null where it asks for nothing. */
const relaxations: [Key, (constraints: Constraints) => Constraints | null][] = [
  ['temporal', ({ temporal, ...rest }) => (temporal === undefined ? null : rest)],
  ['distance', ({ distance, ...rest }) => (distance === undefined ? null : rest)],
  ['spectrum', ({ spectrum, ...rest }) => (spectrum === undefined ? null : rest)],
  ['mask', ({ mask, ...rest }) => (mask === undefined ? null : rest)],
  ['aperture', ({ aperture, ...rest }) => (aperture === undefined ? null : rest)],
  ['contrastRms', (all) => (all.contrastRms === null ? null : { ...all, contrastRms: null })],
  ['normL2', ({ normL2, ...rest }) => (normL2 === undefined ? null : rest)],
  ['range', (all) => (all.range[0] === 0 && all.range[1] === 1 ? null : { ...all, range: [0, 1] })],
];

function explain(asked: Asked, deviation: Float64Array | null, kept: string): TwinscopeError {
  const conflict: Key[] = [];
  let current = asked.constraints;
  for (const [key, relax] of relaxations) {
    const without = relax(current);
    if (without === null) continue;
    if (feasible(asked, without, deviation) === null) current = without;
    else conflict.push(key);
  }
  if (conflict.length < 2 && !conflict.includes('range')) conflict.push('range');
  const nearest = nearestValue(asked, conflict, deviation);
  const names = conflict.map((key) => (key === 'range' ? `range (${asked.constraints.range.join(' to ')})` : key));
  return new TwinscopeError(
    'bad-input',
    `These constraints cannot be met together: ${names.join(', ')}. ${kept} ` +
      (nearest === null
        ? 'Leave one of them out.'
        : `With all others as they are, the nearest feasible value of ${nearest.path} is ${nearest.value}. Set it to that, or leave ` +
          'one of them out.'),
    { constraints: conflict, ...(nearest === null ? {} : { constraint: nearest.path, feasible: nearest.value }) },
  );
}

/** A stored image that meets the constraints, the last of the test images; null where one of them cannot be brought there. */
function feasible(
  { field, images, frames }: Asked,
  constraints: Constraints,
  deviation: Float64Array | null,
): Float32Array | null {
  const mean = constraints.meanLuminance;
  try {
    const { project, contrast, region } = bareConstraints(constraints, field, images);
    const plane = region.weights.length;
    const tests: (() => Float64Array)[] = [];
    if (deviation !== null) tests.push(() => deviation);
    else {
      const [least, most] = contrast;
      const sd = mean * (Number.isFinite(most) ? most : Math.max(least, 0.15));
      for (const seed of testSeeds) {
        tests.push(() => {
          const random = Random.fromSeed(seed, 'test image of constraints');
          return Float64Array.from({ length: frames * plane }, () => sd * random.normal());
        });
      }
    }
    let last: Float32Array | null = null;
    for (const test of tests) {
      last = project(test(), 1, deviation === null ? noLadder : undefined).image;
      if (last === null) return null;
    }
    return last;
  } catch (error) {
    if (!(error instanceof TwinscopeError)) throw error;
  }
  return null;
}

type Knob = {
  path: string;
  /** As asked, and one that an image without this constraint has by itself. */
  asked: number;
  met: number;
  set(value: number): Constraints;
};

function nearestValue(
  asked: Asked,
  conflict: readonly Key[],
  deviation: Float64Array | null,
): { path: string; value: number } | null {
  const order: Key[] = ['distance', 'contrastRms', 'normL2', 'spectrum', 'temporal'];
  for (const key of order.filter((each) => conflict.includes(each))) {
    const knob = knobOf(asked, key, deviation);
    if (knob === null) continue;
    const holds = (value: number): boolean => feasible(asked, knob.set(value), deviation) !== null;
    let { met } = knob;
    let missed = knob.asked;
    for (let i = 0; i < bisections && Math.abs(met - missed) > 1e-3 * Math.abs(met); i++) {
      const middle = (met + missed) / 2;
      if (holds(middle)) met = middle;
      else missed = middle;
    }
    const value = roundedAway(met, missed);
    for (const candidate of [value, met, knob.met]) {
      if (holds(candidate)) return { path: knob.path, value: Number(candidate.toPrecision(12)) };
    }
  }
  return null;
}

/** Three digits, on the side of `met` that lies away from `missed`. */
function roundedAway(met: number, missed: number): number {
  const unit = Number(`1e${Number(met.toExponential().split('e')[1]) - 3}`);
  const steps = met / unit;
  return Number(((met > missed ? Math.ceil(steps) : Math.floor(steps)) * unit).toPrecision(5));
}

function knobOf(asked: Asked, key: Key, deviation: Float64Array | null): Knob | null {
  const { constraints, field, images } = asked;
  if (key === 'spectrum') {
    const { spectrum } = constraints;
    if (spectrum === undefined || 'from' in spectrum || 'exponent' in spectrum) return null;
    const { highCpd, lowCpd } = spectrum;
    const path = highCpd !== undefined ? 'highCpd' : 'lowCpd';
    return {
      path: `spectrum.${path}`,
      asked: highCpd ?? lowCpd ?? 0,
      met: highCpd !== undefined ? Math.SQRT2 * nyquistCpd(rasterPxPerDeg(field)) : 0,
      set: (value) => ({ ...constraints, spectrum: { ...spectrum, [path]: value } }),
    };
  }
  const relax = relaxations.find(([name]) => name === key)?.[1];
  const without = relax?.(constraints) ?? null;
  const image = without === null ? null : feasible(asked, without, deviation);
  if (without === null || image === null) return null;
  const { weights } = bareConstraints(without, field, images).region;
  const own = statisticsOf(image, weights, { constraints, field, images });
  switch (key) {
    case 'distance': {
      const { distance } = constraints;
      if (distance === undefined) return null;
      const met = distance.unit === 'luminance' ? own.distance : own.distance / constraints.meanLuminance;
      return bounded('distance.rms', distance.rms, met, (rms) => ({ ...constraints, distance: { ...distance, rms } }));
    }
    case 'contrastRms':
      return bounded('contrastRms', constraints.contrastRms, own.contrastRms, (contrastRms) => ({
        ...constraints,
        contrastRms,
      }));
    case 'normL2':
      return bounded('normL2', constraints.normL2, own.normL2, (normL2) => ({ ...constraints, normL2 }));
    case 'temporal':
      return {
        path: 'temporal.maxChangeRms',
        asked: constraints.temporal?.maxChangeRms ?? 0,
        met: own.largestChange,
        set: (maxChangeRms) => ({ ...constraints, temporal: { maxChangeRms } }),
      };
    default:
      return null;
  }
}

type BoundedValue = Constraints['contrastRms'];

/** The end that is in the way: the largest value where a larger one is needed, the smallest otherwise. */
function bounded(
  path: string,
  value: BoundedValue | undefined,
  met: number,
  put: (value: NonNullable<BoundedValue>) => Constraints,
): Knob | null {
  if (value === null || value === undefined) return null;
  if (typeof value === 'number') return { path, asked: value, met, set: put };
  const [least, most] = endsOf(value);
  if (met > most) return { path: `${path}.max`, asked: most, met, set: (max) => put({ ...value, max }) };
  if (met < least) return { path: `${path}.min`, asked: least, met, set: (min) => put({ ...value, min }) };
  return null;
}
