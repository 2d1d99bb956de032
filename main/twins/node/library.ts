/**
 * The library of twins: the built-in packages and the user's own, each a folder `<id>@<version>`. The packages on disk
 * are the truth; all that is kept beside them is the outcome of golden checks on this machine, in a file that may be
 * deleted at any time.
 */
import type { Dirent } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve, sep } from 'node:path';
import type { TwinRef } from '../../contract/plans.ts';
import type {
  GradientOutcome,
  PackedTwin,
  Reproduction,
  TwinDetails,
  TwinManifest,
  TwinSummary,
  TwinUnit,
  WrittenTwin,
} from '../../contract/twins.ts';
import { summariseGraph } from '../../onnx/index.ts';
import { isTwinscopeError, TwinscopeError } from '../../platform/errors.ts';
import { fileError } from '../../platform/node/files.ts';
import { ownedName } from '../../platform/node/ownedNames.ts';
import { checksName, modelName, rasterPx, stimulusInput } from '../manifest.ts';
import { readChecks, requireChecks, type GoldenInputs } from './checks.ts';
import { exportPackage } from './export.ts';
import { importInto } from './import.ts';
import { packModel, type ModelRequest } from './bareModel.ts';
import { packFolder, type PackRequest } from './pack.ts';
import {
  checkFiles,
  HashCache,
  packageSize,
  readCard,
  readModelGraph,
  readPackage,
  readUnits,
  type TwinPackage,
} from './package.ts';
import { openOutcomes, type EngineVersions } from './outcomes.ts';
import { sweep } from './sweep.ts';
import { compareOutputs, type ForwardResult } from './verification.ts';

/** A twin ready to run: its files were found to be the ones its manifest names. */
export interface ResolvedTwin {
  id: string;
  version: string;
  sha256: string;
  /** Absolute. */
  folder: string;
  modelFile: string;
  manifest: TwinManifest;
  units: TwinUnit[];
}

/** Runs n pictures (n × rasterPx² luminances) through a twin, as the engine does. */
/** The outputs for n stimuli of golden checks, with the values they give for other inputs. */
export type RunForward = (twin: ResolvedTwin, golden: GoldenInputs) => Promise<ForwardResult>;

export interface Library {
  list(): Promise<TwinSummary[]>;
  /** `id`, or `id@version`; the newest version when left out. */
  get(id: string): Promise<TwinDetails>;
  resolve(ref: TwinRef | string): Promise<ResolvedTwin>;
  /** Runs the golden checks and remembers the outcome for this machine. */
  verify(id: string, runForward: RunForward): Promise<TwinSummary>;
  /** What checks of this package's gradient have shown on this machine with these versions, one outcome per device. */
  gradientOutcomes(sha256: string): Promise<GradientOutcome[]>;
  /** Remembers what the check of a gradient has shown on this machine. */
  recordGradient(id: string, outcome: GradientOutcome): Promise<TwinSummary>;
  /**
   * Imports a package folder or a `.twin` archive, whole or not at all. One that is there already stays as it is, or is put
   * back where its files are damaged.
   */
  import(path: string): Promise<TwinSummary>;
  /** Writes a twin's package elsewhere, after its files were checked: see `exportPackage` for the names of places. */
  export(id: string, out: string): Promise<WrittenTwin>;
  /** Packs a bare model with the answers about it and imports the package, whole or not at all; see `packModel`. */
  importModel(request: ModelRequest): Promise<{ summary: TwinSummary; notices: string[] }>;
  /** Packs an author's folder; the library itself stays as it is. */
  pack(request: PackRequest): Promise<PackedTwin>;
  /** Removes a twin of the user's own and says which it was. Several versions are not removed under one id. */
  remove(id: string): Promise<{ id: string; version: string; title: string }>;
  /** A sentence per thing in the library that is not a usable package and was passed over. */
  problems(): Promise<string[]>;
}

export interface LibraryOptions {
  /** The user's own twins; made when missing. */
  folder: string;
  builtInFolder: string;
  /** Gradients checked with other versions count as unchecked. Left out: any counts. */
  versions?: EngineVersions;
}

type Entry = TwinPackage & { builtIn: boolean };

