/**
 * Stimuli that change with time: which they are, how fast they go, and how they are drawn at a moment. A direction of
 * 0° is rightward, 90° upward; bars stand perpendicular to it (science.md §1).
 */
import type {
  CounterphaseGratingSpec,
  DriftingGratingSpec,
  DriftingPlaidSpec,
  StimulusDesign,
  StimulusSpec,
} from '../contract/stimuli.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { cos, degreesToRadians } from '../platform/exactMath.ts';
import { drawGrating, drawPlaid } from './carriers.ts';
import type { StimulusRaster } from './geometry.ts';
import { tsr1vHighestHz, tsr1vPlace } from './tsr1v/classes.ts';
import { dotsClip, gratingClip, imageClip, plaidClip } from './tsr1v/parameters.ts';
import { formatNumber } from './words.ts';

/** Bars of this orientation move in the direction while their phase falls: u of `carrierTables` points there. */
const barsFor = (directionDeg: number): number => directionDeg - 90;

/** The phase that is left of `phaseDeg` when `temporalFrequencyHz`·`timeS` cycles have gone by. */
const phaseAfter = (phaseDeg: number, temporalFrequencyHz: number, timeS: number): number =>
  phaseDeg - 360 * ((temporalFrequencyHz * timeS) % 1);

export function drawDriftingGrating(
  spec: DriftingGratingSpec,
  raster: StimulusRaster,
  out: Float32Array,
  timeS: number,
): Float32Array {
  const phaseDeg = phaseAfter(spec.phaseDeg, spec.temporalFrequencyHz, timeS);
  return drawGrating({ ...spec, orientationDeg: barsFor(spec.directionDeg), phaseDeg }, raster, out);
}

export function drawCounterphaseGrating(
  spec: CounterphaseGratingSpec,
  raster: StimulusRaster,
  out: Float32Array,
  timeS: number,
): Float32Array {
  const contrast = spec.contrast * cos(2 * Math.PI * ((spec.temporalFrequencyHz * timeS) % 1));
  return drawGrating({ ...spec, contrast }, raster, out);
}

export function drawDriftingPlaid(
  spec: DriftingPlaidSpec,
  raster: StimulusRaster,
  out: Float32Array,
  timeS: number,
): Float32Array {
  const { directionDeg, plaidAngleDeg, spatialFrequencyCpd, componentContrast, xDeg, yDeg } = spec;
  const phaseDeg = phaseAfter(spec.phaseDeg, spec.temporalFrequencyHz, timeS);
  const component = (turnDeg: number) => ({
    orientationDeg: barsFor(directionDeg + turnDeg),
    spatialFrequencyCpd,
    phaseDeg,
    xDeg,
    yDeg,
  });
  const components = [component(-plaidAngleDeg / 2), component(plaidAngleDeg / 2)] as const;
  return drawPlaid(components, componentContrast, spec, raster, out);
}

/** Whether the picture depends on the time at which it is looked at. */
export function isMoving(spec: StimulusSpec): boolean {
  switch (spec.type) {
    case 'drifting-grating':
    case 'counterphase-grating':
    case 'drifting-plaid':
      return spec.temporalFrequencyHz > 0;
    case 'random-dots':
    case 'tsr1v':
      return true;
    default:
      return false;
  }
}

/** Whether any stimulus of a design moves. */
export function hasMoving(design: StimulusDesign): boolean {
  switch (design.type) {
    case 'drifting-gratings':
    case 'counterphase-gratings':
    case 'drifting-plaids':
      return design.factors.temporalFrequencyHz.some((hz) => hz > 0);
    case 'random-dots':
    case 'tsr1v':
      return true;
    case 'list':
      return design.stimuli.some(isMoving);
    default:
      return false;
  }
}

/** Highest temporal frequency of a design in Hz; null where none is stated. */
function highestHz(design: StimulusDesign): number | null {
  switch (design.type) {
    case 'drifting-gratings':
    case 'counterphase-gratings':
    case 'drifting-plaids':
      return design.factors.temporalFrequencyHz.reduce((highest, hz) => Math.max(highest, hz), 0);
    case 'tsr1v':
      return tsr1vHighestHz;
    case 'list':
      return design.stimuli.reduce((highest, spec) => Math.max(highest, temporalFrequencyOf(spec) ?? 0), 0);
    default:
      return null;
  }
}

