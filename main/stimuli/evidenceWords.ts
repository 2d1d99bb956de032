/** What a search found out about its best candidate, in sentences and tables: the same in the workbench, on paper and in a terminal. */
import { objectiveTerms, termArea } from '../contract/plans.ts';
import type { SearchReport } from '../contract/results.ts';
import type { HeldOutResult, SearchEvidence } from '../contract/searchEvidence.ts';
import { medianOf } from '../platform/median.ts';
import { formatCount, formatNumber, plural } from '../platform/words.ts';
import { scoreWords } from './objectiveWords.ts';
import { responseWords } from './reportWords.ts';

export type EvidenceSection = {
  title: string;
  sentences: string[];
  /** Numbers as text; empty where sentences are all there is. */
  table: { columns: string[]; rows: string[][] };
};

/** More units than these are a list for the JSON report. */
const mostRows = 12;

const nothing = { columns: [], rows: [] };
const factor = (value: number): string => `${formatNumber(value)} ×`;
const percent = (share: number): string => `${formatNumber(100 * share, 2)} %`;

type Told = Pick<SearchReport, 'responseUnits' | 'referenceName' | 'plan'>;

/** Sections that have something to say; none before the candidate was checked. */
export function evidenceSections(report: Told & Pick<SearchReport, 'evidence'>): EvidenceSection[] {
  const { evidence } = report;
  if (evidence === undefined) return [];
  const sections = [
    stretchSection(evidence, report),
    suppressionSection(evidence, report),
    selectivitySection(evidence),
    variationsSection(evidence, report),
    uniquenessSection(evidence),
    ...evidence.heldOut.map((result) => heldOutSection(result, report)),
  ];
  return sections.filter((section) => section !== null);
}

function stretchSection({ stretch, suppression }: SearchEvidence, report: Told): EvidenceSection | null {
  if (stretch === null) return null;
  // What is suppressed is not meant to exceed anything.
  const key = (unit: { area: string; unit: string }): string => `${unit.area}/${unit.unit}`;
  const suppressed = new Set(suppression?.units.map(key));
  const units = stretch.units.filter((unit) => !suppressed.has(key(unit)));
  const driven = new Set(units.map(({ area }) => area));
  if (units.length === 0) return null;
  const known = units.flatMap((unit) => unit.stretch ?? []);
  const sentences: string[] = [];
  const missing = units.length - known.length;
  if (known.length > 1) {
    const beyond = known.filter((value) => value > 1).length;
    sentences.push(
      `Median stretch of ${plural(known.length, 'driven unit')}: ${factor(medianOf(known))}; ${formatCount(beyond)} ${beyond === 1 ? 'exceeds its' : 'exceed their'} largest response to the reference (${report.referenceName}).`,
    );
  }
  const [only] = units;
  if (units.length === 1 && only !== undefined && only.stretch !== null) {
    sentences.push(
      `Stretch of ${only.area} ${only.unit}: ${factor(only.stretch)} its largest response to the reference (${responseWords(report, [only.area]).inSentence(only.area, only.referenceMax)}), both over the blank.`,
    );
  }
  if (missing > 0) {
    sentences.push(`Not applicable to ${plural(missing, 'unit')}, which no reference stimulus drives above the blank.`);
  }
  for (const { area, stretch: s } of stretch.areas.filter((row) => driven.has(row.area))) {
    sentences.push(
      s === null
        ? `${area} as a whole: not applicable; no reference stimulus drives it above the blank.`
        : `${area} as a whole: ${factor(s)} its largest activity over the reference.`,
    );
  }
  return { title: 'Stretch', sentences, table: nothing };
}

function suppressionSection({ suppression }: SearchEvidence, report: Told): EvidenceSection | null {
  if (suppression === null) return null;
  const { units, suppressed, masked } = suppression;
  const shown = units.slice(0, mostRows);
  const responses = responseWords(
    report,
    shown.map(({ area }) => area),
  );
  const count = (outcome: (typeof units)[number]['outcome']): number =>
    units.filter((unit) => unit.outcome === outcome).length;
  const sentences = [
    `Of ${plural(suppressed, 'suppressed unit')}, ${formatCount(count('below blank'))} below blank, ${formatCount(count('at floor'))} at floor (no spontaneous activity to fall below), ${formatCount(count('at blank'))} at blank, ${formatCount(count('driven'))} driven.`,
  ];
  const masks = units.flatMap(({ mask }) => mask?.suppression ?? []);
  if (masks.length > 0) {
    const which = masks.length === suppressed ? plural(masks.length, 'unit') : `${formatCount(masks.length)} of them`;
    sentences.push(
      `Mask paradigm: the candidate at half contrast takes ${percent(medianOf(masks))} (median of ${which}) of the response to each unit’s best reference stimulus at half contrast.`,
    );
  } else if (masked > 0) {
    sentences.push('Mask paradigm: not applicable; no unit responds to its best reference stimulus at half contrast.');
  }
  if (units.length > mostRows) sentences.push(`The first ${mostRows} of them; the JSON report lists all.`);
  return {
    title: 'Suppression',
    sentences,
    table: {
      columns: [
        'unit',
        responses.heading('response'),
        responses.heading('blank'),
        'outcome',
        'driven response taken by the mask',
      ],
      rows: shown.map(({ area, unit, response, blank, outcome, mask }) => [
        `${area} ${unit}`,
        responses.text(area, response),
        responses.text(area, blank),
        outcome,
        mask === null ? 'not measured' : mask.suppression === null ? 'not applicable' : percent(mask.suppression),
      ]),
    },
  };
}

