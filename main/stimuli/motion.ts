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

export type TemporalFrequency = {
  hz: number;
  /** Whether it has a direction that half the frame rate would not tell. */
  drifts: boolean;
};

/** The temporal frequencies that a design or stimulus states. */
export function temporalFrequenciesOf(item: StimulusDesign | StimulusSpec): TemporalFrequency[] {
  switch (item.type) {
    case 'drifting-gratings':
    case 'counterphase-gratings':
    case 'drifting-plaids':
      return item.factors.temporalFrequencyHz.map((hz) => ({ hz, drifts: item.type !== 'counterphase-gratings' }));
    case 'drifting-grating':
    case 'counterphase-grating':
    case 'drifting-plaid':
      return [{ hz: item.temporalFrequencyHz, drifts: item.type !== 'counterphase-grating' }];
    case 'tsr1v':
      // Of its movies and images; its gratings and plaids drift more slowly.
      return [{ hz: tsr1vHighestHz, drifts: false }];
    case 'list':
      return item.stimuli.flatMap(temporalFrequenciesOf);
    default:
      return [];
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

/**
 * Whether frames at `frameRateHz` can carry a temporal frequency, with room for rounding: up to half of the rate, where
 * standing bars are reversed in every frame. Bars that drift must stay below it: there both directions look the same.
 */
export const carries = (frameRateHz: number, { hz, drifts }: TemporalFrequency): boolean =>
  hz <= (frameRateHz / 2) * (drifts ? 1 - 1e-9 : 1 + 1e-9);

/** What frames `hz` needs, as a sentence goes on: 'at least 32', 'more than 30'. */
export const framesNeeded = ({ hz, drifts }: TemporalFrequency): string =>
  `${drifts ? 'more than' : 'at least'} ${formatNumber(2 * hz)}`;

/** Seconds that the dots of a design or stimulus live; Infinity where it has none. */
export function lifetimeSOf(item: StimulusDesign | StimulusSpec): number {
  if (item.type === 'list') return item.stimuli.reduce((least, spec) => Math.min(least, lifetimeSOf(spec)), Infinity);
  return item.type === 'random-dots' ? item.lifetimeS : Infinity;
}

/** Whether dots outlive a frame: others are new ones in every frame, and nothing moves. */
export const outlivesFrame = (frameRateHz: number, lifetimeS: number): boolean => lifetimeS * frameRateHz >= 1 - 1e-9;

export const fastestOf = (frequencies: readonly TemporalFrequency[]): TemporalFrequency | null =>
  frequencies.reduce<TemporalFrequency | null>(
    (best, each) => (best === null || each.hz > best.hz ? each : best),
    null,
  );

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
 * Where a stimulus goes through more than half a cycle between two frames, and so would seem to go another way, or
 * drifts by just half of one and would go no way, or where its dots live less than a frame; null where none does. `title`
 * is the name of what shows the frames, as a sentence begins.
 */
export function tooFast(
  stimuli: StimulusDesign | StimulusSpec,
  frameRateHz: number,
  title = 'This twin',
): NotShown | null {
  const has = `${title} has ${formatNumber(frameRateHz)} frames per second`;
  const lifetimeS = lifetimeSOf(stimuli);
  if (!outlivesFrame(frameRateHz, lifetimeS)) {
    return {
      why:
        `${has}, and dots that live ${formatNumber(lifetimeS)} s need at least ${formatNumber(1 / lifetimeS)}: they would be ` +
        'others in every frame, and nothing would move.',
      remedy: `Let dots live ${formatNumber(1 / frameRateHz)} s or longer, or use more frames per second.`,
    };
  }
  const worst = fastestOf(temporalFrequenciesOf(stimuli).filter((each) => !carries(frameRateHz, each)));
  if (worst === null) return null;
  return {
    why:
      `${has}, and a ${worst.drifts ? 'drift' : 'temporal frequency'} of ${formatNumber(worst.hz)} Hz needs ` +
      `${framesNeeded(worst)}: it would show another motion.`,
    remedy:
      `Keep ${worst.drifts ? 'drifts below' : 'temporal frequencies at or below'} ${formatNumber(frameRateHz / 2)} Hz, or use ` +
      'more frames per second.',
  };
}

/** Throws 'bad-input' where `tooFast` finds a stimulus. */
export const requireFrameRate = (...of: Parameters<typeof tooFast>): void => refuseShown(tooFast(...of));

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
