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
import { tsr1vHighestHz } from './tsr1v/classes.ts';
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

/** Speed of the pattern along its direction in degrees per second; null where it has no single one. */
export function speedDegPerS(spec: StimulusSpec): number | null {
  switch (spec.type) {
    case 'drifting-grating':
      return spec.temporalFrequencyHz / spec.spatialFrequencyCpd;
    case 'drifting-plaid':
      return spec.temporalFrequencyHz / (spec.spatialFrequencyCpd * cos(degreesToRadians(spec.plaidAngleDeg / 2)));
    case 'random-dots':
      return spec.speedDegPerS;
    default:
      return null;
  }
}

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

/**
 * Throws 'bad-input' for a stimulus that goes through more than half a cycle between two frames, and so would seem to
 * go another way.
 */
export function requireFrameRate(spec: StimulusSpec, frameRateHz: number): void {
  const hz = temporalFrequencyOf(spec);
  if (hz === null || hz <= nyquistHz(frameRateHz)) return;
  const what = spec.type === 'tsr1v' ? 'The set TSR-1V goes up to' : 'This stimulus has a temporal frequency of';
  throw new TwinscopeError(
    'bad-input',
    `${what} ${formatNumber(hz)} Hz, which needs at least ${formatNumber(2 * hz)} frames per second; here there are ` +
      `${formatNumber(frameRateHz)}, so it would show another motion. Nothing was drawn. Keep the temporal frequency at ` +
      `or below ${formatNumber(frameRateHz / 2)} Hz, or use more frames per second.`,
  );
}

/**
 * Throws 'bad-input' where a stimulus moves and what shows it stands still. `title` is that thing's name, 'The twin
 * "V1"' say, as a sentence begins.
 */
export function requireStill(stimuli: StimulusDesign | readonly StimulusSpec[], title: string): void {
  const moving = 'type' in stimuli ? hasMoving(stimuli) : stimuli.some(isMoving);
  if (!moving) return;
  throw new TwinscopeError(
    'bad-input',
    `${title} sees still pictures, and these stimuli move. Nothing was started. Choose a twin that sees clips, or ` +
      'stimuli that stand still.',
  );
}
