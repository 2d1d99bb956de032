/**
 * Designs are expanded lazily: stimulus `index` follows from the design alone, so a million stimuli need no list.
 * Factors vary like the digits of a number, the first one slowest; the blank, where there is one, is the last item.
 */
import type { StimulusDesign, StimulusSpec } from '../contract/stimuli.ts';
import { createSha256, hashJson } from '../platform/hash.ts';
import { Random } from '../platform/random.ts';
import { formatCount, plural } from '../platform/words.ts';
import { hasMoving } from './motion.ts';
import { describeTsr1, tsr1Label, tsr1Parameters } from './tsr1/catalogue.ts';
import { tsr1CountIn, tsr1IndexIn } from './tsr1/classes.ts';
import { describeTsr1v, tsr1vLabel, tsr1vParameters } from './tsr1v/catalogue.ts';
import { tsr1vCountIn } from './tsr1v/classes.ts';
import { formatDegrees, formatNumber } from './words.ts';

export { designWarnings, shownFieldDeg } from './warnings.ts';
export type { WarningContext } from './warnings.ts';

/** One axis of a factorial design, as plots and labels need it. */
export type Factor = {
  /** The spec's own field, e.g. 'orientationDeg'. */
  key: string;
  name: string;
  /** Symbol behind a number: '°', 'cpd', 'Hz', '°/s' or ''. */
  unit: string;
  scale: 'linear' | 'log' | 'circular';
  levels: number[];
};

type FactorStyle = Omit<Factor, 'key' | 'levels'> & { plural: string; short: string };
const factorStyles: Record<string, FactorStyle> = {
  directionDeg: { name: 'direction', plural: 'directions', short: '', unit: '°', scale: 'circular' },
  plaidAngleDeg: { name: 'plaid angle', plural: 'plaid angles', short: 'between', unit: '°', scale: 'linear' },
  orientationDeg: { name: 'orientation', plural: 'orientations', short: '', unit: '°', scale: 'circular' },
  spatialFrequencyCpd: { name: 'spatial frequency', plural: 'SF', short: '', unit: 'cpd', scale: 'log' },
  temporalFrequencyHz: { name: 'temporal frequency', plural: 'TF', short: '', unit: 'Hz', scale: 'log' },
  speedDegPerS: { name: 'speed', plural: 'speeds', short: '', unit: '°/s', scale: 'log' },
  coherence: { name: 'coherence', plural: 'coherences', short: 'coherence', unit: '', scale: 'linear' },
  dotDiameterDeg: { name: 'dot diameter', plural: 'dot diameters', short: 'dots', unit: '°', scale: 'log' },
  phaseDeg: { name: 'phase', plural: 'phases', short: 'phase', unit: '°', scale: 'circular' },
  contrast: { name: 'contrast', plural: 'contrasts', short: 'contrast', unit: '', scale: 'log' },
  componentContrast: {
    name: 'contrast of each component',
    plural: 'component contrasts',
    short: 'each',
    unit: '',
    scale: 'log',
  },
  diameterDeg: { name: 'diameter', plural: 'diameters', short: 'diameter', unit: '°', scale: 'log' },
  sigmaDeg: { name: 'envelope SD', plural: 'envelope sizes', short: 'SD', unit: '°', scale: 'log' },
  xDeg: { name: 'x', plural: 'x positions', short: 'x', unit: '°', scale: 'linear' },
  yDeg: { name: 'y', plural: 'y positions', short: 'y', unit: '°', scale: 'linear' },
  sample: { name: 'sample', plural: 'samples', short: 'sample', unit: '', scale: 'linear' },
};
const styleOf = (key: string): FactorStyle => factorStyles[key] as FactorStyle;

/** The order in which factors vary, slowest first, whatever the order of the document's keys. */
const factorOrder = Object.keys(factorStyles);

/** The axes of a factorial design in the order they vary, slowest first; none for photographs, noise, sets and lists. */
export function factorsOf(design: StimulusDesign): Factor[] {
  if (!('factors' in design)) return [];
  const factors: Record<string, number[]> =
    design.type === 'random-dots'
      ? { ...design.factors, sample: Array.from({ length: design.n }, (_, sample) => sample + 1) }
      : design.factors;
  return factorOrder.flatMap((key) => {
    const levels = factors[key];
    if (levels === undefined) return [];
    const { name, unit, scale } = styleOf(key);
    // A logarithmic axis has no place for a level of 0.
    const drawable = scale === 'log' && levels.some((level) => level <= 0) ? 'linear' : scale;
    return [{ key, name, unit, scale: drawable, levels }];
  });
}

const hasBlank = (design: StimulusDesign): boolean => design.type !== 'list' && design.blank;

/** Stimuli without the blank. */
function shownCount(design: StimulusDesign): number {
  switch (design.type) {
    case 'images':
      return design.imageSha256s.length;
    case 'noise':
      return design.n;
    case 'tsr1':
      return tsr1CountIn(design.half);
    case 'tsr1v':
      return tsr1vCountIn(design.half);
    case 'list':
      return design.stimuli.length;
    default:
      return factorsOf(design).reduce((product, factor) => product * factor.levels.length, 1);
  }
}

