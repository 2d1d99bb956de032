/** `twinscope twins taps` as a process: activations of the built-in twin, its golden outputs among them. */
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { unzipSync } from 'fflate';
import { afterAll, expect, test } from 'vitest';
import { hashJson } from '../platform/hash.ts';
import { parseCsv } from '../protocols/csv.ts';
import { encodeNpy } from '../stimuli/npy.ts';
import { decodeNpyArray } from '../stimuli/npyArray.ts';
import { readChecks } from '../twins/node/checks.ts';
import { installFolder } from './backend.ts';
import { runCli } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-taps-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const id = 'macaque-v1-gabor-energy';
const own = (name: string): string => path.join(folder, name);
const taps = (...args: string[]) => runCli(['twins', 'taps', id, ...args, '--json'], own('home'));

function readNpz(file: string) {
  return Object.fromEntries(
    Object.entries(unzipSync(readFileSync(file))).map(([name, bytes]) => [name, decodeNpyArray(bytes)]),
  );
}

test('golden inputs give the golden outputs, together with what stands before them', async () => {
  const checks = await readChecks(path.join(installFolder, 'dist', 'twins', id, 'checks.npz'));
  const [input] = Object.values(checks.inputs);
  const golden = checks.outputs['v1_simple'];
  if (input === undefined || golden === undefined) throw new Error('the built-in twin has golden checks');
  writeFileSync(own('x.npy'), encodeNpy(input.data, input.shape));
  const tensors = ['--tensors', 'v1_simple,simple_linear', 'simple_rectified'];
  const { code, stderr } = await taps(...tensors, '--input', own('x.npy'), '--out', own('x.npz'));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const found = readNpz(own('x.npz'));
  expect(Object.keys(found)).toEqual(['v1_simple.npy', 'simple_linear.npy', 'simple_rectified.npy']);
  const responses = found['v1_simple.npy']?.data as Float32Array;
  expect(found['v1_simple.npy']?.shape).toEqual(golden.shape);
  const { rows } = parseCsv(readFileSync(own('x.stimuli.csv'), 'utf8'));
  expect(rows).toHaveLength(golden.shape[0] as number);
  const first = input.data.subarray(0, input.data.length / rows.length);
  expect(rows[0]).toEqual({
    row: '0',
    label: 'x.npy[0]',
    type: 'array',
    sha256: createHash('sha256')
      .update(new Uint8Array(first.buffer, first.byteOffset, first.byteLength))
      .digest('hex'),
  });
  const scale = Math.max(...golden.data.map(Math.abs));
  responses.forEach((value, at) => {
    expect(Math.abs(value - (golden.data[at] as number)) / scale).toBeLessThanOrEqual(golden.tolerance);
  });
  const linear = found['simple_linear.npy']?.data as Float32Array;
  expect(found['simple_rectified.npy']?.data).toEqual(linear.map((value) => Math.max(0, value)));
});

test('the stimuli of a plan, in more than one request', async () => {
  const plan = {
    format: 1,
    kind: 'run',
    twin: id,
    stimuli: {
      design: {
        type: 'gratings',
        factors: {
          orientationDeg: Array.from({ length: 90 }, (_, i) => 2 * i),
          spatialFrequencyCpd: [2],
          phaseDeg: [0],
        },
      },
    },
  };
  writeFileSync(own('gratings.plan.json'), JSON.stringify(plan));
  const { code, stdout, stderr } = await taps(
    '--tensors',
    'v1_complex',
    '--stimuli',
    own('gratings.plan.json'),
    '--out',
    own('g.npz'),
  );
  expect(stderr).toBe('');
  expect(code).toBe(0);
  // Ninety gratings and the blank.
  expect((JSON.parse(stdout) as { tensors: unknown }).tensors).toEqual([
    { name: 'v1_complex', dtype: 'float32', shape: [91, 256], axis: 0 },
  ]);
  const { columns, rows } = parseCsv(readFileSync(own('g.stimuli.csv'), 'utf8'));
  expect(columns.join(' ')).toBe(
    'row label type sha256 edge_deg x_deg y_deg orientation_deg spatial_frequency_cpd phase_deg contrast diameter_deg tested_domain',
  );
  expect(rows).toHaveLength(91);
  expect(rows[17]).toMatchObject({ row: '17', type: 'grating', orientation_deg: '34', spatial_frequency_cpd: '2' });
  const spec = { type: 'grating', orientationDeg: 34, spatialFrequencyCpd: 2, phaseDeg: 0 };
  const whole = { contrast: 1, diameterDeg: 4, edgeDeg: 0.25, xDeg: 0, yDeg: 0 };
  expect(rows[17]?.['sha256']).toBe(hashJson({ ...spec, ...whole }));
  expect(rows[90]).toMatchObject({ label: 'blank', type: 'blank', orientation_deg: 'n/a' });
  expect(readNpz(own('g.npz'))['v1_complex.npy']?.shape).toEqual([91, 256]);
});

