/**
 * Several constraints at once. Convex ones: Dykstra's algorithm (Boyle & Dykstra 1986) ends at the nearest point of all. An
 * exact RMS contrast, and any smallest contrast or distance, is made convex: the point of {contrast = S} nearest to z is that
 * of {contrast ≤ S} nearest to b·z for every b from some size on, because both maximise ⟨d, z⟩. With an amplitude spectrum,
 * which is not convex, projections alternate (Gerchberg & Saxton 1972) and end at a near point, not always the nearest.
 */
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import { ballSet, type Distance, type JointSet, slabSet, squaredDistance } from './jointSets.ts';
import { nearestWithin } from './projection.ts';

/** Rounds through all sets, at most. */
export const mostSweeps = 2_000;
/** Of every set, relative. */
const tolerance = 5e-8;
/** Where a shorter b·z does not reach the wanted contrast, the next one is twice as long. */
const largestMagnification = 256;
/** The decline of the largest violation is judged over this many sweeps. */
const judgedSweeps = 50;
const noiseLadder = [0, 1e-3, 1];

/** The pixels that are free, frame behind frame, and the values of the others. */
export type JointVolume = {
  frames: number;
  /** Pixels of one frame, and those of them that are free. */
  plane: number;
  pixels: Int32Array;
  weight: Float64Array;
  below: Float64Array;
  above: Float64Array;
  /** Deviation of the background from the mean, for every pixel of one frame. */
  background: Float64Array;
};

export type JointProblem = {
  /** Deviation from the mean of every pixel of every frame. */
  target: Float64Array;
  volume: JointVolume;
  /** Smallest and largest Σ A d². */
  least: number;
  most: number;
  spectrum: JointSet | null;
  distance: Distance | null;
  temporal: JointSet | null;
  seed: number;
};

/** What was not met: the set furthest from its constraint and its violation. */
export type Unmet = { name: JointSet['name'] | 'contrast'; violation: number };
export type JointResult = { point: Float64Array; unmet: null } | { point: null; unmet: Unmet };

/** The nearest point of all sets, or, where rounding or the shape of the target leaves none, what was missed. */
export function projectJointly(problem: JointProblem): JointResult {
  let result: JointResult | null = null;
  let random: Random | null = null;
  const sd = spread(problem);
  for (const amount of noiseLadder) {
    if (amount > 0) random ??= Random.fromSeed(problem.seed, 'joint projection');
    const target = random === null ? problem.target : mixed(problem, sd, amount, random);
    const found = attempt({ ...problem, target });
    if (found.unmet === null) return found;
    result = found;
  }
  return result as JointResult;
}

/** Weighted standard deviation of the target over the free pixels. */
function spread({ target, volume }: JointProblem): number {
  let total = 0;
  let sum = 0;
  let squares = 0;
  each(volume, (at, k) => {
    const a = volume.weight[k] as number;
    const d = target[at] as number;
    total += a;
    sum += a * d;
    squares += a * d * d;
  });
  if (!Number.isFinite(squares)) {
    throw new TwinscopeError('bad-input', 'An image holds values that are not numbers, so it cannot be adjusted.');
  }
  const mean = sum / total;
  return Math.sqrt(Math.max(0, squares / total - mean * mean));
}

/** The target with noise added, in its own standard deviations; noise alone for an amount of 1. */
function mixed({ target, volume, most }: JointProblem, sd: number, amount: number, random: Random): Float64Array {
  let free = 0;
  for (const a of volume.weight) free += a;
  const wanted = Number.isFinite(most) ? Math.sqrt(most / free) : 0.1;
  const scale = amount * Math.max(sd, 0.1 * wanted);
  const noisy = target.slice();
  each(volume, (at) => {
    noisy[at] = (amount === 1 ? 0 : (target[at] as number)) + scale * random.normal();
  });
  return noisy;
}

function each({ frames, plane, pixels }: JointVolume, visit: (at: number, k: number) => void): void {
  for (let frame = 0, k = 0; frame < frames; frame++) {
    for (let i = 0; i < pixels.length; i++, k++) visit(frame * plane + (pixels[i] as number), k);
  }
}

function sumOfSquares(point: Float64Array, volume: JointVolume): number {
  let sum = 0;
  each(volume, (at, k) => {
    sum += (volume.weight[k] as number) * (point[at] as number) * (point[at] as number);
  });
  return sum;
}

function attempt(problem: JointProblem): JointResult {
  const { least, most, distance, target, volume } = problem;
  if (least === most) return onSphere(problem, most);
  const convex = sweep(
    problem,
    target,
    most,
    distance === null || distance.most === Infinity ? null : ballSet(distance),
  );
  if (convex.unmet !== null) return convex;
  let result: JointResult = convex;
  if (distance !== null && squaredDistance(convex.point, distance) < distance.least * (1 - tolerance)) {
    result = awayFrom(problem, distance);
    if (result.unmet !== null) return result;
  }
  if (result.point !== null && sumOfSquares(result.point, volume) < least * (1 - tolerance))
    return onSphere(problem, least);
  return result;
}

