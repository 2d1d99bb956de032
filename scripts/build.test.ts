/** What the build promises about its results. */
import { readFileSync } from 'node:fs';
import { isBuiltin } from 'node:module';
import path from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { runBuild, steps } from './build.ts';
import { root } from './tools.ts';

const lines: string[] = [];
async function build(name: string): Promise<void> {
  const spy = vi.spyOn(console, 'log').mockImplementation((line: string) => void lines.push(line));
  await runBuild([name]);
  spy.mockRestore();
}
const read = (file: string): string => readFileSync(path.join(root, 'dist', 'electron', file), 'utf8');

beforeAll(async () => {
  await build('desktop shell');
});

test('a step that has nothing to do is skipped and says so', async () => {
  await build('desktop shell');
  expect(lines.at(-1)).toMatch(/^unchanged {2}desktop shell {2}\d+\.\d s$/);
});

test('a step that does not exist is refused', async () => {
  await expect(runBuild(['desktop'])).rejects.toThrow('There is no build step desktop.');
  expect(steps.map(({ name }) => name)).toEqual(['twins', 'backend', 'workbench', 'desktop shell']);
});

test('the preload is one CommonJS file that requires nothing but electron', () => {
  const text = read('preload.cjs');
  expect([...text.matchAll(/require\("([^"]+)"\)/g)].map(([, name]) => name)).toEqual(['electron']);
  expect(text).not.toMatch(/^\s*(import|export)\b/m);
});

test('the shell needs nothing but Electron and Node, and names no folder of the machine that built it', () => {
  const text = read('main.js');
  const imported = [...text.matchAll(/^import .* from "([^"]+)";$/gm)].map(([, name]) => name ?? '');
  expect(imported).toContain('electron');
  expect(imported.filter((name) => name !== 'electron' && !isBuiltin(name))).toEqual([]);
  for (const file of ['main.js', 'main.js.map', 'preload.cjs']) expect(read(file)).not.toContain(root);
});
