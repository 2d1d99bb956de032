/**
 * Builds the twins of models/ into dist/twins/<id>. A twin is built again only when something its builder reads has
 * changed, and the result must be the one recorded in models/twins.lock.json.
 */
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { z } from 'zod';
import type { TwinDraft } from '../main/contract/twins.ts';
import { TwinscopeError } from '../main/platform/errors.ts';
import { canonicalJson, hashJson, sha256Hex } from '../main/platform/hash.ts';
import { packageHash } from '../main/twins/packageHash.ts';
import { packDraft, writePackage } from '../main/twins/node/package.ts';
import { acceptanceFile, acceptanceMark, acceptanceName, figurePath, withAcceptance } from '../models/acceptance.ts';

export interface BuildTwinsOptions {
  /** Write what was built into the lock instead of comparing with it. */
  accept?: boolean;
  /** Build also what has not changed. */
  force?: boolean;
  /** Repository root; the folder above this script when left out. */
  root?: string;
  /** Where the packages go; dist/twins when left out. */
  out?: string;
  log?: (line: string) => void;
}

export interface BuiltTwin {
  id: string;
  version: string;
  folder: string;
  /** Package hash. */
  sha256: string;
  sizeBytes: number;
  /** False when the package of the last build still stands. */
  rebuilt: boolean;
  ms: number;
}

const lockFile = z.record(
  z.string(),
  z.object({ version: z.string(), sha256: z.string(), files: z.record(z.string(), z.string()) }),
);
type Lock = z.infer<typeof lockFile>;

const stampSchema = z.object({ builder: z.string(), version: z.string(), sha256: z.string(), sizeBytes: z.number() });

/** The file and everything it imports from the repository, directly or not. */
async function importClosure(entry: string, known = new Set<string>()): Promise<Set<string>> {
  if (known.has(entry)) return known;
  known.add(entry);
  const source = await readFile(entry, 'utf8');
  for (const [, specifier] of source.matchAll(/^(?:import|export)\s[^;]*?from\s+'(\.[^']+)'/gm)) {
    await importClosure(resolve(dirname(entry), specifier as string), known);
  }
  return known;
}

/** Hash over the twin's folder (tests left out), all code that builds and packs it, and the versions of packages. */
async function builderHash(root: string, modelFolder: string): Promise<string> {
  const files = await importClosure(fileURLToPath(import.meta.url));
  for (const file of await importClosure(join(modelFolder, 'index.ts'))) files.add(file);
  for (const item of await readdir(modelFolder, { recursive: true, withFileTypes: true })) {
    if (item.isFile() && !item.name.endsWith('.test.ts')) files.add(join(item.parentPath, item.name));
  }
  const hashes: Record<string, string> = {};
  for (const file of files) hashes[relative(root, file).replaceAll('\\', '/')] = sha256Hex(await readFile(file));
  const { dependencies } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { dependencies: unknown };
  return hashJson({ hashes, dependencies });
}

async function readLock(path: string): Promise<Lock> {
  const text = await readFile(path, 'utf8').catch(() => '{}');
  return lockFile.parse(JSON.parse(text));
}

function compareWithLock(id: string, files: Record<string, string>, locked: Lock[string] | undefined): void {
  if (locked === undefined) {
    throw new TwinscopeError(
      'conflict',
      `The twin ${id} is not in models/twins.lock.json. dist/twins was left as it was. If it is new, record it with: npm run build -- --accept-twins`,
    );
  }
  const names = [...new Set([...Object.keys(files), ...Object.keys(locked.files)])].toSorted();
  const differing = names.filter((name) => files[name] !== locked.files[name]);
  if (differing.length === 0) return;
  throw new TwinscopeError(
    'conflict',
    `The twin ${id} was built with other content than models/twins.lock.json records: ${differing.join(', ')} differ. dist/twins was left as it was. ` +
      'If the change is meant, raise the version in its manifest and record it with: npm run build -- --accept-twins',
    { differing },
  );
}

/** The draft with what `npm run science` kept of it: rows in the manifest, a section of the card, figures. */
async function packWithAcceptance(modelFolder: string, draft: TwinDraft): Promise<Map<string, Uint8Array>> {
  const text = (name: string) => readFile(join(modelFolder, name), 'utf8');
  const kept = await text(acceptanceName).catch(() => null);
  const accepted = kept === null ? null : acceptanceFile.parse(JSON.parse(kept));
  const card = withAcceptance(await text('card.md'), accepted);
  if (card === undefined) {
    throw new TwinscopeError(
      'conflict',
      `${draft.manifest.id} has an ${acceptanceName}, and its card.md has no single line ${acceptanceMark} for it. dist/twins was left as it was.`,
    );
  }
  const { validity } = draft.manifest;
  const manifest =
    accepted === null ? draft.manifest : { ...draft.manifest, validity: { ...validity, acceptance: accepted.rows } };
  const figures = new Map<string, Uint8Array>();
  for (const { name } of accepted?.figures ?? []) {
    figures.set(figurePath(name), await readFile(join(modelFolder, ...figurePath(name).split('/'))));
  }
  return packDraft({ ...draft, manifest }, { card, licence: await text('LICENSE') }, figures);
}