/** With Σ A d² = S. */
function onSphere(problem: JointProblem, wanted: number): JointResult {
  const { target, volume, distance, spectrum } = problem;
  const slab = distance === null ? null : slabSet(distance, wanted);
  const own = centredSquares(target, volume);
  if (own === 0) return { point: null, unmet: { name: 'contrast', violation: 1 } };
  const start = Math.sqrt(wanted / own);
  // Alternating projections go to the sphere itself.
  if (spectrum?.kind === 'nonconvex') return sweep(problem, magnified(target, start), wanted, slab, wanted);
  let unmet: Unmet = { name: 'contrast', violation: 1 };
  for (let b = 1; b <= largestMagnification; b *= 2) {
    const result = sweep(problem, magnified(target, start * b), wanted, slab);
    if (result.unmet !== null) return result;
    const short = 1 - sumOfSquares(result.point, volume) / wanted;
    if (short <= tolerance) return result;
    unmet = { name: 'contrast', violation: short / 2 };
  }
  return { point: null, unmet };
}

/** At the smallest distance, on the side of the given image where the target lies. */
function awayFrom(problem: JointProblem, distance: Distance): JointResult {
  const ball = ballSet({ ...distance, most: distance.least });
  let unmet: Unmet = { name: 'distance', violation: 1 };
  for (let b = 1; b <= largestMagnification; b *= 2) {
    const far = problem.target.map((d, i) => {
      const g = distance.given[i] as number;
      return g + b * (d - g);
    });
    const result = sweep(problem, far, problem.most, ball);
    if (result.unmet !== null) return result;
    const short = 1 - squaredDistance(result.point, distance) / distance.least;
    if (short <= tolerance) return result;
    unmet = { name: 'distance', violation: short / 2 };
  }
  return { point: null, unmet };
}

function centredSquares(point: Float64Array, volume: JointVolume): number {
  let total = 0;
  let sum = 0;
  let squares = 0;
  each(volume, (at, k) => {
    const a = volume.weight[k] as number;
    total += a;
    sum += a * (point[at] as number);
    squares += a * (point[at] as number) * (point[at] as number);
  });
  return Math.max(0, squares - (sum * sum) / total);
}

const magnified = (point: Float64Array, factor: number): Float64Array => point.map((d) => factor * d);

/**
 * Rounds of projections from `start`, the regular set (range, mean, Σ A d² in [least, most]) first in each, until every other
 * set holds at its result.
 */
function sweep(
  problem: JointProblem,
  start: Float64Array,
  most: number,
  distance: JointSet | null,
  least = 0,
): JointResult {
  const { volume, spectrum, temporal, seed } = problem;
  const sets = [spectrum, distance, temporal].filter((set) => set !== null);
  const dykstra = sets.every(({ kind }) => kind !== 'nonconvex');
  const memory = new Map<JointSet, Float64Array>(
    dykstra ? sets.filter(({ kind }) => kind === 'convex').map((set) => [set, new Float64Array(start.length)]) : [],
  );
  const regularMemory = dykstra ? new Float64Array(start.length) : null;
  const before = new Float64Array(start.length);
  let x = start.slice();
  const history: number[] = [];
  let unmet: Unmet = { name: 'contrast', violation: 1 };
  for (let round = 0; round < mostSweeps; round++) {
    if (regularMemory !== null) add(x, regularMemory);
    before.set(x);
    if (!regular(x, volume, least, most, seed)) return { point: null, unmet: { name: 'contrast', violation: 1 } };
    if (regularMemory !== null) keepDifference(regularMemory, before, x);
    unmet = { name: 'contrast', violation: 0 };
    for (const set of sets) {
      const violation = set.violation(x);
      if (violation > unmet.violation) unmet = { name: set.name, violation };
    }
    if (unmet.violation <= tolerance) return { point: x, unmet: null };
    history.push(unmet.violation);
    if (isHopeless(history)) break;
    for (const set of sets) {
      const kept = memory.get(set);
      if (kept === undefined) {
        set.project(x);
        continue;
      }
      add(x, kept);
      before.set(x);
      set.project(x);
      keepDifference(kept, before, x);
    }
  }
  return { point: null, unmet };
}

/** Whether violations that go on to decline as they did lately end above the tolerance. */
function isHopeless(history: readonly number[]): boolean {
  const done = history.length;
  if (done < 3 * judgedSweeps || done % judgedSweeps !== 0) return false;
  const now = history[done - 1] as number;
  const ratio = now / (history[done - 1 - judgedSweeps] as number);
  let expected = now;
  for (let round = done; round < mostSweeps; round += judgedSweeps) expected *= ratio;
  return ratio >= 1 || expected > tolerance;
}

function add(x: Float64Array, other: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) + (other[i] as number);
}

function keepDifference(kept: Float64Array, before: Float64Array, after: Float64Array): void {
  for (let i = 0; i < kept.length; i++) kept[i] = (before[i] as number) - (after[i] as number);
}

/** Range, fade, mean and contrast; the pixels that are not free get their background. False where they cannot be met. */
function regular(x: Float64Array, volume: JointVolume, least: number, most: number, seed: number): boolean {
  const { frames, plane, weight, below, above, background } = volume;
  const target = new Float64Array(weight.length);
  each(volume, (at, k) => {
    target[k] = x[at] as number;
  });
  let deviation: Float64Array;
  try {
    deviation = nearestWithin({ target, weight, below, above, seed }, least, most);
  } catch (error) {
    if (error instanceof TwinscopeError) return false;
    throw error;
  }
  for (let frame = 0; frame < frames; frame++) x.set(background, frame * plane);
  each(volume, (at, k) => {
    x[at] = deviation[k] as number;
  });
  return true;
}
