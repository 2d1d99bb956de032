/** The demo's page of pictures and plots: one HTML file without scripts or outside references. */
import { line, scaleLinear, scalePoint } from 'd3';
import type { Backend } from '../main/app/backend.ts';
import type { Control, ExpandedProtocol, SearchReport } from '../main/contract/results.ts';
import type { GratingDesign } from '../main/contract/stimuli.ts';
import type { ExportRow } from '../main/projects/rows.ts';
import { constraintRows } from '../main/stimuli/constraintWords.ts';
import { factorsOf, levelsAt } from '../main/stimuli/design.ts';
import { encodeGreyPng } from '../main/stimuli/node/png.ts';
import { createStimulusService, stageField } from '../main/app/stimulusService.ts';
import { formatCount, plural } from '../main/platform/words.ts';

type DemoResults = {
  gratings: string;
  photographs: string;
  unit: string;
  reports: SearchReport[];
  protocol: ExpandedProtocol;
  record: ExportRow;
};

const controlNames: Record<Control['kind'], string> = {
  random: 'best random',
  'same-space': 'best start',
  'phase-scrambled': 'phase scrambled',
  'best-of-reference': 'best reference',
  'best-of-set': 'best photograph',
  'best-grating': 'best grating',
};

const accent = '#0072b2';
const quiet = '#767676';

