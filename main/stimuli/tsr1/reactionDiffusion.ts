/**
 * Patterns of an activator u and a far-reaching, fast inhibitor v (FitzHugh–Nagumo kinetics with v at its steady state):
 * ∂u/∂t = D_u∇²u + u − u³ − v + bias, v = (1 − D_v∇²)⁻¹u, from small noise. With D_v = 25·D_u the wave number that grows
 * fastest is k² = 4/D_v, at a rate of .64 (where the derivative of 1 − D_u·k² − 1/(1 + D_v·k²) is 0).
 */
import type { Random } from '../../platform/random.ts';
import { binFrequency, fft2 } from '../fft.ts';
import { cells, periodDeg } from './grid.ts';

/** A coarse grid, 7 samples per degree; the shortest wavelength used has five of them. */
const coarse = 64;
/** Cycles per period that are kept: half of the grid's limit, so that u³ folds nothing back and no direction is preferred. */
const highestBin = coarse / 4;
const ratio = 25;
const timeStep = 0.5;
const steps = 80;
const startSd = 0.1;

/** `bias` > 0 makes dark spots, < 0 bright ones, 0 a labyrinth. */
export function reactionDiffusionPattern(random: Random, wavelengthDeg: number, bias: number): Float64Array {
  const wave = (2 * Math.PI) / wavelengthDeg;
  const inhibitor = (Math.sqrt(ratio) - 1) / (wave * wave);
  const activator = inhibitor / ratio;
  const gains = new Float64Array(coarse * coarse);
  for (let row = 0, at = 0; row < coarse; row++) {
    const fy = (2 * Math.PI * binFrequency(row, coarse)) / periodDeg;
    for (let column = 0; column < coarse; column++, at++) {
      const fx = (2 * Math.PI * binFrequency(column, coarse)) / periodDeg;
      const squared = fx * fx + fy * fy;
      // The linear terms are taken at the end of the step, which keeps it stable; the transforms' scale is undone here.
      const linear = activator * squared + 1 / (1 + inhibitor * squared);
      const kept = Math.sqrt(squared) * periodDeg <= 2 * Math.PI * (highestBin + 0.5);
      gains[at] = kept ? 1 / ((1 + timeStep * linear) * coarse * coarse) : 0;
    }
  }
  const u = Float64Array.from({ length: coarse * coarse }, () => startSd * random.normal());
  const imaginary = new Float64Array(coarse * coarse);
  for (let step = 0; step < steps; step++) {
    for (let at = 0; at < u.length; at++) {
      const value = u[at] as number;
      u[at] = value + timeStep * (value - value * value * value + bias);
    }
    imaginary.fill(0);
    fft2(u, imaginary, coarse);
    for (let at = 0; at < u.length; at++) {
      u[at] = (u[at] as number) * (gains[at] as number);
      imaginary[at] = (imaginary[at] as number) * (gains[at] as number);
    }
    fft2(imaginary, u, coarse);
  }
  return refined(u);
}

/** The same band-limited pattern on the fine grid: its transform with zeros for the frequencies it does not have. */
function refined(values: Float64Array): Float64Array {
  const imaginary = new Float64Array(coarse * coarse);
  const spectrum = Float64Array.from(values);
  fft2(spectrum, imaginary, coarse);
  const real = new Float64Array(cells * cells);
  const fineImaginary = new Float64Array(cells * cells);
  for (let row = 0; row < coarse; row++) {
    const fy = binFrequency(row, coarse);
    for (let column = 0; column < coarse; column++) {
      const fx = binFrequency(column, coarse);
      // The highest bin stands for both signs of its frequency and holds nothing of the pattern.
      if (fy === coarse / 2 || fx === coarse / 2) continue;
      const at = ((fy + cells) % cells) * cells + ((fx + cells) % cells);
      real[at] = (spectrum[row * coarse + column] as number) / (coarse * coarse);
      fineImaginary[at] = (imaginary[row * coarse + column] as number) / (coarse * coarse);
    }
  }
  fft2(fineImaginary, real, cells);
  return real;
}
