/** The constants of the graph: profiles of the filters, the recurrence's matrices, what the units read. */
import { cos, exp, sin } from '../../main/platform/exactMath.ts';
import { mixture, type Bank, type Filter } from './bank.ts';
import {
  frameRateHz,
  gridSize,
  gridStepDeg,
  modulationChannels,
  poolReachSteps,
  poolSdSteps,
  pupilTimeConstantS,
  pxPerDeg,
  runningTimeConstantS,
  sizePx,
  type UnitParameters,
} from './parameters.ts';

export const places = gridSize * gridSize;
/** Degrees from the middle, along x or down, of pixels and of places of the grid. */
const pixelDeg = (i: number) => (i + 0.5 - sizePx / 2) / pxPerDeg;
const gridDeg = (i: number) => (i + 0.5 - gridSize / 2) * gridStepDeg;

/** Sizes of the state: real and imaginary parts of the bank's channels, then the modulation, on the grid. */
export const stateChannels = (bank: Bank): number => 2 * bank.channels.length + modulationChannels;

/** exp(−d²/2σ²)·exp(−ik·x) along one axis for a place and a pixel; the whole Gaussian has sum 1 over an unbounded raster. */
function profile(place: number, pixel: number, k: number, sdDeg: number): [re: number, im: number] {
  const d = pixelDeg(pixel) - gridDeg(place);
  const weight = exp((-d * d) / (2 * sdDeg * sdDeg)) / (Math.sqrt(2 * Math.PI) * sdDeg * pxPerDeg);
  const angle = -k * pixelDeg(pixel);
  return [weight * cos(angle), weight * sin(angle)];
}

/** [pixel, filter · 2 · place]: profiles along x, real parts before imaginary ones. */
export function alongX(filters: readonly Filter[]): Float32Array<ArrayBuffer> {
  const width = filters.length * 2 * gridSize;
  const matrix = new Float32Array(sizePx * width);
  for (const [f, { kx, sdDeg }] of filters.entries()) {
    for (let pixel = 0; pixel < sizePx; pixel++) {
      for (let place = 0; place < gridSize; place++) {
        const [re, im] = profile(place, pixel, kx, sdDeg);
        const at = pixel * width + f * 2 * gridSize + place;
        matrix[at] = re;
        matrix[at + gridSize] = im;
      }
    }
  }
  return matrix;
}

/** [filter, 2 · place, 2 · pixel]: the complex product of what lies along x with the profile along y (which points up). */
export function alongY(filters: readonly Filter[]): Float32Array<ArrayBuffer> {
  const matrix = new Float32Array(filters.length * 4 * gridSize * sizePx);
  for (const [f, { ky, sdDeg }] of filters.entries()) {
    for (let place = 0; place < gridSize; place++) {
      for (let pixel = 0; pixel < sizePx; pixel++) {
        const [re, im] = profile(place, pixel, -ky, sdDeg);
        const row = (f * 2 * gridSize + place) * 2 * sizePx + pixel;
        const imaginary = row + gridSize * 2 * sizePx;
        matrix[row] = re;
        matrix[row + sizePx] = -im;
        matrix[imaginary] = im;
        matrix[imaginary + sizePx] = re;
      }
    }
  }
  return matrix;
}

/** [channel parts, filter parts]: the part of a frame times the sum of filters that feeds a channel. */
export function intoChannels({ filters, channels }: Bank): Float32Array<ArrayBuffer> {
  const width = 2 * filters.length;
  const matrix = new Float32Array(2 * channels.length * width);
  for (const [c, { inputs, remains }] of channels.entries()) {
    for (const { filter, weight } of inputs) {
      matrix[c * width + 2 * filter] = (1 - remains) * weight;
      matrix[(channels.length + c) * width + 2 * filter + 1] = (1 - remains) * weight;
    }
  }
  return matrix;
}