test.each([
  ['a misspelt tensor', ['--tensors', 'v1_simpel', '--input'], /nearest names: "v1_simple"/],
  ['no tensor', ['--input'], /Say which tensors: --tensors NAMES\. --list shows all/],
  ['nothing to show', ['--tensors', 'v1_simple'], /either --stimuli PLAN or --input/],
  [
    'another shape',
    ['--tensors', 'v1_simple', '--input'],
    /takes arrays of any number × 1 × 224 × 224, and this one is 2 × 3/,
  ],
])('%s is refused and nothing is written', async (what, args, said) => {
  const shape = what === 'another shape' ? [2, 3] : [1, 1, 224, 224];
  writeFileSync(own('given.npy'), encodeNpy(new Float32Array(shape.reduce((a, b) => a * b)), shape));
  const given = args.at(-1) === '--input' ? [...args, own('given.npy')] : args;
  const { code, stdout } = await taps(...given, '--out', own('none.npz'));
  expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toMatch(said);
  expect(code).toBe(2);
  expect(existsSync(own('none.npz'))).toBe(false);
});

test('--list names every tensor with its shape, and those names can be asked for', async () => {
  const { code, stdout, stderr } = await taps('--list');
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { tensors } = JSON.parse(stdout) as { tensors: { name: string; shape: string[]; areas: string[] }[] };
  const output = tensors.find(({ name }) => name === 'v1_complex');
  expect(output).toMatchObject({ dtype: 'float32', shape: ['batch', '256'], areas: ['V1-complex'] });
  expect(tensors.map(({ name }) => name)).toContain('simple_rectified');
});

test('what is read, and what is no table of stimuli, is not written over', async () => {
  const array = encodeNpy(new Float32Array(224 * 224), [1, 1, 224, 224]);
  const show = ['--tensors', 'v1_simple', '--input'];
  const refused = async (args: string[], said: RegExp): Promise<void> => {
    const { code, stdout } = await taps(...args);
    expect((JSON.parse(stdout) as { error: { message: string } }).error.message).toMatch(said);
    expect(code).toBe(2);
  };
  writeFileSync(own('v.npy'), array);
  await refused([...show, own('v.npy'), '--out', own('v.npy')], /does not end in \.npz/);
  writeFileSync(own('v.npz'), array);
  await refused([...show, own('v.npz'), '--out', own('v.npz')], /v\.npz is one of the files to be read/);
  symlinkSync(own('v.npz'), own('link.npz'));
  await refused([...show, own('v.npz'), '--out', own('link.npz')], /link\.npz is one of the files to be read/);
  for (const file of ['v.npy', 'v.npz']) expect(new Uint8Array(readFileSync(own(file)))).toEqual(array);
  writeFileSync(own('precious.stimuli.csv'), 'subject,session\n1,2\n');
  await refused([...show, own('v.npy'), '--out', own('precious.npz')], /precious\.stimuli\.csv exists and is not/);
  expect(readFileSync(own('precious.stimuli.csv'), 'utf8')).toBe('subject,session\n1,2\n');
  expect(existsSync(own('precious.npz'))).toBe(false);
});

test('an earlier result of the same command is replaced', async () => {
  writeFileSync(own('again.npy'), encodeNpy(new Float32Array(224 * 224), [1, 1, 224, 224]));
  const args = ['--tensors', 'v1_simple', '--input', own('again.npy'), '--out', own('again.npz')];
  expect((await taps(...args)).code).toBe(0);
  expect((await taps(...args)).code).toBe(0);
});
