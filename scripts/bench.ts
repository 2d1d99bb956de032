/** `npm run bench NAME -- --json`: runs bench/NAME.ts, which measures ratios within one run and asserts nothing. */
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { root, runNode } from './tools.ts';

const [name, ...rest] = process.argv.slice(2);
const folder = path.join(root, 'bench');
const names = readdirSync(folder)
  .filter((file) => file.endsWith('.ts') && !file.endsWith('.test.ts'))
  .map((file) => file.slice(0, -3));
const file = path.join(folder, `${name}.ts`);
if (name === undefined || !existsSync(file)) {
  console.error(`Name a benchmark: ${names.join(', ')}.`);
  process.exitCode = 2;
} else {
  process.exitCode = await runNode([file, ...rest]);
}