/** Number of stimuli, the blank included. */
export const designCount = (design: StimulusDesign): number => shownCount(design) + (hasBlank(design) ? 1 : 0);

/** Position of the added blank, or null where the design has none. */
export const blankIndex = (design: StimulusDesign): number | null => (hasBlank(design) ? shownCount(design) : null);

/** Which level of every factor stimulus `index` has, in the order of {@link factorsOf}; null for the blank. */
export function levelsAt(design: StimulusDesign, index: number): number[] | null {
  if (index === blankIndex(design)) return null;
  const positions: number[] = [];
  let rest = index;
  for (const factor of factorsOf(design).toReversed()) {
    positions.push(rest % factor.levels.length);
    rest = Math.floor(rest / factor.levels.length);
  }
  return positions.toReversed();
}

/** Stimulus `index`, 0 … designCount − 1. Throws RangeError beyond. */
export function specAt(design: StimulusDesign, index: number): StimulusSpec {
  if (!Number.isInteger(index) || index < 0 || index >= designCount(design)) {
    throw new RangeError(`The design has no stimulus ${index}.`);
  }
  if (index === blankIndex(design)) return { type: 'blank' };
  switch (design.type) {
    case 'gratings': {
      const { edgeDeg, xDeg, yDeg } = design;
      return { type: 'grating', edgeDeg, xDeg, yDeg, ...factorValues(design, index) };
    }
    case 'gabors':
      return { type: 'gabor', aspectRatio: design.aspectRatio, ...factorValues(design, index) };
    case 'images': {
      const { sizeDeg, fit, xDeg, yDeg } = design;
      return { type: 'image', imageSha256: design.imageSha256s[index] as string, sizeDeg, fit, xDeg, yDeg };
    }
    case 'noise': {
      const { spectrum, contrastRms, diameterDeg, edgeDeg, xDeg, yDeg } = design;
      const seed = Random.fromSeed(design.seed, `noise design ${index}`).int(Number.MAX_SAFE_INTEGER);
      return { type: 'noise', spectrum, contrastRms, diameterDeg, edgeDeg, xDeg, yDeg, seed };
    }
    case 'tsr1':
      return { type: 'tsr1', index: tsr1IndexIn(design.half, index) };
    case 'drifting-gratings': {
      const { edgeDeg, xDeg, yDeg } = design;
      return { type: 'drifting-grating', edgeDeg, xDeg, yDeg, ...factorValues(design, index) };
    }
    case 'counterphase-gratings': {
      const { edgeDeg, xDeg, yDeg } = design;
      return { type: 'counterphase-grating', edgeDeg, xDeg, yDeg, ...factorValues(design, index) };
    }
    case 'drifting-plaids': {
      const { edgeDeg, xDeg, yDeg } = design;
      return { type: 'drifting-plaid', edgeDeg, xDeg, yDeg, ...factorValues(design, index) };
    }
    case 'random-dots': {
      const { dotsPerDeg2, lifetimeS, edgeDeg, xDeg, yDeg } = design;
      const levels = factorValues(design, index);
      const { sample: _, ...values } = { sample: 0, ...levels };
      const seed = Random.fromSeed(design.seed, `random dots design ${index}`).int(Number.MAX_SAFE_INTEGER);
      return { type: 'random-dots', dotsPerDeg2, lifetimeS, edgeDeg, xDeg, yDeg, ...values, seed };
    }
    case 'tsr1v':
      return { type: 'tsr1v', index: tsr1IndexIn(design.half, index) };
    case 'list':
      return design.stimuli[index] as StimulusSpec;
  }
}

/** The levels of stimulus `index`, by the factors' keys. */
function factorValues<K extends string>(design: { factors: Record<K, number[]> } & StimulusDesign, index: number) {
  const positions = levelsAt(design, index) as number[];
  return Object.fromEntries(
    factorsOf(design).map((factor, at) => [factor.key, factor.levels[positions[at] as number]]),
  ) as Record<K, number>;
}

const withUnit = (value: number, unit: string): string =>
  unit === '°' ? formatDegrees(value) : `${formatNumber(value)} ${unit}`.trim();

/** A short name for stimulus `index`: the levels of the factors that vary, '45° · 2 cpd · phase 90°'. */
export function labelAt(design: StimulusDesign, index: number): string {
  if (design.type === 'list') return design.labels?.[index] ?? specLabel(specAt(design, index));
  if (index === blankIndex(design)) return 'blank';
  if (design.type === 'images') return design.labels?.[index] ?? `photograph ${formatCount(index + 1)}`;
  if (design.type === 'noise') return `${design.spectrum} noise ${formatCount(index + 1)}`;
  if (design.type === 'tsr1') return tsr1Label(tsr1IndexIn(design.half, index));
  if (design.type === 'tsr1v') return tsr1vLabel(tsr1IndexIn(design.half, index));
  const factors = factorsOf(design);
  const positions = levelsAt(design, index) as number[];
  return factors
    .map((factor, at) => ({ factor, value: factor.levels[positions[at] as number] as number }))
    .filter(({ factor }) => factor.levels.length > 1 || styleOf(factor.key).short === '')
    .map(({ factor, value }) => `${styleOf(factor.key).short} ${withUnit(value, factor.unit)}`.trim())
    .join(' · ');
}

