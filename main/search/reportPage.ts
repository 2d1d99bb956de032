/** The report of a search as one HTML file: no scripts, nothing loaded from elsewhere, to be kept, mailed or printed. */
import type { TwinRef } from '../contract/plans.ts';
import type { Candidate, SearchReport } from '../contract/results.ts';
import { constraintRows, residualsText, unconstrainedText } from '../stimuli/constraintWords.ts';
import { controlName } from '../stimuli/controlWords.ts';
import { evidenceSections } from '../stimuli/evidenceWords.ts';
import { inclusionText, objectiveNames, objectiveText, scoreWords } from '../stimuli/objectiveWords.ts';
import {
  behaviourText,
  gradientFormsText,
  ownBehaviourText,
  referenceOriginText,
  setRoleText,
  smallerBatches,
  statesText,
} from '../stimuli/provenanceWords.ts';
import {
  claimsOf,
  evaluationsText,
  methodText,
  nameOfGoals,
  responseWords,
  startText,
} from '../stimuli/reportWords.ts';
import { formatCount, formatNumber, plural } from '../platform/words.ts';

/** Data URLs; null where a stimulus is a clip whose frames are not kept. */
export type ReportPictures = { candidates: (string | null)[]; controls: (string | null)[] };

const escape = (text: string): string =>
  text.replace(
    /[&<>"']/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&#39;' })[character] as string,
  );

export function searchReportPage(report: SearchReport, pictures: ReportPictures): string {
  const [best] = report.candidates;
  const sections = [
    section('What was asked', planTable(report)),
    ...(best === undefined
      ? [section('Result', '<p>Nothing was found yet.</p>')]
      : [
          section('Candidates', candidateFigures(report, pictures)),
          section('Activity of the best candidate', activityTables(report, best)),
          section('Controls and claims', controlsPart(report, best, pictures)),
          ...evidenceSections(report).map(({ title, sentences, table: { columns, rows } }) =>
            section(title, sentences.map(paragraph).join('') + table(columns, rows)),
          ),
          section('Constraints', constraintsPart(report, best)),
          section('Course of the search', trajectoryPlot(report)),
        ]),
    section('Provenance', provenancePart(report)),
  ];
  const what = `${objectiveText(report.plan, nameOfGoals(report.plan, report.provenance))} · ${methodText(report.plan)} · ${evaluationsText(report)}`;
  return [
    '<!doctype html>',
    '<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">',
    `<title>${escape(report.name)}</title><style>${style}</style></head><body>`,
    `<h1>${escape(report.name)}</h1><p>${escape(what)}</p>`,
    ...(report.state === 'complete'
      ? []
      : ['<p><strong>This search has not ended: what stands here may change.</strong></p>']),
    ...sections,
    '</body></html>',
    '',
  ].join('\n');
}

const section = (title: string, body: string): string => `<section><h2>${escape(title)}</h2>${body}</section>`;
const paragraph = (text: string): string => `<p>${escape(text)}</p>`;

function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  if (columns.length === 0) return '';
  const numeric = columns.map((_, i) => rows.every((row) => /^[−-]?[\d.,]/.test(row[i] ?? '')));
  const cells = (row: readonly string[], tag: string): string =>
    row.map((cell, i) => `<${tag}${numeric[i] === true ? ' class="n"' : ''}>${escape(cell)}</${tag}>`).join('');
  return `<table><thead><tr>${cells(columns, 'th')}</tr></thead><tbody>${rows.map((row) => `<tr>${cells(row, 'td')}</tr>`).join('')}</tbody></table>`;
}

