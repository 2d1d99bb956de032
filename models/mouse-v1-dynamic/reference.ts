/**
 * The model a second time, straight from its definition, in float64: what the graph is checked against. Filters are sums
 * over the plane, the eye's turn is a lookup between pixels, the recurrence works on complex numbers, modulation runs frame
 * by frame; none of the builder's profiles or matrices. It shares with the builder the parameters of filters, channels and
 * units (`bank.ts`, `sampling.ts`), which have tests of their own.
 */
import { cos, exp, sin } from '../../main/platform/exactMath.ts';
import { makeBank, mixture, type Bank, type Channel, type Filter } from './bank.ts';
import {
  background,
  behaviourChannels,
  fieldOfViewDeg,
  frameRateHz,
  frames as shippedFrames,
  gridSize,
  gridStepDeg,
  halfRunningCmPerS,
  modulationChannels,
  poolReachSteps,
  poolSdSteps,
  pupilRange,
  pupilTimeConstantS,
  runningTimeConstantS,
  sizePx,
  type UnitParameters,
} from './parameters.ts';
import { sampleUnits, shippedSeed } from './sampling.ts';

export interface ReferenceOptions {
  seed?: number;
  perturbation?: number;
  frames?: number;
}

export interface ReferenceAnswer {
  /** [unit, frame] */
  responses: Float64Array;
  /** [channel, row, column] */
  state: Float64Array;
}

export interface ReferenceModel {
  units: UnitParameters[];
  bank: Bank;
  /** One clip: [frame, row, column] luminance, [channel, frame] behaviour, [channel, row, column] state. */
  run(clip: ArrayLike<number>, behaviour: ArrayLike<number>, state: ArrayLike<number>): ReferenceAnswer;
}

const places = gridSize * gridSize;
const pixelDeg = fieldOfViewDeg / sizePx;

/** A field of complex numbers over the grid. */
interface Field {
  re: Float64Array;
  im: Float64Array;
}
const emptyField = (): Field => ({ re: new Float64Array(places), im: new Float64Array(places) });

/** Contrast at the retina's pixel (row, column), between the four pixels of the picture that the eye's turn puts there. */
function seen(
  contrast: (row: number, column: number) => number,
  row: number,
  column: number,
  xDeg: number,
  yDeg: number,
): number {
  const [down, across] = [row - yDeg / pixelDeg, column + xDeg / pixelDeg];
  const [top, left] = [Math.floor(down), Math.floor(across)];
  const [v, u] = [down - top, across - left];
  return (
    (1 - v) * ((1 - u) * contrast(top, left) + u * contrast(top, left + 1)) +
    v * ((1 - u) * contrast(top + 1, left) + u * contrast(top + 1, left + 1))
  );
}

/** A Gaussian of unit sum by the squared distance in pixels, which is whole between places of the grid and pixels. */
function gaussianOf({ sdDeg }: Filter): Float64Array {
  const variance = sdDeg * sdDeg;
  return Float64Array.from({ length: 2 * sizePx * sizePx }, (_, squaredPx) => {
    const squared = squaredPx * pixelDeg * pixelDeg;
    return (exp(-squared / (2 * variance)) * pixelDeg * pixelDeg) / (2 * Math.PI * variance);
  });
}

/** Σ s·G·exp(−ik·x) over the plane around every place of the grid. */
function filtered({ kx, ky }: Filter, gaussian: Float64Array, retina: Float64Array): Field {
  const field = emptyField();
  const n = sizePx * sizePx;
  const [re, im, column, row] = Array.from({ length: 4 }, () => new Float64Array(n)) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  for (let pixel = 0; pixel < n; pixel++) {
    column[pixel] = pixel % sizePx;
    row[pixel] = Math.floor(pixel / sizePx);
    const x = ((column[pixel] as number) + 0.5) * pixelDeg - fieldOfViewDeg / 2;
    const y = fieldOfViewDeg / 2 - ((row[pixel] as number) + 0.5) * pixelDeg;
    const phase = kx * x + ky * y;
    re[pixel] = (retina[pixel] as number) * cos(phase);
    im[pixel] = -(retina[pixel] as number) * sin(phase);
  }
  for (let place = 0; place < places; place++) {
    const placeColumn = (((place % gridSize) + 0.5) * gridStepDeg) / pixelDeg - 0.5;
    const placeRow = ((Math.floor(place / gridSize) + 0.5) * gridStepDeg) / pixelDeg - 0.5;
    let [sumRe, sumIm] = [0, 0];
    for (let pixel = 0; pixel < n; pixel++) {
      const dx = (column[pixel] as number) - placeColumn;
      const dy = (row[pixel] as number) - placeRow;
      const weight = gaussian[dx * dx + dy * dy] as number;
      sumRe += weight * (re[pixel] as number);
      sumIm += weight * (im[pixel] as number);
    }
    field.re[place] = sumRe;
    field.im[place] = sumIm;
  }
  return field;
}

