/**
 * `npm run science [-- TWIN …] [-- --json]`: runs the experiments that every built-in twin is accepted by and prints the
 * acceptance table; ends with 1 when a row fails or a twin has no table, with 2 for a twin that is not there.
 */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import type { AcceptanceRow, MeasureAcceptance } from '../models/acceptance.ts';
import { root } from './tools.ts';

type TwinTable = { twin: string; seconds: number; rows: AcceptanceRow[] };

const folder = path.join(root, 'models');
const twins = readdirSync(folder, { withFileTypes: true })
  .filter((item) => item.isDirectory())
  .map(({ name }) => name)
  .toSorted();

const json = process.argv.includes('--json');
const named = process.argv.slice(2).filter((argument) => !argument.startsWith('--'));
const unknown = named.filter((name) => !twins.includes(name));

async function measure(twin: string): Promise<TwinTable> {
  const file = path.join(folder, twin, 'testing', 'science.ts');
  const started = performance.now();
  if (!existsSync(file)) return { twin, seconds: 0, rows: [] };
  const { acceptance } = (await import(pathToFileURL(file).href)) as { acceptance: MeasureAcceptance };
  return { twin, rows: await acceptance(), seconds: (performance.now() - started) / 1000 };
}

function print({ twin, seconds, rows }: TwinTable): void {
  console.log(`\n${twin}`);
  if (rows.length === 0) console.log('  ✗ has no acceptance table.');
  for (const { check, published, source, measured, tolerance, passed, n } of rows) {
    console.log(`  ${passed ? '✓' : '✗'} ${check}: ${measured} (n = ${n}); must be ${tolerance}`);
    console.log(`      published: ${published}${source === '' ? '' : ` · ${source}`}`);
  }
  if (rows.length > 0) console.log(`  measured in ${seconds.toFixed(0)} s`);
}

if (unknown.length > 0) {
  console.error(`There is no built-in twin ${unknown.join(', ')}. The built-in twins are ${twins.join(', ')}.`);
  process.exitCode = 2;
} else {
  const tables: TwinTable[] = [];
  for (const twin of named.length > 0 ? named : twins) {
    const table = await measure(twin);
    tables.push(table);
    if (!json) print(table);
  }
  const rows = tables.flatMap((table) => table.rows);
  const failed = rows.filter(({ passed }) => !passed).length;
  const without = tables.filter((table) => table.rows.length === 0).length;
  if (json) console.log(JSON.stringify(tables, null, 2));
  else
    console.log(
      `\n${rows.length - failed} of ${rows.length} rows pass${without > 0 ? `; ${without} of the twins have no table` : ''}.`,
    );
  process.exitCode = failed > 0 || without > 0 ? 1 : 0;
}
