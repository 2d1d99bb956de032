/** Clips, behaviour and state against the closed form of a twin of a few bytes; see testing/clipTwin.ts. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { encodeGreyPicture, framesOf, pictureFloats, pictureShape } from '../inputAdapter.ts';
import { adaptedState, clip, clipManifest, clipModel, clipResponses } from '../testing/clipTwin.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';
import { checkTwinGradient } from './gradientCheck.ts';
import { openTwinSession, type SessionSettings, type TwinLocation, type TwinSession } from './twinSession.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-clip-'));
const modelFile = path.join(folder, 'model.onnx');
const location: TwinLocation = {
  id: 'clip-twin',
  version: '1.0.0',
  sha256: 'clip',
  modelFile,
  manifest: { ...clipManifest(), files: {} },
};
const settings: SessionSettings = { device: 'cpu', batchSize: 3, threads: 1 };
let session: TwinSession;

beforeAll(async () => {
  writeFileSync(modelFile, clipModel());
  session = await openTwinSession(location, settings);
});
afterAll(async () => {
  await session.release();
  rmSync(folder, { recursive: true, force: true });
});

const { frames, sizePx } = clip;
const pixels = sizePx * sizePx;
const lights = [
  [0.1, 0.9, 0.4, 0.6],
  [0, 1, 0, 0.25],
];
/** Frames of one light each. */
const images = Float32Array.from(
  { length: 2 * frames * pixels },
  (_, at) => lights.flat()[Math.floor(at / pixels)] as number,
);
const expected = (given: { running: number; pupil: number }): number[] =>
  lights.flatMap((clipLights) => clipResponses(clipLights, { state: adaptedState, ...given }).responses);

function near(actual: Float32Array, values: readonly number[]): void {
  expect(actual).toHaveLength(values.length);
  for (const [at, value] of values.entries()) expect(actual[at]).toBeCloseTo(value, 5);
}

test('a response is the mean over the window, with usual behaviour, after a clip of the background', async () => {
  expect(session.field).toMatchObject({ frames, frameRateHz: clip.frameRateHz });
  near(await session.responses(images, 2), expected({ running: 0, pupil: 1 }));
});

test('behaviour that is asked for is fed, and the state adapts under it', async () => {
  const running = await openTwinSession(location, { ...settings, behaviour: { running_cm_per_s: 20 } });
  near(await running.responses(images, 2), expected({ running: 20, pupil: 1 }));
  await running.release();
  await expect(openTwinSession(location, { ...settings, behaviour: { licking: 1 } })).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/no behaviour "licking".*It takes running_cm_per_s, pupil/) as string,
  });
});

test('a stimulus has no memory of the one before it', async () => {
  const first = await session.responses(images, 2);
  await session.responses(new Float32Array(images.length).fill(1), 2);
  expect(await session.responses(images, 2)).toEqual(first);
});

test('outputs come with all bins, for inputs that golden checks give', async () => {
  const others = { behaviour: new Float32Array(2 * frames).fill(2), state: Float32Array.of(-1) };
  const [area] = await session.outputs(images, 1, others);
  const { overTime } = clipResponses(lights[0] as number[], { state: -1, running: 2, pupil: 2 });
  expect(area).toMatchObject({ area: 'V1' });
  near(area?.data as Float32Array, overTime.flat());
});

test('the gradient is that of the responses, frame by frame', async () => {
  const { responses, gradient } = await session.gradient(images, 2, Float32Array.of(1, 0, 0, 1));
  expect(responses).toEqual(await session.responses(images, 2));
  const { from, to } = clip.window;
  for (let frame = 0; frame < frames; frame++) {
    // Of the first clip, the mean of h over the window; of the second, the mean of m.
    let remembered = 0;
    for (let bin = Math.max(from, frame); bin < to; bin++) remembered += 0.5 ** (bin - frame);
    const wanted = [remembered / (to - from) / pixels, (frame >= from && frame < to ? 1 / (to - from) : 0) / pixels];
    for (const [at, value] of wanted.entries()) {
      const first = (at * frames + frame) * pixels;
      for (let pixel = 0; pixel < pixels; pixel++) expect(gradient[first + pixel]).toBeCloseTo(value, 6);
    }
  }
  expect(gradient).toHaveLength(images.length);
  const check = await checkTwinGradient(session, { signal: new AbortController().signal, progress: () => undefined });
  expect(check.verdict).toBe('verified');
});