const escape = (text: string): string =>
  text.replace(
    /[&<>"]/g,
    (character) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[character] as string,
  );

export async function demoPage(backend: Backend, results: DemoResults): Promise<string> {
  const { project } = backend.services.current();
  const stimuli = createStimulusService(project);
  const picture = async (spec: Parameters<typeof stimuli.render>[0], caption: string): Promise<string> => {
    const png = await encodeGreyPng(await stimuli.render(spec, stageField), stageField.sizePx, { srgb: true });
    const source = `data:image/png;base64,${Buffer.from(png).toString('base64')}`;
    return `<figure><img src="${source}" width="224" height="224" alt="${escape(caption)}"><figcaption>${escape(caption)}</figcaption></figure>`;
  };

  const sections: string[] = [];
  sections.push(`<section><h2>Tuning of ${escape(results.unit)}</h2>${await tuningPlot(backend, results)}</section>`);
  for (const report of results.reports) {
    const best = report.candidates[0];
    if (best === undefined) continue;
    const pictures = [await picture(best.spec, `found: ${best.objective.toFixed(2)} z`)];
    for (const control of report.controls) {
      if (control.spec !== null)
        pictures.push(
          await picture(control.spec, `${controlNames[control.kind]}: ${control.best.toFixed(2)} z (${control.label})`),
        );
    }
    const residuals = best.residuals;
    sections.push(
      [
        `<section><h2>${escape(report.name)}</h2><div class="stage">${pictures.join('')}</div>`,
        trajectoryPlot(report),
        `<p>${plural(report.evaluations, 'evaluation')}, of which ${formatCount(report.controlEvaluations)} for controls, in ${report.seconds.toFixed(1)} s. Responses are z-scored over the ${escape(report.referenceName)}, ${plural(report.referenceStimuli, 'stimulus', 'stimuli')}.`,
        residuals === null
          ? ''
          : ` Constraint residuals (relative; range in luminance): ${constraintRows(report.plan.constraints)
              .map(({ key, label }) => `${label} ${(residuals[key] ?? NaN).toExponential(1)}`)
              .join(', ')}.`,
        ` Content hash ${report.contentSha256?.slice(0, 12) ?? ''}.</p></section>`,
      ].join(''),
    );
  }
  const { protocol, record } = results;
  sections.push(
    `<section><h2>${escape(protocol.name)}</h2><p>${plural(protocol.stimuli.length, 'stimulus', 'stimuli')}, ${plural(protocol.trials.length, 'trial')} in ${plural(protocol.plan.blocks, 'block')}, ${protocol.minutes.toFixed(1)} min at ${protocol.display.refreshHz} Hz; ${protocol.pixelsPerDegCentre.toFixed(1)} px per degree at the centre. Written for PsychoPy: ${record.files.length} files.</p><ul>${record.checks
      .map(({ passed, text }) => `<li>${passed ? '✓' : '✗'} ${escape(text)}</li>`)
      .join('')}</ul></section>`,
  );
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Twinscope demo</title><style>
body { font: 14px/1.5 system-ui, sans-serif; max-width: 1040px; margin: 32px auto; padding: 0 16px; color: #1f1f1f; background: #fbfbfa; }
h1 { font-size: 20px; } h2 { font-size: 15px; margin-top: 32px; }
.stage { display: flex; flex-wrap: wrap; gap: 16px; background: #bcbcbc; padding: 16px; }
figure { margin: 0; } figcaption { font-size: 12px; max-width: 224px; }
svg { display: block; margin-top: 12px; } text { font-size: 12px; fill: #1f1f1f; }
</style></head><body>
<h1>Twinscope demo</h1>
<p>Predictions of the twin ${escape(results.reports[0]?.provenance.twin.id ?? '')}, a mechanistic model; nothing on this page is a measurement. Pictures stand on the grey of their own background.</p>
${sections.join('\n')}
</body></html>
`;
}

const size = { width: 520, height: 240, left: 56, right: 96, top: 16, bottom: 40 };

function frame(body: string, xLabel: string, yLabel: string): string {
  const { width, height, left, right, bottom } = size;
  return `<svg width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" role="img" aria-label="${escape(`${yLabel} against ${xLabel}`)}">${body}
<text x="${(left + width - right) / 2}" y="${height - 6}" text-anchor="middle">${escape(xLabel)}</text>
<text transform="translate(12 ${(height - bottom) / 2}) rotate(-90)" text-anchor="middle">${escape(yLabel)}</text></svg>`;
}

function axisLeft(y: (value: number) => number, ticks: readonly number[]): string {
  return ticks
    .map(
      (tick) =>
        `<line x1="${size.left - 4}" x2="${size.left}" y1="${y(tick)}" y2="${y(tick)}" stroke="${quiet}"/><text x="${size.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    )
    .join('');
}

/** Heights for labels that would stand at `heights`, moved down where they would overlap; in the order given. */
function apart(heights: number[]): number[] {
  const order = heights.map((height, i) => ({ height, i })).toSorted((a, b) => a.height - b.height);
  const moved = [...heights];
  let last = -Infinity;
  for (const { height, i } of order) {
    last = Math.max(height, last + 13);
    moved[i] = last;
  }
  return moved;
}

/** Mean response over phases against orientation, one curve per spatial frequency. */
async function tuningPlot(backend: Backend, { gratings, unit }: DemoResults): Promise<string> {
  const { project } = backend.services.current();
  const run = await project.runs.get(gratings);
  const design = run.design as GratingDesign;
  const area = run.areas.find(({ units }) => units.includes(unit));
  if (area === undefined) return '';
  const responses = await project.runs.readUnit(gratings, area.area, area.units.indexOf(unit));
  const factors = factorsOf(design);
  const levelOf = (index: number, key: string): number | undefined => {
    const factor = factors.findIndex((each) => each.key === key);
    return factors[factor]?.levels[levelsAt(design, index)?.[factor] ?? -1];
  };
  const { orientationDeg, spatialFrequencyCpd } = design.factors;
  const means = spatialFrequencyCpd.map((frequency) =>
    orientationDeg.map((orientation) => {
      const cells = [...responses].filter(
        (_, i) => levelOf(i, 'orientationDeg') === orientation && levelOf(i, 'spatialFrequencyCpd') === frequency,
      );
      if (cells.length === 0) throw new Error(`the run holds no grating of ${orientation}° and ${frequency} cpd`);
      return cells.reduce((sum, value) => sum + value, 0) / cells.length;
    }),
  );
  const x = scalePoint<number>()
    .domain(orientationDeg)
    .range([size.left, size.width - size.right]);
  const y = scaleLinear()
    .domain([0, Math.max(...means.flat())])
    .nice()
    .range([size.height - size.bottom, size.top]);
  const labelHeights = apart(means.map((values) => y(values.at(-1) as number)));
  const curves = means.map((values, i) => {
    const points = values.map((value, j): [number, number] => [x(orientationDeg[j] as number) ?? 0, y(value)]);
    const opacity = 0.35 + (0.65 * (i + 1)) / means.length;
    const last = points.at(-1) as [number, number];
    return `<path d="${line()(points)}" fill="none" stroke="${accent}" stroke-opacity="${opacity}" stroke-width="1.5"/><text x="${last[0] + 6}" y="${(labelHeights[i] as number) + 4}">${spatialFrequencyCpd[i]} cpd</text>`;
  });
  const ticks = orientationDeg.map(
    (value) => `<text x="${x(value)}" y="${size.height - size.bottom + 16}" text-anchor="middle">${value}</text>`,
  );
  return frame(
    `${axisLeft(y, y.ticks(5))}${ticks.join('')}${curves.join('')}`,
    'orientation (°)',
    `mean over phases (${area.responseUnits})`,
  );
}

/** Best and median objective over starts against the step, with the best of every control as a line. */
function trajectoryPlot(report: SearchReport): string {
  const points = report.trajectory;
  if (points.length === 0) return '';
  const values = [...points.flatMap(({ best, median }) => [best, median]), ...report.controls.map(({ best }) => best)];
  const x = scaleLinear()
    .domain([0, points.at(-1)?.step ?? 1])
    .range([size.left, size.width - size.right]);
  const y = scaleLinear()
    .domain([Math.min(0, ...values), Math.max(...values)])
    .nice()
    .range([size.height - size.bottom, size.top]);
  const path = (key: 'best' | 'median'): string =>
    line()(points.map((point): [number, number] => [x(point.step), y(point[key])])) ?? '';
  const labelHeights = apart(report.controls.map(({ best }) => y(best)));
  const controls = report.controls.map(
    ({ best, kind }, i) =>
      `<line x1="${size.left}" x2="${size.width - size.right}" y1="${y(best)}" y2="${y(best)}" stroke="${quiet}" stroke-dasharray="4 3"/><text x="${size.width - size.right + 6}" y="${(labelHeights[i] as number) + 4}" fill="${quiet}">${controlNames[kind]}</text>`,
  );
  const ticks = x
    .ticks(5)
    .map((tick) => `<text x="${x(tick)}" y="${size.height - size.bottom + 16}" text-anchor="middle">${tick}</text>`);
  return frame(
    `${axisLeft(y, y.ticks(5))}${ticks.join('')}${controls.join('')}<path d="${path('median')}" fill="none" stroke="${accent}" stroke-opacity=".4"/><path d="${path('best')}" fill="none" stroke="${accent}" stroke-width="2"/>`,
    'step',
    'objective (z)',
  );
}
