/**
 * A package out of its author's folder: hashes, golden checks where there are none, and the judgement that any library would
 * pass on it. The folder itself is only read.
 */
import { mkdtemp, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { GoldenChecks, PackedTwin, TwinManifest, TwinUnit } from '../../contract/twins.ts';
import { externalTensors } from '../../onnx/index.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { ownedName } from '../../platform/node/ownedNames.ts';
import {
  askAuthor,
  cardName,
  checksName,
  licenceName,
  manifestName,
  modelName,
  parseManifest,
  parseManifestJson,
  unitsName,
  unsafePath,
} from '../manifest.ts';
import { askForChecks, encodeChecks, readChecks } from './checks.ts';
import { exportPackage, requireNewPlace } from './export.ts';
import { judgePackage } from './judge.ts';
import { hashFile, readManifest, readModelGraph, readUnits, type TwinPackage } from './package.ts';
import { copyPlainFiles, listFolder, requirePlainFile, type Refuse } from './sourceFolder.ts';

/** What running the model has shown. */
export interface Proof {
  /** Golden checks for a folder that has none; null where it has some, or none could be made. */
  made: GoldenChecks | null;
  /** For whoever packs: what was made or compared, or why not. */
  sentence: string;
}

/** Runs the model that is being packed; `checks` are those of the folder. Throws where the model does not give them. */
export type Prove = (
  twin: TwinPackage & { modelFile: string; units: TwinUnit[] },
  checks: GoldenChecks | null,
) => Promise<Proof>;

export interface PackRequest {
  source: string;
  /** An archive or a folder, as for `exportPackage`; null: `<id>-<version>.twin` beside the source. */
  out: string | null;
  prove: Prove;
}

/** Files that belong to a package by their name; others do where the manifest lists them or the graph keeps weights there. */
const ownNames = [modelName, unitsName, cardName, licenceName, checksName];

/** @param workFolder where the package is put together; nothing of it is left there */
export async function packFolder(workFolder: string, { source, out, prove }: PackRequest): Promise<PackedTwin> {
  const folder = resolve(source);
  const target = ({ id, version }: TwinManifest): string => out ?? join(dirname(folder), `${id}-${version}.twin`);
  return putTogether(workFolder, folder, prove, {
    before: (manifest) => requireNewPlace(target(manifest)),
    async deliver(twin, { given, proof, notices, found }) {
      const { id, version, title } = twin.manifest;
      const written = await exportPackage(twin, target(twin.manifest));
      const packed = [manifestName, ...Object.keys(twin.manifest.files)];
      return {
        ...written,
        id,
        version,
        title,
        sha256: twin.sha256,
        goldenChecks: given !== null ? 'of the folder' : proof.made !== null ? 'made' : 'none',
        notices,
        leftOut: found.filter((path) => !packed.includes(path)),
      };
    },
  });
}

interface Delivery<T> {
  /** Before anything is copied. */
  before?(manifest: TwinManifest): Promise<void>;
  /** `twin` stands in a folder that is gone afterwards; `notices` are for whoever packs. */
  deliver(
    twin: TwinPackage,
    packed: { given: GoldenChecks | null; proof: Proof; notices: string[]; found: string[] },
  ): Promise<T>;
}

/**
 * Makes a package of an author's folder, judges it, and hands it on.
 * @param folder absolute
 */
export async function putTogether<T>(
  workFolder: string,
  folder: string,
  prove: Prove,
  { before, deliver }: Delivery<T>,
): Promise<T> {
  const staging = await mkdtemp(join(workFolder, ownedName('pack'))).catch((error: unknown) => {
    throw fileError(error, workFolder);
  });
  try {
    const refuse: Refuse = (why) =>
      new TwinscopeError('bad-input', `${folder} cannot be packed: ${why}. Nothing was written. ${correct}`);
    const contents = await readContents(folder, refuse);
    await before?.(contents.manifest);

    await copyPlainFiles(folder, staging, contents.paths, refuse);
    await writeManifest(staging, contents);
    let twin = await judgePackage(staging);
    const units = await readUnits(twin);
    const given = twin.manifest.files[checksName] === undefined ? null : await readChecks(join(staging, checksName));
    const proof = await prove({ ...twin, modelFile: join(staging, modelName), units }, given);
    if (proof.made !== null) {
      await writeFile(join(staging, checksName), encodeChecks(proof.made));
      await writeManifest(staging, { ...contents, paths: [...contents.paths, checksName].toSorted() });
      twin = await judgePackage(staging);
    }
    return await deliver(twin, { given, proof, notices: [proof.sentence, ...missing(twin)], found: contents.found });
  } catch (error) {
    throw toldToAuthor(error, staging, folder);
  } finally {
    // A compute process may still have the model open, which keeps some systems from deleting it: the library sweeps later.
    await rm(staging, { recursive: true, force: true }).catch(() => undefined);
  }
}

/** What a refusal of a folder ends with; whoever made the folder for others says something else. */
export const correct = 'Correct the folder and pack it again.';

/** The refusals are those of an importer; what is safe and what to do is another thing here. */
function toldToAuthor(error: unknown, staging: string, folder: string): unknown {
  if (!isTwinscopeError(error)) return fileError(error, folder);
  const message = error.message
    .replaceAll(staging, folder)
    .replace(askAuthor, correct)
    .replace(askForChecks, `Nothing was written. Correct them, or take ${checksName} away to have it made.`)
    .replace('Nothing was changed.', 'Nothing was written.');
  return new TwinscopeError(error.code, message, error.details);
}

interface Contents {
  /** The manifest as it stands in the folder; its hashes may be missing or stale. */
  text: string;
  manifest: ReturnType<typeof parseManifest>;
  /** Files that go into the package, sorted; the manifest is not among them. */
  paths: string[];
  /** Every file of the folder, sorted. */
  found: string[];
}

async function readContents(folder: string, refuse: Refuse): Promise<Contents> {
  const stats = await stat(folder);
  if (!stats.isDirectory()) throw refuse('it is not a folder');
  // A folder that is no package may be anything, a whole disk even: it is not looked through.
  await requirePlainFile(folder, manifestName, refuse);
  const text = (await readManifest(folder)).toString('utf8');
  const listed = await listFolder(folder, refuse);
  const kept = Object.keys(filesOf(parseManifestJson(text))).filter((path) => path !== checksName);
  const byName = ownNames.filter((name) => name === modelName || listed.includes(name));
  const known = new Set([...byName, ...kept]);
  // Everything but the hashes is judged before a byte is copied.
  const manifest = parseManifest(withFiles(text, Object.fromEntries([...known].map((path) => [path, noHash]))));
  const gone = kept.find((path) => !listed.includes(path));
  if (gone !== undefined) throw refuse(`${manifestName} lists ${gone}, which is not there`);
  await requirePlainFile(folder, modelName, refuse);
  const graph = await readModelGraph({ folder, manifest, sha256: noHash });
  for (const { tensor } of externalTensors(graph)) {
    const { location } = tensor.external;
    // What is not there, or lies outside, is refused with its reason once the package is judged.
    if (location !== undefined && unsafePath(location) === null && listed.includes(location)) known.add(location);
  }
  const found: string[] = [];
  for (const path of listed.toSorted()) {
    if ((await stat(join(folder, ...path.split('/'))).catch(() => null))?.isFile()) found.push(path);
  }
  return { text, manifest, paths: [...known].toSorted(), found };
}

const noHash = '0'.repeat(64);

function filesOf(manifest: Record<string, unknown>): Record<string, unknown> {
  const { files } = manifest;
  return typeof files === 'object' && files !== null && !Array.isArray(files) ? (files as Record<string, unknown>) : {};
}

/** The manifest's text with these hashes: as it stands where it has them already. Keys of other programs are kept. */
function withFiles(text: string, files: Record<string, string>): string {
  const manifest = parseManifestJson(text);
  const before = Object.entries(filesOf(manifest));
  if (before.length === Object.keys(files).length && before.every(([path, hash]) => files[path] === hash)) return text;
  return `${JSON.stringify({ ...manifest, files }, null, 2)}\n`;
}

async function writeManifest(staging: string, { text, paths }: Contents): Promise<void> {
  const files: Record<string, string> = {};
  for (const path of paths) files[path] = await hashFile(join(staging, ...path.split('/')));
  await writeFile(join(staging, manifestName), withFiles(text, files));
}

/** Not refused, since no importer refuses it. */
function missing({ manifest: { files } }: TwinPackage): string[] {
  const lacks = (name: string, so: string): string[] =>
    files[name] === undefined ? [`There is no ${name}, so ${so}.`] : [];
  return [
    ...lacks(cardName, 'nobody is told what this twin is and where it fails'),
    ...lacks(licenceName, 'nobody is told under which terms the weights may be used'),
    ...lacks(unitsName, 'units are numbered and have no places'),
  ];
}
