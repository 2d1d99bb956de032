/**
 * `npm run search-science [-- PART …] [--json]`: what searches on the built-in twins must show. Ends with 1 when a row
 * fails, with 2 for a part that there is not.
 */
import { parseArgs } from 'node:util';
import type { Row } from './search-science/rows.ts';
import { v1Controls, ventralControls } from './search-science/controls.ts';
import { motion } from './search-science/motion.ts';
import { tuning } from './search-science/tuning.ts';

const parts: Record<string, () => Promise<Row[]>> = {
  tuning,
  motion,
  'v1-controls': v1Controls,
  'ventral-controls': ventralControls,
};

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: { json: { type: 'boolean', default: false } },
});
const unknown = positionals.filter((name) => parts[name] === undefined);
if (unknown.length > 0) {
  console.error(
    `There is no part ${unknown.join(', ')}. The parts are ${Object.keys(parts).join(', ')}. Nothing was measured.`,
  );
  process.exit(2);
}

const table: (Row & { part: string; seconds: number })[] = [];
for (const part of positionals.length > 0 ? positionals : Object.keys(parts)) {
  const started = performance.now();
  const rows = (await parts[part]?.()) ?? [];
  const seconds = (performance.now() - started) / 1000;
  for (const row of rows) {
    table.push({ part, seconds, ...row });
    if (!options.json) print(row);
  }
  if (!options.json) console.log(`  measured in ${seconds.toFixed(0)} s`);
}
const failed = table.filter(({ passed }) => passed === false).length;
if (options.json) console.log(JSON.stringify(table, null, 2));
else console.log(`\n${table.filter(({ passed }) => passed === true).length} rows pass, ${failed} fail.`);
process.exitCode = failed > 0 ? 1 : 0;

function print({ check, measured, wanted, passed }: Row): void {
  console.log(
    `${passed === null ? '·' : passed ? '✓' : '✗'} ${check}: ${measured}; ${passed === null ? wanted : `must be ${wanted}`}`,
  );
}
