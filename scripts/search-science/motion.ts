/**
 * Pattern cells of the motion twin: the velocity of the clip that drives one best, against the preference that rigidly moving
 * noise shows it to have. (The velocity planted in a cell is that of its weights; its response is largest beside it.)
 *
 * A pattern that moves with velocity v has its power on the plane f_t + v·f = 0 of frequencies. The velocity of a clip is
 * that of the plane with the least squared distance in f_t, weighted by power (Adelson & Bergen 1985; Heeger 1987):
 * v = −(Σ P f fᵀ)⁻¹ Σ P f f_t.
 */
import { evaluate } from '../../main/search/model.ts';
import { Random } from '../../main/platform/random.ts';
import { openSubject, type Subject } from '../../bench/search/subject.ts';
import { medianOf } from '../../main/platform/median.ts';
import type { TwinUnit } from '../../main/contract/twins.ts';
import type { SearchField } from '../../main/search/model.ts';
import { fft, fft2 } from '../../main/stimuli/fft.ts';
import type { Row } from './rows.ts';

const twin = 'primate-motion-v1-mt';
const area = 'MT-pattern';
const within = { directionDeg: 15, octaves: 0.5 };
const steps = 100;

const directionsDeg = Array.from({ length: 24 }, (_, k) => 15 * k);
const speedsDegPerS = Array.from({ length: 9 }, (_, k) => 2 ** (0.5 * k));
const samples = 4;

/** Eight units of the area, of all speeds and places in turn. */
const isChosen = (_: unknown, index: number): boolean => index % 18 === 4;

export async function motion(): Promise<Row[]> {
  const subject = await openSubject({ twin, batchSize: 4, threads: 2 });
  const units = subject.table.filter((unit) => unit.area === area).filter(isChosen);
  const preferenceOf = await measurePreferences(subject);
  const misses: { directionDeg: number; octaves: number }[] = [];
  for (const { unit, ...place } of units) {
    const index = modestClip(subject, unit);
    const search = subject.search(
      {
        target: [{ area, units: [unit] }],
        space: { type: 'pixels', motion: 'moving', startFrom: { from: { set: 'reference' }, index } },
        optimiser: { type: 'gradient', steps },
        starts: 2,
      },
      { start: subject.reference },
    );
    while (!search.done) await search.advance();
    const found = search.result().candidates[0];
    if (found === undefined) throw new Error(`nothing was found for ${unit}`);
    const velocity = velocityOf(found.image, subject.model.field, seenBy(place, subject.model.field));
    const preferred = preferenceOf(unit);
    const turned = Math.abs(velocity.directionDeg - preferred.directionDeg) % 360;
    misses.push({
      directionDeg: Math.min(turned, 360 - turned),
      octaves: Math.abs(Math.log2(velocity.degPerS / preferred.degPerS)),
    });
  }
  await subject.close();
  const good = misses.filter(
    ({ directionDeg, octaves }) => directionDeg <= within.directionDeg && octaves <= within.octaves,
  );
  return [
    {
      check: 'MT pattern cells: direction and speed of the found clip',
      measured:
        `${good.length} of ${misses.length} cells (median miss ${medianOf(misses.map((m) => m.directionDeg)).toFixed(1)}°, ` +
        `${medianOf(misses.map((m) => m.octaves)).toFixed(2)} octaves)`,
      wanted: `all within ${within.directionDeg}° and ${within.octaves} octaves of the measured preference`,
      passed: good.length === misses.length,
    },
  ];
}

type Velocity = { directionDeg: number; degPerS: number };

