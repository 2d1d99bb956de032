import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import sharp from 'sharp';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { ExpandedProtocol, ProtocolStimulus } from '../../contract/results.ts';
import { sha256Hex } from '../../platform/hash.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import { renderSpec } from '../../stimuli/render.ts';
import { parseCsv } from '../csv.ts';
import { expandProtocol } from '../expand.ts';
import { plan, threeStimuli } from '../testing/protocols.ts';
import { exportBundle } from './exportBundle.ts';
import { filesBelow } from './exportFolder.ts';
import { exportPsychopy } from './exportPsychopy.ts';
import type { ExportOptions, Samples } from './pictures.ts';
import { readBundle } from './readBundle.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinscope-export-'));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

const protocol: ExpandedProtocol = expandProtocol({
  plan: plan({
    name: 'V1 "drive" – naïve',
    blocks: 2,
    repeats: 2,
    blanksPerBlock: 1,
    display: { gamma: 2, minLuminanceCdM2: 0, maxLuminanceCdM2: 100 },
  }),
  stimuli: threeStimuli(),
});
const render = async (stimulus: ProtocolStimulus, sizePx: number): Promise<Samples> => ({
  linear: renderSpec(stimulus.spec, { sizePx, fieldOfViewDeg: stimulus.sizeDeg, background: 0.5 }),
  sizePx,
});
const options = (changes: Partial<ExportOptions> = {}): ExportOptions => ({
  protocol,
  render,
  rasterPx: 64,
  out: join(folder, 'export'),
  provenance: { twin: 'v1-gabor-energy@1.0.0', versions: { twinscope: '0.1.0' } },
  ...changes,
});
const text = (name: string): Promise<string> => readFile(join(folder, 'export', name), 'utf8');
const grey = async (path: string): Promise<{ data: Buffer; width: number; png: Buffer }> => {
  const png = await readFile(join(folder, 'export', path));
  const { data, info } = await sharp(png).toColourspace('b-w').raw().toBuffer({ resolveWithObject: true });
  return { data, width: info.width, png };
};

