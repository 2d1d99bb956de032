/** `twinscope report` and `twinscope export … --format report`. */
import { writeFile } from 'node:fs/promises';
import path from 'node:path';
import { TwinscopeError } from '../../platform/errors.ts';
import { exists, safeFileName, writeFolderAtomic, writeNewFileAtomic } from '../../platform/node/files.ts';
import type { SearchReport } from '../../contract/results.ts';
import { findSearch } from '../protocolService.ts';
import { reportOf, reportText, searchReportHtml } from '../searchReportService.ts';
import { createStimulusService } from '../stimulusService.ts';
import type { CliContext } from './context.ts';
import { exportProtocol } from './projectCommands.ts';

async function openReport(context: CliContext, project: string, search: string): Promise<SearchReport> {
  if (!(await exists(project))) {
    throw new TwinscopeError('not-found', `There is no project ${project}. Nothing was written. Check its name.`);
  }
  await context.backend.openProject(project);
  return reportOf(await findSearch(context.backend.services.current().project, search));
}

const page = (context: CliContext, report: SearchReport): Promise<string> =>
  searchReportHtml(report, createStimulusService(context.backend.services.current().project));

export async function reportSearch(
  context: CliContext,
  search: string,
  options: { project: string; out: string },
): Promise<void> {
  const out = path.resolve(options.out);
  const kind = path.extname(out).toLowerCase();
  if (kind !== '.html' && kind !== '.json') {
    throw new TwinscopeError(
      'bad-input',
      `--out ${options.out} ends neither in .html nor in .json, so it is not clear what to write. Nothing was written. Choose a name that does.`,
    );
  }
  const report = await openReport(context, options.project, search);
  // Its pictures are rendered only once there is a place for them.
  await writeNewFileAtomic(out, async (handle) =>
    handle.writeFile(kind === '.json' ? reportText(report) : await page(context, report)),
  );
  context.print(`Wrote the report of ${report.name} to ${out}`, { search: report.id, files: [out] });
}

export async function exportFrom(
  context: CliContext,
  project: string,
  options: { what: string; format: 'bundle' | 'psychopy' | 'report'; out: string },
): Promise<number> {
  const { format } = options;
  if (format !== 'report') return exportProtocol(context, project, { ...options, format });
  const report = await openReport(context, project, options.what.replace(/^search:/, ''));
  const folder = path.resolve(options.out);
  const name = safeFileName(report.name);
  const made = {
    [`${name}.html`]: () => page(context, report),
    [`${name}.json`]: () => reportText(report),
  };
  await writeFolderAtomic(folder, async (temporary) => {
    for (const [file, text] of Object.entries(made)) await writeFile(path.join(temporary, file), await text());
  });
  const files = Object.keys(made).map((file) => path.join(folder, file));
  context.print(`Wrote the report of ${report.name}:\n${files.join('\n')}`, { search: report.id, files });
  return 0;
}
