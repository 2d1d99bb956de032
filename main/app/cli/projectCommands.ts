/** `twinscope project …`, `protocol`, `export` and `stimuli render`. */
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { RunPlan } from '../../contract/plans.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { formatBytes, plural } from '../../platform/words.ts';
import { safeFileName, writeFolderAtomic } from '../../platform/node/files.ts';
import { designCount, labelAt, specAt } from '../../stimuli/design.ts';
import { encodeGreyPng } from '../../stimuli/node/png.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { imageInput } from '../../engine/inputAdapter.ts';
import { unlockProject, upgradeProject } from '../../projects/node/project.ts';
import type { CliContext } from './context.ts';
import { createStimulusService, type StimulusService } from '../stimulusService.ts';
import { interruptible, type Interruptible } from './interrupt.ts';
import { formatTable } from './output.ts';
import { stimulusTable } from './stimulusTable.ts';
import { follow, openOrCreate, readPlan, requireForNew } from './planCommand.ts';
import { ask } from './twinCommands.ts';

export async function projectInfo(context: CliContext, file: string): Promise<void> {
  const info = await context.backend.openProject(file);
  const { counts } = info;
  const lines = [
    `${info.name} (${info.path}, ${formatBytes(info.sizeBytes)})`,
    formatTable(
      ['images', 'sets', 'runs', 'searches', 'protocols'],
      [[counts.images, counts.sets, counts.runs, counts.searches, counts.protocols]],
    ),
  ];
  if (info.readOnly !== null) lines.push(info.readOnly);
  if (info.notice !== null) lines.push(info.notice);
  context.print(lines.join('\n'), info);
}

export async function projectUnlock(context: CliContext, file: string): Promise<void> {
  const notice = await unlockProject(file);
  context.print(notice ?? `${file} is free: it can be opened for writing.`, { unlocked: file, notice });
}

export async function projectUpgrade(context: CliContext, file: string): Promise<void> {
  const upgrade = await upgradeProject(file, { host: 'cli' });
  context.print(
    upgrade === null
      ? `${file} is already of this version.`
      : `${file} was brought to this version. The file as it was before is ${upgrade.backup}.`,
    { upgrade },
  );
}

export async function projectCheck(context: CliContext, file: string): Promise<number> {
  await context.backend.openProject(file);
  const report = await context.backend.services.current().project.check();
  const { images, arrays, runs, sets, searches } = report.checked;
  const text = report.ok
    ? `The project is whole: ${[plural(images, 'image'), plural(arrays, 'raster'), plural(sets, 'set'), plural(runs, 'run')].join(', ')} and ${plural(searches, 'search', 'searches')} hold what they held when they were stored.`
    : ['The project has faults:', ...report.problems].join('\n');
  context.print(text, report);
  return report.ok ? 0 : 1;
}

export async function saveProtocol(context: CliContext, file: string, options: { project: string }): Promise<void> {
  const plan = await readPlan(file, 'protocol');
  await requireForNew(context.backend, plan, options.project);
  await openOrCreate(context.backend, options.project);
  const name = plan.name ?? path.basename(file).replace(/\.plan\.(ya?ml|json)$/, '');
  const existing = (await ask(context, 'protocols.list', {})).find((protocol) => protocol.name === name);
  const saved = await ask(context, 'protocols.save', { name, plan, ...(existing ? { id: existing.id } : {}) });
  const lines = [
    `${saved.name}: ${plural(saved.stimuli.length, 'stimulus', 'stimuli')}, ${plural(saved.trials.length, 'trial')}, ${saved.minutes.toFixed(1)} min (${saved.id})`,
    ...saved.warnings,
  ];
  context.print(lines.join('\n'), {
    id: saved.id,
    name: saved.name,
    trials: saved.trials.length,
    minutes: saved.minutes,
    warnings: saved.warnings,
  });
}

