/** Moving stimuli as the workbench gets them: items with a clip, and the frames behind its address. */
import sharp from 'sharp';
import { expect, test } from 'vitest';
import { clipStrip, stimulusItem } from '../contract/results.ts';
import { stimulusDesign, type StimulusSpec } from '../contract/stimuli.ts';
import { thumbnailDegOf } from '../contract/thumbnails.ts';
import { newProject } from '../projects/testing/fixtures.ts';
import { decodeGrey, encodeGrey } from '../stimuli/encode.ts';
import { specAt } from '../stimuli/design.ts';
import { renderSpec } from '../stimuli/render.ts';
import { createClipDrawer } from './clipDrawer.ts';
import { createResources } from './resources.ts';
import type { Services } from './services.ts';
import { createStimulusService, itemAt, specOfThumbnail, stageField } from './stimulusService.ts';

const design = stimulusDesign.parse({
  type: 'drifting-gratings',
  factors: { directionDeg: [30], spatialFrequencyCpd: [1], temporalFrequencyHz: [0, 3] },
});

test('only what moves has a clip, and its address answers with every frame', async () => {
  const project = await newProject();
  const services = { current: () => ({ project }) } as unknown as Services;
  const resource = createResources(services);
  const [still, moving, blank] = [0, 1, 2].map((index) => itemAt(design, index));
  expect([still?.clip, blank?.clip]).toEqual([null, null]);
  expect(stimulusItem.parse(moving)).toEqual(moving);
  const response = await resource(new Request(`http://localhost${moving?.clip ?? ''}`));
  expect([response.status, response.headers.get('content-type')]).toEqual([200, 'image/png']);
  const { data, info } = await sharp(await response.arrayBuffer())
    .raw()
    .toBuffer({ resolveWithObject: true });
  const { sizePx, frames, frameRateHz } = clipStrip;
  expect([info.width, info.height]).toEqual([sizePx, frames * sizePx]);
  const grey = Uint8Array.from(data.filter((_, at) => at % info.channels === 0));
  for (const frame of [0, 1, 17, frames - 1]) {
    const field = { ...stageField, sizePx };
    const drawn = renderSpec(specAt(design, 1), field, {}, undefined, frame / frameRateHz);
    const codes = grey.subarray(frame * sizePx * sizePx, (frame + 1) * sizePx * sizePx);
    expect(codes, `frame ${frame}`).toEqual(Uint8Array.from(encodeGrey(drawn, { srgb: true })));
  }
});

test('clips are drawn one after the other, and not for those who have left', async () => {
  const times: string[] = [];
  const render = (spec: StimulusSpec, timeS = 0) => {
    times.push(`${spec.type} ${timeS.toFixed(3)}`);
    return Promise.resolve(new Float32Array(clipStrip.sizePx ** 2));
  };
  const draw = createClipDrawer({ render });
  const leaving = new AbortController();
  const [first, second] = [draw({ type: 'tsr1v', index: 0 }), draw({ type: 'blank' }, leaving.signal)];
  const third = draw(specAt(design, 1));
  leaving.abort(new Error('gone'));
  await expect(second).rejects.toThrow('gone');
  await Promise.all([first, third]);
  const expected = ['tsr1v', 'drifting-grating'].flatMap((type) =>
    Array.from({ length: clipStrip.frames }, (_, frame) => `${type} ${(frame / clipStrip.frameRateHz).toFixed(3)}`),
  );
  expect(times).toEqual(expected);
});

test('a request that is gone is answered with nothing and logged as no fault', async () => {
  const project = await newProject();
  const resource = createResources({ current: () => ({ project }) } as unknown as Services);
  const gone = AbortSignal.abort();
  const address = `http://localhost${itemAt(design, 1).clip ?? ''}`;
  expect((await resource(new Request(address, { signal: gone }))).status).toBe(499);
});

test('the thumbnail and the inspection show the start', async () => {
  const stimuli = createStimulusService(await newProject());
  const item = itemAt(design, 1);
  const { data, info } = await sharp(await stimuli.thumbnail(JSON.stringify(item.spec)))
    .raw()
    .toBuffer({ resolveWithObject: true });
  const shown = decodeGrey(Uint8Array.from(data.filter((_, at) => at % info.channels === 0)), { srgb: true });
  const start = renderSpec(item.spec, stageField);
  const worst = shown.reduce((most, value, at) => Math.max(most, Math.abs(value - (start[at] as number))), 0);
  expect(worst).toBeLessThan(0.005);
  expect((await stimuli.inspect(design, 1)).item).toEqual(item);
});

const rasterOf = async (png: Uint8Array): Promise<{ sizePx: number; values: Float32Array }> => {
  const { data, info } = await sharp(png).raw().toBuffer({ resolveWithObject: true });
  const grey = Uint8Array.from(data.filter((_, at) => at % info.channels === 0));
  return { sizePx: info.width, values: decodeGrey(grey, { srgb: true }) };
};

test('what a twin of 80° sees is shown whole, and not the 8° in its middle', async () => {
  const project = await newProject();
  const resource = createResources({ current: () => ({ project }) } as unknown as Services);
  const large = stimulusDesign.parse({
    type: 'drifting-gratings',
    factors: { directionDeg: [0], spatialFrequencyCpd: [0.05], temporalFrequencyHz: [2], diameterDeg: [60] },
  });
  const item = itemAt(large, 0);
  expect(thumbnailDegOf(item.thumbnail)).toBe(64);
  expect(thumbnailDegOf(item.clip ?? '')).toBe(64);
  const answer = await resource(new Request(`http://localhost${item.thumbnail}`));
  const { sizePx, values } = await rasterOf(new Uint8Array(await answer.arrayBuffer()));
  // A bright bar every 20°, 0.05 cpd: along the middle row the first pixel is background, and there are three periods.
  const row = Array.from(values.subarray((sizePx / 2) * sizePx, (sizePx / 2 + 1) * sizePx));
  const rises = row.filter((value, at) => at > 0 && value > 0.5 && (row[at - 1] as number) <= 0.5 - 1e-3).length;
  expect(row[0]).toBeCloseTo(0.5, 2);
  expect(rises).toBeGreaterThanOrEqual(2);
  expect(rises).toBeLessThanOrEqual(4);
  // The same description at 8° is another picture, and neither is taken for the other.
  const near = await rasterOf(await createStimulusService(project).thumbnail(JSON.stringify(item.spec)));
  expect(near.values).not.toEqual(values);
  const again = await resource(new Request(`http://localhost${item.thumbnail}`));
  expect((await rasterOf(new Uint8Array(await again.arrayBuffer()))).values).toEqual(values);
});

test('the address of a picture tells its stimulus', () => {
  for (const index of [0, 1, 2]) {
    const { thumbnail, spec } = itemAt(design, index);
    expect(specOfThumbnail(thumbnail)).toEqual(spec);
    expect(specOfThumbnail(`${thumbnail}&deg=80`)).toEqual(spec);
  }
  for (const other of ['/a.png', '/a.png?spec=%7B', '/a.png?spec=%7B%22type%22%3A%22later%22%7D']) {
    expect(specOfThumbnail(other)).toBeNull();
  }
});
