/** Figures of a twin's card: served from a whole package by their listed names, and nothing else of the disk. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { authorContents, hashed, writeContents } from '../twins/testing/authorFolder.ts';
import { openLibrary } from '../twins/node/library.ts';
import { createResources } from './resources.ts';
import type { Services } from './services.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-figures-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const svg = '<svg xmlns="http://www.w3.org/2000/svg"/>';
let ask: (address: string, method?: string) => Promise<Response>;

beforeAll(async () => {
  const contents = {
    ...authorContents({ id: 'drawn-twin' }),
    'figures/size.svg': svg,
    'figures/page.html': '<script></script>',
    'figures/deep/size.svg': svg,
  };
  writeContents(path.join(folder, 'library', 'drawn-twin@1.0.0'), hashed(contents));
  writeFileSync(path.join(folder, 'library', 'drawn-twin@1.0.0', 'figures', 'unlisted.svg'), svg);
  writeFileSync(path.join(folder, 'library', 'secret.svg'), svg);
  const library = await openLibrary({
    folder: path.join(folder, 'library'),
    builtInFolder: path.join(folder, 'none'),
  });
  const resources = createResources({ library } as Services);
  ask = (address, method = 'GET') => resources(new Request(`http://127.0.0.1/resource/twin/${address}`, { method }));
});

test('a figure comes with its type', async () => {
  const answer = await ask('drawn-twin@1.0.0/figures/size.svg');
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('image/svg+xml');
  expect(await answer.text()).toBe(svg);
  expect((await ask('drawn-twin@1.0.0/figures/deep/size.svg')).status).toBe(200);
});

test.each([
  'drawn-twin@1.0.0/figures/unlisted.svg',
  'drawn-twin@1.0.0/figures/page.html',
  'drawn-twin@1.0.0/model.onnx',
  'drawn-twin@1.0.0/twin.json',
  'drawn-twin@1.0.0/figures/../../secret.svg',
  'drawn-twin@1.0.0/figures/%2e%2e/%2e%2e/secret.svg',
  'drawn-twin@1.0.0/figures/..%2f..%2fsecret.svg',
  'drawn-twin@1.0.0/figures/constructor',
  'drawn-twin@1.0.0/',
  'drawn-twin@2.0.0/figures/size.svg',
  'other-twin@1.0.0/figures/size.svg',
  '../drawn-twin@1.0.0/figures/size.svg',
])('%s is not there', async (address) => {
  const answer = await ask(address);
  expect(answer.status).toBe(404);
  expect(await answer.text()).not.toContain('<svg');
});

test('nothing can be written there', async () => {
  expect((await ask('drawn-twin@1.0.0/figures/size.svg', 'PUT')).status).toBe(404);
});

test('a package that is not whole shows no figure', async () => {
  writeFileSync(path.join(folder, 'library', 'drawn-twin@1.0.0', 'figures', 'size.svg'), '<svg/>');
  const answer = await ask('drawn-twin@1.0.0/figures/size.svg');
  expect(answer.status).toBe(500);
  expect(await answer.text()).toMatch(/is not what its manifest says: figures\/size\.svg has the hash/);
});
