/** Which spatial frequency a Gabor without response to uniform light prefers. */
import { cos, degreesToRadians, exp, sin } from '../../main/platform/exactMath.ts';
import type { UnitParameters } from './parameters.ts';

/**
 * Preferred over carrier frequency of a quadrature pair of Gabors without response to uniform light.
 *
 * With a = 4π²n_x² and u = frequency/carrier the two transfer functions are proportional to G(u)·sinh(au) and
 * G(u)·(cosh(au) − 1), G(u) = exp(−au²/2). With equal gains at the preference, the phase-averaged energy is largest
 * where the product of the two is: u = ½[coth(au) + coth(au/2)], solved by bisection.
 */
export function preferenceRatio(nx: number): number {
  const a = 4 * Math.PI * Math.PI * nx * nx;
  const coth = (x: number) => (x > 40 ? 1 : (1 + exp(-2 * x)) / (1 - exp(-2 * x)));
  let low = 1;
  let high = 4;
  for (let i = 0; i < 60; i++) {
    const u = (low + high) / 2;
    if (u < (coth(a * u) + coth((a * u) / 2)) / 2) low = u;
    else high = u;
  }
  return (low + high) / 2;
}

/**
 * The spatial frequency a cell prefers. Complex: the carrier times `preferenceRatio`. Simple, of phase ψ: the maximum of
 * cos²ψ·T_E² + sin²ψ·T_O², the transfer functions of the uncut Gabor with equal gains at the pair's preference, found on
 * a grid and refined by golden sections.
 */
export function preferredFrequencyCpd(unit: UnitParameters): number {
  const balanced = preferenceRatio(unit.nx);
  if (unit.area === 'V1-complex') return unit.carrierCpd * balanced;
  const c = 2 * Math.PI * Math.PI * unit.nx * unit.nx;
  const g = (u: number) => exp(-c * u * u);
  const even = (u: number) => (g(u - 1) + g(u + 1)) / 2 - g(1) * g(u);
  const odd = (u: number) => (g(u - 1) - g(u + 1)) / 2;
  const evenPart = cos(degreesToRadians(unit.phaseDeg)) / even(balanced);
  const oddPart = sin(degreesToRadians(unit.phaseDeg)) / odd(balanced);
  const power = (u: number) => {
    const e = evenPart * even(u);
    const o = oddPart * odd(u);
    return e * e + o * o;
  };
  const step = balanced / 64;
  let best = step;
  for (let u = step; u < 3 * balanced; u += step) if (power(u) > power(best)) best = u;
  let [low, high] = [best - step, best + step];
  const golden = (Math.sqrt(5) - 1) / 2;
  for (let i = 0; i < 60; i++) {
    const a = high - golden * (high - low);
    const b = low + golden * (high - low);
    if (power(a) < power(b)) low = a;
    else high = b;
  }
  return (unit.carrierCpd * (low + high)) / 2;
}
