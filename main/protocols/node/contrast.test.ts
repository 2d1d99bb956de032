/** What a display shows of found stimuli, measured on the exported files by code that shares nothing with the exporter. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { stimulusSource, type ExpandedProtocol, type ProtocolStimulus } from '../../contract/results.ts';
import { Random } from '../../platform/random.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import { parseCsv } from '../csv.ts';
import { expandProtocol } from '../expand.ts';
import { exportManifest } from '../manifest.ts';
import { input, plan } from '../testing/protocols.ts';
import { exportBundle } from './exportBundle.ts';
import type { ExportCheck } from './exportFolder.ts';
import { exportPsychopy } from './exportPsychopy.ts';
import type { ExportOptions } from './pictures.ts';

const sizePx = 224;
const fieldDeg = 8;
const radiusDeg = 3;
/** Full field of background but for a disc of 6°, in which a picture of zero mean has an RMS contrast of .15. */
function found(pattern: (xDeg: number, yDeg: number) => number): Float32Array {
  const values = new Float64Array(sizePx * sizePx);
  const inside: number[] = [];
  for (let at = 0; at < values.length; at++) {
    const x = ((at % sizePx) + 0.5 - sizePx / 2) * (fieldDeg / sizePx);
    const y = (sizePx / 2 - Math.floor(at / sizePx) - 0.5) * (fieldDeg / sizePx);
    if (Math.hypot(x, y) <= radiusDeg + 0.25) values[at] = pattern(x, y);
    if (Math.hypot(x, y) <= radiusDeg) inside.push(at);
  }
  const mean = inside.reduce((sum, at) => sum + (values[at] as number), 0) / inside.length;
  const rms = Math.sqrt(inside.reduce((sum, at) => sum + ((values[at] as number) - mean) ** 2, 0) / inside.length);
  return Float32Array.from(values, (value) => (value === 0 ? 0.5 : 0.5 + (0.075 * (value - mean)) / rms));
}

const bars = (cpd: number) => (x: number, y: number) =>
  Math.cos(2 * Math.PI * cpd * (-x * Math.sin(0.6) + y * Math.cos(0.6)) + 1);
const random = Random.fromSeed(1, 'contrast test');
const pictures: Record<string, Float32Array> = {
  'bars of 3 cpd': found(bars(3)),
  'bars of 6 cpd': found(bars(6)),
  'bars of 8 cpd': found(bars(8)),
  'upright bars of 8 cpd': found((x) => Math.cos(2 * Math.PI * 8 * x)),
  'white noise': found(() => random.normal()),
};
const names = Object.keys(pictures);
const hashOf = (index: number): string => String(index).padStart(64, '0');

/** What a search would state: .15 within the disc, whatever the stimulus. */
const source = stimulusSource.parse({
  type: 'search',
  searchId: 'search-1',
  searchName: 'Test',
  searchContentSha256: hashOf(7),
  role: { kind: 'candidate', rank: 1, start: 0 },
  objective: 3,
  constraints: {
    meanLuminance: 0.5,
    contrastRms: 0.15,
    range: [0, 1],
    aperture: { xDeg: 0, yDeg: 0, diameterDeg: 2 * radiusDeg, edgeDeg: 0 },
  },
  aperture: { xDeg: 0, yDeg: 0, diameterDeg: 2 * radiusDeg, edgeDeg: 0 },
  provenance: {
    planSha256: hashOf(8),
    twin: { id: 'twin', version: '1.0.0', sha256: hashOf(9) },
    stimuliSha256: null,
    sets: {},
    seeds: [1],
    device: 'cpu',
    batchSize: 16,
    threads: 2,
    versions: { twinscope: '0.1.0' },
  },
});

const protocolFor = (display: Record<string, unknown>): ExpandedProtocol =>
  expandProtocol({
    plan: plan({ display }),
    stimuli: names.map((name, index) => ({
      ...input(name, name, { type: 'raster', arraySha256: hashOf(index), sizeDeg: fieldDeg }),
      source,
    })),
  });
const protocol = protocolFor({});
const linearOf = ({ index }: Pick<ProtocolStimulus, 'index'>): Float32Array =>
  pictures[names[index] as string] as Float32Array;

let folder: string;
let checks: ExportCheck[];
const options = (out: string, shownProtocol = protocol): ExportOptions => ({
  protocol: shownProtocol,
  rasterPx: 448,
  out: join(folder, out),
  provenance: {},
  render: async (stimulus) => ({ linear: linearOf(stimulus), sizePx }),
});
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinscope-contrast-'));
  ({ checks } = await exportBundle(options('bundle')));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Mean and RMS contrast of the light that a picture file has within the disc on the planned display. */