function planTable({ plan, referenceName, referenceStimuli, provenance }: SearchReport): string {
  const heldOut = plan.heldOut.map(({ id, version }) => `${id} ${version ?? ''}`.trim());
  const states = statesText(plan);
  const behaviour = ownBehaviourText(plan);
  const limits = inclusionText(plan.include);
  const start = startText(plan, provenance);
  const { window } = plan;
  return table(
    ['', ''],
    [
      ['Twin', `${provenance.twin.id} ${provenance.twin.version}`],
      ...otherTwins(provenance).map(({ as, twin, behaviour: told }) => [
        `Twin ${as}`,
        `${twin.id} ${twin.version}${told === undefined ? '' : `, ${behaviourText(told)}`}`,
      ]),
      ...(states.length > 0
        ? [['States of behaviour', states.join('; ')]]
        : behaviour === undefined
          ? []
          : [['Behaviour', behaviour]]),
      ...(window === undefined
        ? []
        : [['Window', `${formatNumber(window.fromMs)} to ${formatNumber(window.toMs)} ms from onset`]]),
      ['Objective', `${objectiveNames[plan.objective.type]}: ${objectiveText(plan, nameOfGoals(plan, provenance))}`],
      ['Counted in', scoreWords(plan.objective.type).axis],
      ...(limits === '' ? [] : [['Limits', limits]]),
      ['Method', methodText(plan)],
      ['Starts', `${plan.starts}, seed ${plan.seed}`],
      ...(start === null ? [] : [['Started from', start]]),
      [
        'Reference set',
        `${referenceName}, ${plural(referenceStimuli, 'stimulus', 'stimuli')} without blanks; every z is in its standard deviations`,
      ],
      [
        'Held-out twins',
        heldOut.length === 0 ? 'none: nothing here says whether another twin would agree' : heldOut.join(', '),
      ],
    ],
  );
}

/** Members of the search that are other twins, rather than other states of the plan's own. */
const otherTwins = ({ others = [] }: SearchReport['provenance']) => others.filter(({ as }) => !as.includes(' '));

function figure(picture: string | null, caption: string): string {
  const shown =
    picture === null
      ? '<div class="none">a clip; its frames are not kept</div>'
      : `<img src="${picture}" alt="${escape(caption)}">`;
  return `<figure>${shown}<figcaption>${escape(caption)}</figcaption></figure>`;
}

/** A value of the objective with its unit. */
const scoreText = ({ plan }: SearchReport, value: number): string =>
  scoreWords(plan.objective.type).text(value, formatNumber);

function candidateFigures(report: SearchReport, pictures: ReportPictures): string {
  return `<div class="row">${report.candidates
    .map(({ rank, start, objective }, i) =>
      figure(pictures.candidates[i] ?? null, `Candidate ${rank} (start ${start + 1}): ${scoreText(report, objective)}`),
    )
    .join('')}</div>`;
}

/** More units than this are a list for the JSON report. */
const mostUnits = 24;

function activityTables(report: SearchReport, { areas, units }: Candidate): string {
  const shown = units.slice(0, mostUnits);
  const rest = units.length - shown.length;
  const responses = responseWords(
    report,
    shown.map(({ area }) => area),
  );
  return [
    table(
      ['area', 'activity (z)'],
      areas.map(({ area, z }) => [area, formatNumber(z)]),
    ),
    table(
      ['targeted unit', responses.heading('response'), responses.heading('blank'), 'z'],
      shown.map(({ area, unit, response, blank, z }) => [
        `${area} ${unit}`,
        responses.text(area, response),
        responses.text(area, blank),
        formatNumber(z),
      ]),
    ),
    rest > 0 ? paragraph(`${formatCount(rest)} more units stand in the JSON report.`) : '',
  ].join('');
}

function controlsPart(report: SearchReport, best: Candidate, pictures: ReportPictures): string {
  const { controls } = report;
  if (controls.length === 0) return paragraph('The plan left out all controls, so nothing can be claimed.');
  const claims = claimsOf(best, controls, report.plan.objective.type)
    .map(({ beaten, text }) => `<li class="${beaten ? 'yes' : 'no'}">${escape(text)}</li>`)
    .join('');
  const rows = controls.map((control) => [
    control.label,
    formatCount(control.n),
    scoreText(report, control.best),
    scoreText(report, control.median),
    control.beaten ? 'beaten' : 'not beaten',
  ]);
  const figures = controls.map((control, i) =>
    figure(pictures.controls[i] ?? null, `${controlName(control)}: ${scoreText(report, control.best)}`),
  );
  return [
    `<ul class="claims">${claims}</ul>`,
    table(['control', 'n', `best ${scoreWords(report.plan.objective.type).name}`, 'median', 'by the candidate'], rows),
    controlPlot(report, best),
    `<div class="row">${figures.join('')}</div>`,
  ].join('');
}