/** Tags of an XML text that are closed wrongly or not at all. */
function unbalanced(xml: string): string[] {
  const open: string[] = [];
  const faults: string[] = [];
  for (const [, close, tag = '', self] of xml.matchAll(/<(\/?)(\w+)(?:\s+\w+="[^"<>]*")*(\/?)>/g)) {
    if (close === '/' && open.pop() !== tag) faults.push(tag);
    if (close === '' && self === '') open.push(tag);
  }
  return [...faults, ...open];
}

/** What can be said of a Python script without Python: brackets balance and blocks are opened by a colon. */
function structuralFaults(script: string): string[] {
  const code = script.replace(/"""[\s\S]*?"""|b?'(?:\\.|[^'\\\n])*'|#[^\n]*/g, '');
  const brackets = ['()', '[]', '{}'].filter(([open, close]) => code.split(open!).length !== code.split(close!).length);
  const opener = /^\s*(def|class|if|for|while|try|else|elif|finally|except|with)\b/;
  return [...brackets, ...code.split('\n').filter((line) => opener.test(line) && !/[:,(]$/.test(line.trimEnd()))];
}

describe('bundle', () => {
  it('writes pictures, arrays, tables and a manifest, and checks them', async () => {
    const seen: number[] = [];
    const result = await exportBundle(options({ onProgress: ({ done }) => seen.push(done) }));
    expect(seen).toEqual([1, 2, 3]);
    expect(result.checks.map((check) => check.passed)).toEqual([true, true, true]);
    expect(result.files.map((file) => file.path).join(' ')).toBe(
      'README.md SHA256SUMS manifest.json npy/s001_45deg_2_cpd.npy npy/s002_1_2.npy npy/s003_123.npy png/blank.png ' +
        'png/s001_45deg_2_cpd.png png/s002_1_2.png png/s003_123.png stimuli.csv trials.csv',
    );
    for (const file of result.files) {
      const bytes = await readFile(join(result.folder, file.path));
      expect([bytes.length, sha256Hex(bytes)]).toEqual([file.bytes, file.sha256]);
    }
    expect(await readdir(folder)).toEqual(['export']);
  });

  it('reads back as the same protocol', async () => {
    // With the reach of a pattern where it was measured.
    const stimuli = protocol.stimuli.map((stimulus, index) =>
      index === 0 ? { ...stimulus, patternDeg: 1.5 } : stimulus,
    );
    const { folder: out, checks } = await exportBundle(options({ protocol: { ...protocol, stimuli } }));
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    const again = await readBundle(out);
    expect(again).toEqual({
      ...protocol,
      stimuli: stimuli.map((stimulus) => ({ ...stimulus, thumbnail: `png/${stimulus.name}.png` })),
    });
  });

  it('encodes pictures for the display and keeps arrays linear', async () => {
    await exportBundle(options());
    const array = decodeNpy(await readFile(join(folder, 'export', 'npy', 's001_45deg_2_cpd.npy')));
    expect(array.shape).toEqual([64, 64]);
    expect(array.data).toEqual((await render(protocol.stimuli[0]!, 64)).linear);
    const picture = await grey('png/s001_45deg_2_cpd.png');
    // 2.25° at 36.04 px per degree is 81.1 px: 82. Gamma 2 shows .5 at 255·√.5 = 180, .75 at 221 and .25 at 128.
    expect(picture.width).toBe(82);
    // The header says 8 bits, grey without alpha.
    expect([...picture.png.subarray(24, 26)]).toEqual([8, 0]);
    expect(picture.data[0]).toBe(180);
    expect(Math.max(...picture.data)).toBe(221);
    expect(Math.min(...picture.data)).toBe(128);
    const blank = await grey('png/blank.png');
    expect([...new Set(blank.data)]).toEqual([180]);
    const { background } = JSON.parse(await text('manifest.json')) as { background: object };
    expect(background).toEqual({ linear: 0.5, luminanceCdM2: 50, level: 180 });
  });

  it('keeps orientation: bars at 45° rise to the right, in pictures and in arrays', async () => {
    await exportBundle(options());
    const { data, width } = await grey('png/s001_45deg_2_cpd.png');
    const array = decodeNpy(await readFile(join(folder, 'export', 'npy', 's001_45deg_2_cpd.npy')));
    // Largest step between diagonal neighbours inside the aperture, along a rising and along a falling diagonal.
    const steps = (values: ArrayLike<number>, size: number): { rising: number; falling: number } => {
      const middle = size / 2;
      const at = (row: number, column: number): number => values[row * size + column] as number;
      let rising = 0;
      let falling = 0;
      for (let row = Math.round(0.3 * size); row < 0.7 * size; row++) {
        rising = Math.max(rising, Math.abs(at(row, middle) - at(row - 1, middle + 1)));
        falling = Math.max(falling, Math.abs(at(row, middle) - at(row + 1, middle + 1)));
      }
      return { rising, falling };
    };
    const picture = steps(data, width);
    expect(picture.falling).toBeGreaterThan(10);
    expect(picture.rising).toBeLessThanOrEqual(1);
    const linear = steps(array.data, 64);
    expect(linear.falling).toBeGreaterThan(0.05);
    expect(linear.rising).toBeLessThan(1e-6);
  });

  it('lists every trial with its files and times', async () => {
    await exportBundle(options());
    const { rows } = parseCsv(await text('trials.csv'));
    expect(rows.length).toBe(14);
    const files = new Set(await filesBelow(join(folder, 'export')));
    for (const [index, row] of rows.entries()) {
      const trial = protocol.trials[index]!;
      expect(files.has(row['png']!)).toBe(true);
      expect(Number(row['onset_frame'])).toBe(trial.onsetFrame);
      expect(Number(row['onset_s'])).toBeCloseTo(trial.onsetFrame / 60, 6);
      expect(row['stimulus']).toBe(trial.stimulus === null ? 'blank' : protocol.stimuli[trial.stimulus]!.name);
    }
    expect(rows.filter((row) => row['condition'] === 'blank').length).toBe(2);
  });

  it('reports light that the display does not have', async () => {
    const dark = { ...protocol.display, minLuminanceCdM2: 40, maxLuminanceCdM2: 60 };
    await exportBundle(
      options({ protocol: { ...protocol, display: dark, plan: { ...protocol.plan, display: dark } } }),
    );
    const [grating] = parseCsv(await text('stimuli.csv')).rows;
    expect(Number(grating!['clipped_fraction'])).toBeGreaterThan(0.3);
  });

  it('notices a changed and a missing file when it is read', async () => {
    const { folder: out } = await exportBundle(options());
    const path = join(out, 'trials.csv');
    const whole = await readFile(path);
    await writeFile(path, whole.subarray(0, whole.length - 10));
    await expect(readBundle(out)).rejects.toThrow('trials.csv has changed');
    await rm(path);
    await expect(readBundle(out)).rejects.toThrow('trials.csv is missing');
    await expect(readBundle(join(folder, 'nothing'))).rejects.toThrow('no file or folder');
    await expect(readBundle(folder)).rejects.toThrow('not a protocol bundle');
  });
});

describe('psychopy', () => {
  it('writes a script, an experiment, conditions and pictures that fit together', async () => {
    const result = await exportPsychopy(options());
    expect(result.checks.filter((check) => !check.passed)).toEqual([]);
    expect(result.checks.length).toBe(5);
    const { rows } = parseCsv(await text('conditions.csv'));
    expect(rows.length).toBe(14);
    for (const row of rows) {
      const { data, width } = await grey(row['image_file']!);
      expect(Number(row['size_px'])).toBe(width);
      expect(data[0]).toBe(180);
      expect(Number(row['size_deg']) * 57 * 0.017455 * (1920 / 53)).toBeCloseTo(width, 3);
    }
    // The pause stands before the first trial of each block only.
    expect(rows.map((row) => row['pre_frames'])).toEqual(['60', ...Array(6).fill('0'), '60', ...Array(6).fill('0')]);
  });

  it('names in script and experiment only what exists', async () => {
    await exportPsychopy(options());
    const script = await text('run_protocol.py');
    const { columns } = parseCsv(await text('conditions.csv'));
    for (const [, column] of script.matchAll(/trial\['(\w+)'\]/g)) {
      expect([...columns, 'image_path']).toContain(column);
    }
    expect(script).toContain('BACKGROUND = 180\n');
    expect(script).toContain(String.raw`PROTOCOL = 'V1 "drive" \u2013 na\u00efve'`);
    expect(script).toContain('SCREEN_PX = (1920, 1080)');
    expect(script).not.toMatch(/\t|gamma=|urllib|requests|socket/);
    expect(script).toMatch(/^[\n -~]*$/);
    const experiment = await text('protocol.psyexp');
    expect(experiment).toContain('val="conditions.csv"');
    for (const column of ['pre_frames', 'stimulus_frames', 'blank_frames', 'size_deg', 'is_blank', 'image_file']) {
      expect(experiment).toContain(column);
      expect(columns).toContain(column);
    }
    expect(unbalanced(experiment)).toEqual([]);
    expect(experiment.match(/[<>]/g)?.length).toBe(2 * (1 + (experiment.match(/<\/?\w/g)?.length ?? 0)));
  });

  it('has a script that Python compiles and that finds its folder complete', async () => {
    const { folder: out } = await exportPsychopy(options());
    expect(structuralFaults(await text('run_protocol.py'))).toEqual([]);
    const python = await promisify(execFile)('python3', ['--version']).then(
      () => true,
      () => false,
    );
    // Without Python the structure is all that can be looked at.
    if (!python) return;
    const walk = [
      'import ast, sys',
      'tree = ast.parse(open(sys.argv[1], encoding="utf-8").read(), feature_version=(3, 8))',
      'names = [a.name for n in ast.walk(tree) if isinstance(n, ast.Import) for a in n.names]',
      'names += [n.module for n in ast.walk(tree) if isinstance(n, ast.ImportFrom)]',
      'print(",".join(sorted(names)))',
    ].join('\n');
    const run = (...args: string[]) => promisify(execFile)('python3', args, { cwd: folder });
    const { stdout } = await run('-c', walk, join(out, 'run_protocol.py'));
    expect(stdout.trim()).toBe('argparse,csv,datetime,hashlib,os,psychopy,struct,sys');
    const { stdout: said } = await run('-B', join(out, 'run_protocol.py'), '--check');
    // 2 blocks × (60 + 7 · 30) frames.
    expect(said).toContain('14 trials, 540 frames, 0.1 minutes at 60 Hz. The folder is complete.');
    await writeFile(join(out, 'images', 'blank.png'), 'not a picture at all, at all');
    await expect(run('-B', join(out, 'run_protocol.py'), '--check')).rejects.toThrow('not a PNG');
  });
});

describe.each([
  ['bundle', exportBundle],
  ['psychopy', exportPsychopy],
])('a %s exists whole or not at all', (_, exporter) => {
  it('leaves nothing behind when the disk is full', async () => {
    let drawn = 0;
    const full = async (stimulus: ProtocolStimulus, sizePx: number): Promise<Samples> => {
      if (++drawn > 2) throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' });
      return render(stimulus, sizePx);
    };
    await expect(exporter(options({ render: full }))).rejects.toMatchObject({
      code: 'disk-full',
      message: expect.stringContaining(`so ${join(folder, 'export')} was not written`) as string,
    });
    expect(await readdir(folder)).toEqual([]);
  });

  it('leaves nothing behind when it is cancelled or a stimulus cannot be drawn', async () => {
    const abort = new AbortController();
    const cancelling = options({ signal: abort.signal, onProgress: () => abort.abort() });
    await expect(exporter(cancelling)).rejects.toThrow('abort');
    await expect(
      exporter(options({ render: async () => ({ linear: new Float32Array(3), sizePx: 2 }) })),
    ).rejects.toThrow('3 pixels');
    expect(await readdir(folder)).toEqual([]);
  });

  it('keeps an earlier export when the next one fails, and replaces it when it succeeds', async () => {
    const first = await exporter(options());
    const failing = options({ render: () => Promise.reject(new Error('fault')) });
    await expect(exporter(failing)).rejects.toThrow('fault');
    expect(await filesBelow(first.folder)).toEqual(first.files.map((file) => file.path));
    const single = { ...protocol, name: 'Other' };
    await exporter(options({ protocol: single }));
    expect(JSON.parse(await text('manifest.json'))).toMatchObject({ name: 'Other' });
    expect(await readdir(folder)).toEqual(['export']);
  });

  it('refuses an earlier export that was changed or is of another format, and leaves both as they are', async () => {
    const { files } = await exporter(options());
    const other = exporter === exportBundle ? exportPsychopy : exportBundle;
    await expect(other(options())).rejects.toThrow('holds an earlier export of another format. It was left as it is');
    expect(await filesBelow(join(folder, 'export'))).toEqual(files.map((file) => file.path));
    await writeFile(join(folder, 'export', 'manifest.json'), `${await text('manifest.json')} `);
    await expect(exporter(options())).rejects.toThrow('holds manifest.json, which was changed after the export');
    const table = (files.find(({ path }) => path.endsWith('.csv')) as { path: string }).path;
    await exporter(options({ out: join(folder, 'second') }));
    await writeFile(join(folder, 'second', table), 'edited');
    await expect(exporter(options({ out: join(folder, 'second') }))).rejects.toThrow(`${table}, which was changed`);
  });

  it('refuses a folder with anything else in it', async () => {
    await mkdir(join(folder, 'export'));
    await exporter(options());
    await mkdir(join(folder, 'export', 'data'));
    await writeFile(join(folder, 'export', 'data', 'recorded.csv'), 'precious');
    await expect(exporter(options())).rejects.toThrow('holds data/recorded.csv, which was added after the export');
    expect(await text('data/recorded.csv')).toBe('precious');
    await mkdir(join(folder, 'other'));
    await writeFile(join(folder, 'other', 'notes.txt'), 'mine');
    await expect(exporter(options({ out: join(folder, 'other') }))).rejects.toMatchObject({ code: 'conflict' });
    await writeFile(join(folder, 'file'), 'mine');
    await expect(exporter(options({ out: join(folder, 'file') }))).rejects.toThrow('is a file');
  });
});
