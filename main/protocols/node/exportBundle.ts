/** The neutral export: pictures, arrays, tables and a manifest that any presentation software can be fed from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpandedProtocol } from '../../contract/results.ts';
import { canonicalJson } from '../../platform/hash.ts';
import { plural } from '../../platform/words.ts';
import { encodeGrey } from '../../stimuli/encode.ts';
import { unsafeCells } from '../csv.ts';
import { protocolManifest } from '../manifest.ts';
import { contrastCheck } from '../measure.ts';
import { bundleReadme } from '../readme.ts';
import { bundleStimuli, bundleTrials, type ExportedPicture } from '../tables.ts';
import { checkSums, manifestName, writeExport, type ExportCheck, type ExportResult } from './exportFolder.ts';
import { writePictures, type ExportOptions } from './pictures.ts';
import { readBundle } from './readBundle.ts';

/** The 8-bit level of the background on the protocol's display. */
export const backgroundLevel = (protocol: ExpandedProtocol): number =>
  encodeGrey(Float32Array.of(0.5), { display: protocol.display })[0] as number;

/** Writes the bundle to `options.out`, whole or not at all; see `writeExport` for what may stand there already. */
export async function exportBundle(options: ExportOptions): Promise<ExportResult> {
  const { protocol } = options;
  const level = backgroundLevel(protocol);
  let pictures: ExportedPicture[] = [];
  return writeExport(
    options.out,
    'twinscope-bundle',
    async (write) => {
      pictures = await writePictures(options, write, 'png', 'npy');
      await write('trials.csv', bundleTrials(protocol));
      await write('stimuli.csv', bundleStimuli(pictures));
      const manifest = protocolManifest(protocol, pictures, {
        format: 'twinscope-bundle',
        pngFolder: 'png',
        backgroundLevel: level,
        provenance: options.provenance,
      });
      await write(manifestName, `${JSON.stringify(manifest, null, 2)}\n`);
      await write('README.md', bundleReadme(protocol, level));
    },
    (folder) => checkBundle(folder, protocol, pictures),
  );
}

async function checkBundle(
  folder: string,
  protocol: ExpandedProtocol,
  pictures: readonly ExportedPicture[],
): Promise<ExportCheck[]> {
  const contrast = contrastCheck(pictures);
  const again = await readBundle(folder);
  const same = canonicalJson(withoutProjectParts(again)) === canonicalJson(withoutProjectParts(protocol));
  const unsafe: string[] = [];
  for (const table of ['trials.csv', 'stimuli.csv']) {
    const columns = unsafeCells(await readFile(join(folder, table), 'utf8'));
    unsafe.push(...columns.map((column) => `${column} of ${table}`));
  }
  return [
    await checkSums(folder),
    {
      passed: same,
      text: same
        ? `Reading the folder back gives the same ${plural(protocol.trials.length, 'trial')} and ${plural(protocol.stimuli.length, 'stimulus', 'stimuli')}.`
        : 'Reading the folder back gives another protocol.',
    },
    {
      passed: unsafe.length === 0,
      text:
        unsafe.length === 0
          ? 'No cell of the tables can be taken for a formula, a list or a missing value.'
          : `Some cells would be read as something else: ${unsafe.join(', ')}.`,
    },
    ...(contrast === null ? [] : [contrast]),
  ];
}

/** The protocol without its identity and thumbnails, which belong to the project and not to the experiment. */
function withoutProjectParts(protocol: ExpandedProtocol): unknown {
  return {
    ...protocol,
    id: null,
    stimuli: protocol.stimuli.map(({ thumbnail: _thumbnail, ...stimulus }) => stimulus),
  };
}
