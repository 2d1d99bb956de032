/**
 * Constants of the mouse twin. Coordinates: degrees, x right, y up, origin where the eye looks when it is at rest. One
 * pixel is one degree; an eye that turns by (x, y) degrees sees the picture moved by (−x, −y).
 *
 * The stages are those of Wang et al. 2025; every number here is set by rule. Comments say which are taken from a paper;
 * the others are design.
 */

export const sizePx = 80;
export const fieldOfViewDeg = 80;
export const pxPerDeg = sizePx / fieldOfViewDeg;
export const background = 0.5;

export const frameRateHz = 30;
/** A clip: 0.2 s of burn-in and a window of 1 s, which holds whole cycles of every whole number of Hz. */
export const frames = 36;
export const windowFrom = 6;

/** The recurrent core stands on a square grid of this many places, evenly over the field. */
export const gridSize = 16;
export const gridStepDeg = fieldOfViewDeg / gridSize;

export const behaviourChannels = [
  { name: 'eye_x_deg', units: 'deg', default: 0, range: [-15, 15] },
  { name: 'eye_y_deg', units: 'deg', default: 0, range: [-15, 15] },
  { name: 'running_cm_per_s', units: 'cm/s', default: 0, range: [0, 60] },
  { name: 'pupil_diameter', units: '', default: 1, range: [0.5, 2] },
] as const satisfies { name: string; units: string; default: number; range: [number, number] }[];

/** The filter bank of the core: directions of the carriers' wave vectors, across the bars. */
export const waveDirectionsDeg = [0, 45, 90, 135] as const;
export const frequenciesCpd = [0.025, 0.045, 0.08] as const;
/** Resonances of the recurrence, with the time constant of the leak. */
export const resonances = [
  { temporalFrequencyHz: 1.5, timeConstantS: 0.12 },
  { temporalFrequencyHz: 5, timeConstantS: 0.06 },
] as const;
/** Standard deviation of a Gabor's envelope in cycles of its carrier. */
export const envelopeCycles = 0.4;
/** Centre and surround of the filters that are not oriented. */
export const centreSdDeg = 4;
export const surroundSdDeg = 10;
export const surroundGain = 0.8;

/**
 * A gate divides what enters the recurrence by 1 + E: normalisation by feedback, as Heeger 1992 has it. E is `poolGain`
 * times the summed energy of all channels in the frame before, averaged over the grid by a Gaussian of `poolSdSteps`.
 */
export const poolGain = 40;
export const poolSdSteps = 1.5;
export const poolReachSteps = 4;

/** Modulation: what running and pupil amount to, and how slowly it follows them. */
export const halfRunningCmPerS = 5;
export const pupilRange = [-0.5, 1] as const;
export const runningTimeConstantS = 0.2;
export const pupilTimeConstantS = 0.3;
export const modulationChannels = 2;

export const areaName = 'VISp';
export const unitCount = 400;
export const orientedPart = 0.8;
/** No unit is further from the middle along x or y. */
export const largestOffsetDeg = 22.5;

/** Preferred spatial frequency of oriented units: log-normal around this median (Niell & Stryker 2008, from memory). */
export const medianCpd = 0.038;
export const cpdOctaveSd = 0.55;
export const cpdRange = [0.02, 0.09] as const;
export const medianHz = 2.2;
export const hzOctaveSd = 0.8;
export const hzRange = [1.2, 6] as const;
/** Gaussian tuning of the readout over the channels of the bank. */
export const readoutOrientationSdDeg = 25;
/** Largest weights of what every direction of motion, and of what the opposite one adds; each drawn from below. */
export const largestUntuned = 0.5;
export const largestOpposite = 0.9;
export const readoutOctaveSd = { spatial: 0.5, temporal: 0.7 } as const;

/** Evoked responses from standing to fast running: more than doubled in most neurons (Niell & Stryker 2010, abstract). */
export const medianRunningGain = 1.6;
export const runningGainLogSd = 0.35;
export const medianPupilGain = 0.4;
export const pupilGainLogSd = 0.3;
export const medianScale = 1000;
export const scaleLogSd = 0.3;
export const medianSpontaneous = 1;
export const spontaneousLogSd = 0.5;
export const complexPart = 0.4;

export interface UnitParameters {
  unit: string;
  /** Position on the output's unit axis: from left to right. */
  index: number;
  xDeg: number;
  yDeg: number;
  /** Null: not oriented, fed by the filters with centre and surround. */
  tuning: {
    /** Direction of motion, 0 = right, 90 = up. */
    directionDeg: number;
    cpd: number;
    /** Weight of the opposite direction of motion, and of every direction alike, relative to the preferred one. */
    opposite: number;
    untuned: number;
  } | null;
  hz: number;
  /** Spatial phase of the field at its centre, radians. */
  phase: number;
  /** 0: half-squared (simple); 1: energy of a quadrature pair (complex). */
  energyPart: number;
  /** Evoked response = scale · squared drive. */
  scale: number;
  spontaneous: number;
  runningGain: number;
  pupilGain: number;
}
