/**
 * `npm run siblings -- TWIN --seed N --perturbation P --out DIR`: a built-in twin made again with parameters jittered (a
 * sibling, whose units are those of the original) or drawn with another seed (other units of the same architecture), as a
 * package of its own id. A search can name it in `heldOut`.
 */
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { TwinDraft } from '../main/contract/twins.ts';
import { isTwinscopeError, TwinscopeError } from '../main/platform/errors.ts';
import { sha256Hex } from '../main/platform/hash.ts';
import { packDraft, writePackage } from '../main/twins/node/package.ts';
import { root } from './tools.ts';

export interface SiblingOptions {
  twin: string;
  /** Of the units; the shipped one when left out, which gives a sibling. */
  seed?: number;
  /** Relative spread by which parameters are jittered around those of the seed. */
  perturbation?: number;
  /** Folder that the package's folder is made in. */
  out: string;
}

/** Writes the package and returns its id and folder. Throws 'bad-input' or 'conflict' with a sentence. */
export async function makeSibling({
  twin,
  seed,
  perturbation = 0,
  out,
}: SiblingOptions): Promise<{ id: string; folder: string }> {
  const models = join(root, 'models');
  const known = (await readdir(models, { withFileTypes: true }))
    .filter((item) => item.isDirectory())
    .map(({ name }) => name);
  if (!known.includes(twin)) {
    throw new TwinscopeError(
      'bad-input',
      `${twin} is no built-in twin. Nothing was written. There are ${known.join(', ')}.`,
    );
  }
  if (seed === undefined && perturbation === 0) {
    throw new TwinscopeError(
      'bad-input',
      'Without --seed and with a --perturbation of 0 the result would be the twin itself. Nothing was written. Give --perturbation, e.g. 0.05, or --seed.',
    );
  }
  const { buildTwin } = (await import(pathToFileURL(join(models, twin, 'index.ts')).href)) as {
    buildTwin: (options: { seed?: number; perturbation?: number }) => TwinDraft;
  };
  const draft = buildTwin({ ...(seed === undefined ? {} : { seed }), perturbation });
  // The builder knows with which seed it is shipped; units of that seed are no others.
  const shipped = seed !== undefined && sameModel(perturbation === 0 ? draft : buildTwin({ seed }), buildTwin({}));
  if (shipped) {
    throw new TwinscopeError(
      'bad-input',
      perturbation === 0
        ? `With --seed ${seed} the result would be the twin itself, which is made with that seed. Nothing was written. Give another --seed, or --perturbation, e.g. 0.05.`
        : `${twin} is made with --seed ${seed}, so the units would not be others. Nothing was written. Give another --seed, or leave it out to have a sibling.`,
    );
  }
  const change = described(seed, perturbation);
  const id = `${twin}-${change.suffix}`;
  const folder = join(resolve(out), id);
  if (existsSync(folder)) {
    throw new TwinscopeError(
      'conflict',
      `${folder} is there already. Nothing was written. Remove it, or choose another --out.`,
    );
  }
  const { manifest } = draft;
  const card = [
    `# ${manifest.title}, ${change.title}`,
    '',
    `Made from the builder of ${manifest.id} ${manifest.version} with ${change.sentence}. A mechanistic model from published equations, not fitted to recordings.`,
    '',
    `It is meant as a held-out twin of searches over ${manifest.id}: same architecture, so not independent evidence. Figures that the card of ${manifest.id} states were measured on that twin and not on this one.`,
    '',
  ].join('\n');
  const renamed: TwinDraft = {
    ...draft,
    manifest: {
      ...manifest,
      id,
      title: `${manifest.title}, ${change.title}`,
      summary: `${manifest.id} ${manifest.version} made again with ${change.sentence}: a held-out twin of the same architecture. ${manifest.summary}`,
      validity: {
        ...manifest.validity,
        knownFailures: [
          `Figures among these were measured on ${manifest.id} ${manifest.version}, not on this package.`,
          ...manifest.validity.knownFailures,
        ],
      },
    },
  };
  await mkdir(folder, { recursive: true });
  const licence = await readFile(join(models, twin, 'LICENSE'), 'utf8');
  await writePackage(folder, packDraft(renamed, { card, licence }));
  return { id, folder };
}

const sameModel = (a: TwinDraft, b: TwinDraft): boolean => sha256Hex(a.model) === sha256Hex(b.model);

/** Without the last bits of a product: .07 is 7. */
const perCent = (share: number): number => Number((100 * share).toFixed(3));
/** The number in an id: .125 is 12-5. */
const inId = (share: number): string => String(perCent(share)).replace('.', '-');

function described(
  seed: number | undefined,
  perturbation: number,
): { suffix: string; title: string; sentence: string } {
  const jitter = `parameters jittered by ${perCent(perturbation)} % around those of its seed`;
  if (seed === undefined) {
    return {
      suffix: `sibling-${inId(perturbation)}`,
      title: `sibling (jitter ${perCent(perturbation)} %)`,
      sentence: `${jitter}; the units are the same`,
    };
  }
  const jittered = perturbation === 0 ? '' : `-sibling-${inId(perturbation)}`;
  return {
    suffix: `seed-${seed}${jittered}`,
    title: `other seed (${seed}${perturbation === 0 ? '' : `, jitter ${perCent(perturbation)} %`})`,
    sentence: `seed ${seed}, so with other units${perturbation === 0 ? '' : `, and ${jitter}`}`,
  };
}

const usage =
  'Usage: npm run siblings -- TWIN [--seed N] [--perturbation P] --out DIR. A sibling of the same units: --perturbation 0.05; other units: --seed 2.';

function number(text: string | undefined, name: string, accepts: (value: number) => boolean): number | undefined {
  if (text === undefined) return undefined;
  const value = text.trim() === '' ? NaN : Number(text);
  if (accepts(value)) return value;
  throw new TwinscopeError('bad-input', `--${name} ${text} is out of range. Nothing was written. ${usage}`);
}

if (process.argv[1] === import.meta.filename) {
  try {
    const { values, positionals } = parseArgs({
      allowPositionals: true,
      options: { seed: { type: 'string' }, perturbation: { type: 'string' }, out: { type: 'string' } },
    });
    const [twin] = positionals;
    if (twin === undefined || positionals.length > 1 || values.out === undefined) {
      throw new TwinscopeError('bad-input', usage);
    }
    const seed = number(values.seed, 'seed', (value) => Number.isSafeInteger(value) && value >= 0);
    const perturbation = number(values.perturbation, 'perturbation', (value) => value >= 0 && value <= 1);
    const { id, folder } = await makeSibling({
      twin,
      out: values.out,
      ...(seed === undefined ? {} : { seed }),
      ...(perturbation === undefined ? {} : { perturbation }),
    });
    console.log(`${id}  ${folder}\nImport it with: twinscope twins import ${folder}`);
  } catch (error) {
    if (!isTwinscopeError(error) && !(error as { code?: string }).code?.startsWith('ERR_PARSE_ARGS')) throw error;
    console.error((error as Error).message);
    process.exitCode = 2;
  }
}
