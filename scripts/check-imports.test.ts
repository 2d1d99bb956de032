/**
 * The canary: forbidden imports are planted between every pair of folders and in every form an import can take, and the
 * check must refuse exactly those. The order is written out again here, so that the table under test is not its own judge.
 */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join, relative, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { checkTree } from './check-imports.ts';

const repository = resolve(import.meta.dirname, '..');
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'twinscope-imports-'));
  write('package.json', readFileSync(join(repository, 'package.json'), 'utf8'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

function write(path: string, text: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), text);
}

const below: Record<string, string[]> = {
  platform: [],
  contract: ['platform'],
  rpc: ['platform', 'contract'],
  onnx: ['platform', 'contract'],
  stimuli: ['platform', 'contract'],
  autodiff: ['platform', 'contract', 'rpc', 'onnx', 'stimuli'],
  projects: ['platform', 'contract', 'rpc', 'onnx', 'stimuli'],
  engine: ['platform', 'contract', 'rpc', 'onnx', 'stimuli', 'autodiff', 'projects'],
  twins: ['platform', 'contract', 'rpc', 'onnx', 'stimuli', 'autodiff', 'projects'],
  jobs: ['platform', 'contract', 'rpc', 'onnx', 'stimuli', 'autodiff', 'projects'],
};
for (const top of ['experiments', 'search', 'protocols']) below[top] = Object.keys(below).slice(0, 10);
below['app'] = Object.keys(below);
const modules = Object.keys(below);

/** Each folder with a file standing in it, and the folders it may import beside its own. */
const allowed: Record<string, string[]> = {
  ...Object.fromEntries(modules.map((name) => [`main/${name}`, (below[name] ?? []).map((other) => `main/${other}`)])),
  renderer: ['main/platform', 'main/contract', 'main/rpc', 'main/stimuli', 'main/twins'],
  models: ['main/platform', 'main/contract', 'main/onnx', 'main/stimuli'],
  electron: ['main/platform', 'main/contract', 'main/rpc'],
  bin: ['main/app'],
  scripts: [...modules.map((name) => `main/${name}`), 'models', 'bench'],
  bench: [...modules.map((name) => `main/${name}`), 'models'],
  e2e: ['main/platform', 'main/contract', 'main/rpc', 'main/stimuli', 'models', 'scripts'],
};
const folders = Object.keys(allowed);

test('every forbidden pair of folders is refused, every allowed pair passes', () => {
  const expected: string[] = [];
  for (const from of folders) {
    for (const to of folders) {
      if (from === to) continue;
      const path = `${from}/to-${to.replace('/', '-')}.ts`;
      const target = relative(dirname(path), `${to}/thing.ts`).replaceAll('\\', '/');
      write(path, `import { thing } from '${target.startsWith('.') ? target : `./${target}`}';\nvoid thing;\n`);
      if (!allowed[from]?.includes(to)) expected.push(`${path}:1`);
    }
  }
  const refused = checkTree(root).map((line) => line.slice(0, line.indexOf(': ')));
  expect(refused.toSorted()).toEqual(expected.toSorted());
  expect(expected.length).toBeGreaterThan(200);
});