async function shown(name: string): Promise<{ mean: number; rms: number }> {
  const { data, info } = await sharp(join(folder, 'bundle', 'png', `${name}.png`))
    .toColourspace('b-w')
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { gamma, minLuminanceCdM2: black, maxLuminanceCdM2: white, widthCm, widthPx, distanceCm } = protocol.display;
  const deg = (offsetPx: number): number => (Math.atan((offsetPx * widthCm) / widthPx / distanceCm) * 180) / Math.PI;
  const light: number[] = [];
  for (let row = 0; row < info.height; row++) {
    for (let column = 0; column < info.width; column++) {
      const x = deg(column + 0.5 - info.width / 2);
      const y = deg(row + 0.5 - info.height / 2);
      if (Math.hypot(x, y) > radiusDeg) continue;
      light.push(black + (white - black) * ((data[row * info.width + column] as number) / 255) ** gamma);
    }
  }
  const mean = light.reduce((sum, value) => sum + value, 0) / light.length;
  const variance = light.reduce((sum, value) => sum + (value - mean) ** 2, 0) / light.length;
  return { mean, rms: Math.sqrt(variance) / mean };
}

describe('a found stimulus on the default display', () => {
  it.each([0, 1, 2, 3])('keeps its mean and RMS contrast within 1 % (stimulus %i)', async (index) => {
    const { mean, rms } = await shown(protocol.stimuli[index]!.name);
    expect(Math.abs(rms / 0.15 - 1)).toBeLessThan(0.01);
    expect(Math.abs(mean / 50.25 - 1)).toBeLessThan(0.005);
  });

  it('keeps the contrast of white noise, which fills its raster up to the last frequency, within 2 %', async () => {
    const { rms } = await shown(protocol.stimuli[4]!.name);
    expect(Math.abs(rms / 0.15 - 1)).toBeLessThan(0.02);
  });

  it('is written as it was found', async () => {
    for (const stimulus of protocol.stimuli) {
      const array = decodeNpy(await readFile(join(folder, 'bundle', 'npy', `${stimulus.name}.npy`)));
      expect(array.shape).toEqual([sizePx, sizePx]);
      expect(array.data).toEqual(linearOf(stimulus));
    }
  });

  it('is measured in the manifest of both formats and in the table as it is measured here', async () => {
    await exportPsychopy(options('psychopy'));
    const { rows } = parseCsv(await readFile(join(folder, 'bundle', 'stimuli.csv'), 'utf8'));
    for (const format of ['bundle', 'psychopy']) {
      const manifest = exportManifest.parse(JSON.parse(await readFile(join(folder, format, 'manifest.json'), 'utf8')));
      for (const { index, name, measured, clippedFraction } of manifest.stimuli) {
        const { mean, rms } = await shown(name);
        expect(measured.asked).toEqual({ meanLuminance: 0.5, contrastRms: 0.15 });
        expect(measured.source.contrastRms).toBeCloseTo(0.15, 3);
        expect(measured.encoded.contrastRms / rms).toBeCloseTo(1, 3);
        // Linear .5 is the middle between black and white, 50.25 cd/m².
        expect(measured.encoded.meanLuminance / (mean / 100.5)).toBeCloseTo(1, 4);
        expect(measured.screen.contrastRms / rms).toBeCloseTo(1, 2);
        expect(clippedFraction).toBe(0);
        expect(Number(rows[index]!['encoded_contrast_rms'])).toBeCloseTo(measured.encoded.contrastRms, 6);
        expect(Number(rows[index]!['asked_mean_luminance'])).toBe(0.5);
      }
    }
  });

  it('passes the check of its contrast, and fails it on a display that is too coarse', async () => {
    expect(checks.filter(({ passed }) => !passed)).toEqual([]);
    expect(checks.at(-1)!.text).toMatch(
      /RMS contrast of the 5 search stimuli differs by at most 1\.\d\d % .*white_noise/,
    );
    // 12 px per degree: nothing above 6 cpd can be shown.
    const coarse = await exportPsychopy(options('coarse', protocolFor({ widthPx: 640, heightPx: 360 })));
    expect(coarse.checks.filter(({ passed }) => !passed)).toHaveLength(1);
    expect(coarse.checks.at(-1)!.text).toMatch(
      /contrast of s00[345]\S* is \d\d\.\d\d % below what was found.*too few pixels/,
    );
    const dim = await exportPsychopy(options('dim', protocolFor({ minLuminanceCdM2: 45, maxLuminanceCdM2: 55 })));
    expect(dim.checks.at(-1)!.text).toMatch(/% below what was found.*clips \d+ % of its pixels/);
  });
});
