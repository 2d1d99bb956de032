/** What a search holds its candidates to, in words that the window and the command line share. */
import type { Bounded, Constraints } from '../contract/plans.ts';
import type { Residuals } from '../contract/results.ts';
import { formatNumber } from './words.ts';

/** '0.15', 'at most 0.2', '0.1 to 0.2'. */
export function boundedText(value: Bounded): string {
  if (typeof value === 'number') return formatNumber(value);
  const { min, max } = value;
  if (min === undefined) return max === undefined ? 'any' : `at most ${formatNumber(max)}`;
  return max === undefined ? `at least ${formatNumber(min)}` : `${formatNumber(min)} to ${formatNumber(max)}`;
}

function spectrumText(spectrum: NonNullable<Constraints['spectrum']>): string {
  if ('from' in spectrum) return 'that of a stimulus';
  if ('exponent' in spectrum) return `1/f^${formatNumber(spectrum.exponent)}`;
  const { lowCpd, highCpd } = spectrum;
  return `${boundedText({ min: lowCpd, max: highCpd })} cpd`;
}

/** Every constraint that a plan holds, and under which name its residual stands. */
export function constraintRows(constraints: Constraints): { key: keyof Residuals; label: string; asked: string }[] {
  const { meanLuminance, contrastRms, normL2, range, mask, spectrum, distance, temporal } = constraints;
  return [
    { key: 'meanLuminance', label: 'Mean luminance', asked: formatNumber(meanLuminance) },
    ...(contrastRms === null
      ? []
      : [{ key: 'contrastRms', label: 'RMS contrast', asked: boundedText(contrastRms) } as const]),
    ...(normL2 === undefined ? [] : [{ key: 'normL2', label: 'L2 norm', asked: `${boundedText(normL2)}°` } as const]),
    { key: 'range', label: 'Range', asked: `${formatNumber(range[0])} to ${formatNumber(range[1])}` },
    ...(mask === undefined
      ? []
      : [{ key: 'background', label: 'Background', asked: mask.background ? 'an image' : 'uniform' } as const]),
    ...(spectrum === undefined ? [] : [{ key: 'spectrum', label: 'Spectrum', asked: spectrumText(spectrum) } as const]),
    ...(distance === undefined
      ? []
      : [{ key: 'distance', label: `RMS distance (${distance.unit})`, asked: boundedText(distance.rms) } as const]),
    ...(temporal === undefined
      ? []
      : [
          {
            key: 'temporal',
            label: 'Change per frame',
            asked: `at most ${formatNumber(temporal.maxChangeRms)}`,
          } as const,
        ]),
  ];
}