function newerFirst(a: Entry, b: Entry): number {
  const [left, right] = [a, b].map(({ manifest }) => manifest.version.split('.').map(Number));
  for (let i = 0; i < 3; i++) {
    const difference = (right?.[i] ?? 0) - (left?.[i] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}

const parseRef = (ref: TwinRef | string): TwinRef => {
  if (typeof ref !== 'string') return ref;
  const [id, version] = ref.split('@');
  return version === undefined ? { id: id as string } : { id: id as string, version };
};

const nameOf = ({ manifest }: TwinPackage): string => `${manifest.id}@${manifest.version}`;

/**
 * Why something in the library is no twin; null for a folder, and for a plain file, as systems put beside folders. A link is
 * not followed: it may lead anywhere, and round in a circle.
 */
function oddEntry(item: Dirent, path: string): string | null {
  if (item.isDirectory() || item.isFile()) return null;
  const what = item.isSymbolicLink() ? 'a symbolic link' : item.isFIFO() ? 'a named pipe' : 'no plain file or folder';
  const advice = item.isSymbolicLink() ? 'Import the folder that it leads to, and take the link away' : 'Take it away';
  return `${path} in the library is ${what} and was passed over. All other twins are listed. ${advice}.`;
}

/** The sentence for a folder that cannot be read as a package, so that it does not hide the others. */
function passedOver(error: unknown, path: string): string {
  const known = fileError(error, path);
  if (isTwinscopeError(known)) return known.message;
  const { code, syscall } = error as NodeJS.ErrnoException;
  // What the system refused; anything else is a fault of ours.
  if (code === undefined || syscall === undefined) throw error;
  return `${path} in the library cannot be read (${code}) and was passed over. All other twins are listed. Move it away, or mend the disk that it lies on.`;
}

export async function openLibrary({ folder, builtInFolder, versions }: LibraryOptions): Promise<Library> {
  try {
    await mkdir(folder, { recursive: true });
  } catch (error) {
    throw fileError(error, folder);
  }
  const hashes = new HashCache();

  async function scan(): Promise<{ entries: Entry[]; problems: string[] }> {
    const entries: Entry[] = [];
    const problems: string[] = [];
    for (const [parent, builtIn] of [
      [builtInFolder, true],
      [folder, false],
    ] as const) {
      const found = await readdir(parent, { withFileTypes: true }).catch((error: NodeJS.ErrnoException) => {
        // There may be no built-in twins.
        if (error.code !== 'ENOENT') problems.push(passedOver(error, parent));
        return [];
      });
      for (const item of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
        // Names that begin with a dot are packages under way.
        if (item.name.startsWith('.')) continue;
        const path = join(parent, item.name);
        const odd = oddEntry(item, path);
        if (odd !== null) problems.push(odd);
        if (!item.isDirectory()) continue;
        try {
          entries.push({ ...(await readPackage(path)), builtIn });
        } catch (error) {
          problems.push(passedOver(error, path));
        }
      }
    }
    return { entries, problems };
  }

  async function find(ref: TwinRef | string): Promise<Entry> {
    const { id, version, sha256 } = parseRef(ref);
    const { entries } = await scan();
    const versions = entries.filter((entry) => entry.manifest.id === id).toSorted(newerFirst);
    if (versions.length === 0) {
      const known = [...new Set(entries.map((entry) => entry.manifest.id))].join(', ');
      throw new TwinscopeError(
        'not-found',
        `There is no twin "${id}" in the library. Nothing was changed. Import it, or choose one of: ${known || 'none yet'}.`,
      );
    }
    const entry = versions.find(({ manifest }) => version === undefined || manifest.version === version);
    if (entry === undefined) {
      const known = versions.map(({ manifest }) => manifest.version).join(', ');
      throw new TwinscopeError(
        'not-found',
        `The library has ${id} in version ${known}, not in version ${version}. Nothing was changed. Import that version, or name one that is there.`,
      );
    }
    if (sha256 !== undefined && entry.sha256 !== sha256) {
      throw new TwinscopeError(
        'conflict',
        `${nameOf(entry)} in the library is not the one that was asked for: its hash is ${entry.sha256} instead of ${sha256}. Stored results are safe. Import the package they were made with.`,
      );
    }
    return entry;
  }

  /** The one twin of the user's own that the id may mean. */
  async function findOwn(id: string): Promise<Entry> {
    const found = await find(id);
    const { version } = parseRef(id);
    const own = (await scan()).entries.filter(
      ({ builtIn, manifest }) =>
        !builtIn && manifest.id === found.manifest.id && (version === undefined || manifest.version === version),
    );
    const [entry, ...others] = own.toSorted(newerFirst);
    if (entry === undefined) {
      throw new TwinscopeError(
        'bad-input',
        `${nameOf(found)} comes with Twinscope and cannot be removed. Nothing was changed. Only imported twins can be removed.`,
      );
    }
    if (others.length > 0) {
      const names = [entry, ...others].map(nameOf).join(', ');
      throw new TwinscopeError(
        'bad-input',
        `The library has several versions of ${entry.manifest.id}: ${names}. Nothing was changed. Name the one to remove with its version.`,
      );
    }
    return entry;
  }

  /** A folder in here would be a twin that nobody has judged. */
  function refuseInside(out: string): void {
    if (!`${resolve(out)}${sep}`.startsWith(`${resolve(folder)}${sep}`)) return;
    throw new TwinscopeError(
      'bad-input',
      `${out} lies in the library itself. Nothing was written. Choose a place outside ${folder}.`,
    );
  }

  const isWhole = (entry: Entry): Promise<boolean> =>
    checkFiles(entry, hashes).then(
      () => true,
      () => false,
    );

  const outcomes = openOutcomes(folder, versions ?? null);
  type Known = { reproductions: Record<string, Reproduction[]>; gradients: Record<string, GradientOutcome[]> };
  const known = async (): Promise<Known> => ({
    reproductions: await outcomes.reproductions(),
    gradients: await outcomes.gradients(),
  });

  async function summarise(entry: Entry, { reproductions, gradients }: Known): Promise<TwinSummary> {
    const { manifest, sha256, builtIn } = entry;
    return {
      id: manifest.id,
      version: manifest.version,
      sha256,
      title: manifest.title,
      summary: manifest.summary,
      species: manifest.species,
      modality: manifest.modality,
      areas: manifest.areas,
      units: manifest.areas.reduce((sum, area) => sum + area.units, 0),
      gradient: manifest.capabilities.inputGradient,
      authors: manifest.authors,
      licence: manifest.licences.weights,
      licences: manifest.licences,
      commercialUse: manifest.commercialUse ?? null,
      tested: manifest.validity.tested ?? null,
      builtIn,
      sizeBytes: await packageSize(entry),
      fieldOfViewDeg: stimulusInput(manifest).fieldOfViewDeg,
      rasterPx: rasterPx(manifest),
      reproduces: reproductions[sha256]?.[0] ?? null,
      reproductions: reproductions[sha256] ?? [],
      gradientCheck: gradients[sha256]?.[0] ?? null,
    };
  }

  async function resolveEntry(entry: Entry): Promise<ResolvedTwin> {
    await checkFiles(entry, hashes);
    return {
      id: entry.manifest.id,
      version: entry.manifest.version,
      sha256: entry.sha256,
      folder: entry.folder,
      modelFile: join(entry.folder, modelName),
      manifest: entry.manifest,
      units: await readUnits(entry),
    };
  }

  const library: Library = {
    async list() {
      const { entries } = await scan();
      const checked = await known();
      return Promise.all(entries.map((entry) => summarise(entry, checked)));
    },
    async get(id) {
      const entry = await find(id);
      const { manifest, units } = await resolveEntry(entry);
      const card = await readCard(entry);
      const summary = await summarise(entry, await known());
      return { summary, manifest, card, units, graph: summariseGraph(await readModelGraph(entry)) };
    },
    async resolve(ref) {
      return resolveEntry(await find(ref));
    },
    async verify(id, runForward) {
      const entry = await find(id);
      const twin = await resolveEntry(entry);
      if (entry.manifest.files[checksName] === undefined) {
        throw new TwinscopeError(
          'unsupported',
          `${nameOf(entry)} has no golden checks, so it cannot be verified here. It can be used all the same. Ask its author for a package with checks.`,
        );
      }
      const checks = await readChecks(join(entry.folder, checksName));
      const result = await runForward(twin, requireChecks(entry.manifest, checks));
      const outcome: Reproduction = {
        device: result.device,
        ...compareOutputs(entry.manifest, checks, result),
        at: new Date().toISOString(),
      };
      await outcomes.recordReproduction(entry.sha256, outcome);
      return summarise(entry, await known());
    },
    gradientOutcomes: async (sha256) => (await outcomes.gradients())[sha256] ?? [],
    async recordGradient(id, outcome) {
      const entry = await find(id);
      await outcomes.recordGradient(entry.sha256, outcome);
      return summarise(entry, await known());
    },
    async import(path) {
      const { entries } = await scan();
      const imported = await importInto(folder, path, async (candidate) => {
        const twin = entries.find((entry) => nameOf(entry) === nameOf(candidate));
        if (twin === undefined) return 'new';
        if (twin.sha256 === candidate.sha256) return twin.builtIn || (await isWhole(twin)) ? 'known' : 'damaged';
        throw new TwinscopeError(
          'conflict',
          `The library already has ${nameOf(twin)} with other content (hash ${twin.sha256}; the package has ${candidate.sha256}). The library was left as it is. ${twin.builtIn ? 'Ask' : 'Remove that twin first, or ask'} for a package with another version.`,
        );
      });
      return summarise(await find({ ...imported }), await known());
    },
    async export(id, out) {
      const entry = await find(id);
      refuseInside(out);
      await checkFiles(entry, hashes);
      const { version, title } = entry.manifest;
      return { ...(await exportPackage(entry, out)), id: entry.manifest.id, version, title, sha256: entry.sha256 };
    },
    importModel: (request) =>
      packModel(folder, request, async (packed, notices) => ({ summary: await library.import(packed), notices })),
    async pack(request) {
      if (request.out !== null) refuseInside(request.out);
      return packFolder(folder, request);
    },
    async remove(id) {
      const entry = await findOwn(id);
      // Renamed first, so that the twin is gone as a whole even if deleting its files is interrupted.
      const leaving = join(folder, ownedName('removed'));
      try {
        await rename(entry.folder, leaving);
        await rm(leaving, { recursive: true, force: true });
      } catch (error) {
        throw fileError(error, entry.folder);
      }
      const { id: removed, version, title } = entry.manifest;
      return { id: removed, version, title };
    },
    async problems() {
      return (await scan()).problems;
    },
  };
  await sweep(folder);
  return library;
}
