/**
 * Stimuli outside what a twin was tested with: its predictions for them are extrapolations, and every place that shows
 * one says so. Judged by `validity.tested` of the manifest.
 */
import type { Control } from '../contract/results.ts';
import type { StimulusDesign, StimulusSpec } from '../contract/stimuli.ts';
import type { TestedDomain, TwinManifest } from '../contract/twins.ts';
import { designCount, specAt } from '../stimuli/design.ts';
import { formatNumber } from '../stimuli/words.ts';

export const noTestedDomain = 'its author states no tested domain';
export const foundBySearch = 'found by search: outside what the twin was tested with';

const plurals: Record<string, string> = {
  blank: 'the background alone',
  grating: 'gratings',
  gabor: 'Gabors',
  image: 'photographs',
  noise: 'noise images',
  tsr1: 'images of TSR-1',
  tsr1v: 'clips of TSR-1V',
  raster: 'images found by search',
  'drifting-grating': 'drifting gratings',
  'counterphase-grating': 'counterphase gratings',
  'drifting-plaid': 'drifting plaids',
  'random-dots': 'random dots',
};
export const stimulusPlural = (type: string): string => plurals[type] ?? `stimuli of type ${type}`;

/** Without the background, which says nothing about other stimuli. */
function testedWith({ stimuli }: TestedDomain): string {
  const known = stimuli.filter((type) => type !== 'blank').map(stimulusPlural);
  return `tested with ${known.length === 0 ? 'no stimuli' : known.join(', ')}`;
}

/** Properties of stimulus descriptions by the stated range they are held against; `times` makes a part the whole. */
const ranges: {
  key: string;
  of: Exclude<keyof TestedDomain, 'stimuli'>;
  name: string;
  unit: string;
  times: number;
}[] = [
  { key: 'spatialFrequencyCpd', of: 'spatialFrequencyCpd', name: '', unit: ' cpd', times: 1 },
  { key: 'temporalFrequencyHz', of: 'temporalFrequencyHz', name: '', unit: ' Hz', times: 1 },
  { key: 'contrast', of: 'contrast', name: 'contrast ', unit: '', times: 1 },
  // A plaid reaches the sum of its two components.
  { key: 'componentContrast', of: 'contrast', name: 'contrast ', unit: '', times: 2 },
];

/** Levels that were computed, such as 0.1 + 0.2, are the ones that were meant. */
const slack = 1e-9;

/**
 * Why a stimulus lies outside the tested domain, as the end of a sentence; null where it lies inside. The background
 * alone is inside every stated domain. Without a stated domain nothing is known to be inside.
 */
export function outsideTested(tested: TestedDomain | null | undefined, spec: StimulusSpec): string | null {
  if (tested === null || tested === undefined) return noTestedDomain;
  if (spec.type === 'blank') return null;
  if (!tested.stimuli.includes(spec.type)) {
    if (spec.type === 'raster') return foundBySearch;
    return `${testedWith(tested)}, not with ${stimulusPlural(spec.type)}`;
  }
  for (const { key, of, name, unit, times } of ranges) {
    const range = tested[of];
    const stated = (spec as Record<string, unknown>)[key];
    // A still stimulus has no temporal frequency; noise has an RMS contrast, which is not held against Michelson's.
    if (range === undefined || typeof stated !== 'number') continue;
    const value = times * stated;
    // Contrast 0 shows the background.
    if (of === 'contrast' && value === 0) return null;
    const [low, high] = range;
    const reach = slack * Math.max(Math.abs(low), Math.abs(high));
    if (value >= low - reach && value <= high + reach) continue;
    return `tested from ${name}${formatNumber(low)} to ${formatNumber(high)}${unit}, this has ${formatNumber(value)}${unit}`;
  }
  return null;
}

/** The same by the twin's manifest. */
export const outsideDomain = (manifest: Pick<TwinManifest, 'validity'>, spec: StimulusSpec): string | null =>
  outsideTested(manifest.validity.tested, spec);

/**
 * A control of a search by what it was before it was brought to the search's constraints: noise, where nothing is
 * named. Null also where there is no stimulus to judge.
 */