const violations: [name: string, path: string, text: string][] = [
  ['Node in pure code', 'main/search/x.ts', "import { readFileSync } from 'node:fs';"],
  ['Node without the prefix', 'main/search/x.ts', "import { readFileSync } from 'fs';"],
  ['a Node type in pure code', 'main/search/x.ts', "import type { Stats } from 'node:fs';"],
  ['Node types by reference', 'main/search/x.ts', '/// <reference types="node" />\nexport {};'],
  ['a built-in through process', 'main/search/x.ts', "globalThis.process.getBuiltinModule('fs');"],
  ['a native package in pure code', 'main/engine/x.ts', "import { Tensor } from 'onnxruntime-node';"],
  ['the Node entry of a pure package in pure code', 'main/rpc/x.ts', "import { x } from 'vscode-jsonrpc/node';"],
  ['the Node entry of a pure package as a file', 'main/rpc/x.ts', "import { x } from 'vscode-jsonrpc/node.js';"],
  ['the Node entry of a pure package in the renderer', 'renderer/x.tsx', "import { x } from 'vscode-jsonrpc/node';"],
  ['an entry nobody listed in a model', 'models/v1/x.ts', "import { x } from '@noble/hashes/webcrypto.js';"],
  ['styles in pure code', 'main/rpc/x.ts', "import 'vscode-jsonrpc/x.css';"],
  ['pure code importing its node folder', 'main/jobs/x.ts', "import { x } from './node/x.ts';"],
  ['pure code importing a lower node folder', 'main/search/x.ts', "import { x } from '../projects/node/x.ts';"],
  ['Node in a model', 'models/v1/x.ts', "import { join } from 'node:path';"],
  ['Node in the renderer', 'renderer/x.tsx', "import { join } from 'node:path';"],
  ['a server package in the renderer', 'renderer/x.tsx', "import sharp from 'sharp';"],
  ['a node folder in the renderer', 'renderer/x.tsx', "import { x } from '../main/stimuli/node/png.ts';"],
  ['electron in the renderer', 'renderer/x.tsx', "import { ipcRenderer } from 'electron';"],
  ['electron in the backend', 'main/app/x.ts', "import { app } from 'electron';"],
  ['an electron type in the backend', 'main/app/x.ts', "import type { App } from 'electron';"],
  ['electron in a script', 'scripts/x.ts', "import { app } from 'electron';"],
  ['an undeclared package', 'main/app/x.ts', "import leftPad from 'left-pad';"],
  ['an undeclared package in a test', 'main/app/x.test.ts', "import leftPad from 'left-pad';"],
  ['a development package in the product', 'main/app/x.ts', "import { build } from 'vite';"],
  ['a development package in the shell', 'electron/x.ts', "import { build } from 'vite';"],
  ['a package in the launcher', 'bin/twinscope', "#!/usr/bin/env node\nimport { Command } from 'commander';"],
  ['a test helper in the product', 'main/app/x.ts', "import { x } from './testing/x.ts';"],
  ['a test in the product', 'main/app/x.ts', "import { x } from './x.test.ts';"],
  ['a test reaching above its module', 'main/jobs/x.test.ts', "import { x } from '../search/x.ts';"],
  ['a re-export', 'main/platform/x.ts', "export { x } from '../search/x.ts';"],
  ['a star re-export', 'main/platform/x.ts', "export * from '../search/x.ts';"],
  ['a dynamic import', 'main/platform/x.ts', "export const x = () => import('../search/x.ts');"],
  ['a template import', 'main/platform/x.ts', 'export const x = () => import(`../search/x.ts`);'],
  ['an import type', 'main/platform/x.ts', "export type X = import('../search/x.ts').X;"],
  ['an import assignment', 'main/platform/x.cts', "import x = require('../search/x.ts');"],
  ['require', 'main/app/x.cjs', "const { app } = require('electron');"],
  ['require.resolve', 'main/app/x.cjs', "require.resolve('electron');"],
  ['createRequire', 'main/app/x.ts', "const x = createRequire(import.meta.url)('electron');"],
  ['import.meta.resolve', 'main/platform/x.ts', "import.meta.resolve('../search/x.ts');"],
  ['import.meta.glob', 'renderer/x.tsx', "import.meta.glob('../main/app/*.ts');"],
  ['a worker', 'main/platform/node/x.ts', "new Worker(new URL('../../app/x.ts', import.meta.url));"],
  ['a computed import', 'main/app/x.ts', 'export const x = (name: string) => import(name);'],
  ['an absolute path', 'main/app/x.ts', "import x from '/etc/x.ts';"],
  ['a file address', 'main/app/x.ts', "import x from 'file:///etc/x.ts';"],
  ['a package alias', 'main/app/x.ts', "import x from '#search';"],
  ['a path out of the repository', 'main/app/x.ts', "import x from '../../../elsewhere/x.ts';"],
  ['a path into node_modules', 'main/app/x.ts', "import x from '../../node_modules/vite/index.js';"],
  ['a folder the layout does not know', 'shared/x.ts', 'export {};'],
  ['a module the layout does not know', 'main/utils/x.ts', 'export {};'],
  ['a file beside the modules', 'main/x.ts', 'export {};'],
  ['a file that does not parse', 'main/app/x.ts', 'import {'],
];
test.each(violations)('%s is refused', (_name, path, text) => {
  write(path, `${text}\n`);
  const refusals = checkTree(root);
  expect(refusals).toHaveLength(1);
  expect(refusals[0]).toMatch(new RegExp(`^${path.replaceAll('.', '\\.')}:\\d+: .+`));
});

describe('what stays allowed', () => {
  test.each([
    [
      'a test uses Node, vitest, the models and modules below',
      'main/search/x.test.ts',
      ['node:fs', 'vitest', '../../models/v1/x.ts', '../engine/node/x.ts', '../protocols/x.ts', './testing/x.ts'],
    ],
    [
      'a node folder uses Node and products',
      'main/projects/node/x.ts',
      ['node:fs', 'better-sqlite3', '../x.ts', '../../platform/x.ts'],
    ],
    ['pure packages in pure code', 'main/stimuli/x.ts', ['zod', '@noble/hashes/sha2.js', 'pure-rand']],
    ['the rpc library in rpc', 'main/rpc/x.ts', ['vscode-jsonrpc']],
    ['Node code uses Node entries', 'main/projects/node/y.ts', ['vscode-jsonrpc/node']],
    ['the shell uses electron', 'electron/x.ts', ['electron', 'node:path', '../main/rpc/x.ts']],
    [
      'the renderer uses its kit',
      'renderer/x.tsx',
      ['react', 'react-dom/client', '@mantine/core/styles.css', './x.css', '../main/contract/methods.ts'],
    ],
    ['scripts use development packages', 'scripts/x.ts', ['vite', 'node:fs', '../main/app/x.ts', '../models/v1/x.ts']],
  ])('%s', (_name, path, specifiers) => {
    write(path, specifiers.map((specifier) => `import '${specifier}';\n`).join(''));
    expect(checkTree(root)).toEqual([]);
  });
});

test('the repository itself passes', () => {
  expect(checkTree(repository)).toEqual([]);
});

test('an import planted in a copy of the repository makes the command fail', () => {
  const left = new Set(['node_modules', 'dist', '.git', '.cache', 'demo-output', 'test-results', 'playwright-report']);
  cpSync(repository, root, {
    recursive: true,
    filter: (path) =>
      !left.has(basename(path)) && (statSync(path).isDirectory() || /\.(json|[cm]?[jt]sx?)$|[\\/]bin[\\/]/.test(path)),
  });
  const check = () =>
    spawnSync(process.execPath, [join(repository, 'scripts/check-imports.ts'), root], { encoding: 'utf8' });
  expect(check()).toMatchObject({ status: 0, stderr: '' });
  write('main/platform/planted.ts', "\nexport * from '../contract/methods.ts';\n");
  const failed = check();
  expect(failed.status).toBe(1);
  expect(failed.stderr).toContain('main/platform/planted.ts:2: main/platform may not import main/contract');
});
