/** Reads an exported bundle back as the protocol it came from. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ExpandedProtocol, Trial } from '../../contract/results.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { parseCsv } from '../csv.ts';
import { exportManifest, type ExportManifest } from '../manifest.ts';
import { blankName } from '../tables.ts';
import { checkSums, filesBelow, manifestName, sumsName } from './exportFolder.ts';

/**
 * The protocol of a bundle. Its stimuli's thumbnails are the pictures in the bundle, as paths inside it, and it has no
 * id. Throws TwinscopeError 'bad-input' for a folder that is no bundle, 'newer-format' for one of a later version and
 * 'corrupt' where a file is missing or has changed.
 */
export async function readBundle(folder: string): Promise<ExpandedProtocol> {
  const present = await filesBelow(folder).catch((error: unknown) => {
    throw fileError(error, folder);
  });
  if (!present.includes(manifestName) || !present.includes(sumsName)) {
    throw new TwinscopeError(
      'bad-input',
      `${folder} is not a protocol bundle: it has no ${manifestName} or ${sumsName}.`,
    );
  }
  const sums = await checkSums(folder);
  if (!sums.passed) {
    throw new TwinscopeError(
      'corrupt',
      `The bundle ${folder} is damaged. ${sums.text} Nothing was read; copy it again.`,
    );
  }
  const manifest = parseManifest(await readFile(join(folder, manifestName), 'utf8'), folder);
  const trials = parseTrials(await readFile(join(folder, 'trials.csv'), 'utf8'), manifest);
  return {
    id: null,
    name: manifest.name,
    plan: manifest.plan,
    display: manifest.display,
    stimuli: manifest.stimuli.map(({ index, name, condition, spec, sha256, png, sizeDeg, patternDeg, source }) => ({
      index,
      name,
      condition,
      spec,
      sha256,
      thumbnail: png,
      sizeDeg,
      ...(patternDeg === undefined ? {} : { patternDeg }),
      ...(source === undefined ? {} : { source }),
    })),
    ...(manifest.searchPlans === undefined ? {} : { searchPlans: manifest.searchPlans }),
    trials,
    totalFrames: manifest.timing.totalFrames,
    minutes: manifest.timing.minutes,
    pixelsPerDegCentre: manifest.geometry.pixelsPerDegCentre,
    generator: manifest.randomisation.generator,
    warnings: manifest.warnings,
  };
}

function parseManifest(text: string, folder: string): ExportManifest {
  const damaged = new TwinscopeError(
    'corrupt',
    `The ${manifestName} of ${folder} cannot be read. Copy the bundle again.`,
  );
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    throw damaged;
  }
  const { format, formatVersion } = (document ?? {}) as { format?: unknown; formatVersion?: unknown };
  if (format !== 'twinscope-bundle') {
    throw new TwinscopeError('bad-input', `${folder} is not a protocol bundle but '${String(format)}'.`);
  }
  if (typeof formatVersion === 'number' && formatVersion > 1) {
    throw new TwinscopeError(
      'newer-format',
      `${folder} was exported by a newer Twinscope (bundle version ${formatVersion}). Update Twinscope to read it.`,
    );
  }
  const parsed = exportManifest.safeParse(document);
  if (!parsed.success) throw damaged;
  return parsed.data;
}

function parseTrials(text: string, manifest: ExportManifest): Trial[] {
  const byName = new Map(manifest.stimuli.map(({ name, index }) => [name, index]));
  const { rows } = parseCsv(text);
  const trials = rows.map((row): Trial => {
    const number = (column: string): number => {
      const value = Number(row[column]);
      if (Number.isInteger(value)) return value;
      throw new TwinscopeError(
        'corrupt',
        `trials.csv holds '${row[column]}' where ${column} should be a whole number.`,
      );
    };
    const name = row['stimulus'] ?? '';
    const stimulus = name === blankName ? null : byName.get(name);
    if (stimulus === undefined) {
      throw new TwinscopeError('corrupt', `trials.csv names '${name}', which is not a stimulus of the bundle.`);
    }
    return {
      index: number('trial'),
      block: number('block'),
      stimulus,
      onsetFrame: number('onset_frame'),
      durationFrames: number('stimulus_frames'),
      blankFrames: number('blank_frames'),
    };
  });
  if (trials.length !== manifest.trials) {
    throw new TwinscopeError('corrupt', `trials.csv has ${trials.length} of the bundle's ${manifest.trials} trials.`);
  }
  return trials;
}