export function outsideTestedControl(
  tested: TestedDomain | null | undefined,
  control: Pick<Control, 'spec' | 'sourceSpec'>,
): string | null {
  if (control.spec === null) return null;
  if (tested === null || tested === undefined) return noTestedDomain;
  if (control.sourceSpec !== null) return outsideTested(tested, control.sourceSpec);
  if (control.spec.type !== 'raster') return outsideTested(tested, control.spec);
  if (tested.stimuli.includes('noise') || tested.stimuli.includes('raster')) return null;
  return `${testedWith(tested)}, not with noise images`;
}

/** What is known of a search's candidates before there are any: over pixels they are of one kind. */
export function outsideSpace(tested: TestedDomain | null | undefined, space: string): string | null {
  if (tested === null || tested === undefined) return noTestedDomain;
  return space === 'pixels' && !tested.stimuli.includes('raster') ? foundBySearch : null;
}

/** Per stimulus of a design, in its order: why it lies outside, or null. */
export function outsideInDesign(tested: TestedDomain | null | undefined, design: StimulusDesign): (string | null)[] {
  const count = designCount(design);
  if (tested === null || tested === undefined) return Array.from({ length: count }, () => noTestedDomain);
  // All but the blank are of one kind without ranges of their own, and a million of them would take long to describe.
  const alike = design.type === 'noise' || design.type === 'images' || design.type === 'tsr1';
  if (!alike || count === 0)
    return Array.from({ length: count }, (_, index) => outsideTested(tested, specAt(design, index)));
  const first = outsideTested(tested, specAt(design, 0));
  const outside = Array.from({ length: count }, () => first);
  if (design.blank) outside[count - 1] = null;
  return outside;
}

/** What the marks of several stimuli come to, for a caption; null where none is outside. */
export function outsideSummary(outside: readonly (string | null)[], noun = 'stimuli'): string | null {
  const counts = new Map<string, number>();
  for (const reason of outside) {
    if (reason !== null) counts.set(generalReason(reason), (counts.get(generalReason(reason)) ?? 0) + 1);
  }
  if (counts.size === 0) return null;
  const total = [...counts.values()].reduce((sum, count) => sum + count, 0);
  const what =
    total === outside.length
      ? `All ${total.toLocaleString('en-US')}`
      : `${total.toLocaleString('en-US')} of ${outside.length.toLocaleString('en-US')}`;
  if (counts.size === 1 && counts.has(noTestedDomain))
    return `Whether these ${noun} are like what the twin was tested with is not known: ${noTestedDomain}.`;
  return `${what} ${noun} lie outside what the twin was tested with: ${[...counts.keys()].join('; ')}.`;
}

/** Without the value of one stimulus, which differs among many. */
const generalReason = (reason: string): string => reason.replace(/, this has .*$/, '');

/** The stated domain in words, a line for each statement; empty where nothing is stated. */
export function testedLines(tested: TestedDomain | null | undefined): string[] {
  if (tested === null || tested === undefined) return [];
  const lines = [tested.stimuli.length === 0 ? 'no stimuli' : tested.stimuli.map(stimulusPlural).join(', ')];
  const range = (name: string, [low, high]: [number, number], unit: string): string =>
    `${name} ${formatNumber(low)} to ${formatNumber(high)}${unit}`;
  if (tested.spatialFrequencyCpd) lines.push(range('spatial frequency', tested.spatialFrequencyCpd, ' cpd'));
  if (tested.temporalFrequencyHz) lines.push(range('temporal frequency', tested.temporalFrequencyHz, ' Hz'));
  if (tested.contrast) lines.push(range('contrast', tested.contrast, ''));
  return lines;
}

/** A reason as a sentence of its own. */
export function domainSentence(reason: string): string {
  if (reason === noTestedDomain) return 'Its author states no tested domain: whether this lies inside is not known.';
  if (reason === foundBySearch) return 'Found by search: outside what the twin was tested with.';
  return `Outside what the twin was tested with: ${reason}.`;
}
