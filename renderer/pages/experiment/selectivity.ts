/** Indices of selectivity for orientation and direction (science.md §2). Pure: levels and responses in, numbers out. */

/** |Σ r e^{i·harmonic·θ}| / Σ r of rectified responses; NaN where there is none. */
function resultantLength(anglesDeg: readonly number[], responses: readonly number[], harmonic: 1 | 2): number {
  let real = 0;
  let imaginary = 0;
  let sum = 0;
  for (const [index, degrees] of anglesDeg.entries()) {
    const r = Math.max(0, responses[index] ?? 0);
    const angle = (harmonic * degrees * Math.PI) / 180;
    real += r * Math.cos(angle);
    imaginary += r * Math.sin(angle);
    sum += r;
  }
  return sum === 0 ? Number.NaN : Math.hypot(real, imaginary) / sum;
}

/** gOSI = |Σ r e^{2iθ}| / Σ r of rectified raw responses over equally spaced angles, in degrees. */
export const globalOrientationSelectivity = (anglesDeg: readonly number[], responses: readonly number[]): number =>
  resultantLength(anglesDeg, responses, 2);

/** gDSI = |Σ r e^{iθ}| / Σ r of rectified raw responses over directions that divide the circle equally, in degrees. */
export const globalDirectionSelectivity = (directionsDeg: readonly number[], responses: readonly number[]): number =>
  resultantLength(directionsDeg, responses, 1);

/**
 * DSI = (r_pref − r_null) / (r_pref + r_null) of responses less the blank; preferred is the direction of the largest
 * response, the first where several are as large, null the opposite one. Above 1 where the null direction is suppressed
 * below the blank. NaN where the null direction was not shown, and where the two do not add up to a response.
 */
export function directionSelectivity(
  directionsDeg: readonly number[],
  responses: readonly number[],
  blank: number,
): number {
  const largest = Math.max(...responses.filter((response) => !Number.isNaN(response)));
  const preferred = directionsDeg[responses.indexOf(largest)];
  if (preferred === undefined) return Number.NaN;
  const opposite = directionsDeg.findIndex((degrees) => Math.abs(turn(degrees - preferred) - 180) < 1e-6);
  const preferredEvoked = largest - blank;
  const nullEvoked = (responses[opposite] ?? Number.NaN) - blank;
  const sum = preferredEvoked + nullEvoked;
  return preferredEvoked > 0 && sum > 0 ? (preferredEvoked - nullEvoked) / sum : Number.NaN;
}

/** An angle in degrees brought into [0, 360). */
const turn = (degrees: number): number => ((degrees % 360) + 360) % 360;

/** The whole that at least three angles divide into equal parts, degrees; null where they do not. */
function equallyDivided(degrees: readonly number[]): number | null {
  const n = degrees.length;
  if (n < 3) return null;
  const sorted = [...degrees].sort((a, b) => a - b);
  const step = (sorted[1] as number) - (sorted[0] as number);
  const even = sorted.every(
    (angle, index) => index === 0 || Math.abs(angle - (sorted[index - 1] as number) - step) < 1e-6,
  );
  return even && step > 0 ? step * n : null;
}

const isAbout = (value: number | null, wanted: number): boolean => value !== null && Math.abs(value - wanted) < 1e-6;

/** True if the angles divide the half circle (or the circle) into equal parts, at least three of them. */
export function evenlySpacedOrientations(degrees: readonly number[]): boolean {
  const whole = equallyDivided(degrees);
  return isAbout(whole, 180) || isAbout(whole, 360);
}

/** True if the directions divide the circle into equal parts, at least three of them. */
export const evenlySpacedDirections = (degrees: readonly number[]): boolean => isAbout(equallyDivided(degrees), 360);

/** ΔF/F, z-scores and BOLD have no zero that a ratio could be taken to, unless a baseline is named (science.md §0). */
export const hasNoZero = (responseUnits: string): boolean =>
  /(Δ|\bd|delta[ -]?)F\b|\bz\b|z-?scor|\bBOLD\b/iu.test(responseUnits);
