/**
 * The channels of the core by rule. A filter is a Gabor's complex field; a channel is a filter with a resonance of the
 * recurrence and a sense of motion. Also the unit's mixture of channels.
 */
import { cos, degreesToRadians, exp, log2, sin } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import {
  centreSdDeg,
  envelopeCycles,
  frameRateHz,
  frequenciesCpd,
  waveDirectionsDeg,
  poolGain,
  readoutOctaveSd,
  readoutOrientationSdDeg,
  resonances,
  surroundGain,
  surroundSdDeg,
  type UnitParameters,
} from './parameters.ts';

/** G·exp(−ik·x), G a Gaussian: kx, ky in radians per degree. */
export interface Filter {
  kx: number;
  ky: number;
  sdDeg: number;
}

/** One pair of numbers (real and imaginary part) at every place of the grid. */
export interface Channel {
  /** What it is built for; perturbations leave it alone. */
  design: { directionDeg: number; cpd: number; oriented: boolean; hz: number; sign: 1 | -1 };
  /** Sum of filters, by index, with weights that give a full-contrast grating at the best frequency amplitude 1. */
  inputs: { filter: number; weight: number }[];
  /** Turn per frame in radians: negative for motion along the wave vector. */
  turn: number;
  /** What the leak leaves of a pair after one frame. */
  remains: number;
  /** Weight of the pair's energy in the pool. */
  poolWeight: number;
}

export interface Bank {
  filters: Filter[];
  channels: Channel[];
}

const octaves = (ratio: number) => log2(ratio);

/** Largest response of a difference of unit-sum Gaussians to a full-contrast grating, over frequencies. */
function peakOfDifference(centreSd: number, surroundSd: number): number {
  let peak = 0;
  for (let i = 1; i <= 400; i++) {
    const w = 2 * Math.PI * (i / 4000);
    const at = (sd: number) => exp((-w * w * sd * sd) / 2);
    peak = Math.max(peak, at(centreSd) - surroundGain * at(surroundSd));
  }
  return peak;
}

/**
 * The bank of a seed. `perturbation` is the relative spread by which envelopes, carriers, resonances, leaks and pool
 * weights are jittered (0: none).
 */
export function makeBank(seed: number, perturbation = 0): Bank {
  const random = Random.fromSeed(seed, 'bank perturbation');
  const factor = () => (perturbation === 0 ? 1 : exp(perturbation * random.normal()));
  const shift = () => (perturbation === 0 ? 0 : perturbation * random.normal());
  const gabors = waveDirectionsDeg.flatMap((directionDeg) =>
    frequenciesCpd.map((cpd) => {
      const angle = degreesToRadians(directionDeg) + 0.5 * shift();
      const k = 2 * Math.PI * cpd * factor();
      const filter: Filter = { kx: k * cos(angle), ky: k * sin(angle), sdDeg: (envelopeCycles / cpd) * factor() };
      return { directionDeg, cpd, filter };
    }),
  );
  const [centre, surround] = [centreSdDeg, surroundSdDeg].map((sdDeg) => ({
    kx: 0,
    ky: 0,
    sdDeg: sdDeg * factor(),
  })) as [Filter, Filter];
  const filters = [...gabors.map(({ filter }) => filter), centre, surround];
  const rest = (temporal: (typeof resonances)[number], sign: 1 | -1) => ({
    turn: ((-sign * 2 * Math.PI * temporal.temporalFrequencyHz) / frameRateHz) * factor(),
    remains: exp(-1 / (frameRateHz * temporal.timeConstantS * factor())),
    poolWeight: poolGain * factor(),
  });
  const channels: Channel[] = gabors.flatMap(({ directionDeg, cpd }, filter) =>
    resonances.flatMap((temporal) =>
      ([1, -1] as const).map((sign) => ({
        design: { directionDeg, cpd, oriented: true, hz: temporal.temporalFrequencyHz, sign },
        // A grating is half of each of two waves.
        inputs: [{ filter, weight: 2 }],
        ...rest(temporal, sign),
      })),
    ),
  );
  const gain = 2 / peakOfDifference(centreSdDeg, surroundSdDeg);
  for (const temporal of resonances) {
    channels.push({
      design: { directionDeg: 0, cpd: 0, oriented: false, hz: temporal.temporalFrequencyHz, sign: 1 },
      inputs: [
        { filter: gabors.length, weight: gain },
        { filter: gabors.length + 1, weight: -gain * surroundGain },
      ],
      ...rest(temporal, 1),
    });
  }
  return { filters, channels };
}

/** The shortest way between two angles in degrees, over a full turn. */
function betweenDeg(a: number, b: number): number {
  const turn = (((a - b) % 360) + 360) % 360;
  return Math.min(turn, 360 - turn);
}

/**
 * Weights of a unit over the channels: Gaussian in direction and in octaves around its tuning, sum 1 before the opposite
 * direction and the untuned part are added. They act on the field seen from the unit's place, so that all carriers agree at its centre.
 */
export function mixture(unit: UnitParameters, { channels }: Bank): number[] {
  const square = (value: number) => value * value;
  const temporal = ({ design }: Channel) => exp(-0.5 * square(octaves(design.hz / unit.hz) / readoutOctaveSd.temporal));
  const { tuning } = unit;
  if (tuning === null) {
    const weights = channels.map((channel) => (channel.design.oriented ? 0 : temporal(channel)));
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return weights.map((weight) => weight / sum);
  }
  const { directionDeg, cpd, opposite, untuned } = tuning;
  const along = ({ design }: Channel, direction: number) => {
    const angle = betweenDeg(design.directionDeg + (design.sign === 1 ? 0 : 180), direction);
    return exp(-0.5 * square(angle / readoutOrientationSdDeg));
  };
  const others = channels.map((channel) =>
    channel.design.oriented
      ? temporal(channel) * exp(-0.5 * square(octaves(channel.design.cpd / cpd) / readoutOctaveSd.spatial))
      : 0,
  );
  const sum = channels.reduce((total, channel, i) => total + (others[i] as number) * along(channel, directionDeg), 0);
  return channels.map((channel, i) => {
    const direction = along(channel, directionDeg) + opposite * along(channel, directionDeg + 180) + untuned;
    return (direction * (others[i] as number)) / sum;
  });
}