test.each([
  ['time behind channels', false, false, [2, 3, 4, 2, 2]],
  ['time before channels', true, false, [2, 4, 3, 2, 2]],
  ['channels last', true, true, [2, 4, 2, 2, 3]],
])('%s: every frame stands where the axes say', (_, beforeChannels, channelsLast, shape) => {
  const clipFormat = { frames: 4, frameRateHz: 8, beforeChannels };
  const format = {
    ...session.format,
    sizePx: 2,
    channels: 3 as const,
    channelsLast,
    scale: [1, 10, 100],
    shift: [0, 0, 0],
    clip: clipFormat,
  };
  expect(pictureShape(format, 2)).toEqual(shape);
  expect(framesOf(format)).toBe(4);
  const strides = shape.map((_size, axis) => shape.slice(axis + 1).reduce((product, size) => product * size, 1));
  const still = new Float32Array(pictureFloats(format));
  encodeGreyPicture(format, Float32Array.of(1, 2, 3, 4), still);
  const moving = new Float32Array(pictureFloats(format));
  for (let frame = 0; frame < 4; frame++) {
    encodeGreyPicture(
      format,
      Float32Array.from([1, 2, 3, 4], (light) => light * 2 ** frame),
      moving,
      frame,
    );
  }
  const [timeAxis, channelAxis, rowAxis] = channelsLast ? [1, 4, 2] : beforeChannels ? [1, 2, 3] : [2, 1, 3];
  for (let frame = 0; frame < 4; frame++) {
    for (let channel = 0; channel < 3; channel++) {
      for (let pixel = 0; pixel < 4; pixel++) {
        const at =
          frame * (strides[timeAxis] as number) +
          channel * (strides[channelAxis] as number) +
          Math.floor(pixel / 2) * (strides[rowAxis] as number) +
          (pixel % 2) * (strides[rowAxis + 1] as number);
        expect(still[at]).toBe((pixel + 1) * 10 ** channel);
        expect(moving[at]).toBe((pixel + 1) * 10 ** channel * 2 ** frame);
      }
    }
  }
});

test('another window of time takes the whole bins within it, in responses and in their gradient', async () => {
  // Bins of 125 ms: 260 to 500 ms holds the last one whole, and only a part of the one before.
  for (const [window, bins] of [
    [{ fromMs: 250, toMs: 500 }, [2, 3]],
    [{ fromMs: 260, toMs: 500 }, [3]],
    [{ fromMs: 0, toMs: 130 }, [0]],
  ] as const) {
    const windowed = await openTwinSession(location, { ...settings, window });
    const values = lights.flatMap((clipLights) =>
      clipResponses(clipLights, { state: adaptedState, running: 0, pupil: 1 }).overTime.map(
        (overTime) =>
          (bins as readonly number[]).reduce((sum, bin) => sum + (overTime[bin] as number), 0) / bins.length,
      ),
    );
    near(await windowed.responses(images, 2), values);
    // The second unit answers to the light of the bin itself: 1 ÷ bins of it to each pixel of a frame's mean.
    const { gradient } = await windowed.gradient(images, 1, Float32Array.of(0, 1));
    for (let frame = 0; frame < frames; frame++) {
      const share = (bins as readonly number[]).includes(frame) ? 1 / (bins.length * pixels) : 0;
      expect(gradient[frame * pixels]).toBeCloseTo(share, 6);
    }
    await windowed.release();
  }
});

test('windows that a clip does not have are refused with what it has', async () => {
  for (const [window, words] of [
    [
      { fromMs: 0, toMs: 501 },
      /window 0 to 501 ms cannot be used for V1 of Clip twin: .* within the 500 ms of the clip/,
    ],
    [{ fromMs: 300, toMs: 300 }, /must begin before it ends/],
    [{ fromMs: 130, toMs: 240 }, /no time bin of 125 ms lies whole within it/],
  ] as const) {
    const refused = { code: 'bad-input', message: expect.stringMatching(words) as string };
    await expect(openTwinSession(location, { ...settings, window })).rejects.toMatchObject(refused);
  }
  const still = { ...location, manifest: { ...smallManifest(), files: {} } };
  await expect(openTwinSession(still, { ...settings, window: { fromMs: 0, toMs: 100 } })).rejects.toMatchObject({
    code: 'bad-input',
    message: expect.stringMatching(/V1 of Small twin: its responses have no time\./) as string,
  });
});

test('one session answers under several behaviours, each with the state that its own background leaves', async () => {
  const running = session.under({ running_cm_per_s: 20 });
  const wide = session.under({ pupil: 3 });
  near(await running.responses(images, 2), expected({ running: 20, pupil: 1 }));
  near(await wide.responses(images, 2), expected({ running: 0, pupil: 3 }));
  near(await session.responses(images, 2), expected({ running: 0, pupil: 1 }));
  const slope = async (of: TwinSession): Promise<number> =>
    (await of.gradient(images, 1, Float32Array.of(1, 0))).gradient[0] as number;
  // The first unit's gain is 1 + running ÷ 10.
  expect((await slope(running)) / (await slope(session))).toBeCloseTo(3, 5);
  expect(() => session.under({ licking: 1 })).toThrow(/no behaviour "licking"/);
});