function selectivitySection({ selectivity }: SearchEvidence): EvidenceSection | null {
  if (selectivity === null) return null;
  const { candidate, bestOfReference, target, against } = selectivity;
  const text = (value: number): string => scoreWords('selective').text(value, formatNumber);
  const rivals = against.length > 6 ? `${formatCount(against.length)} others` : against.join(', ');
  const what = `Selective score of ${target.join(', ')} against ${rivals}: ${text(candidate)}`;
  const sentence =
    bestOfReference === null
      ? `${what}. No reference stimulus was measured to compare it with.`
      : `${what}, ${candidate > bestOfReference ? 'higher than' : 'not higher than'} the best of the reference set brought to the same constraints (${text(bestOfReference)}).`;
  return { title: 'Selectivity', sentences: [sentence], table: nothing };
}

function variationsSection({ variations }: SearchEvidence, report: Told): EvidenceSection | null {
  if (variations.length === 0) return null;
  const { plan } = report;
  const targeted = objectiveTerms(plan).flatMap(({ target }) => target.map((term) => termArea(plan, term)));
  return {
    title: 'The candidate elsewhere',
    sentences: ['The best candidate changed in one way at a time, outside it the background.'],
    table: {
      columns: [
        'change',
        'as',
        scoreWords(plan.objective.type).axis,
        responseWords(report, targeted).heading('mean response of the target'),
      ],
      rows: variations.map(({ kind, label, n, objective, smallest, response }) => [
        kind,
        n === 1 ? label : `${label}, mean of ${n} draws`,
        smallest === null ? formatNumber(objective) : `${formatNumber(objective)}, at least ${formatNumber(smallest)}`,
        formatNumber(response),
      ]),
    },
  };
}

/** Above this every start has found the same image. */
const sameImage = 0.9;

function uniquenessSection({ uniqueness }: SearchEvidence): EvidenceSection | null {
  if (uniqueness === null) return null;
  const { starts, median, smallest, largest } = uniqueness;
  const verdict =
    smallest >= sameImage
      ? 'all starts found the same image'
      : largest < sameImage
        ? 'no two starts found the same image: it is not unique'
        : 'some starts found the same image, others another: it is not unique';
  return {
    title: 'Similarity across starts',
    sentences: [
      `Correlation of the contrast images of ${plural(starts, 'start')}: median ${formatNumber(median)}, from ${formatNumber(smallest)} to ${formatNumber(largest)}; ${verdict} (same: ${sameImage} or more).`,
    ],
    table: nothing,
  };
}

/** What a held-out twin is worth, which stands beside every number that it gives. */
export const tierText = (tier: HeldOutResult['tier']): string =>
  tier === 'same architecture'
    ? 'same architecture, other seed: not independent evidence'
    : 'another architecture: stronger evidence than a sibling';

function heldOutSection({ twin, tier, failure, areas }: HeldOutResult, { referenceName }: Told): EvidenceSection {
  const title = `Held out: ${twin.id} ${twin.version}`;
  const label = `${tierText(tier).replace(/^./, (letter) => letter.toUpperCase())}.`;
  if (failure !== null) return { title, sentences: [label, `Not compared: ${failure}`], table: nothing };
  return {
    title,
    sentences: [label, ...areas.flatMap((row) => areaSentences(row, referenceName))],
    table: {
      columns: ['area', 'matched by', 'matched units', 'correlation', 'gain retained, units', 'gain retained, area'],
      rows: areas.map(({ area, matchedBy, units, matched, correlation, gainRetained, areaGain }) => [
        area,
        matchedBy === 'id' ? 'unit id' : 'response correlation',
        `${formatCount(matched)} of ${formatCount(units)}`,
        correlation === null ? 'no match' : formatNumber(correlation.median),
        gainRetained === null
          ? 'not applicable'
          : `${percent(gainRetained.median)} (${percent(gainRetained.low)} to ${percent(gainRetained.high)})`,
        areaGain === null ? 'not applicable' : percent(areaGain.retained),
      ]),
    },
  };
}

function areaSentences(
  {
    area,
    units,
    matched,
    applicable,
    bestUnmatched,
    correlation,
    gainRetained,
    areaGain,
    matchedBy,
  }: HeldOutResult['areas'][number],
  referenceName: string,
): string[] {
  if (matched === 0) {
    const evidence =
      bestUnmatched === null
        ? 'it has no unit that the reference modulates'
        : `the best correlation over the reference (${referenceName}) is ${formatNumber(bestUnmatched)}`;
    return [`${area}: no match for ${plural(units, 'unit')}; ${evidence}, and 0.5 is needed.`];
  }
  const how =
    matchedBy === 'id'
      ? `${area}: ${matched === units ? '' : `${formatCount(matched)} of `}${plural(units, 'unit')} matched by id; their responses to the reference correlate by ${formatNumber(correlation?.median ?? NaN)} (median)`
      : `${area}: ${formatCount(matched)} of ${plural(units, 'unit')} matched by response correlation, median ${formatNumber(correlation?.median ?? NaN)}`;
  const sentences: string[] = [];
  sentences.push(
    gainRetained === null
      ? `${how}. No unit’s response to the candidate exceeds its best reference stimulus, so there is no gain to be retained.`
      : `${how}. Gain over the best reference stimulus retained: median ${percent(gainRetained.median)}, 95 % interval ${percent(gainRetained.low)} to ${percent(gainRetained.high)} over ${plural(applicable, 'unit')} with a gain.`,
  );
  if (areaGain !== null) {
    sentences.push(
      `${area} as a whole retains ${percent(areaGain.retained)}: ${formatNumber(areaGain.heldOutGain)} z of ${formatNumber(areaGain.gain)} z over the best reference stimulus.`,
    );
  }
  return sentences;
}