/** Speed of the pattern along its direction in degrees per second; null where it has no single one. */
export function speedDegPerS(spec: StimulusSpec): number | null {
  switch (spec.type) {
    case 'drifting-grating':
      return patternSpeed(spec);
    case 'drifting-plaid':
      return patternSpeed(spec);
    case 'random-dots':
      return spec.speedDegPerS;
    case 'tsr1v': {
      const { key, k } = tsr1vPlace(spec.index);
      if (key === 'gratings') return patternSpeed(gratingClip(k));
      if (key === 'plaids') return patternSpeed(plaidClip(k));
      if (key === 'dots') return dotsClip(k).speedDegPerS;
      return key === 'images' ? imageClip(k).speedDegPerS : null;
    }
    default:
      return null;
  }
}

type Drift = { spatialFrequencyCpd: number; temporalFrequencyHz: number; plaidAngleDeg?: number };
const patternSpeed = ({ spatialFrequencyCpd, temporalFrequencyHz, plaidAngleDeg = 0 }: Drift): number =>
  temporalFrequencyHz / (spatialFrequencyCpd * cos(degreesToRadians(plaidAngleDeg / 2)));

/** Highest temporal frequency that a description states, in Hz; null where it states none. */
export function temporalFrequencyOf(spec: StimulusSpec): number | null {
  switch (spec.type) {
    case 'drifting-grating':
    case 'counterphase-grating':
    case 'drifting-plaid':
      return spec.temporalFrequencyHz;
    case 'tsr1v':
      return tsr1vHighestHz;
    default:
      return null;
  }
}

/** Highest temporal frequency that frames at `frameRateHz` can carry, with room for rounding. */
export const nyquistHz = (frameRateHz: number): number => (frameRateHz / 2) * (1 + 1e-9);

/** Why stimuli cannot be shown, and what helps: a sentence each. */
export interface NotShown {
  readonly why: string;
  readonly remedy: string;
}

/** Throws 'bad-input' with the reason, where there is one. */
export function refuseShown(reason: NotShown | null): void {
  if (reason === null) return;
  throw new TwinscopeError('bad-input', `${reason.why} Nothing was started. ${reason.remedy}`);
}

/**
 * Where a stimulus goes through more than half a cycle between two frames, and so would seem to go another way; null
 * where none does. `title` is the name of what shows the frames, as a sentence begins.
 */
export function tooFast(
  stimuli: StimulusDesign | StimulusSpec,
  frameRateHz: number,
  title = 'This twin',
): NotShown | null {
  const hz = isDesign(stimuli) ? highestHz(stimuli) : temporalFrequencyOf(stimuli);
  if (hz === null || hz <= nyquistHz(frameRateHz)) return null;
  return {
    why:
      `${title} has ${formatNumber(frameRateHz)} frames per second, and a temporal frequency of ${formatNumber(hz)} Hz needs ` +
      `at least ${formatNumber(2 * hz)}: it would show another motion.`,
    remedy: `Keep temporal frequencies at or below ${formatNumber(frameRateHz / 2)} Hz, or use more frames per second.`,
  };
}

/** Throws 'bad-input' where `tooFast` finds a stimulus. */
export const requireFrameRate = (...of: Parameters<typeof tooFast>): void => refuseShown(tooFast(...of));

const designTypes: ReadonlySet<string> = new Set<StimulusDesign['type']>([
  'drifting-gratings',
  'counterphase-gratings',
  'drifting-plaids',
  'list',
]);

/** Random dots and TSR-1V are called the same as a design and as a stimulus, and say the same of time. */
const isDesign = (item: StimulusDesign | StimulusSpec): item is StimulusDesign => designTypes.has(item.type);

/**
 * Where a stimulus moves and what shows it stands still; null where none moves. `title` is that thing's name, 'The twin
 * "V1"' say, as a sentence begins.
 */
export function mustStandStill(stimuli: StimulusDesign | readonly StimulusSpec[], title: string): NotShown | null {
  const moving = 'type' in stimuli ? hasMoving(stimuli) : stimuli.some(isMoving);
  if (!moving) return null;
  return {
    why: `${title} sees still pictures, and these stimuli move.`,
    remedy: 'Choose a twin that sees clips, or stimuli that stand still.',
  };
}

/** Throws 'bad-input' where `mustStandStill` finds a stimulus. */
export const requireStill = (...of: Parameters<typeof mustStandStill>): void => refuseShown(mustStandStill(...of));