/** The energy of all channels, averaged over neighbours; nothing beyond the grid. */
function pool(core: readonly Field[], channels: readonly Channel[]): Float64Array {
  const energy = Float64Array.from({ length: places }, (_, place) =>
    core.reduce((sum, { re, im }, c) => {
      const [a, b] = [re[place] as number, im[place] as number];
      return sum + (channels[c] as Channel).poolWeight * (a * a + b * b);
    }, 0),
  );
  let whole = 0;
  const result = new Float64Array(places);
  for (let dy = -poolReachSteps; dy <= poolReachSteps; dy++) {
    for (let dx = -poolReachSteps; dx <= poolReachSteps; dx++) {
      const weight = exp(-(dx * dx + dy * dy) / (2 * poolSdSteps * poolSdSteps));
      whole += weight;
      for (let row = 0; row < gridSize; row++) {
        for (let column = 0; column < gridSize; column++) {
          const [r, c] = [row + dy, column + dx];
          if (r < 0 || c < 0 || r >= gridSize || c >= gridSize) continue;
          (result[row * gridSize + column] as number) += weight * (energy[r * gridSize + c] as number);
        }
      }
    }
  }
  return result.map((sum) => sum / whole);
}

/** One frame of the recurrence. */
function next(core: readonly Field[], fields: readonly Field[], channels: readonly Channel[]): Field[] {
  const divisor = pool(core, channels).map((energy) => 1 + energy);
  return channels.map(({ inputs, turn, remains }, c) => {
    const [before, field] = [core[c] as Field, emptyField()];
    const [turnRe, turnIm] = [remains * cos(turn), remains * sin(turn)];
    for (let place = 0; place < places; place++) {
      const [a, b] = [before.re[place] as number, before.im[place] as number];
      let [re, im] = [0, 0];
      for (const { filter, weight } of inputs) {
        re += weight * ((fields[filter] as Field).re[place] as number);
        im += weight * ((fields[filter] as Field).im[place] as number);
      }
      const part = (1 - remains) / (divisor[place] as number);
      field.re[place] = turnRe * a - turnIm * b + part * re;
      field.im[place] = turnRe * b + turnIm * a + part * im;
    }
    return field;
  });
}

/** A field between the four places of the grid around a point. */
function between(values: Float64Array, xDeg: number, yDeg: number): number {
  const across = (xDeg + fieldOfViewDeg / 2) / gridStepDeg - 0.5;
  const down = (fieldOfViewDeg / 2 - yDeg) / gridStepDeg - 0.5;
  const [left, top] = [Math.floor(across), Math.floor(down)];
  const [u, v] = [across - left, down - top];
  const at = (row: number, column: number) => values[row * gridSize + column] as number;
  // On the grid itself the neighbours beyond may not exist.
  const row = (r: number) => (1 - u) * at(r, left) + (u === 0 ? 0 : u * at(r, left + 1));
  return (1 - v) * row(top) + (v === 0 ? 0 : v * row(top + 1));
}

/** A channel with the weight it has for a unit and the phase of its carrier at the unit's place. */
interface Part {
  channel: number;
  re: number;
  im: number;
}

