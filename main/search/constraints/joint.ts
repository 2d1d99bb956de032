/**
 * Several constraints at once. Convex ones: Dykstra's algorithm (Boyle & Dykstra 1986) ends at the nearest point of all. An
 * exact RMS contrast, and any smallest contrast or distance, is made convex: the point of {contrast = S} nearest to z is that
 * of {contrast ≤ S} nearest to b·z for every b from some size on, because both maximise ⟨d, z⟩. With an amplitude spectrum,
 * which is not convex, projections alternate (Gerchberg & Saxton 1972) and end at a near point, not always the nearest. So does a
 * band under an aperture: the band is projected on in the plain metric of pixels, all else in that weighted by the aperture.
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
const largestMagnification = 65_536;
/** A doubling that leaves more of the missing sum of squares than this ends the attempt. */
const leastGain = 0.9;
/** The decline of the largest violation is judged over this many sweeps. */
const judgedSweeps = 40;
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
  /** Of the noise that replaces missing structure; null: none does. */
  seed: number | null;
};

/** What was not met: the set furthest from its constraint and its violation. */
export type Unmet = { name: JointSet['name'] | 'contrast'; violation: number };
export type JointResult = { point: Float64Array; unmet: null } | { point: null; unmet: Unmet };

/**
 * The nearest point of all sets (a feasible one near to it where sets differ in metric or are not convex), or, where rounding or the shape of the target leaves none, what was missed. `ladder`: noise that
 * is added in one attempt after the other, in standard deviations of the target.
 */
