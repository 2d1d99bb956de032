/** What will surprise about a design on a given raster, said with its numbers before anything is rendered. */
import { clipStrip } from '../contract/results.ts';
import type { StimulusDesign, StimulusSpec } from '../contract/stimuli.ts';
import { thumbnailPx, usualThumbnailDeg } from '../contract/thumbnails.ts';
import { upperTail } from '../platform/normal.ts';
import { nyquistCpd } from './geometry.ts';
import {
  carries,
  fastestOf,
  framesNeeded,
  hasMoving,
  lifetimeSOf,
  outlivesFrame,
  temporalFrequenciesOf,
  type TemporalFrequency,
} from './motion.ts';
import { tsr1Aperture, tsr1HighestCpd, tsr1SizeDeg } from './tsr1/classes.ts';
import { tsr1vHighestCpd } from './tsr1v/classes.ts';
import { formatNumber as text } from './words.ts';

export type WarningContext = {
  /** Pixels per degree at the centre of the raster or display. */
  pxPerDeg: number;
  /** Pixels per degree where they are fewest, if that is not the centre. */
  pxPerDegLowest?: number;
  fieldOfViewDeg: number;
  /** Frames per second; nothing is said about temporal frequencies where it is left out. */
  frameRateHz?: number;
  /** Linear-light luminance of the background, .5 when left out. */
  background?: number;
  /** Who shows it, for the sentence: 'this twin' when left out. */
  shownBy?: string;
};

/** The extremes of a design that matter here; empty lists where a design has no such thing. */
type Extremes = {
  name: string;
  frequencies: number[];
  /** Spread of the spectrum around every frequency: 1/(2πσ) of the narrowest Gaussian envelope, or 0. */
  spreadCpd: number;
  contrasts: number[];
  noiseContrasts: number[];
  diameters: number[];
  edges: number[];
  temporalFrequencies: TemporalFrequency[];
  dotDiameters: number[];
  /** Seconds that dots live; Infinity where there are none. */
  lifetimeS: number;
  /** Farthest reach from fixation along x or y, in degrees. */
  reachDeg: number;
};

const nothing: Extremes = {
  name: 'stimulus',
  frequencies: [],
  spreadCpd: 0,
  contrasts: [],
  noiseContrasts: [],
  diameters: [],
  edges: [],
  temporalFrequencies: [],
  dotDiameters: [],
  lifetimeS: Infinity,
  reachDeg: 0,
};

const largest = (values: number[]): number => values.reduce((best, value) => Math.max(best, value), -Infinity);
const smallest = (values: number[]): number => values.reduce((best, value) => Math.min(best, value), Infinity);
const farthest = (values: number[]): number => values.reduce((best, value) => Math.max(best, Math.abs(value)), 0);