function partsOf(unit: UnitParameters, bank: Bank): Part[] {
  return mixture(unit, bank).map((weight, channel) => {
    const { kx, ky } = bank.filters[(bank.channels[channel] as Channel).inputs[0]!.filter] as Filter;
    const angle = unit.phase + kx * unit.xDeg + ky * unit.yDeg;
    return { channel, re: weight * cos(angle), im: weight * sin(angle) };
  });
}

/** The unit's evoked response before modulation. */
function evoked(unit: UnitParameters, parts: readonly Part[], core: readonly Field[]): number {
  let [re, im] = [0, 0];
  for (const part of parts) {
    if (part.re === 0 && part.im === 0) continue;
    const field = core[part.channel] as Field;
    const a = between(field.re, unit.xDeg, unit.yDeg);
    const b = between(field.im, unit.xDeg, unit.yDeg);
    re += part.re * a - part.im * b;
    im += part.im * a + part.re * b;
  }
  const simple = re > 0 ? re * re : 0;
  return unit.scale * ((1 - unit.energyPart) * simple + unit.energyPart * (re * re + im * im));
}

export function createReference(options: ReferenceOptions = {}): ReferenceModel {
  const seed = options.seed ?? shippedSeed;
  const units = sampleUnits(seed);
  const bank = makeBank(seed, options.perturbation ?? 0);
  const frames = options.frames ?? shippedFrames;
  const parts = units.map((unit) => partsOf(unit, bank));
  const gaussians = bank.filters.map(gaussianOf);
  const n = bank.channels.length;

  const run: ReferenceModel['run'] = (clip, behaviour, state) => {
    const map = (channel: number) =>
      Float64Array.from({ length: places }, (_, place) => state[channel * places + place] as number);
    let core: Field[] = bank.channels.map((_, c) => ({ re: map(c), im: map(n + c) }));
    let [running, pupil] = [0, 1].map((kind) => map(2 * n + kind).reduce((sum, value) => sum + value, 0) / places) as [
      number,
      number,
    ];
    const responses = new Float64Array(units.length * frames);
    let before: { retina: Float64Array; fields: Field[] } | undefined;
    for (let t = 0; t < frames; t++) {
      const [eyeX, eyeY, speed, diameter] = behaviourChannels.map((_, channel) => behaviour[channel * frames + t]) as [
        number,
        number,
        number,
        number,
      ];
      const contrast = (row: number, column: number) =>
        row < 0 || column < 0 || row >= sizePx || column >= sizePx
          ? 0
          : ((clip[(t * sizePx + row) * sizePx + column] as number) - background) / background;
      const retina = Float64Array.from({ length: sizePx * sizePx }, (_, pixel) =>
        seen(contrast, Math.floor(pixel / sizePx), pixel % sizePx, eyeX, eyeY),
      );
      // A picture that stands still is filtered once.
      if (before === undefined || retina.some((s, pixel) => s !== before?.retina[pixel])) {
        const fields = bank.filters.map((filter, f) => filtered(filter, gaussians[f] as Float64Array, retina));
        before = { retina, fields };
      }
      core = next(core, before.fields, bank.channels);
      const moving = speed > 0 ? speed / (speed + halfRunningCmPerS) : 0;
      const wider = Math.min(pupilRange[1], Math.max(pupilRange[0], diameter - 1));
      running += (1 - exp(-1 / (frameRateHz * runningTimeConstantS))) * (moving - running);
      pupil += (1 - exp(-1 / (frameRateHz * pupilTimeConstantS))) * (wider - pupil);
      for (const [u, unit] of units.entries()) {
        const gain = (1 + unit.runningGain * running) * (1 + unit.pupilGain * pupil);
        responses[u * frames + t] = unit.spontaneous + gain * evoked(unit, parts[u] as Part[], core);
      }
    }
    const after = new Float64Array((2 * n + modulationChannels) * places);
    for (const [c, { re, im }] of core.entries()) {
      after.set(re, c * places);
      after.set(im, (n + c) * places);
    }
    after.fill(running, 2 * n * places, (2 * n + 1) * places);
    after.fill(pupil, (2 * n + 1) * places);
    return { responses, state: after };
  };
  return { units, bank, run };
}
