/** The PsychoPy export: a script for the Coder, an experiment for the Builder, conditions and pictures. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpandedProtocol } from '../../contract/results.ts';
import { parseCsv, unsafeCells } from '../csv.ts';
import { protocolManifest } from '../manifest.ts';
import { contrastCheck } from '../measure.ts';
import { isSafeFileName } from '../names.ts';
import { psychopyBuilder } from '../psychopyBuilder.ts';
import { psychopyScript } from '../psychopyScript.ts';
import { psychopyReadme } from '../readme.ts';
import { conditionColumns, psychopyConditions, type ExportedPicture } from '../tables.ts';
import { plural } from '../../platform/words.ts';
import { backgroundLevel } from './exportBundle.ts';
import {
  checkSums,
  filesBelow,
  manifestName,
  writeExport,
  type ExportCheck,
  type ExportResult,
} from './exportFolder.ts';
import { writePictures, type ExportOptions } from './pictures.ts';

const images = 'images';
const conditionsName = 'conditions.csv';

/** Writes the PsychoPy folder to `options.out`, whole or not at all; see `writeExport` for what may stand there. */
export async function exportPsychopy(options: ExportOptions): Promise<ExportResult> {
  const { protocol } = options;
  const level = backgroundLevel(protocol);
  let pictures: ExportedPicture[] = [];
  return writeExport(
    options.out,
    'twinscope-psychopy',
    async (write) => {
      pictures = await writePictures(options, write, images, null);
      await write(conditionsName, psychopyConditions(protocol, pictures));
      await write('run_protocol.py', psychopyScript(protocol, level));
      await write('protocol.psyexp', psychopyBuilder(protocol, level));
      const manifest = protocolManifest(protocol, pictures, {
        format: 'twinscope-psychopy',
        pngFolder: images,
        backgroundLevel: level,
        provenance: options.provenance,
      });
      await write(manifestName, `${JSON.stringify(manifest, null, 2)}\n`);
      await write('README.md', psychopyReadme(protocol, level));
    },
    (folder) => checkPsychopy(folder, protocol, pictures),
  );
}

async function checkPsychopy(
  folder: string,
  protocol: ExpandedProtocol,
  pictures: readonly ExportedPicture[],
): Promise<ExportCheck[]> {
  const contrast = contrastCheck(pictures);
  const text = await readFile(join(folder, conditionsName), 'utf8');
  const { columns, rows } = parseCsv(text);
  const present = new Set(await filesBelow(folder));
  const missing = rows.map((row) => row['image_file'] as string).filter((path) => !present.has(path));
  const unsafeNames = [...present].filter((path) => path.startsWith(`${images}/`) && !isSafeFileName(path.slice(7)));
  const unsafe = unsafeCells(text);
  const wrongColumns = columns.filter((column) => !/^[A-Za-z][A-Za-z0-9_]*$/.test(column));
  const ordered =
    columns.join() === conditionColumns.join() &&
    rows.length === protocol.trials.length &&
    protocol.trials.every((trial, index) => Number(rows[index]?.['onset_frame']) === trial.onsetFrame);
  const check = (passed: boolean, yes: string, no: string): ExportCheck => ({ passed, text: passed ? yes : no });
  return [
    await checkSums(folder),
    check(
      missing.length === 0,
      `Every picture named in ${conditionsName} exists (${plural(new Set(rows.map((row) => row['image_file'])).size, 'picture')}).`,
      `${missing.length} rows of ${conditionsName} name a picture that does not exist: ${missing[0]}.`,
    ),
    check(
      ordered,
      `${conditionsName} holds the ${plural(protocol.trials.length, 'trial')} in order.`,
      `${conditionsName} does not hold the trials of the protocol in order.`,
    ),
    check(
      unsafe.length === 0 && wrongColumns.length === 0,
      'No cell can be evaluated or turned into a number or a missing value by PsychoPy, and every heading is a valid name.',
      `PsychoPy would read these columns as something else: ${[...unsafe, ...wrongColumns].join(', ')}.`,
    ),
    check(
      unsafeNames.length === 0,
      'Every file name is valid on Windows, macOS and Linux.',
      `These names are not valid everywhere: ${unsafeNames.join(', ')}.`,
    ),
    ...(contrast === null ? [] : [contrast]),
  ];
}
