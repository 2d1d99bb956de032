/** The temporal filters of Adelson & Bergen 1985, sampled at the middle of every frame, and what they do to a frequency. */
import { cos, exp, pow, sin } from '../../main/platform/exactMath.ts';
import { fastOrder, frameRateHz, frames, slowOrder, undershoot } from './parameters.ts';

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** (kt)ⁿ·exp(−kt)·[1/n! − β(kt)²/(n+2)!], t in seconds, k per second. */
export function impulseResponse(order: number, k: number, t: number): number {
  const x = k * t;
  return pow(x, order) * exp(-x) * (1 / factorial(order) - (undershoot * x * x) / factorial(order + 2));
}

/** Weights of the frame shown now, the one before and so on; their sum approximates k·∫ of the impulse response. */
export function filterTaps(order: number, k: number): Float64Array {
  return Float64Array.from(
    { length: frames },
    (_, lag) => (k / frameRateHz) * impulseResponse(order, k, (lag + 0.5) / frameRateHz),
  );
}

function transfer(taps: Float64Array, hz: number): { real: number; imaginary: number } {
  let [real, imaginary] = [0, 0];
  for (const [lag, tap] of taps.entries()) {
    const angle = (2 * Math.PI * hz * (lag + 0.5)) / frameRateHz;
    real += tap * cos(angle);
    imaginary -= tap * sin(angle);
  }
  return { real, imaginary };
}

export interface DirectionalGain {
  /** Energy in the preferred less energy in the null direction, for unit amplitude of both quadrature filters. */
  opponent: number;
  /** Their sum. */
  total: number;
}

/** How a pair of fast and slow filters in quadrature answers a grating that drifts at a temporal frequency. */
export function directionalGain(k: number, hz: number): DirectionalGain {
  const fast = transfer(filterTaps(fastOrder, k), hz);
  const slow = transfer(filterTaps(slowOrder, k), hz);
  const power = ({ real, imaginary }: typeof fast) => real * real + imaginary * imaginary;
  return {
    opponent: 4 * (fast.imaginary * slow.real - fast.real * slow.imaginary),
    total: 2 * (power(fast) + power(slow)),
  };
}

/** Temporal frequency at which the opponent energy is largest, to .01 Hz. */
export function preferredHz(k: number): number {
  let [best, largest] = [0, -Infinity];
  const search = (from: number, to: number, step: number) => {
    for (let i = 0; from + i * step <= to; i++) {
      const { opponent } = directionalGain(k, from + i * step);
      if (opponent > largest) [best, largest] = [from + i * step, opponent];
    }
  };
  search(0.5, 30, 0.5);
  const coarse = best;
  search(coarse - 0.5, coarse + 0.5, 0.01);
  return best;
}
