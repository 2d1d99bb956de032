/** Numbers in sentences and labels. */

/** At most three significant digits after rounding, without exponent or trailing zeros: 12, 0.25, 15.4, 1024. */
export function formatNumber(value: number): string {
  const magnitude = Math.abs(value);
  const digits = magnitude >= 100 ? 0 : magnitude >= 10 ? 1 : magnitude >= 1 ? 2 : 3;
  return String(Number(value.toFixed(digits)) || 0).replace('-', '−');
}

/** An angle or an extent as it was asked for, to a hundredth of a degree: 112.5° is not 113°. */
export const formatDegrees = (valueDeg: number): string =>
  `${String(Number(valueDeg.toFixed(2)) || 0).replace('-', '−')}°`;

/** What several stimuli of a generator are called. */
export const generatorNouns = {
  grating: 'gratings',
  gabor: 'Gabors',
  noise: 'noise images',
  'drifting-grating': 'drifting gratings',
  'counterphase-grating': 'counterphase gratings',
  'drifting-plaid': 'drifting plaids',
  'random-dots': 'fields of dots',
} as const;