export async function exportProtocol(
  context: CliContext,
  file: string,
  options: { what: string; format: 'bundle' | 'psychopy'; out: string },
): Promise<number> {
  await context.backend.openProject(file);
  const { project } = context.backend.services.current();
  const protocol = await project.protocols.getByNameOrId(options.what.replace(/^protocol:/, ''));
  const job = await ask(context, 'protocols.export', {
    id: protocol.id,
    format: options.format,
    out: path.resolve(options.out),
  });
  const ended = await follow(context.backend, job);
  if (ended.error !== null) throw new TwinscopeError(ended.error.code, ended.error.message);
  if (ended.resultId === null) return 1;
  const record = await project.exports.get(ended.resultId);
  const failed = record.checks.filter(({ passed }) => !passed);
  const lines = [
    `Wrote ${plural(record.files.length, 'file')} to ${record.folder}`,
    ...record.checks.map(({ passed, text }) => `${passed ? '✓' : '✗'} ${text}`),
  ];
  context.print(lines.join('\n'), record);
  return failed.length === 0 ? 0 : 1;
}

/**
 * The stimuli of a run plan without a project: photographs are read through one that is thrown away. Throws 'bad-input'
 * for a plan that names a set of a project.
 */
export async function withPlanDesign<T>(
  { backend, signal, show }: CliContext & Interruptible,
  plan: RunPlan,
  use: (design: StimulusDesign, stimuli: StimulusService) => Promise<T>,
): Promise<T> {
  if ('set' in plan.stimuli) {
    throw new TwinscopeError(
      'bad-input',
      'This plan names a set of a project. Write its design or a folder of images into the plan.',
    );
  }
  const { uploadsFolder } = backend.services;
  await mkdir(uploadsFolder, { recursive: true });
  const scratch = path.join(await mkdtemp(path.join(uploadsFolder, 'render-')), 'render.twinscope');
  await backend.openProject(scratch, { name: 'render' });
  try {
    const stimuli = createStimulusService(backend.services.current().project);
    const onImage = (done: number, total: number): void => show(`reading photographs · ${done}/${total}`);
    return await use((await stimuli.resolve(plan.stimuli, { signal, onImage })).design, stimuli);
  } finally {
    await backend.services.closeProject();
    await rm(path.dirname(scratch), { recursive: true, force: true });
  }
}

/** Its number, from 1, and its label in letters that every file system takes. */
function stimulusFileName(design: StimulusDesign, index: number, count: number): string {
  const number = String(index + 1).padStart(String(count).length, '0');
  return `${number} ${safeFileName(labelAt(design, index).replaceAll('°', 'deg'))}`.replaceAll(' ', '-');
}

const renderSentences = { stopping: 'Stopping.', stopped: 'The drawing was stopped. Nothing was written.' };

export async function renderStimuli(context: CliContext, file: string, options: { out: string }): Promise<void> {
  const plan = await readPlan(file, 'run');
  const twin = await context.backend.services.library.resolve(plan.twin);
  const { input, sizePx } = imageInput(twin.manifest);
  const field = { sizePx, fieldOfViewDeg: input.fieldOfViewDeg, background: input.background };
  const out = path.resolve(options.out);
  const count = await interruptible(renderSentences, (interrupts) =>
    withPlanDesign({ ...context, ...interrupts }, plan, async (design, stimuli) => {
      const total = designCount(design);
      await writeFolderAtomic(out, async (temporary) => {
        const names = Array.from({ length: total }, (_, index) => stimulusFileName(design, index, total));
        for (const [index, name] of names.entries()) {
          interrupts.signal.throwIfAborted();
          const raster = await stimuli.render(specAt(design, index), field);
          await writeFile(path.join(temporary, `${name}.png`), await encodeGreyPng(raster, sizePx, { srgb: true }));
          await writeFile(path.join(temporary, `${name}.npy`), encodeNpy(raster, [sizePx, sizePx]));
          interrupts.show(`drawing stimuli · ${index + 1}/${total}`);
        }
        const files = names.map((name) => `${name}.npy`);
        await writeFile(path.join(temporary, 'stimuli.csv'), stimulusTable(design, { files }));
        interrupts.signal.throwIfAborted();
      });
      return total;
    }),
  );
  context.print(
    `Wrote ${plural(count, 'stimulus', 'stimuli')} to ${out} (PNG for the eye, NPY with linear light, stimuli.csv says which is which).`,
    { out, count },
  );
}
