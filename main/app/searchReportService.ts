/** The report of a search as files: HTML with its pictures in it, and JSON. */
import type { SearchReport } from '../contract/results.ts';
import type { StimulusSpec } from '../contract/stimuli.ts';
import { thumbnailDegOf } from '../contract/thumbnails.ts';
import { canonicalJson } from '../platform/hash.ts';
import type { SearchRow } from '../projects/rows.ts';
import { type ReportPictures, searchReportPage } from '../search/reportPage.ts';
import { evidenceSections } from '../stimuli/evidenceWords.ts';
import { scoreWords } from '../stimuli/objectiveWords.ts';
import { claimsOf } from '../stimuli/reportWords.ts';
import type { StimulusService } from './stimulusService.ts';

/** What is stored of a search, as the contract has it. */
export function reportOf(search: SearchRow): SearchReport {
  return {
    id: search.id,
    name: search.name,
    plan: search.plan,
    provenance: search.provenance,
    state: search.state,
    referenceName: search.report?.referenceName ?? '',
    referenceStimuli: search.report?.referenceStimuli ?? 0,
    ...(search.report?.referenceStatistics === undefined
      ? {}
      : { referenceStatistics: search.report.referenceStatistics }),
    candidates: search.report?.candidates ?? [],
    controls: search.report?.controls ?? [],
    ...(search.report?.evidence === undefined ? {} : { evidence: search.report.evidence }),
    trajectory: search.trajectory,
    evaluations: search.report?.evaluations ?? 0,
    controlEvaluations: search.report?.controlEvaluations ?? 0,
    responseUnits: search.report?.responseUnits ?? '',
    seconds: search.report?.seconds ?? 0,
    contentSha256: search.contentSha256,
    createdAt: search.createdAt,
  };
}

/** A self-contained page. */
export async function searchReportHtml(
  report: SearchReport,
  stimuli: Pick<StimulusService, 'thumbnail'>,
): Promise<string> {
  const picture = async (spec: StimulusSpec | null, thumbnail: string | null): Promise<string | null> => {
    if (spec === null) return null;
    const png = await stimuli.thumbnail(
      canonicalJson(spec),
      thumbnail === null ? undefined : thumbnailDegOf(thumbnail),
    );
    return `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
  };
  const pictures: ReportPictures = { candidates: [], controls: [] };
  for (const { spec, thumbnail } of report.candidates) pictures.candidates.push(await picture(spec, thumbnail));
  for (const { spec, thumbnail } of report.controls) pictures.controls.push(await picture(spec, thumbnail));
  return searchReportPage(report, pictures);
}

/** The stored report with its claims and findings in sentences, as every other place states them. */
export function searchReportJson(report: SearchReport): SearchReport & {
  /** What `objective`, `best` and `median` are, with their unit; larger is better. */
  objectiveAxis: string;
  claims: ReturnType<typeof claimsOf>;
  findings: { title: string; sentences: string[] }[];
} {
  const [best] = report.candidates;
  return {
    ...report,
    objectiveAxis: scoreWords(report.plan.objective.type).axis,
    claims: best === undefined ? [] : claimsOf(best, report.controls, report.plan.objective.type),
    findings: evidenceSections(report).map(({ title, sentences }) => ({ title, sentences })),
  };
}

export const reportText = (report: SearchReport): string => `${JSON.stringify(searchReportJson(report), null, 2)}\n`;
