/**
 * A twin that sees colour, through the whole of the product: imported, verified, presented with photographs in a run by a
 * real compute process. Its units are mean encoded colours, which a photograph of one colour gives by hand.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runPlan } from '../contract/plans.ts';
import { colourDraft, imagenetMean, imagenetStd } from '../engine/testing/colourTwin.ts';
import { isAlive, processStartTime, type ProcessIdentity } from '../platform/node/process.ts';
import { silentLog } from '../platform/node/log.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { createBackend, type Backend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-colour-'));
const images = path.join(folder, 'images');
const processes: ProcessIdentity[] = [];
const home = process.env['TWINSCOPE_HOME'];
let backend: Backend;

/** More than two requests' worth, so that requests are asked ahead and joined; 140 photographs and the blank. */
const count = 140;
const colourOf = (number: number): [number, number, number] => [
  (37 * number) % 256,
  (91 * number + 13) % 256,
  (5 * number + 200) % 256,
];

beforeAll(async () => {
  mkdirSync(images);
  for (let number = 0; number < count; number++) {
    const [r, g, b] = colourOf(number);
    await sharp({ create: { width: 9 + (number % 5), height: 12, channels: 3, background: { r, g, b } } })
      .png()
      .toFile(path.join(images, `${String(number).padStart(3, '0')}.png`));
  }
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
    spawnCompute: async () => {
      const compute = await spawnCompute();
      processes.push({ pid: compute.pid, startTime: processStartTime(compute.pid) });
      return compute;
    },
  });
  const twin = path.join(folder, 'colour.twin');
  await writePackage(twin, packDraft(colourDraft(), { card: '# Colour\n', licence: 'MIT\n' }));
  await backend.services.library.import(twin);
  await backend.openProject(path.join(folder, 'colour.twinscope'), { name: 'Colour' });
});
afterAll(async () => {
  await backend.close();
  if (home === undefined) delete process.env['TWINSCOPE_HOME'];
  else process.env['TWINSCOPE_HOME'] = home;
  rmSync(folder, { recursive: true, force: true });
});

test('its golden checks pass: they are given in the form that the graph takes', async () => {
  const call = { signal: new AbortController().signal };
  const { reproduces } = await backend.handlers['library.verify']({ id: 'colour-twin' }, call);
  expect(reproduces).toMatchObject({ passed: true, maxError: 0 });
});

test('photographs keep their colours in a run, and a second run has the same content', async () => {
  const { project, queue } = backend.services.current();
  const plan = runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'colour-twin',
    batchSize: 8,
    stimuli: { imageFolder: images, sizeDeg: 2, name: 'Colours' },
  });
  const hashes: (string | null)[] = [];
  for (const again of [false, true]) {
    const { id } = await queue.start('run', again ? 'again' : 'first', plan);
    const ended = await queue.waitFor(id);
    expect(ended, ended.error?.message).toMatchObject({ state: 'finished', progress: { done: count + 1 } });
    hashes.push((await project.runs.get(ended.resultId as string)).contentSha256);
    const responses = await project.runs.readArea(ended.resultId as string, 'V1');
    for (let number = 0; number <= count; number++) {
      const grey = 1.055 * 0.5 ** (1 / 2.4) - 0.055;
      const colour = number < count ? colourOf(number).map((code) => code / 255) : [grey, grey, grey];
      for (const [unit, value] of colour.entries()) {
        const expected = (value - (imagenetMean[unit] as number)) / (imagenetStd[unit] as number);
        expect(Math.abs((responses[3 * number + unit] as number) - expected)).toBeLessThan(2e-6);
      }
    }
  }
  expect(hashes[0]).toMatch(/^[0-9a-f]{64}$/);
  expect(hashes[1]).toBe(hashes[0]);
});

test('compute leaves with its threads', async () => {
  await backend.services.compute.kill();
  expect(processes.length).toBeGreaterThan(0);
  await expect.poll(() => processes.filter(isAlive)).toEqual([]);
});
