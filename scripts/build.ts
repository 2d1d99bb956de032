/**
 * Builds the product: twins, node code, workbench and desktop shell. Each step is skipped when nothing it reads has
 * changed since it last succeeded.
 *
 * Usage: node scripts/build.ts [--accept-twins] [step …]   (all steps when none is named)
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { build, type InlineConfig } from 'vite';
import { TwinscopeError } from '../main/platform/errors.ts';
import { buildTwins } from './build-twins.ts';
import { root } from './tools.ts';

/** Every entry of dist/main: what is started as a process or thread of its own, and the command line. */
const nodeEntries = {
  cli: 'main/app/cli.ts',
  computeChild: 'main/app/computeChild.ts',
  desktopBackend: 'main/app/desktopBackend.ts',
  desktopCompute: 'main/app/desktopCompute.ts',
  'project-worker': 'main/projects/node/worker.ts',
  'raster-worker': 'main/engine/node/rasterWorker.ts',
};

interface Step {
  name: string;
  /** Files and folders whose content decides whether the step runs; null when it decides for itself. */
  inputs: string[] | null;
  /** What must exist for the step to count as done. */
  outputs: string[];
  /** Resolves with false when there was nothing to do after all. */
  run(): Promise<boolean | void>;
}

const tools = ['package-lock.json', 'scripts/build.ts'];

export const steps: Step[] = [
  {
    name: 'twins',
    // Each twin knows what its builder reads and is compared with its lock, which this step could only repeat.
    inputs: null,
    outputs: ['dist/twins'],
    run: async () => {
      const twins = await buildTwins({ accept: process.argv.includes('--accept-twins') });
      return twins.some(({ rebuilt }) => rebuilt);
    },
  },
  {
    name: 'backend',
    inputs: ['main', 'package.json', ...tools],
    outputs: Object.keys(nodeEntries).map((name) => `dist/main/${name}.js`),
    run: () => bundle({ entries: nodeEntries, out: 'dist/main', format: 'es' }),
  },
  {
    name: 'workbench',
    inputs: ['renderer', 'main/platform', 'main/contract', 'main/rpc', 'main/stimuli', 'main/twins', ...tools],
    outputs: ['dist/renderer/index.html'],
    run: async () => {
      const folder = path.join(root, 'renderer');
      // Node 24 reads the configuration as it stands; bundling it first would write into node_modules.
      await build({
        root: folder,
        configFile: path.join(folder, 'vite.config.ts'),
        configLoader: 'native',
        logLevel: 'warn',
      });
    },
  },
  {
    name: 'desktop shell',
    inputs: ['electron', 'main/platform', 'main/contract', 'main/rpc', ...tools],
    outputs: ['dist/electron/main.js', 'dist/electron/preload.cjs'],
    run: async () => {
      await bundle({ entries: { main: 'electron/main.ts' }, out: 'dist/electron', format: 'es' });
      // A sandboxed preload is one CommonJS file and may require nothing but 'electron'.
      await bundle({ entries: { preload: 'electron/preload.ts' }, out: 'dist/electron', format: 'cjs' });
    },
  },
];

interface Bundle {
  entries: Record<string, string>;
  out: string;
  format: 'es' | 'cjs';
}

/** Bundles our own code for Node; packages stay outside and are loaded from node_modules. */
async function bundle({ entries, out, format }: Bundle): Promise<void> {
  const extension = format === 'es' ? 'js' : 'cjs';
  const config: InlineConfig = {
    configFile: false,
    root,
    logLevel: 'warn',
    ssr: { target: 'node' },
    build: {
      ssr: true,
      target: 'node24',
      outDir: path.join(root, out),
      // Two bundles share dist/electron; what is stale is removed by name.
      emptyOutDir: format === 'es',
      minify: false,
      sourcemap: true,
      rolldownOptions: {
        input: Object.fromEntries(Object.entries(entries).map(([name, file]) => [name, path.join(root, file)])),
        external: ['electron'],
        output: { format, entryFileNames: `[name].${extension}`, chunkFileNames: `[name]-[hash].${extension}` },
      },
    },
  };
  await build(config);
}

/** A hash over names and contents; tests do not count, because no step ships them. */
function hashOf(inputs: readonly string[]): string {
  const hash = createHash('sha256');
  for (const input of inputs) {
    for (const file of filesOf(input))
      hash
        .update(`${file}\0`)
        .update(readFileSync(path.join(root, file)))
        .update('\0');
  }
  return hash.digest('hex');
}

function filesOf(input: string): string[] {
  const absolute = path.join(root, input);
  if (!existsSync(absolute)) return [];
  const entries = readdirSync(path.dirname(absolute), { withFileTypes: true });
  if (entries.find(({ name }) => name === path.basename(input))?.isFile() === true) return [input];
  return readdirSync(absolute, { withFileTypes: true, recursive: true })
    .filter((entry) => entry.isFile() && !/\.test\.tsx?$/.test(entry.name))
    .map((entry) => path.relative(root, path.join(entry.parentPath, entry.name)))
    .toSorted();
}

/** Runs the named steps, or all, and prints one line for each. */
export async function runBuild(names: readonly string[] = []): Promise<void> {
  const unknown = names.filter((name) => !steps.some((step) => step.name === name));
  if (unknown.length > 0) throw new TwinscopeError('bad-input', `There is no build step ${unknown.join(', ')}.`);
  for (const step of steps.filter(({ name }) => names.length === 0 || names.includes(name))) {
    const started = performance.now();
    const changed = step.inputs === null ? await step.run() : await runIfChanged(step, step.inputs);
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${changed === false ? 'unchanged' : 'built'}  ${step.name}  ${seconds} s`);
  }
}

async function runIfChanged(step: Step, inputs: readonly string[]): Promise<boolean> {
  const stamp = path.join(root, 'dist', '.stamps', step.name.replaceAll(' ', '-'));
  const hash = hashOf(inputs);
  const complete = step.outputs.every((output) => existsSync(path.join(root, output)));
  if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === hash) return false;
  rmSync(stamp, { force: true });
  await step.run();
  mkdirSync(path.dirname(stamp), { recursive: true });
  writeFileSync(stamp, hash);
  return true;
}

if (process.argv[1] === import.meta.filename) {
  try {
    await runBuild(process.argv.slice(2).filter((argument) => !argument.startsWith('--')));
  } catch (error) {
    console.error(error instanceof Error && !(error instanceof TypeError) ? error.message : error);
    process.exitCode = 1;
  }
}
