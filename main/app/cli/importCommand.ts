/** `twinscope twins import`: a package, or a bare ONNX file with a file of answers. */
import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Document, isMap, isPair, isScalar, isSeq, parse as parseYaml, visit } from 'yaml';
import {
  asked,
  modelAnswers,
  openQuestions,
  type Question,
  type ModelAnswers,
  type ModelInspection,
} from '../../contract/bareModels.ts';
import { parseWith } from '../../contract/validate.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { fileError, writeNewFileAtomic } from '../../platform/node/files.ts';
import { formatBytes, plural } from '../../platform/words.ts';
import type { CliContext } from './context.ts';
import { formatTable } from './output.ts';
import { ask, askChecked, gradientSaid } from './twinCommands.ts';

type Options = { answers?: string; template?: string };

/** What fits on a screen; JSON holds every value. */
const mostInside = 12;

export async function importTwin(context: CliContext, source: string, options: Options): Promise<number> {
  const isModel = /\.onnx$/i.test(source);
  if (!isModel && (options.answers !== undefined || options.template !== undefined)) {
    throw new TwinscopeError(
      'bad-input',
      `--answers and --template are for bare .onnx files, and ${source} is none. Nothing was imported. A package needs neither.`,
    );
  }
  const model = { path: path.resolve(source) };
  if (!isModel) {
    const twin = await askChecked(context, 'library.import', model);
    context.print(`Imported ${twin.title} (${twin.id}@${twin.version}). ${gradientSaid(twin)}`, twin);
    return 0;
  }
  if (options.answers !== undefined) {
    const answers = await readAnswers(options.answers);
    const twin = await askChecked(context, 'library.importModel', { model, answers });
    const lines = [
      `Imported ${twin.title} (${twin.id}@${twin.version}). ${gradientSaid(twin)}`,
      `Hash ${twin.sha256}`,
      ...twin.notices,
    ];
    context.print(lines.join('\n'), twin);
    return 0;
  }
  const inspection = await ask(context, 'library.inspectModel', { model, sizePx: null });
  const open = openQuestions(inspection, inspection.answers);
  if (options.template !== undefined) {
    const out = path.resolve(options.template);
    await writeNewFileAtomic(out, (handle) => handle.writeFile(templateOf(inspection, open)));
    const next = `Answer what is required, then: twinscope twins import ${source} --answers ${options.template}`;
    context.print(`Wrote ${out} (${plural(open.length, 'open question')}). ${next}`, { path: out, open });
    return 0;
  }
  const next = `Nothing was imported. Write --template answers.yaml, answer in it what is required, then import with --answers answers.yaml.`;
  context.print(
    `${describe(inspection)}\n\nNot in the file:\n${open.map(({ field, ask: what }) => `  ${field}: ${what}`).join('\n')}\n\n${next}`,
    { ...inspection, open },
  );
  return 2;
}

function describe({
  file,
  sizeBytes,
  dataFiles,
  opset,
  producer,
  nodes,
  parameters,
  metadata,
  documentation,
  inputs,
  outputs,
  areas,
  notices,
}: ModelInspection): string {
  const size = (shape: readonly (number | string)[] | null): string => shape?.join(' × ') ?? 'unknown';
  const rows = [
    ...inputs.map(({ name, dtype, shape }) => ['input', name, dtype, size(shape), '']),
    ...outputs.map(({ name, dtype, shape }) => {
      const units = areas.find(({ tensor }) => tensor === name)?.units;
      return ['output', name, dtype, size(shape), units === undefined ? '' : plural(units, 'unit')];
    }),
  ];
  const inside = areas.filter(({ output }) => !output);
  const data = dataFiles.length === 0 ? '' : ` with ${dataFiles.join(', ')}`;
  return [
    `${file}${data} (${formatBytes(sizeBytes)}): opset ${opset}${producer === '' ? '' : `, ${producer}`}, ${plural(nodes, 'node')}, ${plural(parameters, 'parameter')}`,
    formatTable(['', 'name', 'type', 'sizes', 'as an area'], rows),
    ...(documentation.trim() === '' ? [] : [documentation.trim()]),
    ...metadata.map(({ key, value }) => `${key}: ${value}`),
    ...notices,
    ...(inside.length === 0
      ? []
      : [
          `Values inside that can be areas too: ${inside
            .slice(0, mostInside)
            .map(({ tensor, units }) => `${tensor} (${units})`)
            .join(', ')}${inside.length > mostInside ? ` and ${inside.length - mostInside} more` : ''}.`,
        ]),
  ].join('\n');
}

/** The answers as YAML with what each asks for beside it. */
export function templateOf({ file, answers, picture }: ModelInspection, open: readonly Question[]): string {
  const { sizePx: _, ...fixed } = answers.picture;
  const document = new Document({ ...answers, picture: picture.sizePx === null ? answers.picture : fixed });
  const required = new Set(open.map(({ field }) => field.replace(/\[\d+\]/, '')));
  document.commentBefore = ` What ${file} does not say. null: not answered; what is required must be.\n Import with: twinscope twins import ${file} --answers THIS_FILE`;
  const seen = new Set<string>();
  visit(document, {
    Pair(_, pair, ancestors) {
      if (!isScalar(pair.key)) return;
      const keys = ancestors.filter(isPair).map(({ key }) => (isScalar(key) ? String(key.value) : ''));
      const field = [...keys, String(pair.key.value)].join('.');
      // Every area has the same keys.
      if (asked[field] === undefined || seen.has(field)) return;
      seen.add(field);
      const comment = ` ${required.has(field) ? 'required: ' : ''}${asked[field]}`;
      if (isMap(pair.value) || isSeq(pair.value)) pair.key.commentBefore = comment;
      else if (isScalar(pair.value)) pair.value.comment = comment;
    },
    Seq(_, list) {
      if (list.items.every((item) => isScalar(item))) list.flow = true;
    },
  });
  return document.toString({ lineWidth: 0 });
}

async function readAnswers(file: string): Promise<ModelAnswers> {
  let document: unknown;
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(await readFile(file));
    document = file.endsWith('.json') ? JSON.parse(text) : parseYaml(text, { logLevel: 'error' });
  } catch (error) {
    const known = fileError(error, file);
    if (known instanceof TwinscopeError) throw known;
    const why = (error as Error).message.split('\n')[0]?.replace(/[:.]?$/, '.');
    throw new TwinscopeError('bad-input', `${file} is neither JSON nor YAML: ${why} Nothing was imported.`);
  }
  try {
    return parseWith(modelAnswers, document, `The file of answers ${path.basename(file)}`);
  } catch (error) {
    if (!(error instanceof TwinscopeError)) throw error;
    throw new TwinscopeError(error.code, `${error.message} Nothing was imported.`, error.details);
  }
}
