/** What somebody who types commands for the first time meets: mistaken arguments, files of another kind, a pipe that ends. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { parseCsv } from '../protocols/csv.ts';
import { stimulusSpec } from '../contract/stimuli.ts';
import { decodeNpy, encodeNpy } from '../stimuli/npy.ts';
import { renderSpec } from '../stimuli/render.ts';
import { decodeNpyArray } from '../stimuli/npyArray.ts';
import { packageLimits } from '../twins/node/zipFile.ts';
import { installFolder } from './backend.ts';
import { runCli, type CliResult } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-words-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const own = (name: string): string => path.join(folder, name);
const twin = 'macaque-v1-gabor-energy';
const run = (...args: string[]): Promise<CliResult> => runCli(args, own('home'));
const stored = path.resolve(import.meta.dirname, '..', 'engine', 'fixtures', 'gradient');
const writePlan = (name: string, plan: object): string => {
  writeFileSync(own(name), JSON.stringify({ format: 1, ...plan }));
  return own(name);
};
const gratings = { design: { type: 'gratings', factors: { orientationDeg: [0, 90], spatialFrequencyCpd: [2] } } };

function expectRefusal({ code, stdout, stderr }: CliResult, said: RegExp): void {
  expect(stderr).toMatch(said);
  expect(stderr.trim().split('\n')).toHaveLength(1);
  // No bytes of a file, no warning of a library.
  expect(stderr).not.toMatch(/[^\n -~“”…’×·°]|\(node:|undefined| {4}at /);
  expect(stdout).toBe('');
  expect(code).toBe(2);
}

test('a reader that stops early ends the command quietly', async () => {
  const child = spawn(process.execPath, [path.join(import.meta.dirname, 'cli.ts'), 'twins', 'list', '--json'], {
    env: { ...process.env, TWINSCOPE_HOME: own('home') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  child.stdout.destroy();
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  expect(await once(child, 'close')).toEqual([0, null]);
  expect(stderr).toBe('');
});

test('twins list: options leave what they describe, and where they leave nothing say what there is', async () => {
  const { stdout } = await run('twins', 'list', '--area', 'V1', '--max-size', '100MB', '--json');
  expect((JSON.parse(stdout) as { id: string }[]).map(({ id }) => id)).toContain(twin);
  const v1 = await run('twins', 'list', '--species', 'macaque', '--area', 'V1');
  expect(v1.stdout).not.toMatch(/retina/);
  expect(v1.stdout).toMatch(/\n\d of \d+ twins\n$/);
  const none = await run('twins', 'list', '--species', 'unicorn');
  expect(none.stdout).toMatch(/^0 of \d+ twins\nLeave out an option.*\n--species: .*macaque/);
  expect(none.code).toBe(0);
  expectRefusal(await run('twins', 'list', '--max-size', 'large'), /"large" is no size\. Nothing was changed\./);
});

test('twins list: what is in the library and no twin is said, and hides no other', async () => {
  const odd = path.join(own('home'), 'library', 'odd@1.0.0');
  mkdirSync(odd, { recursive: true });
  try {
    const { stdout, code } = await run('twins', 'list');
    expect(code).toBe(0);
    expect(stdout).toMatch(/primate-retina-ganglion@/);
    expect(stdout).toContain(`\n${odd} is not a twin package: it has no twin.json.`);
    const listed = JSON.parse((await run('twins', 'list', '--json')).stdout) as { error?: { message: string } }[];
    expect(listed.flatMap(({ error }) => (error ? [error.message] : []))).toEqual([expect.stringContaining(odd)]);
  } finally {
    rmSync(odd, { recursive: true });
  }
});

test('twins show: the facts of the page, what is not stated included', async () => {
  const { stdout, code } = await run('twins', 'show', 'primate-retina-ganglion');
  expect(code).toBe(0);
  const titles = [
    'Areas and units',
    'Graph',
    'Checks on this computer',
    'Validity',
    'Performance',
    'Provenance',
    'Card',
  ];
  for (const title of titles) expect(stdout).toContain(`\n\n${title}\n`);
  expect(stdout).toMatch(/Input stimulus +stimulus, batch × channel 1 × height 480 × width 480, float32\n/);
  expect(stdout).toMatch(/Scores +not stated\n/);
  expect(stdout).toMatch(/Reproduces here +not checked\n/);
});

test('serve: a project that cannot be opened is told instead of an address', async () => {
  writeFileSync(own('letter.twinscope'), 'a letter to a friend');
  expectRefusal(
    await run('serve', '--project', own('letter.twinscope')),
    /letter\.twinscope is not a Twinscope project/,
  );
});

const search = {
  twin,
  space: { type: 'pixels' },
  reference: gratings,
  optimiser: { type: 'gradient', steps: 1 },
  starts: 1,
  seed: 1,
};

describe('a plan that needs what a new project cannot have makes none', () => {
  test.each([
    [
      'protocol',
      { display: {}, items: [{ search: 'drive' }] },
      /no project .*names the search “drive” of one\. Nothing was made/,
    ],
    ['run', { twin, stimuli: { set: 'my set' } }, /no project .*names the set “my set” of one\. Nothing was made/],
    ['run', { twin: 'nobody', stimuli: gratings }, /no twin "nobody"/],
    ['run', { twin, stimuli: { imageFolder: 'none' } }, /The folder .*none cannot be opened/],
    ['run', { twin, stimuli: gratings, areas: ['V9'] }, /This twin has no area V9; it has V1/],
    ['search', { ...search, target: [{ area: 'V9' }] }, /This twin has no area 'V9'; the nearest name is 'V1/],
    ['search', { ...search, target: [{ area: 'V1-complex', units: ['x'] }] }, /of this twin has no unit 'x'/],
  ])('%s %o', async (kind, plan, said) => {
    const file = writePlan('needs.plan.json', { kind, ...plan });
    expectRefusal(await run(kind, file, '--project', own('fresh.twinscope')), said);
    expect(readdirSync(folder).filter((name) => name.startsWith('fresh'))).toEqual([]);
  });
});

describe('what is no plan', () => {
  test.each([
    ['a model', path.join(stored, 'convnet.onnx'), /convnet\.onnx is not a text file, and this command takes a plan/],
    [
      'a guide',
      path.join(installFolder, 'docs', 'guide.md'),
      /guide\.md (is neither JSON nor YAML: .*[^:]\. Nothing|cannot be used)/,
    ],
  ])('%s', async (_, file, said) => {
    expectRefusal(await run('run', file, '--project', own('none.twinscope')), said);
    expect(existsSync(own('none.twinscope'))).toBe(false);
  });

  test('broken YAML', async () => {
    writeFileSync(own('broken.yaml'), 'format: 1\nkind: [run\ntwin: x\n');
    expectRefusal(
      await run('run', own('broken.yaml'), '--project', own('none.twinscope')),
      /at line \d+, column \d+\. Nothing was started\.$/m,
    );
  });
});

describe('a file or a twin of the library', () => {
  test('taps takes a twin', async () => {
    expectRefusal(
      await run('twins', 'taps', path.join(stored, 'convnet.onnx'), '--list'),
      /takes the id of a twin of the library, and .*convnet\.onnx is a file/,
    );
  });

  test('gradient takes either', async () => {
    writeFileSync(own('picture.npy'), encodeNpy(new Float32Array(224 * 224).fill(0.5), [1, 1, 224, 224]));
    const args = ['--input', own('picture.npy'), '--output', 'v1_simple', '--out', own('g.npy')];
    const { code, stderr } = await run('twins', 'gradient', twin, ...args);
    expect(stderr).toBe('');
    expect(code).toBe(0);
    expect(decodeNpyArray(readFileSync(own('g.npy'))).shape).toEqual([1, 1, 224, 224]);
    expectRefusal(await run('twins', 'gradient', 'nobody', ...args), /no twin "nobody"/);
  });

  test('gradient asks for what is missing, the model first', async () => {
    expectRefusal(await run('twins', 'gradient'), /^No model was named\. Write: /);
    expectRefusal(await run('twins', 'gradient', twin), /^No input was given\. Write: /);
    expectRefusal(await run('twins', 'gradient', twin, '--input', own('picture.npy')), /^--out is missing\. Write: /);
  });
});

test.each([
  [['protocol'], ['--project']],
  [['export'], ['--what', '--format', '--out']],
  [['stimuli', 'render'], ['--out']],
  [['run'], ['--project']],
  [
    ['twins', 'gradient'],
    ['--input', '--out'],
  ],
])('%s --help marks what is required', async (command, options) => {
  const { code, stdout } = await run(...command, '--help');
  expect(code).toBe(0);
  for (const option of options) expect(stdout).toMatch(new RegExp(`${option} <\\S+>\\s+required: `));
});

test('stimuli render: file names keep the unit, and a table says which file is which stimulus', async () => {
  const plan = writePlan('render.plan.json', { kind: 'run', twin, stimuli: gratings });
  const { code, stderr } = await run('stimuli', 'render', plan, '--out', own('rendered'));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { columns, rows } = parseCsv(readFileSync(own('rendered/stimuli.csv'), 'utf8'));
  expect(columns.at(-1)).toBe('file');
  // Two orientations at four phases, and the blank.
  expect(rows).toHaveLength(9);
  const written = readdirSync(own('rendered')).filter((name) => name.endsWith('.npy'));
  expect(rows.map((row) => row['file'])).toEqual(written.toSorted());
  const vertical = rows.find((row) => row['orientation_deg'] === '90');
  expect(vertical?.['file']).toMatch(/^\d-.*90deg.*\.npy$/);
});

test('stimuli render: images of the reference set, with what their numbers stand for', async () => {
  const stimuli = [0, 136, 610, 1000].map((index) => ({ type: 'tsr1', index }));
  const plan = writePlan('reference.plan.json', { kind: 'run', twin, stimuli: { design: { type: 'list', stimuli } } });
  const { code, stderr } = await run('stimuli', 'render', plan, '--out', own('reference'));
  expect(stderr).toBe('');
  expect(code).toBe(0);
  const { rows } = parseCsv(readFileSync(own('reference/stimuli.csv'), 'utf8'));
  expect(rows.map((row) => row['class'])).toEqual(['gratings', 'Gabors', 'textures', 'shaded scenes']);
  expect(rows.map((row) => row['half'])).toEqual(['A', 'A', 'A', 'A']);
  expect(rows[0]?.['spatial_frequency_cpd']).toBe('0.75');
  expect(rows[2]?.['family']).toBe('Voronoi');
});

const drifting = {
  design: {
    type: 'drifting-gratings',
    factors: { directionDeg: [0, 90], spatialFrequencyCpd: [2], temporalFrequencyHz: [0, 4] },
  },
};

test('stimuli render: what moves is written frame by frame, at the times of its frames', async () => {
  const plan = writePlan('moving.plan.json', { kind: 'run', twin, stimuli: drifting });
  const args = ['stimuli', 'render', plan, '--out', own('moving'), '--frame-rate', '20', '--duration', '0.3'];
  const { code, stdout, stderr } = await run(...args);
  expect(stderr).toBe('');
  expect(code).toBe(0);
  expect(stdout).toMatch(/2 stimuli move: an NPY of 6 frames at 20 Hz each/);
  const { rows } = parseCsv(readFileSync(own('moving/stimuli.csv'), 'utf8'));
  expect(rows.map((row) => [row['direction_deg'], row['temporal_frequency_hz']])).toEqual([
    ['0', '0'],
    ['0', '4'],
    ['90', '0'],
    ['90', '4'],
    ['n/a', 'n/a'],
  ]);
  const stored = (row: number) => decodeNpy(readFileSync(own(`moving/${rows[row]?.['file'] ?? ''}`)));
  // At 0 Hz it stands still, and is one picture.
  expect(stored(0).shape).toEqual([224, 224]);
  const upward = stored(3);
  expect(upward.shape).toEqual([6, 224, 224]);
  const spec = stimulusSpec.parse({
    type: 'drifting-grating',
    directionDeg: 90,
    spatialFrequencyCpd: 2,
    temporalFrequencyHz: 4,
    diameterDeg: 4,
  });
  const raster = { sizePx: 224, fieldOfViewDeg: 8, background: 0.5 };
  for (const frame of [0, 1, 5]) {
    const pixels = upward.data.subarray(frame * 224 * 224, (frame + 1) * 224 * 224);
    expect(pixels).toEqual(renderSpec(spec, raster, {}, undefined, frame / 20));
  }
  const pictures = own(`moving/${rows[3]?.['file']?.replace(/\.npy$/, '') ?? ''}`);
  expect(readdirSync(pictures)).toEqual(['1.png', '2.png', '3.png', '4.png', '5.png', '6.png']);
});

test('stimuli render: refuses frames that would show another motion, and numbers that are none', async () => {
  const plan = writePlan('fast.plan.json', { kind: 'run', twin, stimuli: drifting });
  const render = (...args: string[]) => run('stimuli', 'render', plan, '--out', own('fast'), ...args);
  expectRefusal(await render('--frame-rate', '7'), /7 frames per second, and a drift of 4 Hz needs more than 8/);
  expectRefusal(await render('--duration', 'long'), /--duration takes a number above 0, and “long” is none/);
  expect(existsSync(own('fast'))).toBe(false);
});

test('run and search: a twin that sees still pictures is not shown moving ones, and no project is made', async () => {
  const plan = writePlan('still.plan.json', { kind: 'run', twin, stimuli: drifting });
  expectRefusal(
    await run('run', plan, '--project', own('still.twinscope')),
    /sees still pictures, and these stimuli move\. Nothing was started\./,
  );
  const targets = [{ area: 'V1-simple' }];
  const moving = { ...search, kind: 'search', target: targets, reference: { design: { type: 'tsr1v' } } };
  const searching = writePlan('still-search.plan.json', moving);
  expectRefusal(await run('search', searching, '--project', own('still.twinscope')), /these stimuli move/);
  expect(existsSync(own('still.twinscope'))).toBe(false);
  const tapped = await run(
    'twins',
    'taps',
    twin,
    '--tensors',
    'V1-simple',
    '--stimuli',
    plan,
    '--out',
    own('taps.npz'),
  );
  expectRefusal(tapped, /these stimuli move/);
});

test('import: a folder without twin.json is told so however much it holds', async () => {
  mkdirSync(own('large'));
  for (let file = 0; file <= packageLimits.entries; file++) writeFileSync(own(`large/${file}`), '');
  expectRefusal(await run('twins', 'import', own('large')), /large is not a twin package: it has no twin\.json/);
});

test('verify says how large its error is on which device', async () => {
  const { code, stdout } = await run('twins', 'verify', twin);
  expect(code).toBe(0);
  expect(stdout).toMatch(/yes \(CPU (0|\de-\d+)\)/);
});

test('export does not replace what was edited', async () => {
  const plan = writePlan('protocol.plan.json', {
    kind: 'protocol',
    name: 'orientation',
    display: {},
    items: [{ stimuli: gratings }],
  });
  expect((await run('protocol', plan, '--project', own('lab.twinscope'))).code).toBe(0);
  const args = ['export', own('lab.twinscope'), '--what', 'orientation', '--out', own('rig'), '--format'];
  expect((await run(...args, 'psychopy')).code).toBe(0);
  expectRefusal(await run(...args, 'bundle'), /rig holds an earlier export of another format\. It was left as it is/);
  writeFileSync(own('rig/run_protocol.py'), 'mine');
  expectRefusal(await run(...args, 'psychopy'), /rig holds run_protocol\.py, which was changed after the export/);
  expect(readFileSync(own('rig/run_protocol.py'), 'utf8')).toBe('mine');
});
