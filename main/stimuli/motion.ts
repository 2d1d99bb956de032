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
    case 'raster':
      return spec.clip !== undefined;
    default:
      return false;
  }
}

/** Seconds from the start at which a single picture shows a stimulus: the middle of a stored clip, the start of others. */
export const picturedAtS = (spec: StimulusSpec): number =>
  spec.type === 'raster' && spec.clip !== undefined ? Math.floor(spec.clip.frames / 2) / spec.clip.frameRateHz : 0;

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

/**
 * Throws 'bad-input' where a stimulus goes through more than half a cycle between two frames, and so would seem to go
 * another way. `title` is the name of what shows the frames, as a sentence begins.
 */
export function requireFrameRate(
  stimuli: StimulusDesign | StimulusSpec,
  frameRateHz: number,
  title = 'This twin',
): void {
  const hz = isDesign(stimuli) ? highestHz(stimuli) : temporalFrequencyOf(stimuli);
  if (hz === null || hz <= nyquistHz(frameRateHz)) return;
  throw new TwinscopeError(
    'bad-input',
    `${title} has ${formatNumber(frameRateHz)} frames per second, and a temporal frequency of ${formatNumber(hz)} Hz needs ` +
      `at least ${formatNumber(2 * hz)}: it would show another motion. Nothing was started. Keep temporal frequencies at ` +
      `or below ${formatNumber(frameRateHz / 2)} Hz, or use more frames per second.`,
  );
}

const designTypes: ReadonlySet<string> = new Set<StimulusDesign['type']>([
  'drifting-gratings',
  'counterphase-gratings',
  'drifting-plaids',
  'list',
]);

/** Random dots and TSR-1V are called the same as a design and as a stimulus, and say the same of time. */
const isDesign = (item: StimulusDesign | StimulusSpec): item is StimulusDesign => designTypes.has(item.type);

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
