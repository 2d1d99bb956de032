/** `npm run torture -- [--count 10000] [--seed 1] [--json]`: malformed models through the backend and compute. */
import path from 'node:path';
import { root, runNode } from './tools.ts';

const main = path.join(root, 'main', 'app', 'testing', 'malformed', 'main.ts');
process.exitCode = await runNode([main, ...process.argv.slice(2)]);
