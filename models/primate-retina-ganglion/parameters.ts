/**
 * Constants and units of the retina twin. Coordinates: degrees, x right, y up, origin at fixation. A radius r is that of
 * exp(−(d/r)²), where the Gaussian has fallen to 1/e of its peak; its standard deviation is r/√2.
 *
 * Published numbers (Croner & Kaplan 1995, P cells for midget and M cells for parasol): medians of Table 1 and means of
 * the text, as other authors' code and the paper's abstract quote them; the paper itself was not at hand (see the card).
 */
import { log } from '../../main/platform/exactMath.ts';

export const sizePx = 480;
export const fieldOfViewDeg = 12;
export const pxPerDeg = sizePx / fieldOfViewDeg;
export const background = 0.5;

/** Surrounds and contrast pools look at means over blocks of this many pixels along both axes. */
export const blockPx = 4;
export const sizeBlocks = sizePx / blockPx;
export const blocksPerDeg = pxPerDeg / blockPx;

/** Gaussians are cut, along each axis, where they fall below this part of their peak. */
export const gaussianCut = 1e-4;
/** Distance of the cut from the centre, in radii. */
export const cutRadius = Math.sqrt(-log(gaussianCut));

export type CellClass = 'midget' | 'parasol';

export interface ClassTraits {
  /** Median centre radius in degrees: `atFixation` + `perDegree` · eccentricity. */
  centreRadius: { atFixation: number; perDegree: number };
  /** Median surround radius in degrees, as that of the centre. */
  surroundRadius: { atFixation: number; perDegree: number };
  /** Gain of the centre mechanism, spikes/s per unit of contrast. */
  centreGain: number;
  /** Diameter of ON receptive fields ÷ that of OFF ones. */
  onOffDiameterRatio: number;
  /** Units of each polarity. */
  unitsPerMosaic: number;
  /** No unit is nearer to fixation, or further from it along x or y. */
  innermostDeg: number;
  largestOffsetDeg: number;
}

export const classes: Record<CellClass, ClassTraits> = {
  midget: {
    // The line through the medians .03° at 0–5° and .05° at 5–10°, each at the middle of its bin.
    centreRadius: { atFixation: 0.02, perDegree: 0.004 },
    // The slope between the medians .18° at 0–5° and .43° at 5–10°; the offset makes the mean ratio of radii 6.7 (text).
    surroundRadius: { atFixation: 0.045, perDegree: 0.05 },
    // K_c·π·r_c² = 325.2 · π · .03² = .92 spikes/s per percent of contrast.
    centreGain: 92,
    onOffDiameterRatio: 1,
    unitsPerMosaic: 256,
    // Nearer to fixation the raster could not show the centres.
    innermostDeg: 1.5,
    largestOffsetDeg: 5.5,
  },
  parasol: {
    // The line through the medians .10° at 0–10° and .18° at 10–20°.
    centreRadius: { atFixation: 0.06, perDegree: 0.008 },
    // 5.6 times the centre: the paper's medians give 7.2 (.72° at 0–10°) and its text a mean of 4.8, of few cells.
    surroundRadius: { atFixation: 0.336, perDegree: 0.0448 },
    // Six times that of midget cells (abstract).
    centreGain: 6 * 92,
    // Chichilnisky & Kalmar 2002 (abstract): ON 20 % larger in diameter.
    onOffDiameterRatio: 1.2,
    unitsPerMosaic: 64,
    innermostDeg: 0.5,
    largestOffsetDeg: 5.2,
  },
};

export const areas = ['midget-ON', 'midget-OFF', 'parasol-ON', 'parasol-OFF'] as const;
export type Area = (typeof areas)[number];

export interface AreaTraits {
  cellClass: CellClass;
  /** 1: light in the centre excites; −1: darkness does. */
  polarity: 1 | -1;
  label: string;
  /** Name of the graph's output. */
  tensor: string;
  /** First letters of the units' names. */
  prefix: string;
}

export const areaTraits: Record<Area, AreaTraits> = {
  'midget-ON': {
    cellClass: 'midget',
    polarity: 1,
    label: 'ON midget ganglion cells',
    tensor: 'midget_on',
    prefix: 'mon',
  },
  'midget-OFF': {
    cellClass: 'midget',
    polarity: -1,
    label: 'OFF midget ganglion cells',
    tensor: 'midget_off',
    prefix: 'mof',
  },
  'parasol-ON': {
    cellClass: 'parasol',
    polarity: 1,
    label: 'ON parasol ganglion cells',
    tensor: 'parasol_on',
    prefix: 'pon',
  },
  'parasol-OFF': {
    cellClass: 'parasol',
    polarity: -1,
    label: 'OFF parasol ganglion cells',
    tensor: 'parasol_off',
    prefix: 'pof',
  },
};

export const unitsOf = (area: Area): number => classes[areaTraits[area].cellClass].unitsPerMosaic;

/** Mean of surround gain ÷ centre gain, both integrated over space, in both classes (abstract). */
export const meanSurroundGain = 0.55;

/** Spread over units. Of the centre radius: from a quartile range of .01° around .03°; the others are design. */
export const centreRadiusLogSd = 0.25;
export const radiusRatioLogSd = 0.2;
export const surroundGainSd = 0.1;
export const centreGainLogSd = 0.2;
/** Bounds of the spread, relative to the median; the smallest centre that the raster shows, and surround that blocks do. */
export const radiusSpread = [0.6, 1.7] as const;
export const surroundGainRange = [0.3, 0.8] as const;
export const smallestCentreDeg = 0.02;
export const smallestSurroundDeg = 0.13;

/** Spontaneous rates in spikes/s, design: within the range published for macaque ganglion cells, ON above OFF. */
export const spontaneousRate: Record<1 | -1, number> = { 1: 20, [-1]: 8 };

/**
 * Contrast gain control of parasol cells: the drive is divided by 1 + C/c50, C the contrast of the full-field grating that
 * has the pool's mean power. c50 is a published value from memory; reach and smoothing are design.
 */
export const semiSaturationContrast = 0.13;
/** Radius of the contrast pool ÷ radius of the surround. */
export const poolReach = 2;
/** Rounds the corner of the root at contrast 0, so that the slope is finite there. */
export const contrastFloor = 1e-3;

/** Positions scatter around the rule with this standard deviation, in parts of the local spacing. */
export const positionJitter = 0.08;

export interface UnitParameters {
  area: Area;
  /** Position on the area's output axis: from left to right. */
  index: number;
  unit: string;
  xDeg: number;
  yDeg: number;
  eccentricityDeg: number;
  centreRadiusDeg: number;
  surroundRadiusDeg: number;
  /** Integrated gain of the surround ÷ that of the centre. */
  surroundGain: number;
  /** Spikes/s per unit of contrast over the centre. */
  centreGain: number;
  /** Parasol cells only; null for midget cells, which are linear up to rectification. */
  gainControl: { radiusDeg: number; semiSaturationContrast: number } | null;
}
