/** What a search holds its candidates to, in words that the window and the command line share. */
import {
  type Bounded,
  type Constraints,
  endsInPixels,
  leavesContrastFree,
  type SearchPlan,
} from '../contract/plans.ts';
import type { Residuals } from '../contract/results.ts';
import { formatNumber, generatorNouns } from './words.ts';

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

/** What the residuals of `constraintRows` are in. */
export const residualsText =
  'Residuals are relative to what was asked; those of range and background are in linear luminance from 0 to 1.';

/** Whether candidates are brought to the plan's mean luminance and RMS contrast, and so have residuals. */
export const holdsContrast = (plan: Pick<SearchPlan, 'space' | 'optimiser'>): boolean =>
  endsInPixels(plan) && !leavesContrastFree(plan.optimiser);

/** What holds for candidates that nothing brings to a mean and a contrast. */
export function unconstrainedText(plan: Pick<SearchPlan, 'space' | 'optimiser' | 'constraints'>): string {
  const { space, constraints } = plan;
  const controls = 'Controls have the mean and RMS contrast that the best one has.';
  const range = `the range ${formatNumber(constraints.range[0])} to ${formatNumber(constraints.range[1])}`;
  // A screening that goes on by gradient ends in pixels, whatever it screened.
  if (endsInPixels(plan)) return `Within ${range} and the aperture; mean and RMS contrast are their own. ${controls}`;
  if (space.type === 'set') return `Stimuli of the set, shown as they are. ${controls}`;
  const nouns = space.type === 'parametric' ? generatorNouns[space.stimulus] : 'gratings';
  return (
    `${nouns.charAt(0).toUpperCase()}${nouns.slice(1)} on the background, within ${range}; mean and RMS contrast are their ` +
    `own. ${controls}`
  );
}