/** [channel parts, channel parts]: what remains of every pair after a frame, turned by its resonance. */
export function turned({ channels }: Bank): Float32Array<ArrayBuffer> {
  const n = channels.length;
  const matrix = new Float32Array(4 * n * n);
  for (const [c, { turn, remains }] of channels.entries()) {
    matrix[c * 2 * n + c] = remains * cos(turn);
    matrix[c * 2 * n + n + c] = -remains * sin(turn);
    matrix[(n + c) * 2 * n + c] = remains * sin(turn);
    matrix[(n + c) * 2 * n + n + c] = remains * cos(turn);
  }
  return matrix;
}

/** [place, place]: the pool's convolution over the grid, nothing beyond its edge; symmetric. */
export function pooled(): Float32Array<ArrayBuffer> {
  const kernel = (d: number) => (Math.abs(d) > poolReachSteps ? 0 : exp((-d * d) / (2 * poolSdSteps * poolSdSteps)));
  let sum = 0;
  for (let d = -poolReachSteps; d <= poolReachSteps; d++) sum += kernel(d);
  const matrix = new Float32Array(places * places);
  for (let from = 0; from < places; from++) {
    for (let to = 0; to < places; to++) {
      const dy = Math.floor(from / gridSize) - Math.floor(to / gridSize);
      matrix[from * places + to] = (kernel(dy) * kernel((from % gridSize) - (to % gridSize))) / (sum * sum);
    }
  }
  return matrix;
}

/** The places of the grid that some unit reads, and their bilinear weights: [used place, unit]. */
export function positions(units: readonly UnitParameters[]): { used: number[]; matrix: Float32Array<ArrayBuffer> } {
  const weights = Array.from({ length: places }, (_, place) =>
    units.map(({ xDeg, yDeg }) => {
      const [column, row] = [xDeg, -yDeg].map((deg) => deg / gridStepDeg + (gridSize - 1) / 2) as [number, number];
      const across = 1 - Math.abs((place % gridSize) - column);
      const down = 1 - Math.abs(Math.floor(place / gridSize) - row);
      return Math.max(0, across) * Math.max(0, down);
    }),
  );
  const used = weights.flatMap((row, place) => (row.some((weight) => weight > 0) ? [place] : []));
  return { used, matrix: Float32Array.from(used.flatMap((place) => weights[place] as number[])) };
}

/** [channel parts, unit]: the unit's drive and its quadrature, carriers put back at the unit's place. */
export function readouts(
  units: readonly UnitParameters[],
  bank: Bank,
): { drive: Float32Array<ArrayBuffer>; quadrature: Float32Array<ArrayBuffer> } {
  const n = bank.channels.length;
  const drive = new Float32Array(2 * n * units.length);
  const quadrature = new Float32Array(2 * n * units.length);
  for (const [u, unit] of units.entries()) {
    for (const [c, weight] of mixture(unit, bank).entries()) {
      const { kx, ky } = bank.filters[bank.channels[c]!.inputs[0]!.filter] as Filter;
      const angle = unit.phase + kx * unit.xDeg + ky * unit.yDeg;
      const [re, im] = [c * units.length + u, (n + c) * units.length + u];
      drive[re] = weight * cos(angle);
      drive[im] = -weight * sin(angle);
      quadrature[re] = weight * sin(angle);
      quadrature[im] = weight * cos(angle);
    }
  }
  return { drive, quadrature };
}

/** A leaky integrator over the frames as a matrix: [kind, frame now, frame before], and what is left of the start. */
export function integrators(frames: number): { matrix: Float32Array<ArrayBuffer>; kept: Float32Array<ArrayBuffer> } {
  const matrix = new Float32Array(modulationChannels * frames * frames);
  const kept = new Float32Array(modulationChannels * frames);
  for (const [kind, timeConstantS] of [runningTimeConstantS, pupilTimeConstantS].entries()) {
    const remains = exp(-1 / (frameRateHz * timeConstantS));
    for (let now = 0; now < frames; now++) {
      let power = 1;
      for (let before = now; before >= 0; before--) {
        matrix[(kind * frames + now) * frames + before] = (1 - remains) * power;
        power *= remains;
      }
      kept[kind * frames + now] = power;
    }
  }
  return { matrix, kept };
}
