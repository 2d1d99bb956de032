/** What a display shows of found stimuli, measured on the exported files by code that shares nothing with the exporter. */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import sharp from 'sharp';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ProtocolStimulus } from '../../contract/results.ts';
import { Random } from '../../platform/random.ts';
import { decodeNpy } from '../../stimuli/npy.ts';
import { expandProtocol } from '../expand.ts';
import { input, plan } from '../testing/protocols.ts';
import { exportBundle } from './exportBundle.ts';

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

const protocol = expandProtocol({
  plan: plan(),
  stimuli: names.map((name, index) =>
    input(name, name, { type: 'raster', arraySha256: hashOf(index), sizeDeg: fieldDeg }),
  ),
});
const linearOf = ({ index }: Pick<ProtocolStimulus, 'index'>): Float32Array =>
  pictures[names[index] as string] as Float32Array;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'twinscope-contrast-'));
  await exportBundle({
    protocol,
    rasterPx: 448,
    out: join(folder, 'bundle'),
    provenance: {},
    render: async (stimulus) => ({ linear: linearOf(stimulus), sizePx }),
  });
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
});