/** The largest mean response to pictures of 1/f noise that move rigidly, between the samples by a parabola each. */
async function measurePreferences({ model }: Subject): Promise<(unit: string) => Velocity> {
  const n = model.units.length;
  const mean: Float64Array[][] = [];
  for (const directionDeg of directionsDeg) {
    const row: Float64Array[] = [];
    mean.push(row);
    for (const degPerS of speedsDegPerS) {
      const sum = new Float64Array(n);
      const clips = Array.from({ length: samples }, (_, seed) =>
        movingNoise(model.field, seed, { directionDeg, degPerS }),
      );
      row.push(sum);
      for (const responses of await evaluate(model, clips, 'moving noise was shown')) {
        for (let u = 0; u < n; u++) sum[u] = (sum[u] as number) + (responses[u] as number) / samples;
      }
    }
  }
  return (unit) => {
    const u = model.units.findIndex((each) => each.area === area && each.unit === unit);
    const at = (d: number, v: number): number =>
      mean[(d + directionsDeg.length) % directionsDeg.length]?.[Math.min(Math.max(v, 0), speedsDegPerS.length - 1)]?.[
        u
      ] ?? 0;
    let best = { d: 0, v: 0 };
    for (const d of directionsDeg.keys())
      for (const v of speedsDegPerS.keys()) if (at(d, v) > at(best.d, best.v)) best = { d, v };
    const { d, v } = best;
    const along = vertex(at(d - 1, v), at(d, v), at(d + 1, v));
    const across = v === 0 || v === speedsDegPerS.length - 1 ? 0 : vertex(at(d, v - 1), at(d, v), at(d, v + 1));
    return { directionDeg: 15 * (d + along), degPerS: 2 ** (0.5 * (v + across)) };
  };
}

/** Where the parabola through three values at −1, 0 and 1 is largest. */
const vertex = (before: number, middle: number, after: number): number => {
  const bend = before - 2 * middle + after;
  return bend < 0 ? (before - after) / (2 * bend) : 0;
};

/** A periodic picture of 1/f noise up to half the Nyquist limit, moved by turning the phases of its components; RMS contrast .2. */
function movingNoise(field: SearchField, seed: number, { directionDeg, degPerS }: Velocity): Float32Array {
  const { sizePx: n, fieldOfViewDeg, frames = 1, frameRateHz, background } = field;
  const random = Random.fromSeed(seed, 'moving noise');
  const direction = (directionDeg * Math.PI) / 180;
  const pxPerFrame = ((degPerS / (frameRateHz ?? 1)) * n) / fieldOfViewDeg;
  // Rows run downwards.
  const [right, down] = [pxPerFrame * Math.cos(direction), -pxPerFrame * Math.sin(direction)];
  const waves: { at: number; amplitude: number; phase: number; perFrame: number }[] = [];
  for (let row = -n / 4; row <= n / 4; row++) {
    for (let column = -n / 4; column <= n / 4; column++) {
      const phase = 2 * Math.PI * random.uniform();
      const f = Math.hypot(row, column);
      if (f === 0) continue;
      const perFrame = (2 * Math.PI * (column * right + row * down)) / n;
      waves.push({ at: ((row + n) % n) * n + ((column + n) % n), amplitude: 1 / f, phase, perFrame });
    }
  }
  // The real part of a sum of waves has half their power.
  const power = waves.reduce((sum, { amplitude }) => sum + (amplitude * amplitude) / 2, 0);
  const scale = (0.2 * background) / Math.sqrt(power);
  const clip = new Float32Array(frames * n * n);
  for (let frame = 0; frame < frames; frame++) {
    const real = new Float64Array(n * n);
    const imaginary = new Float64Array(n * n);
    for (const { at, amplitude, phase, perFrame } of waves) {
      real[at] = amplitude * Math.cos(phase + perFrame * frame);
      imaginary[at] = amplitude * Math.sin(phase + perFrame * frame);
    }
    fft2(real, imaginary, n);
    for (let i = 0; i < n * n; i++) clip[frame * n * n + i] = background + scale * (real[i] as number);
  }
  return clip;
}

/**
 * These cells are silent to noise. A start that drives one, and does not give the answer away: the reference clip whose
 * response is nearest to a quarter of the largest.
 */
