/** The set over which responses are z-scored when a plan names none. */
import { pictureAxes } from '../contract/pictureAxes.ts';
import type { GratingDesign, StimulusDesign } from '../contract/stimuli.ts';
import { stimulusInputOf, type TwinManifest } from '../contract/twins.ts';
import { formatNumber } from '../stimuli/words.ts';
import { tsr1CountIn, tsr1HighestCpd, tsr1Name } from '../stimuli/tsr1/classes.ts';

export type DefaultReference = {
  name: string;
  design: StimulusDesign;
  /** Why it is not TSR-1, in one sentence. */
  notice: string | null;
};

const frequenciesCpd = [0.75, 1.5, 3, 6];

/** The grating class of TSR-1 at full contrast over the whole field, all of it `times` as large. */
const gratings = (times: number): GratingDesign => ({
  type: 'gratings',
  factors: {
    orientationDeg: [0, 22.5, 45, 67.5, 90, 112.5, 135, 157.5],
    spatialFrequencyCpd: frequenciesCpd.map((cpd) => cpd / times),
    phaseDeg: [0, 90, 180, 270],
    contrast: [1],
    diameterDeg: [8 * times],
  },
  edgeDeg: 0.5 * times,
  xDeg: 0,
  yDeg: 0,
  blank: true,
});

/** A small set for quick searches: 128 gratings. */
export const gratingReference: GratingDesign = gratings(1);

/** Half A of TSR-1; half B is left for what a candidate has to beat. */
const tsr1Reference = {
  name: `${tsr1Name}, half A (${tsr1CountIn('A')} images)`,
  design: { type: 'tsr1', half: 'A', blank: true },
} as const;

/** Pixels per degree of what a twin sees; null where that is no square picture. A clip's time axis is passed over. */
function pxPerDegOf(manifest: Pick<TwinManifest, 'inputs'>): number | null {
  const input = stimulusInputOf(manifest);
  if (input === undefined) return null;
  const picture = pictureAxes({ axes: input.axes.filter(({ name }) => name !== 'time') });
  return picture === null ? null : picture.sizePx / input.fieldOfViewDeg;
}

/**
 * TSR-1 where the twin has the two pixels that each of its finest cycles needs. Elsewhere gratings, doubled in size until
 * the twin can see them, so that a search over any twin has a scale.
 */
export function defaultReferenceFor(manifest: Pick<TwinManifest, 'inputs'>): DefaultReference {
  const pxPerDeg = pxPerDegOf(manifest);
  if (pxPerDeg === null || pxPerDeg >= 2 * tsr1HighestCpd) return { ...tsr1Reference, notice: null };
  let times = 1;
  while ((2 * Math.max(...frequenciesCpd)) / times > pxPerDeg) times *= 2;
  const design = gratings(times);
  const [low = 0, high = 0] = [Math.min, Math.max].map((of) => of(...(design.factors.spatialFrequencyCpd ?? [])));
  const name = `built-in grating reference (128 full-field gratings, ${formatNumber(low)} to ${formatNumber(high)} cpd)`;
  return {
    name,
    design,
    notice:
      `This twin has ${formatNumber(pxPerDeg)} px per degree, and the reference set ${tsr1Name} needs ${2 * tsr1HighestCpd}. ` +
      `Responses are z-scored over gratings of ${formatNumber(low)} to ${formatNumber(high)} cpd instead. To z-score them over a set of your own, choose it as the reference.`,
  };
}