/** A short name for a single stimulus. */
export function specLabel(spec: StimulusSpec): string {
  switch (spec.type) {
    case 'grating':
    case 'gabor':
      return `${spec.type} ${formatDegrees(spec.orientationDeg)} · ${formatNumber(spec.spatialFrequencyCpd)} cpd`;
    case 'noise':
      return `${spec.spectrum} noise, RMS ${formatNumber(spec.contrastRms)}`;
    case 'image':
      return `photograph ${spec.imageSha256.slice(0, 8)}`;
    case 'raster':
      return `${spec.clip === undefined ? 'image' : 'clip'} ${spec.arraySha256.slice(0, 8)}`;
    case 'tsr1':
      return tsr1Label(spec.index);
    case 'drifting-grating':
      return `drifting grating ${movement(spec.directionDeg, spec)}`;
    case 'counterphase-grating':
      return `counterphase grating ${movement(spec.orientationDeg, spec)}`;
    case 'drifting-plaid':
      return `drifting plaid ${movement(spec.directionDeg, spec)}`;
    case 'random-dots':
      return (
        `random dots ${formatDegrees(spec.directionDeg)} · ${formatNumber(spec.speedDegPerS)} °/s · ` +
        `coherence ${formatNumber(spec.coherence)}`
      );
    case 'tsr1v':
      return tsr1vLabel(spec.index);
    case 'blank':
      return 'blank';
  }
}

const movement = (
  deg: number,
  { spatialFrequencyCpd, temporalFrequencyHz }: { spatialFrequencyCpd: number; temporalFrequencyHz: number },
): string =>
  `${formatDegrees(deg)} · ${formatNumber(spatialFrequencyCpd)} cpd · ${formatNumber(temporalFrequencyHz)} Hz`;

/** Everything at once, for small designs. */
export function expandDesign(design: StimulusDesign): { specs: StimulusSpec[]; labels: string[]; factors: Factor[] } {
  const indices = Array.from({ length: designCount(design) }, (_, index) => index);
  return {
    specs: indices.map((index) => specAt(design, index)),
    labels: indices.map((index) => labelAt(design, index)),
    factors: factorsOf(design),
  };
}

/** What a set holds in one line: '8 orientations × 6 SF × 4 phases + blank = 193'. */
export function describeDesign(design: StimulusDesign): string {
  if (design.type === 'tsr1' || design.type === 'tsr1v') {
    const set = design.type === 'tsr1' ? describeTsr1(design.half) : describeTsr1v(design.half);
    return `${set}${design.blank ? ` + blank = ${formatCount(designCount(design))}` : ''}`;
  }
  const shown = shownCount(design);
  const varied = factorsOf(design).filter((factor) => factor.levels.length > 1);
  const parts = varied.map((factor) => `${factor.levels.length} ${styleOf(factor.key).plural}`).join(' × ');
  const noun = {
    gratings: 'grating',
    gabors: 'Gabor',
    images: 'photograph',
    noise: design.type === 'noise' ? `${design.spectrum} noise image` : '',
    'drifting-gratings': 'drifting grating',
    'counterphase-gratings': 'counterphase grating',
    'drifting-plaids': 'drifting plaid',
    'random-dots': 'field of dots',
    list: 'stimulus',
  }[design.type];
  const nouns = { list: 'stimuli', 'random-dots': 'fields of dots' }[design.type as string] ?? `${noun}s`;
  // Directions alone would not tell gratings, plaids and dots apart.
  const kind = hasMoving(design) && design.type !== 'list' ? `${nouns}: ` : '';
  const what = parts === '' ? plural(shown, noun, nouns) : `${kind}${parts}`;
  const blank = hasBlank(design) ? ' + blank' : '';
  const total = varied.length > 1 || blank !== '' ? ` = ${formatCount(designCount(design))}` : '';
  return `${what}${blank}${total}`;
}

/** Every parameter of a stimulus by name: what its description says, and for an image or clip of a reference set what its number stands for. */
export function parametersOf(spec: StimulusSpec): Record<string, number | string> {
  if (spec.type === 'raster') {
    const { type: _, clip, ...described } = spec;
    return { ...described, ...clip };
  }
  const { type: _, ...described } = spec;
  if (spec.type === 'tsr1') return { ...described, ...tsr1Parameters(spec.index) };
  return spec.type === 'tsr1v' ? { ...described, ...tsr1vParameters(spec.index) } : described;
}

/** Content hash of one stimulus's description. */
export const stimulusHash = (spec: StimulusSpec): string => hashJson(spec);

/** Hash over the ordered stimulus hashes, one per line; uses the same memory for any number of stimuli. */
export function stimuliHash(design: StimulusDesign): string {
  const hash = createSha256();
  const encoder = new TextEncoder();
  const count = designCount(design);
  for (let index = 0; index < count; index++) {
    hash.update(encoder.encode(`${stimulusHash(specAt(design, index))}\n`));
  }
  return hash.hex();
}
