/** Reading `twin.json`: what it must say, checked with sentences instead of schema paths alone. */
import { outputAxes, pictureAxes } from '../contract/pictureAxes.ts';
import { stimulusInputOf, twinManifest, type StimulusInput, type TwinManifest } from '../contract/twins.ts';
import { TwinscopeError } from '../platform/errors.ts';

export const manifestName = 'twin.json';
export const modelName = 'model.onnx';
export const unitsName = 'units.csv';
export const checksName = 'checks.npz';
export const cardName = 'card.md';
export const licenceName = 'LICENSE';

/** Names that Windows keeps for devices, with or without an extension. */
const reservedName = /^(con|prn|aux|nul|com\d|lpt\d)(\.|$)/i;

/** Why a path may not stand in a package, or null: relative, forward slashes, usable on every file system. */
export function unsafePath(path: string): string | null {
  if (path === '' || path.length > 512) return 'it is empty or too long';
  // Control characters, and what Windows refuses in names.
  // oxlint-disable-next-line no-control-regex
  if (/[\u0000-\u001f\u007f<>:"|?*\\]/.test(path)) return 'it has characters that file names may not have everywhere';
  // Half of a pair of UTF-16, which no file system and no archive gives back.
  if (!path.isWellFormed()) return 'it is no text';
  if (path.startsWith('/')) return 'it is absolute';
  for (const part of path.split('/')) {
    if (part === '..' || part === '.' || part === '') return 'it leaves the package or is not in plain form';
    if (reservedName.test(part) || part.endsWith('.') || part.endsWith(' ')) return 'Windows does not allow that name';
  }
  return null;
}

/** Equal for paths that some file system takes for the same: letters in either case, accents written in either way. */
export const foldedPath = (path: string): string => path.normalize('NFC').toLowerCase();

/** What a refusal of a package ends with; whoever packs one is told something else. */
export const askAuthor = 'Ask its author for a corrected package.';

/** The manifest as it was written, before it is checked. Throws 'newer-format' for another format number. */
export function parseManifestJson(text: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw refused(`${manifestName} is not JSON`);
  }
  const format = (value as { format?: unknown } | null)?.format;
  if (typeof format === 'number' && format !== 1) {
    throw new TwinscopeError(
      'newer-format',
      `This twin package has format ${format}, and this version of Twinscope reads format 1. Nothing was changed. ` +
        'Update Twinscope, or ask for the package in format 1.',
    );
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw refused(`${manifestName} is not a JSON object`);
  }
  return value as Record<string, unknown>;
}

/**
 * Parses and checks a manifest. Unknown keys are tolerated. Throws 'newer-format' for another format number and
 * 'bad-input' for everything else that is wrong, naming the field.
 */
export function parseManifest(text: string): TwinManifest {
  const parsed = twinManifest.safeParse(parseManifestJson(text));
  if (!parsed.success) {
    const [first] = parsed.error.issues;
    // Names of a hostile file may have any length.
    const where = (first?.path.join('.') ?? '').slice(0, 200);
    throw refused(`${where === '' ? manifestName : `"${where}" in ${manifestName}`}: ${first?.message ?? 'invalid'}`);
  }
  checkConsistency(parsed.data);
  return parsed.data;
}

function refused(why: string): TwinscopeError {
  return new TwinscopeError('bad-input', `This twin package cannot be used: ${why}. Nothing was changed. ${askAuthor}`);
}

/** Far above any recording; what a small file announces beyond would take all memory, or hours to compare. */
const most = { units: 1_000_000, entries: 1000 };

function checkConsistency(manifest: TwinManifest): void {
  for (const list of ['areas', 'inputs', 'outputs'] as const) {
    const { length } = manifest[list];
    if (length > most.entries) throw refused(`it declares ${length} ${list} and at most ${most.entries} are allowed`);
  }
  const channelCount = manifest.inputs.reduce(
    (sum, each) => sum + (each.role === 'behaviour' ? each.channels.length : 0),
    0,
  );
  if (channelCount > most.entries) {
    throw refused(`it declares ${channelCount} behaviour channels and at most ${most.entries} are allowed`);
  }
  const units = manifest.areas.reduce((sum, area) => sum + area.units, 0);
  if (units > most.units) throw refused(`it declares ${units} units and at most ${most.units} are allowed`);
  const folded = new Set<string>();
  for (const path of Object.keys(manifest.files)) {
    const unsafe = unsafePath(path);
    if (unsafe !== null)
      throw refused(`the path ${JSON.stringify(path.slice(0, 100))} is not allowed, since ${unsafe}`);
    if (folded.has(foldedPath(path)))
      throw refused(`two of its files are called ${path} but for upper and lower case or the writing of accents`);
    folded.add(foldedPath(path));
  }
  for (const path of folded) {
    for (let at = path.indexOf('/'); at !== -1; at = path.indexOf('/', at + 1)) {
      const folder = path.slice(0, at);
      if (folded.has(folder)) throw refused(`${folder} is among its files and is a folder of others`);
    }
  }
  if (folded.has(manifestName)) throw refused(`${manifestName} may not list itself`);
  if (manifest.files[modelName] === undefined) throw refused(`${modelName} is not among its files`);

  const areas = new Map(manifest.areas.map((area) => [area.name, area]));
  if (areas.size !== manifest.areas.length) throw refused('an area is declared twice');
  for (const output of manifest.outputs) {
    const area = areas.get(output.area);
    if (area === undefined)
      throw refused(`the output "${output.tensor}" belongs to "${output.area}", which is no area`);
    const units = outputAxes(output)?.units ?? output.axes.at(-1)?.size;
    if (units !== area.units) {
      throw refused(
        `the area ${area.name} has ${area.units} units and its output "${output.tensor}" has ${units ?? 'any number'}`,
      );
    }
  }
  for (const area of areas.keys()) {
    if (manifest.outputs.filter((output) => output.area === area).length !== 1) {
      throw refused(`the area ${area} needs exactly one output`);
    }
  }
  for (const output of manifest.outputs) {
    if (output.window !== undefined && outputAxes(output) === null) {
      const { from, to } = output.window;
      throw refused(`the window from bin ${from} to ${to} does not lie within the output "${output.tensor}"`);
    }
  }
  const tensors = manifest.inputs.map(({ tensor }) => tensor);
  const twice = tensors.find((tensor, at) => tensors.indexOf(tensor) !== at);
  if (twice !== undefined) throw refused(`the input "${twice}" is declared twice`);
  const channels = manifest.inputs.flatMap((each) => (each.role === 'behaviour' ? each.channels : []));
  const same = channels.find(({ name }, at) => channels.findIndex((other) => other.name === name) !== at);
  if (same !== undefined) throw refused(`the behaviour channel "${same.name}" is declared twice`);
  const input = stimulusInput(manifest);
  const [height, width] = input.axes.slice(-2).map(({ size }) => size);
  if (pictureAxes(input) === null && (height === null || height === undefined || height !== width)) {
    throw refused('the height and width of its stimulus input are not one fixed size');
  }
}

/** The input that takes the pictures. */
export function stimulusInput(manifest: TwinManifest): StimulusInput {
  const input = stimulusInputOf(manifest);
  if (input === undefined) throw refused('it has no stimulus input');
  return input;
}

/** Width and height of the stimulus input in pixels. */
export function rasterPx(manifest: TwinManifest): number {
  const input = stimulusInput(manifest);
  return pictureAxes(input)?.sizePx ?? input.axes.at(-1)?.size ?? 0;
}