export function projectJointly(problem: JointProblem, ladder: readonly number[] = noiseLadder): JointResult {
  let result: JointResult | null = null;
  let random: Random | null = null;
  const sd = spread(problem);
  for (const amount of ladder) {
    if (amount > 0) {
      if (problem.seed === null) break;
      random ??= Random.fromSeed(problem.seed, 'joint projection');
    }
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
  let before = Infinity;
  for (let b = 1; b <= largestMagnification; b *= 2) {
    const result = sweep(problem, magnified(target, start * b), wanted, slab);
    if (result.unmet !== null) return result;
    const short = 1 - sumOfSquares(result.point, volume) / wanted;
    if (short <= tolerance) return result;
    unmet = { name: 'contrast', violation: short / 2 };
    if (b > 4 && short > leastGain * before) break;
    before = short;
  }
  return { point: null, unmet };
}

/** At the smallest distance, on the side of the given image where the target lies. */
function awayFrom(problem: JointProblem, distance: Distance): JointResult {
  const away = (b: number): Float64Array =>
    problem.target.map((d, i) => {
      const g = distance.given[i] as number;
      return g + b * (d - g);
    });
  let short = 1;
  for (let b = 1; b <= largestMagnification; b *= 2) {
    const free = sweep(problem, away(b), problem.most, null);
    if (free.unmet !== null) return free;
    short = 1 - squaredDistance(free.point, distance) / distance.least;
    // Far enough: the smallest distance, held as the largest one, ends exactly there.
    if (short <= 0) return sweep(problem, away(b), problem.most, ballSet({ ...distance, most: distance.least }));
  }
  return { point: null, unmet: { name: 'distance', violation: short / 2 } };
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
 * Rounds from `start` until every set holds at a point of the regular set: range, mean, Σ A d² in [least, most].
 * Convex sets S_i have a pull y_i each, and the point is x = P(start − Σ y_i) with the projection P onto the regular set:
 * y_i ← v − P_i(v)/m, v = y_i + x/m, m the number of sets, which is the gradient step on the dual of the projection (for one set:
 * Dykstra's), with Nesterov's momentum, begun again whenever it points backwards.
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
  const convex = sets.every(({ kind }) => kind !== 'nonconvex');
  const pulls = convex ? sets.map((set) => new Pull(set, start.length, 1 / sets.length)) : [];
  const x = start.slice();
  const history: number[] = [];
  let momentum = 1;
  let unmet: Unmet = { name: 'contrast', violation: 1 };
  for (let round = 0; round < mostSweeps; round++) {
    if (convex) {
      x.set(start);
      for (const pull of pulls) subtract(x, pull.ahead);
    }
    if (!regular(x, volume, least, most, seed)) return { point: null, unmet: { name: 'contrast', violation: 1 } };
    unmet = { name: 'contrast', violation: 0 };
    for (const set of sets) {
      const violation = set.violation(x);
      if (violation > unmet.violation) unmet = { name: set.name, violation };
    }
    let backwards = 0;
    for (const pull of pulls) {
      const { turned, moved } = pull.step(x);
      backwards += turned;
      // A point inside that is still pulled inwards is not the nearest one.
      if (moved > unmet.violation) unmet = { name: pull.set.name, violation: moved };
    }
    if (unmet.violation <= tolerance) return { point: x, unmet: null };
    history.push(unmet.violation);
    if (isHopeless(history)) break;
    if (!convex) {
      for (const set of sets) set.project(x);
      continue;
    }
    const next = (1 + Math.sqrt(1 + 4 * momentum * momentum)) / 2;
    if (backwards > 0) momentum = 1;
    for (const pull of pulls) pull.lookAhead(backwards > 0 ? 0 : (momentum - 1) / next);
    if (backwards <= 0) momentum = next;
  }
  return { point: null, unmet };
}

/** What one set subtracts from the start, now and, by its momentum, ahead. */
class Pull {
  readonly ahead: Float64Array;
  readonly set: JointSet;
  readonly #share: number;
  #now: Float64Array;
  #before: Float64Array;
  readonly #scratch: Float64Array;

  constructor(set: JointSet, length: number, share: number) {
    this.set = set;
    this.#share = share;
    this.ahead = new Float64Array(length);
    this.#now = new Float64Array(length);
    this.#before = new Float64Array(length);
    this.#scratch = new Float64Array(length);
  }

  /**
   * A gradient step from `ahead` at the point x. `turned`: more than 0 where it turns back from where the momentum leads; `moved`:
   * its length over that of x, 0 where x is the nearest point of this set.
   */
  step(x: Float64Array): { turned: number; moved: number } {
    const { ahead } = this;
    const scratch = this.#scratch;
    const share = this.#share;
    const [next, now] = [this.#before, this.#now];
    // Of an affine set the pull is normal to it, and does not change the projection.
    const affine = this.set.kind === 'affine';
    for (let i = 0; i < x.length; i++) scratch[i] = (x[i] as number) + (affine ? 0 : (ahead[i] as number) / share);
    this.set.project(scratch);
    let turned = 0;
    let squares = 0;
    let length = 0;
    for (let i = 0; i < x.length; i++) {
      const e = (x[i] as number) - (scratch[i] as number);
      const pulled = (ahead[i] as number) + share * e;
      turned -= e * (pulled - (now[i] as number));
      squares += e * e;
      length += (x[i] as number) * (x[i] as number);
      next[i] = pulled;
    }
    this.#before = now;
    this.#now = next;
    return { turned, moved: squares === 0 ? 0 : Math.sqrt(squares / length) };
  }

  lookAhead(factor: number): void {
    for (let i = 0; i < this.ahead.length; i++) {
      const now = this.#now[i] as number;
      this.ahead[i] = now + factor * (now - (this.#before[i] as number));
    }
  }
}

/** Whether violations that go on to decline as they did lately end above the tolerance. */
function isHopeless(history: readonly number[]): boolean {
  const done = history.length;
  if (done < 2 * judgedSweeps || done % judgedSweeps !== 0) return false;
  const now = Math.min(...history.slice(-judgedSweeps));
  const ratio = now / Math.min(...history.slice(-2 * judgedSweeps, -judgedSweeps));
  let expected = now;
  for (let round = done; round < mostSweeps; round += judgedSweeps) expected *= ratio;
  return ratio >= 1 || expected > tolerance;
}

function subtract(x: Float64Array, other: Float64Array): void {
  for (let i = 0; i < x.length; i++) x[i] = (x[i] as number) - (other[i] as number);
}

/** Range, fade, mean and contrast; the pixels that are not free get their background. False where they cannot be met. */
function regular(x: Float64Array, volume: JointVolume, least: number, most: number, seed: number | null): boolean {
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