const width = 640;
const left = 150;

/** Line: from the smallest to the largest value; tick: median; dot: best; the upright line is the candidate. */
function controlPlot(report: SearchReport, { objective }: Candidate): string {
  const { controls } = report;
  const all = [objective, 0, ...controls.flatMap(({ values, best }) => (values.length === 0 ? [best] : values))];
  const low = all.reduce((a, b) => Math.min(a, b));
  const high = all.reduce((a, b) => Math.max(a, b));
  const x = (value: number): string => (left + ((value - low) / (high - low || 1)) * (width - left - 20)).toFixed(1);
  const height = 26 * controls.length + 34;
  const rows = controls.map((control, i) => {
    const y = 26 * i + 16;
    const smallest = control.values.length === 0 ? control.best : control.values.reduce((a, b) => Math.min(a, b));
    return (
      `<text x="${left - 8}" y="${y + 4}" text-anchor="end">${escape(controlName(control))}</text>` +
      `<line x1="${x(smallest)}" x2="${x(control.best)}" y1="${y}" y2="${y}" stroke="#767676"/>` +
      `<line x1="${x(control.median)}" x2="${x(control.median)}" y1="${y - 5}" y2="${y + 5}" stroke="#767676"/>` +
      `<circle cx="${x(control.best)}" cy="${y}" r="4" fill="#767676"/>`
    );
  });
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`Candidate and every control, ${scoreWords(report.plan.objective.type).axis}`)}">${rows.join('')}` +
    `<line x1="${x(objective)}" x2="${x(objective)}" y1="4" y2="${height - 24}" stroke="#0072b2" stroke-width="2"/>` +
    `<text x="${left}" y="${height - 6}">${scoreText(report, low)}</text><text x="${width - 20}" y="${height - 6}" text-anchor="end">${scoreText(report, high)}</text></svg>` +
    paragraph(
      `Upright line: the candidate, ${scoreText(report, objective)}. For every control: line, all samples; tick, median; dot, best.`,
    )
  );
}

function constraintsPart({ plan }: SearchReport, { residuals, residuals8Bit }: Candidate): string {
  if (residuals === null) return paragraph(unconstrainedText(plan));
  const told = (value: number | undefined): string =>
    value === undefined ? 'not measured' : value === 0 ? '0' : value.toExponential(1);
  return (
    table(
      ['constraint', 'asked', 'residual', 'residual after 8-bit sRGB'],
      constraintRows(plan.constraints).map(({ key, label, asked }) => [
        label,
        asked,
        told(residuals[key]),
        told(residuals8Bit?.[key]),
      ]),
    ) + paragraph(residualsText)
  );
}

function trajectoryPlot(report: SearchReport): string {
  const { trajectory, seconds } = report;
  const score = scoreWords(report.plan.objective.type);
  const text = `${evaluationsText(report)}, in ${seconds.toFixed(1)} s on ${report.provenance.device}.`;
  if (trajectory.length < 2) return paragraph(text);
  const values = trajectory.flatMap(({ best, median }) => [best, median]);
  const low = values.reduce((a, b) => Math.min(a, b));
  const high = values.reduce((a, b) => Math.max(a, b));
  const last = (trajectory.at(-1) as { step: number }).step;
  const height = 220;
  const at = (step: number, value: number): string =>
    `${(60 + (step / last) * (width - 80)).toFixed(1)},${(height - 30 - ((value - low) / (high - low || 1)) * (height - 50)).toFixed(1)}`;
  const line = (of: (point: (typeof trajectory)[number]) => number, colour: string): string =>
    `<polyline fill="none" stroke="${colour}" stroke-width="2" points="${trajectory.map((point) => at(point.step, of(point))).join(' ')}"/>`;
  return (
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`Over steps, ${score.axis}`)}">` +
    line(({ median }) => median, '#767676') +
    line(({ best }) => best, '#0072b2') +
    `<text x="64" y="12">${escape(score.axis)}</text><text x="52" y="24" text-anchor="end">${formatNumber(high)}</text><text x="52" y="${height - 28}" text-anchor="end">${formatNumber(low)}</text>` +
    `<text x="${width - 20}" y="${height - 8}" text-anchor="end">step ${formatCount(last)}</text></svg>` +
    paragraph(`Blue: best of all starts; grey: their median. ${text}`)
  );
}