async function buildOne(
  modelFolder: string,
  folder: string,
  lock: Lock,
  accept: boolean,
): Promise<{ id: string; version: string; sha256: string; sizeBytes: number }> {
  const { buildTwin } = (await import(pathToFileURL(join(modelFolder, 'index.ts')).href)) as {
    buildTwin: () => TwinDraft;
  };
  const draft = buildTwin();
  const { id, version } = draft.manifest;
  const packed = await packWithAcceptance(modelFolder, draft);
  const files = Object.fromEntries([...packed].map(([path, bytes]) => [path, sha256Hex(bytes)]));
  const sha256 = packageHash(files);
  if (accept) lock[id] = { version, sha256, files };
  else compareWithLock(id, files, lock[id]);

  // Beside its place first: a build that is interrupted leaves the last whole package.
  const temporary = `${folder}.part`;
  await rm(temporary, { recursive: true, force: true });
  await writePackage(temporary, packed);
  await rm(folder, { recursive: true, force: true });
  await rename(temporary, folder);
  return { id, version, sha256, sizeBytes: [...packed.values()].reduce((sum, bytes) => sum + bytes.length, 0) };
}

/** Builds what has changed; throws a sentence when a twin differs from the lock. */
export async function buildTwins(options: BuildTwinsOptions = {}): Promise<BuiltTwin[]> {
  const root = options.root ?? resolve(dirname(fileURLToPath(import.meta.url)), '..');
  const out = options.out ?? join(root, 'dist', 'twins');
  const lockPath = join(root, 'models', 'twins.lock.json');
  const lock = await readLock(lockPath);
  const before = canonicalJson(lock);
  await mkdir(out, { recursive: true });
  const built: BuiltTwin[] = [];
  const models = (await readdir(join(root, 'models'), { withFileTypes: true })).filter((item) => item.isDirectory());
  for (const { name } of models.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const started = performance.now();
    const modelFolder = join(root, 'models', name);
    const folder = join(out, name);
    const stampPath = join(out, `.${name}.builder-hash`);
    const builder = await builderHash(root, modelFolder);
    const stamp = stampSchema.safeParse(
      await readFile(stampPath, 'utf8')
        .then((text) => JSON.parse(text) as unknown)
        .catch(() => null),
    ).data;
    const standing = await readFile(join(folder, 'twin.json')).then(
      () => true,
      () => false,
    );
    const current =
      options.force !== true &&
      standing &&
      stamp !== undefined &&
      stamp.builder === builder &&
      (options.accept === true || stamp.sha256 === lock[name]?.sha256);
    if (current) {
      const { version, sha256, sizeBytes } = stamp;
      const ms = performance.now() - started;
      built.push({ id: name, version, folder, sha256, sizeBytes, rebuilt: false, ms });
      continue;
    }
    options.log?.(`Building the twin ${name} …`);
    const result = await buildOne(modelFolder, folder, lock, options.accept === true);
    const { version, sha256, sizeBytes } = result;
    await writeFile(stampPath, `${JSON.stringify({ builder, version, sha256, sizeBytes })}\n`);
    built.push({ ...result, folder, rebuilt: true, ms: performance.now() - started });
  }
  if (canonicalJson(lock) !== before) await writeFile(lockPath, `${JSON.stringify(lock, null, 2)}\n`);
  return built;
}

if (process.argv[1] === import.meta.filename) {
  try {
    const twins = await buildTwins({
      accept: process.argv.includes('--accept-twins'),
      force: process.argv.includes('--force'),
      log: (line) => console.log(line),
    });
    for (const { id, version, sha256, sizeBytes, rebuilt, ms } of twins) {
      const state = rebuilt ? `built in ${(ms / 1000).toFixed(1)} s` : 'unchanged';
      console.log(`${id}@${version}  ${sha256.slice(0, 12)}  ${(sizeBytes / 1e6).toFixed(1)} MB  ${state}`);
    }
  } catch (error) {
    if (!(error instanceof TwinscopeError)) throw error;
    console.error(error.message);
    process.exitCode = 1;
  }
}
