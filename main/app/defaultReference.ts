/** The set over which responses are z-scored when a plan names none. */
import { pictureAxes } from '../contract/pictureAxes.ts';
import type { GratingDesign, StimulusDesign } from '../contract/stimuli.ts';
import { stimulusInputOf, type TwinManifest } from '../contract/twins.ts';
import { tsr1CountIn, tsr1HighestCpd, tsr1Name } from '../stimuli/tsr1/classes.ts';
import { tsr1vCountIn, tsr1vHighestCpd, tsr1vHighestHz, tsr1vName } from '../stimuli/tsr1v/classes.ts';
import { formatNumber } from '../stimuli/words.ts';

export type DefaultReference = {
  name: string;
  design: StimulusDesign;
  /** Why it is not the usual one, in one sentence. */
  notice: string | null;
};

const frequenciesCpd = [0.75, 1.5, 3, 6];
const frequenciesHz = [1, 2, 4, 8];
const usualDiameterDeg = 8;
const edgeDeg = 0.5;
const place = { xDeg: 0, yDeg: 0, blank: true } as const;

/** The grating class of TSR-1 at full contrast over the whole field, all of it `times` as large. */
const gratings = (times: number): GratingDesign => ({
  type: 'gratings',
  factors: {
    orientationDeg: [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5],
    spatialFrequencyCpd: frequenciesCpd.map((cpd) => cpd / times),
    phaseDeg: [0, 90, 180, 270],
    contrast: [1],
    diameterDeg: [usualDiameterDeg * times],
  },
  edgeDeg: edgeDeg * times,
  ...place,
});

/** Gratings that drift, `times` as large and `slower` as slow. */
const driftingGratings = (times: number, slower: number): StimulusDesign => ({
  type: 'drifting-gratings',
  factors: {
    directionDeg: [0, 45, 90, 135, 180, 225, 270, 315],
    spatialFrequencyCpd: frequenciesCpd.map((cpd) => cpd / times),
    temporalFrequencyHz: frequenciesHz.map((hz) => hz / slower),
    phaseDeg: [0],
    contrast: [1],
    diameterDeg: [usualDiameterDeg * times],
  },
  edgeDeg: edgeDeg * times,
  ...place,
});

/** A small set for quick searches: 128 gratings. */
export const gratingReference: GratingDesign = gratings(1);

/** Halves A; halves B are left for what a candidate has to beat. */
const still = {
  name: `${tsr1Name}, half A (${tsr1CountIn('A')} images)`,
  design: { type: 'tsr1', half: 'A', blank: true },
  notice: null,
} as const;
const moving = {
  name: `${tsr1vName}, half A (${tsr1vCountIn('A')} clips)`,
  design: { type: 'tsr1v', half: 'A', blank: true },
  notice: null,
} as const;

/**
 * TSR-1 for twins that see pictures and TSR-1V for those that see clips, where they have the two pixels (and frames) that
 * each of its finest cycles needs. Elsewhere gratings, doubled in size and in period until the twin can see them and none
 * is finer than it was tested with, so that a search over any twin has a scale: a raster may show bars that no unit answers.
 */
export function defaultReferenceFor(
  manifest: Pick<TwinManifest, 'inputs'> & Partial<Pick<TwinManifest, 'validity'>>,
): DefaultReference {
  const input = stimulusInputOf(manifest);
  const axes = input === undefined ? null : pictureAxes(input);
  // Nothing can be shown to such a twin; whoever tries says why.
  if (input === undefined || axes === null) return still;
  const pxPerDeg = axes.sizePx / input.fieldOfViewDeg;
  const finestTested = manifest.validity?.tested?.spatialFrequencyCpd?.[1] ?? 0;
  const enough = finestTested > 0 ? Math.min(pxPerDeg, 2 * finestTested) : pxPerDeg;
  const times = doublings(2 * Math.max(...frequenciesCpd), enough);
  if (axes.time === null) {
    if (pxPerDeg >= 2 * tsr1HighestCpd) return still;
    const has = `${formatNumber(pxPerDeg)} px per degree, and the reference set ${tsr1Name} needs ${2 * tsr1HighestCpd}`;
    return { ...named(gratings(times), ''), notice: noticeOf(has, 'gratings', times) };
  }
  const framesPerS = input.frameRateHz ?? 0;
  if (pxPerDeg >= 2 * tsr1vHighestCpd && framesPerS >= 2 * tsr1vHighestHz) return moving;
  // A drift of just half the frame rate has no direction.
  const slower = framesPerS > 0 ? doublings(2 * Math.max(...frequenciesHz), framesPerS * (1 - 1e-6)) : 1;
  const has =
    `${formatNumber(pxPerDeg)} px per degree and ${formatNumber(framesPerS)} frames per second, and the reference set ` +
    `${tsr1vName} needs ${2 * tsr1vHighestCpd} and ${2 * tsr1vHighestHz}`;
  return { ...named(driftingGratings(times, slower), 'drifting '), notice: noticeOf(has, 'drifting gratings', times) };

  function named(design: StimulusDesign, kind: string): { name: string; design: StimulusDesign } {
    return { name: `built-in grating reference (128 ${kind}gratings, ${rangeCpd(times)})`, design };
  }
}

/** The power of two by which `needed` has to be divided so that `given` suffices. */
function doublings(needed: number, given: number): number {
  let times = 1;
  while (needed / times > given) times *= 2;
  return times;
}

const rangeCpd = (times: number): string =>
  `${formatNumber(Math.min(...frequenciesCpd) / times)} to ${formatNumber(Math.max(...frequenciesCpd) / times)} cpd`;

const noticeOf = (has: string, what: string, times: number): string =>
  `This twin has ${has}. Responses are z-scored over ${what} of ${rangeCpd(times)} instead. To z-score them over a set of ` +
  'your own, choose it as the reference.';