function extremesOf(item: StimulusDesign | StimulusSpec): Extremes {
  switch (item.type) {
    case 'gratings':
    case 'grating': {
      const levels = item.type === 'gratings' ? item.factors : undefined;
      const one = item.type === 'grating' ? item : undefined;
      const diameters = levels?.diameterDeg ?? [one?.diameterDeg as number];
      return {
        ...nothing,
        name: 'grating',
        frequencies: levels?.spatialFrequencyCpd ?? [one?.spatialFrequencyCpd as number],
        contrasts: levels?.contrast ?? [one?.contrast as number],
        diameters,
        edges: [item.edgeDeg],
        reachDeg: farthest([item.xDeg, item.yDeg]) + largest(diameters) / 2,
      };
    }
    case 'gabors':
    case 'gabor': {
      const levels = item.type === 'gabors' ? item.factors : undefined;
      const one = item.type === 'gabor' ? item : undefined;
      const sigmas = levels?.sigmaDeg ?? [one?.sigmaDeg as number];
      const centres = levels ? [...levels.xDeg, ...levels.yDeg] : [one?.xDeg as number, one?.yDeg as number];
      const narrowest = smallest(sigmas) * Math.min(1, item.aspectRatio);
      return {
        ...nothing,
        name: 'Gabor',
        frequencies: levels?.spatialFrequencyCpd ?? [one?.spatialFrequencyCpd as number],
        spreadCpd: 1 / (2 * Math.PI * narrowest),
        contrasts: levels?.contrast ?? [one?.contrast as number],
        reachDeg: farthest(centres) + 2 * largest(sigmas) * Math.max(1, item.aspectRatio),
      };
    }
    case 'noise':
      return {
        ...nothing,
        name: 'noise image',
        noiseContrasts: [item.contrastRms],
        diameters: [item.diameterDeg],
        edges: [item.edgeDeg],
        reachDeg: farthest([item.xDeg, item.yDeg]) + item.diameterDeg / 2,
      };
    case 'images':
    case 'image':
      return {
        ...nothing,
        name: 'photograph',
        reachDeg: farthest([item.xDeg, item.yDeg]) + item.sizeDeg / 2,
      };
    case 'tsr1':
      return {
        ...nothing,
        name: 'set TSR-1',
        frequencies: [tsr1HighestCpd],
        diameters: [tsr1Aperture.diameterDeg],
        edges: [tsr1Aperture.edgeDeg],
        reachDeg: tsr1SizeDeg / 2,
      };
    case 'drifting-gratings':
    case 'counterphase-gratings':
    case 'drifting-plaids': {
      const { factors } = item;
      return {
        ...nothing,
        name: item.type === 'drifting-plaids' ? 'plaid' : 'grating',
        frequencies: factors.spatialFrequencyCpd,
        contrasts: 'contrast' in factors ? factors.contrast : factors.componentContrast.map((each) => 2 * each),
        diameters: factors.diameterDeg,
        edges: [item.edgeDeg],
        temporalFrequencies: temporalFrequenciesOf(item),
        reachDeg: farthest([item.xDeg, item.yDeg]) + largest(factors.diameterDeg) / 2,
      };
    }
    case 'drifting-grating':
    case 'counterphase-grating':
    case 'drifting-plaid':
      return {
        ...nothing,
        name: item.type === 'drifting-plaid' ? 'plaid' : 'grating',
        frequencies: [item.spatialFrequencyCpd],
        contrasts: ['contrast' in item ? item.contrast : 2 * item.componentContrast],
        diameters: [item.diameterDeg],
        edges: [item.edgeDeg],
        temporalFrequencies: temporalFrequenciesOf(item),
        reachDeg: farthest([item.xDeg, item.yDeg]) + item.diameterDeg / 2,
      };
    case 'random-dots': {
      const levels =
        'factors' in item
          ? item.factors
          : { contrast: [item.contrast], diameterDeg: [item.diameterDeg], dotDiameterDeg: [item.dotDiameterDeg] };
      return {
        ...nothing,
        name: 'field of dots',
        contrasts: levels.contrast,
        diameters: levels.diameterDeg,
        edges: [item.edgeDeg],
        dotDiameters: levels.dotDiameterDeg,
        lifetimeS: lifetimeSOf(item),
        reachDeg: farthest([item.xDeg, item.yDeg]) + largest(levels.diameterDeg) / 2,
      };
    }
    case 'tsr1v':
      return {
        ...nothing,
        name: 'set TSR-1V',
        frequencies: [tsr1vHighestCpd],
        diameters: [tsr1Aperture.diameterDeg],
        edges: [tsr1Aperture.edgeDeg],
        temporalFrequencies: temporalFrequenciesOf(item),
        reachDeg: tsr1SizeDeg / 2,
      };
    case 'raster':
      return { ...nothing, name: item.clip === undefined ? 'image' : 'clip', reachDeg: item.sizeDeg / 2 };
    default:
      return nothing;
  }
}

function temporalWarnings(extremes: Extremes, { frameRateHz, shownBy = 'this twin' }: WarningContext): string[] {
  if (frameRateHz === undefined) return [];
  const { lifetimeS } = extremes;
  if (!outlivesFrame(frameRateHz, lifetimeS)) {
    return [
      `Dots that live ${text(lifetimeS)} s need at least ${text(1 / lifetimeS)} frames per second; ${shownBy} has ` +
        `${text(frameRateHz)}. They cannot be shown and will be refused.`,
    ];
  }
  const tooFast = extremes.temporalFrequencies.filter((each) => !carries(frameRateHz, each));
  const worst = fastestOf(tooFast);
  if (worst === null) return [];
  const others =
    tooFast.length > 1 ? ` The same holds for ${tooFast.length - 1} more of the temporal frequencies.` : '';
  return [
    `${worst.drifts ? 'A drift of ' : ''}${text(worst.hz)} Hz needs ${framesNeeded(worst)} frames per second; ${shownBy} has ` +
      `${text(frameRateHz)}. It cannot be shown and will be refused.${others}`,
  ];
}