function provenancePart({ provenance, contentSha256, createdAt, plan }: SearchReport): string {
  const {
    twin,
    planSha256,
    sets,
    seeds,
    device,
    batchSize,
    threads,
    gradientForms,
    versions,
    others = [],
  } = provenance;
  const versionList = (of: Record<string, string>): string =>
    Object.entries(of)
      .map(([name, version]) => `${name} ${version}`)
      .join(', ');
  const measured = referenceRow('Reference measured', provenance.reference);
  const behaviour = ownBehaviourText(plan);
  return (
    table(
      ['', ''],
      [
        ['Twin package', `${twin.id} ${twin.version}, SHA-256 ${twin.sha256}`],
        ...others.flatMap((other) => [
          [`${other.as}: package`, `${other.twin.id} ${other.twin.version}, SHA-256 ${other.twin.sha256}`],
          ...(other.behaviour === undefined
            ? []
            : [[`${other.as}: behaviour`, behaviourText(other.behaviour) || 'defaults']]),
          [
            `${other.as}: session`,
            `${other.device}, ${plural(other.threads, 'thread')}, gradient forms: ${gradientFormsText(other.gradientForms)}; ${versionList(other.versions)}`,
          ],
          ...referenceRow(`${other.as}: reference measured`, other.reference),
        ]),
        ...plan.heldOut.map(({ id, version, sha256 }: TwinRef) => [
          'Held-out package',
          `${id} ${version ?? ''}, SHA-256 ${sha256 ?? ''}`,
        ]),
        ['Plan', `SHA-256 ${planSha256}`],
        ...Object.entries(sets).map(([role, { name, sha256 }]) => [setRoleText(role), `${name}, SHA-256 ${sha256}`]),
        ...measured,
        ['Result', contentSha256 === null ? 'not complete' : `SHA-256 ${contentSha256}`],
        ['Seeds', seeds.join(', ')],
        ...(behaviour === undefined ? [] : [['Behaviour', behaviour]]),
        ['Device', `${device}, batches of ${batchSize}, ${plural(threads, 'thread')}`],
        ...smallerBatches(provenance).map((sentence) => ['Smaller batches', sentence]),
        ['Gradient forms', gradientFormsText(gradientForms)],
        ['Versions', versionList(versions)],
        ['Started', createdAt],
      ],
    ) + `<h3>Plan</h3><pre>${escape(JSON.stringify(plan, null, 2))}</pre>`
  );
}

function referenceRow(label: string, reference: SearchReport['provenance']['reference']): string[][] {
  const origin = referenceOriginText(reference);
  return origin === null || reference === undefined ? [] : [[label, `${origin}, SHA-256 ${reference.sha256}`]];
}

const style = `
body{font:14px/1.5 system-ui,sans-serif;color:#1a1a1a;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.1rem;border-bottom:1px solid #ccc;margin:2rem 0 .6rem}h3{font-size:1rem}
p{margin:.3rem 0}table{border-collapse:collapse;margin:.6rem 0;width:100%}
th,td{text-align:left;vertical-align:top;padding:.2rem .6rem .2rem 0;border-bottom:1px solid #e4e4e4;overflow-wrap:anywhere}
th{font-weight:600}td.n{white-space:nowrap}.n{text-align:right;font-variant-numeric:tabular-nums}
.row{display:flex;flex-wrap:wrap;gap:1rem}figure{margin:0;width:160px}img,.none{width:160px;height:160px;background:#bcbcbc}
.none{display:flex;align-items:center;text-align:center;font-size:12px}figcaption{font-size:12px}
.claims{padding-left:1.2rem}.yes{list-style:"✓ "}.no{list-style:"✗ "}
svg{max-width:${width}px;width:100%;font:12px system-ui,sans-serif}pre{white-space:pre-wrap;overflow-wrap:anywhere;font-size:12px;background:#f6f6f6;padding:.6rem}
@media print{body{margin:0;max-width:none}section{break-inside:avoid-page}pre{break-inside:auto}}
`.trim();
