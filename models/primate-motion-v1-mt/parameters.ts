/**
 * Constants, units and layout of the motion twin. Coordinates: degrees, x right, y up, origin at fixation; a direction is
 * that of motion, counter-clockwise from the right. Times are in seconds, rates of the model have no unit: 1 is the
 * response to the preferred full-field grating at contrast 1.
 */
import { log } from '../../main/platform/exactMath.ts';

export const sizePx = 64;
export const fieldOfViewDeg = 8;
export const pxPerDeg = sizePx / fieldOfViewDeg;
export const background = 0.5;

export const frameRateHz = 100;
export const frames = 64;
/** Earlier bins see part of the grey before the clip through the slowest filters. */
export const burnInFrames = 48;

/** Temporal filters (kt)ⁿ·exp(−kt)·[1/n! − β(kt)²/(n+2)!] of Adelson & Bergen 1985: a fast and a slow one. */
export const fastOrder = 6;
export const slowOrder = 9;
export const undershoot = 0.9;
/** Rate constants k per second: the published one, and filters half and twice as fast. */
export const rateConstants: readonly number[] = [50, 100, 200];

/** Spatial frequencies in cycles per degree: the published one, and scaled copies of its filters. */
export const spatialFrequencies: readonly number[] = [0.55, 1.1, 2.2];
/** Envelope exp(−r²/s²) with s·f the same for all, s = .5° at 1.1 cpd. */
export const envelopeCycles = 0.55;
/** Envelopes are cut where they fall below this part of their peak. */
export const envelopeCut = 2e-3;
/** Distance of the cut from the centre, in units of s. */
export const cutRadius = Math.sqrt(-log(envelopeCut));

/** Axes of motion per place, spatial frequency and speed; each axis has a unit for either direction. */
export const axesPerPlace = 6;
export const placeSpacingDeg = 1;
/** Places of V1 along x and along y. */
export const placesAcross = 3;
export const places = placesAcross * placesAcross;

/** Windows of the picture that hold the filters of a place, in pixels, by spatial frequency. */
export const windowPx: readonly number[] = [48, 26, 14];

export const sensorCount = places * spatialFrequencies.length * rateConstants.length * axesPerPlace;
export const v1Count = 2 * sensorCount;

/** Semi-saturation of V1 in contrast and of MT in units of its drive, MT's exponent and resting drive: Simoncelli & Heeger 1998. */
export const v1SemiSaturation = 0.1;
export const mtSemiSaturation = 0.1;
export const mtBaseline = 0.1;
/** Standard deviation of the distance over which V1 normalises, design. */
export const poolDistanceDeg = 1;
/** Standard deviation of the distance over which MT sums V1, design. */
export const mtReachDeg = 0.8;

export const mtPlaces: readonly { xDeg: number; yDeg: number }[] = [
  { xDeg: -0.5, yDeg: 0.5 },
  { xDeg: 0.5, yDeg: 0.5 },
  { xDeg: -0.5, yDeg: -0.5 },
  { xDeg: 0.5, yDeg: -0.5 },
];
export const mtDirections = 12;
/** Speeds (pattern cells) or temporal frequencies (component cells) per place and direction. */
export const mtSpeeds = 3;
export const mtCount = mtPlaces.length * mtDirections * mtSpeeds;

/** Weights of a component cell: Gaussians over direction and over octaves of spatial and temporal frequency. Design. */
export const component = { directionSdDeg: 20, octavesSd: 0.7, inhibition: 0.5 };
/**
 * Weights of a pattern cell: a Gaussian over the distance, in octaves of temporal frequency, from the plane of its velocity,
 * and one over octaves of spatial frequency; then `inhibition` times their mean is taken off. Design.
 */
export const pattern = { planeOctavesSd: 1.4, spatialOctavesSd: 1, inhibition: 2, spatialFrequencyCpd: 1.1 };

export const areas = ['V1', 'MT-component', 'MT-pattern'] as const;
export type Area = (typeof areas)[number];
export type MtArea = Exclude<Area, 'V1'>;
export const mtAreas: readonly MtArea[] = ['MT-component', 'MT-pattern'];
export const areaTraits: Record<Area, { tensor: string; label: string; prefix: string; colourOf: string }> = {
  V1: { tensor: 'v1', label: 'V1 direction-selective cells', prefix: 'V', colourOf: 'V1' },
  'MT-component': { tensor: 'mt_component', label: 'MT component cells', prefix: 'C', colourOf: 'MT' },
  'MT-pattern': { tensor: 'mt_pattern', label: 'MT pattern cells', prefix: 'P', colourOf: 'MT' },
};
export const unitsOf = (area: Area): number => (area === 'V1' ? v1Count : mtCount);

/** A pair of quadrature filters with a fast and a slow time course each; compares motion in two opposite directions. */
export interface MotionSensor {
  /** Which place of the grid, from the top left along rows. */
  place: number;
  spatialClass: number;
  temporalClass: number;
  xDeg: number;
  yDeg: number;
  /** The direction called positive; the null direction is opposite. */
  directionDeg: number;
  spatialFrequencyCpd: number;
  /** s of the envelope exp(−r²/s²). */
  envelopeDeg: number;
}

export interface MtUnit {
  unit: string;
  area: MtArea;
  index: number;
  xDeg: number;
  yDeg: number;
  directionDeg: number;
  spatialFrequencyCpd: number;
  temporalFrequencyHz: number;
}

export interface Population {
  seed: number;
  perturbation: number;
  /** In the order of the graph: by spatial frequency, place, temporal class and axis. */
  sensors: MotionSensor[];
  /** Rate constants k of the temporal classes. */
  rateConstants: number[];
  mt: Record<MtArea, MtUnit[]>;
}

export interface DriftingGrating {
  directionDeg: number;
  spatialFrequencyCpd: number;
  temporalFrequencyHz: number;
}

/** Middle of a place of the V1 grid. */
export function placeCentre(place: number): { xDeg: number; yDeg: number } {
  const column = place % placesAcross;
  const row = Math.floor(place / placesAcross);
  const middle = (placesAcross - 1) / 2;
  return { xDeg: (column - middle) * placeSpacingDeg, yDeg: (middle - row) * placeSpacingDeg };
}

/** Left column and top row of the window of a place. */
export function windowOrigin(spatialClass: number, place: number): { left: number; top: number; size: number } {
  const { xDeg, yDeg } = placeCentre(place);
  const size = windowPx[spatialClass] as number;
  return { left: sizePx / 2 + xDeg * pxPerDeg - size / 2, top: sizePx / 2 - yDeg * pxPerDeg - size / 2, size };
}
