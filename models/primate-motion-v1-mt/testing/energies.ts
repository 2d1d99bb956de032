/** Motion energies of the published filters, and how well frames sample them: a part of the figures of the twin's card. */
import type { Measurement } from '../../figures.ts';
import { fastOrder, rateConstants, slowOrder, undershoot } from '../parameters.ts';
import { filterTaps } from '../temporal.ts';
import { clipOf, type Bench, type Draw, type Drift } from './bench.ts';

/** The sensor with the published filters: 1.1 cpd, s = .5°, k = 100, rightward, at fixation. */
export const anchorSensor = 240;

const single = (value: number): Measurement => ({ n: 1, value });

export interface Energies {
  preferred: number;
  opponent: number;
  /** Energy in both directions. */
  total: number;
}

/** Energies of the anchor, through the graph. `energies` shows the tensors opponent_energy and total_energy. */
export async function anchorEnergies(energies: Bench, clips: Iterable<Float32Array>): Promise<Energies[]> {
  return (await energies.responses(clips)).map(({ opponent_energy: opponent, total_energy: total }) => {
    const [difference, sum] = [opponent?.[anchorSensor] as number, total?.[anchorSensor] as number];
    return { preferred: (sum + difference) / 2, opponent: difference, total: sum };
  });
}

const anchorGrating: Drift = { directionDeg: 0, cpd: 1.1, hz: 6, contrast: 1 };

/** Where the curve is highest: the top of the parabola through the largest of equally spaced values and its neighbours; at an end, that end. */
function peakOf(x: readonly number[], y: readonly number[]): number {
  const top = y.indexOf(Math.max(...y));
  if (top === 0 || top === y.length - 1) return x[top] as number;
  const [before, at, after] = [y[top - 1], y[top], y[top + 1]] as [number, number, number];
  const step = (x[1] as number) - (x[0] as number);
  return (x[top] as number) + (step * 0.5 * (before - after)) / (before - 2 * at + after);
}

export interface AnchorClips {
  drift: Draw;
  /** Vertical bars of 1.1 cpd and contrast 1 that flicker in counterphase. */
  flicker: (hz: number, phaseDeg: number) => Float32Array;
}

const benchClips: AnchorClips = {
  drift: clipOf,
  flicker: (hz, phaseDeg) =>
    clipOf([
      { ...anchorGrating, hz, contrast: 0.5, phaseDeg },
      { ...anchorGrating, hz, contrast: 0.5, phaseDeg: -phaseDeg, directionDeg: 180 },
    ]),
};

export interface AnchorEnergies {
  figures: Record<
    'preferredPeak' | 'opponentPeak' | 'ratio4' | 'ratio6' | 'ratio8' | 'ratio10' | 'phaseVariation' | 'counterphase',
    Measurement
  >;
  /** For gratings of contrast 1 that drift in the preferred direction, in steps of .2 Hz. */
  tuning: (Energies & { hz: number })[];
  /** The same at the four rates of the ratios. */
  checked: (Energies & { hz: number })[];
}

/** Temporal tuning, phase invariance and the answer to flicker of the published filters. */
export async function measureAnchor(
  energies: Bench,
  { drift, flicker }: AnchorClips = benchClips,
): Promise<AnchorEnergies> {
  const hz = Array.from({ length: 36 }, (_, i) => 2 + i / 5);
  const tuning = await anchorEnergies(
    energies,
    hz.map((rate) => drift([{ ...anchorGrating, hz: rate }])),
  );
  const fourHz = [4, 6, 8, 10];
  const four = await anchorEnergies(
    energies,
    fourHz.map((rate) => drift([{ ...anchorGrating, hz: rate }])),
  );
  const ratios = four.map(({ opponent, total }) => opponent / total);
  const phases = Array.from({ length: 12 }, (_, i) => 30 * i);
  const drifting = await anchorEnergies(
    energies,
    phases.map((phaseDeg) => drift([{ ...anchorGrating, phaseDeg }])),
  );
  const opponent = drifting.map((each) => each.opponent);
  const flickering = await anchorEnergies(
    energies,
    phases.map((phaseDeg) => flicker(anchorGrating.hz, phaseDeg)),
  );
  const largest = Math.max(...opponent);
  const figures = {
    preferredPeak: single(
      peakOf(
        hz,
        tuning.map(({ preferred }) => preferred),
      ),
    ),
    opponentPeak: single(
      peakOf(
        hz,
        tuning.map((each) => each.opponent),
      ),
    ),
    ratio4: single(ratios[0] as number),
    ratio6: single(ratios[1] as number),
    ratio8: single(ratios[2] as number),
    ratio10: single(ratios[3] as number),
    phaseVariation: { n: phases.length, value: (100 * (largest - Math.min(...opponent))) / largest },
    counterphase: {
      n: phases.length,
      value: (100 * Math.max(...flickering.map((each) => Math.abs(each.opponent)))) / largest,
    },
  };
  const at = (rates: readonly number[], each: readonly Energies[]) =>
    each.map((values, i) => ({ ...values, hz: rates[i] as number }));
  return { figures, tuning: at(hz, tuning), checked: at(fourHz, four) };
}

/** Largest distance of the sampled filters' transfer from that of the continuous ones, in parts of its largest value. */
export function measureSampling(): Record<'samplingPublished' | 'samplingFastest', Measurement> {
  type Complex = readonly [number, number];
  const times = ([a, b]: Complex, [c, d]: Complex): Complex => [a * c - b * d, a * d + b * c];
  const power = (z: Complex, n: number): Complex => Array.from({ length: n }, () => z).reduce(times, [1, 0] as Complex);
  const worst = (k: number) =>
    Math.max(
      ...[fastOrder, slowOrder].map((order) => {
        const taps = filterTaps(order, k);
        const hz = Array.from({ length: 100 }, (_, i) => i / 5);
        const continuous = hz.map((rate): Complex => {
          const w = (2 * Math.PI * rate) / k;
          const z: Complex = [1 / (1 + w * w), -w / (1 + w * w)];
          const [plain, later] = [power(z, order + 1), power(z, order + 3)];
          return [plain[0] - undershoot * later[0], plain[1] - undershoot * later[1]];
        });
        const sampled = hz.map((rate): Complex => {
          let [re, im] = [0, 0];
          for (const [lag, tap] of taps.entries()) {
            const angle = (2 * Math.PI * rate * (lag + 0.5)) / 100;
            re += tap * Math.cos(angle);
            im -= tap * Math.sin(angle);
          }
          return [re, im];
        });
        const errors = continuous.map(([re, im], i) => Math.hypot(re - sampled[i]![0], im - sampled[i]![1]));
        return (100 * Math.max(...errors)) / Math.max(...continuous.map(([re, im]) => Math.hypot(re, im)));
      }),
    );
  return { samplingPublished: single(worst(100)), samplingFastest: single(Math.max(...rateConstants.map(worst))) };
}