function warningsFor(extremes: Extremes, context: WarningContext): string[] {
  const { pxPerDeg, fieldOfViewDeg, background = 0.5, shownBy = 'this twin' } = context;
  const lowest = Math.min(pxPerDeg, context.pxPerDegLowest ?? pxPerDeg);
  const has =
    lowest < pxPerDeg
      ? `${text(pxPerDeg)} per degree at the centre and ${text(lowest)} at the edge`
      : `${text(pxPerDeg)} per degree`;
  const warnings: string[] = [];

  const highest = largest(extremes.frequencies);
  const tooHigh = extremes.frequencies.filter((cpd) => cpd > nyquistCpd(lowest)).length;
  if (tooHigh > 0) {
    const consequence =
      highest > nyquistCpd(pxPerDeg) ? 'It cannot be shown and will be refused.' : 'Near the edge it would alias.';
    const others = tooHigh > 1 ? ` The same holds for ${tooHigh - 1} more of the spatial frequencies.` : '';
    warnings.push(
      `${text(highest)} cpd needs at least ${text(2 * highest)} px per degree; ${shownBy} has ${has}. ${consequence}${others}`,
    );
  } else if (extremes.spreadCpd > 0 && highest + 2 * extremes.spreadCpd > nyquistCpd(lowest)) {
    const needed = 2 * (highest + 2 * extremes.spreadCpd);
    warnings.push(
      `The narrowest envelope spreads ${text(highest)} cpd up to ${text(needed / 2)} cpd (2 SD), which needs at least ` +
        `${text(needed)} px per degree; ${shownBy} has ${has}. Finer detail is lost.`,
    );
  }

  warnings.push(...temporalWarnings(extremes, context));

  const strongest = largest(extremes.contrasts);
  const possible = (1 - background) / background;
  if (strongest > possible) {
    warnings.push(
      `Contrast ${text(strongest)} on a background of ${text(background)} asks for ${text(background * (1 + strongest))} ` +
        `times the display's white and is clipped; contrasts up to ${text(possible)} are shown in full.`,
    );
  }
  const noisiest = largest(extremes.noiseContrasts);
  const clipped = noisiest > 0 ? 2 * upperTail(Math.min(1, possible) / noisiest) : 0;
  if (clipped > 0.001) {
    warnings.push(
      `Noise of RMS contrast ${text(noisiest)} reaches black or white in about ${text(100 * clipped)} % of its pixels; ` +
        'there it is clipped, and mean and contrast are restored by the others.',
    );
  }

  const diameter = smallest(extremes.diameters);
  const edge = largest(extremes.edges);
  if (diameter < edge) {
    warnings.push(
      `An aperture of ${text(diameter)}° is smaller than its edge of ${text(edge)}°, so even its centre does not reach ` +
        'the stated contrast.',
    );
  }
  if (diameter * lowest < 2) {
    warnings.push(
      `An aperture of ${text(diameter)}° is ${text(diameter * lowest)} px wide on ${shownBy}: too few to draw it.`,
    );
  }
  const dot = smallest(extremes.dotDiameters);
  if (dot * lowest < 1) {
    warnings.push(
      `Dots of ${text(dot)}° are ${text(dot * lowest)} px wide on ${shownBy}, so no pixel shows their full contrast.`,
    );
  }
  if (extremes.reachDeg > fieldOfViewDeg / 2 + 1e-9 && extremes.name !== 'stimulus') {
    warnings.push(
      `The ${extremes.name} reaches ${text(extremes.reachDeg)}° from fixation; ${shownBy} sees ` +
        `${text(fieldOfViewDeg / 2)}°. What lies beyond is cut off.`,
    );
  }
  return warnings;
}

/** One sentence or two per surprise, each with its consequence; none when the design can be shown as described. */
export function designWarnings(design: StimulusDesign, context: WarningContext): string[] {
  const items = design.type === 'list' ? design.stimuli : [design];
  return [...new Set(items.flatMap((item) => warningsFor(extremesOf(item), context)))];
}

/** The same for one stimulus. */
export const specWarnings = (spec: StimulusSpec, context: WarningContext): string[] =>
  warningsFor(extremesOf(spec), context);

/** Largest field of a small picture, degrees. */
const largestShownDeg = 128;

/**
 * Side in degrees of the field that small pictures of a design show, the same for all of its stimuli: 8°, doubled until the
 * stimuli fit, as long as the picture's pixels can hold their finest bars (two pixels for each period).
 */
export function shownFieldDeg(design: StimulusDesign): number {
  const sizePx = hasMoving(design) ? clipStrip.sizePx : thumbnailPx;
  const all = (design.type === 'list' ? design.stimuli : [design]).map((item) => extremesOf(item));
  const reachDeg = Math.max(0, ...all.map((each) => each.reachDeg));
  const highestCpd = Math.max(0, ...all.flatMap(({ frequencies }) => frequencies));
  let fieldDeg = usualThumbnailDeg;
  while (fieldDeg / 2 < reachDeg && fieldDeg < largestShownDeg && sizePx / (2 * fieldDeg) >= 2 * highestCpd)
    fieldDeg *= 2;
  return fieldDeg;
}