function modestClip({ model, known, reference }: Subject, unit: string): number {
  const u = model.units.findIndex((each) => each.area === area && each.unit === unit);
  const n = model.units.length;
  const responses = Array.from({ length: reference.count }, (_, s) => known.rows[s * n + u] as number);
  const rest = known.blank[u] as number;
  const wanted = rest + 0.25 * (Math.max(...responses) - rest);
  const distance = (s: number): number => Math.abs((responses[s] as number) - wanted);
  return responses.reduce((best, _, s) => (distance(s) < distance(best) ? s : best), 0);
}

/** What the cell sees of a frame: a Gaussian with the receptive field's diameter as ±2 standard deviations. */
function seenBy(
  { xDeg, yDeg, sizeDeg }: Pick<TwinUnit, 'xDeg' | 'yDeg' | 'sizeDeg'>,
  { sizePx, fieldOfViewDeg }: SearchField,
): Float64Array {
  const sd = (sizeDeg ?? fieldOfViewDeg) / 4;
  const degAt = (pixel: number): number => ((pixel + 0.5) / sizePx - 0.5) * fieldOfViewDeg;
  return Float64Array.from({ length: sizePx * sizePx }, (_, at) => {
    const x = degAt(at % sizePx) - (xDeg ?? 0);
    const y = -degAt(Math.floor(at / sizePx)) - (yDeg ?? 0);
    return Math.exp(-(x * x + y * y) / (2 * sd * sd));
  });
}

function velocityOf(
  clip: Float32Array,
  field: SearchField,
  weights: Float64Array,
): { directionDeg: number; degPerS: number } {
  const { sizePx: n, fieldOfViewDeg, frames = 1, frameRateHz, background } = field;
  const real = Float64Array.from(clip, (value, at) => (weights[at % (n * n)] as number) * (value - background));
  const imaginary = new Float64Array(clip.length);
  alongAxis(real, imaginary, n, 1);
  alongAxis(real, imaginary, n, n);
  alongAxis(real, imaginary, frames, n * n);
  const signed = (k: number, of: number): number => (k < of / 2 ? k : k - of);
  let xx = 0;
  let xy = 0;
  let yy = 0;
  let xt = 0;
  let yt = 0;
  for (let at = 0; at < clip.length; at++) {
    const fx = signed(at % n, n) / fieldOfViewDeg;
    // Rows run downwards.
    const fy = -signed(Math.floor(at / n) % n, n) / fieldOfViewDeg;
    const ft = (signed(Math.floor(at / (n * n)), frames) * (frameRateHz ?? 0)) / frames;
    const power = (real[at] as number) ** 2 + (imaginary[at] as number) ** 2;
    xx += power * fx * fx;
    xy += power * fx * fy;
    yy += power * fy * fy;
    xt += power * fx * ft;
    yt += power * fy * ft;
  }
  const determinant = xx * yy - xy * xy;
  const vx = -(yy * xt - xy * yt) / determinant;
  const vy = -(xx * yt - xy * xt) / determinant;
  return { directionDeg: ((Math.atan2(vy, vx) * 180) / Math.PI + 360) % 360, degPerS: Math.hypot(vx, vy) };
}

/** Transforms all lines of length `n` whose values lie `stride` apart in a row-major volume, in place. */
function alongAxis(real: Float64Array, imaginary: Float64Array, n: number, stride: number): void {
  const re = new Float64Array(n);
  const im = new Float64Array(n);
  for (let line = 0; line < real.length / n; line++) {
    const from = Math.floor(line / stride) * stride * n + (line % stride);
    for (let k = 0; k < n; k++) {
      re[k] = real[from + k * stride] as number;
      im[k] = imaginary[from + k * stride] as number;
    }
    fft(re, im);
    for (let k = 0; k < n; k++) {
      real[from + k * stride] = re[k] as number;
      imaginary[from + k * stride] = im[k] as number;
    }
  }
}
