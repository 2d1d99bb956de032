/**
 * `npm run software-webgpu -- twins verify NAME --device webgpu`: the command line with a WebGPU driver that computes on the
 * processor, some 250 times slower than without it.
 */
import path from 'node:path';
import { root, runNode } from './tools.ts';

const main = path.join(root, 'main', 'app', 'testing', 'softwareWebgpu.ts');
process.exitCode = await runNode([main, ...process.argv.slice(2)]);
