/** A bare ONNX file on the command line: what is missing, a file of answers, the import, and a stimulus shown to it. */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse, stringify } from 'yaml';
import type { ModelAnswers } from '../contract/bareModels.ts';
import type { CheckedTwin } from '../contract/twins.ts';
import { colourModel } from '../engine/testing/colourTwin.ts';
import { authorContents, hashed, snapshotOf, writeContents } from '../twins/testing/authorFolder.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bare-command-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (...parts: string[]): string => path.join(folder, ...parts);
const run = (...args: string[]): Promise<CliResult> => runCli(args, own('home'));
const model = own('Colour means.onnx');
writeFileSync(model, colourModel());

function expectRefusal({ code, stdout, stderr }: CliResult, said: RegExp): void {
  expect(stderr).toMatch(said);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  expect(stderr).not.toMatch(/undefined| {4}at /);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

test('without answers it says what is there and what is not, and imports nothing', async () => {
  const { code, stdout, stderr } = await run('twins', 'import', model);
  expect(stderr).toBe('');
  expect(stdout).toMatch(/input +x +float32 +batch × 3 × 8 × 8/);
  expect(stdout).toMatch(/output +y +float32 +batch × 3 +3 units/);
  expect(stdout).toMatch(/ {2}picture\.fieldOfViewDeg: degrees of visual angle/);
  expect(stdout).toMatch(/Nothing was imported\. Write --template answers\.yaml/);
  expect(code).toBe(2);
  const json = JSON.parse((await run('twins', 'import', model, '--json')).stdout) as { open: { field: string }[] };
  expect(json.open.map(({ field }) => field)).toContain('areas[0].name');
});

test('a template is filled in, imported, verified and shown a stimulus', async () => {
  const file = own('answers.yaml');
  const written = await run('twins', 'import', model, '--template', file);
  expect(written.stdout).toMatch(/answers\.yaml \(9 open questions\)\. Answer what is required/);
  const text = readFileSync(file, 'utf8');
  expect(text).toMatch(/ {2}fieldOfViewDeg: null # required: degrees of visual angle/);
  expect(text).not.toMatch(/sizePx/);
  expectRefusal(await run('twins', 'import', model, '--template', file), /answers\.yaml already exists and was left/);
  expectRefusal(
    await run('twins', 'import', model, '--answers', file),
    /9 answers are missing or cannot be: picture\.field/,
  );
  const answers = parse(text) as ModelAnswers;
  const area = { ...answers.areas[0], name: 'V4', colourOf: 'V4' };
  const filled = {
    ...answers,
    summary: 'Mean red, green and blue.',
    species: 'none',
    recording: 'none',
    responseUnits: 'arbitrary',
    picture: { ...answers.picture, fieldOfViewDeg: 2, encoding: 'linear', range: [0, 1] },
    areas: [area],
    licences: { weights: 'MIT', code: 'MIT', data: 'NONE' },
  };
  writeFileSync(file, stringify(filled));
  const imported = await run('twins', 'import', model, '--answers', file);
  expect(imported.stderr).toBe('');
  expect(imported.stdout).toMatch(/^Imported Colour means \(colour-means@1\.0\.0\)\. Gradient verified: /);
  expect(imported.stdout).toMatch(/Golden checks were made on the CPU/);
  const verified = JSON.parse((await run('twins', 'verify', 'colour-means', '--json')).stdout) as CheckedTwin[];
  expect(verified[0]?.reproduces).toMatchObject({ device: 'cpu', maxError: 0, passed: true });

  const plan = own('run.plan.json');
  const design = {
    type: 'gratings',
    factors: { orientationDeg: [0], spatialFrequencyCpd: [1], diameterDeg: [1] },
    blank: true,
  };
  writeFileSync(plan, JSON.stringify({ format: 1, kind: 'run', twin: 'colour-means', stimuli: { design } }));
  const shown = await run('run', plan, '--project', own('lab.twinscope'), '--device', 'cpu');
  expect(shown.stderr).not.toMatch(/Nothing was|failed/);
  expect(shown.code).toBe(0);

  writeFileSync(file, stringify({ ...filled, speceis: 'none' }));
  const before = snapshotOf(own('home', 'library'));
  expectRefusal(
    await run('twins', 'import', model, '--answers', file),
    /unknown key “speceis”, the nearest name is “species”\. Nothing was imported\./,
  );
  writeFileSync(file, stringify({ ...filled, title: 'Another' }));
  const other = await run('twins', 'import', model, '--answers', file);
  expectRefusal(other, /already has colour-means@1\.0\.0 with other content/);
  expect(new Set(other.stderr.match(/[0-9a-f]{64}/g)).size).toBe(2);
  expect(snapshotOf(own('home', 'library'))).toEqual(before);
});

test('answers are for models, and a file of them must be one', async () => {
  const twin = writeContents(own('package'), hashed(authorContents()));
  expectRefusal(
    await run('twins', 'import', twin, '--answers', own('answers.yaml')),
    /are for bare \.onnx files, and .* is none/,
  );
  expectRefusal(await run('twins', 'import', model, '--answers', own('missing.yaml')), /missing\.yaml/);
  expectRefusal(await run('twins', 'import', model, '--answers', model), /neither JSON nor YAML.*Nothing was imported/);
  expectRefusal(await run('twins', 'import', own('nowhere.onnx')), /there is no such file\. Nothing was imported/);
  expect(existsSync(own('home', 'library', 'small-twin@1.0.0'))).toBe(false);
});
