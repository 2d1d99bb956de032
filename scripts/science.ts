/**
 * `npm run science [-- TWIN …]`: runs the experiments that every built-in twin is accepted by and prints the acceptance
 * table; ends with 1 when a row fails or a twin has no table, with 2 for a twin that is not there.
 *
 * `--write` keeps the rows and figures with the twin, for its manifest and card. `--only PART` makes one experiment of a
 * twin. `--set NAME=VALUE` measures the twin with a constant of its parameters.ts changed, which must make rows fail.
 * `--json` prints JSON.
 */
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parseArgs } from 'node:util';
import type { TwinDraft } from '../main/contract/twins.ts';
import { sha256Hex } from '../main/platform/hash.ts';
import {
  acceptanceName,
  figurePath,
  type Acceptance,
  type AcceptanceFile,
  type MeasureAcceptance,
} from '../models/acceptance.ts';
import { parseChange, setConstants } from './constants.ts';
import { root } from './tools.ts';

interface TwinTable extends Acceptance {
  twin: string;
  seconds: number;
}

const folder = path.join(root, 'models');
const twins = readdirSync(folder, { withFileTypes: true })
  .filter((item) => item.isDirectory())
  .map(({ name }) => name)
  .toSorted();
const scienceOf = (twin: string): string => path.join(folder, twin, 'testing', 'science.ts');

function readArguments() {
  try {
    return parseArgs({
      allowPositionals: true,
      options: {
        json: { type: 'boolean' },
        write: { type: 'boolean' },
        only: { type: 'string', multiple: true },
        set: { type: 'string', multiple: true },
      },
    });
  } catch (error) {
    console.error(`${(error as Error).message} Nothing was measured.`);
    return process.exit(2);
  }
}
const { values: options, positionals: named } = readArguments();

interface Science {
  acceptance: MeasureAcceptance;
  parts?: readonly string[];
}
const load = async (twin: string): Promise<Science> => (await import(pathToFileURL(scienceOf(twin)).href)) as Science;

/** Why the command cannot do what it was asked; null when it can. */
async function refusal(): Promise<string | null> {
  const unknown = named.filter((name) => !twins.includes(name));
  if (unknown.length > 0) {
    return `There is no built-in twin ${unknown.join(', ')}. The built-in twins are ${twins.join(', ')}.`;
  }
  if (options.only === undefined && options.set === undefined) return null;
  const [twin] = named;
  if (twin === undefined || named.length > 1) return 'Name one twin with --only or --set.';
  if (options.write === true)
    return 'Only a whole table of an unchanged twin is kept: leave out --write, --only or --set.';
  if (!existsSync(scienceOf(twin))) return `The twin ${twin} has no acceptance table.`;
  try {
    if (options.set !== undefined) setConstants(path.join(folder, twin), options.set.map(parseChange));
  } catch (error) {
    return (error as Error).message;
  }
  const { parts = [] } = await load(twin);
  const missing = (options.only ?? []).filter((part) => !parts.includes(part));
  if (missing.length === 0) return null;
  return `The twin ${twin} has no experiment ${missing.join(', ')}. It has ${parts.join(', ') || 'none that can be made alone'}.`;
}

async function measure(twin: string): Promise<TwinTable> {
  if (!existsSync(scienceOf(twin))) return { twin, seconds: 0, rows: [], figures: [] };
  const { acceptance } = await load(twin);
  const started = performance.now();
  const measured = await acceptance(options.only);
  const seconds = (performance.now() - started) / 1000;
  return { twin, seconds, ...(Array.isArray(measured) ? { rows: measured, figures: [] } : measured) };
}

/** Rows and figures beside the twin's builder, with the hash of the graph they were measured on. */
async function write({ twin, rows, figures }: TwinTable): Promise<void> {
  const { buildTwin } = (await import(pathToFileURL(path.join(folder, twin, 'index.ts')).href)) as {
    buildTwin: () => TwinDraft;
  };
  const file: AcceptanceFile = {
    model: sha256Hex(buildTwin().model),
    rows,
    figures: figures.map(({ name, caption }) => ({ name, caption })),
  };
  writeFileSync(path.join(folder, twin, acceptanceName), `${JSON.stringify(file, null, 2)}\n`);
  const place = (name: string) => path.join(folder, twin, ...figurePath(name).split('/'));
  rmSync(path.dirname(place('any')), { recursive: true, force: true });
  if (figures.length > 0) mkdirSync(path.dirname(place('any')));
  for (const { name, svg } of figures) writeFileSync(place(name), svg);
}

function print({ twin, seconds, rows }: TwinTable): void {
  console.log(`\n${twin}${options.set === undefined ? '' : ` with ${options.set.join(', ')}`}`);
  if (rows.length === 0) console.log('  ✗ has no acceptance table.');
  for (const { check, published, source, measured, tolerance, passed, n } of rows) {
    console.log(`  ${passed ? '✓' : '✗'} ${check}: ${measured} (n = ${n}); must be ${tolerance}`);
    console.log(`      published: ${published}${source === '' ? '' : ` · ${source}`}`);
  }
  if (rows.length > 0) console.log(`  measured in ${seconds.toFixed(0)} s`);
}

const refused = await refusal();
if (refused !== null) {
  console.error(refused);
  process.exitCode = 2;
} else {
  const tables: TwinTable[] = [];
  for (const twin of named.length > 0 ? named : twins) {
    const table = await measure(twin);
    tables.push(table);
    if (options.json !== true) print(table);
    if (options.write === true && table.rows.length > 0) await write(table);
  }
  const rows = tables.flatMap((table) => table.rows);
  const failed = rows.filter(({ passed }) => !passed).length;
  const without = tables.filter((table) => table.rows.length === 0).length;
  if (options.json === true) {
    console.log(
      JSON.stringify(
        tables.map(({ twin, seconds, rows: each }) => ({ twin, seconds, rows: each })),
        null,
        2,
      ),
    );
  } else {
    console.log(
      `\n${rows.length - failed} of ${rows.length} rows pass${without > 0 ? `; ${without} of the twins have no table` : ''}.`,
    );
    if (options.write === true)
      console.log('Kept with the twins. Take them over with: npm run build -- --accept-twins');
  }
  process.exitCode = failed > 0 || without > 0 ? 1 : 0;
}
