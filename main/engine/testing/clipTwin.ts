/**
 * A twin of a few bytes that sees clips of four frames of 4 × 4 pixels, is told running speed and pupil diameter, and
 * remembers: with m_t the mean light of frame t, h_t = h_{t−1} ÷ 2 + m_t, its two units over time are
 * h_t · (1 + running_t ÷ 10) and m_t + pupil_t. The responses are means of the last three bins.
 */
import type { TwinDraft, TwinManifest } from '../../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';

export const clip = { frames: 4, sizePx: 4, frameRateHz: 8, window: { from: 1, to: 4 } } as const;
const { frames, sizePx } = clip;

const axis = (name: string, size: number | null) => ({ name, size });
const batch = axis('batch', null);

export function clipManifest(): Omit<TwinManifest, 'files'> {
  const manifest = smallManifest();
  return {
    ...manifest,
    id: 'clip-twin',
    title: 'Clip twin',
    inputs: [
      ...manifest.inputs.map((input) => ({
        ...input,
        frameRateHz: clip.frameRateHz,
        axes: [batch, axis('channel', 1), axis('time', frames), axis('height', sizePx), axis('width', sizePx)],
      })),
      {
        tensor: 'behaviour',
        role: 'behaviour',
        dtype: 'float32',
        axes: [batch, axis('channel', 2), axis('time', frames)],
        channels: [
          { name: 'running_cm_per_s', units: 'cm/s', default: 0 },
          { name: 'pupil', units: '', default: 1 },
        ],
      },
      { tensor: 'state', role: 'state', dtype: 'float32', axes: [batch, axis('memory', 1)], from: 'state_after' },
    ],
    outputs: [
      { tensor: 'y', area: 'V1', axes: [batch, axis('unit', 2), axis('time', frames)], window: { ...clip.window } },
    ],
  };
}

export function clipModel(): Uint8Array {
  const builder = new GraphBuilder({ name: 'clip' });
  const x = builder.input('x', 'float32', ['batch', 1, frames, sizePx, sizePx]);
  const behaviour = builder.input('behaviour', 'float32', ['batch', 2, frames]);
  const state = builder.input('state', 'float32', ['batch', 1]);
  const ints = (name: string, values: number[]): string =>
    builder.constant(name, 'int64', [values.length], values.map(BigInt));
  const light = builder.node('ReduceMean', [x, ints('picture', [1, 3, 4])], { keepdims: 0 });
  const memory = Array.from({ length: frames * frames }, (_, at) => {
    const [from, to] = [Math.floor(at / frames), at % frames];
    return to < from ? 0 : 0.5 ** (to - from);
  });
  const remembered = builder.node('Add', [
    builder.node('MatMul', [light, builder.constant('memory', 'float32', [frames, frames], memory)]),
    builder.node('MatMul', [
      state,
      builder.constant(
        'fading',
        'float32',
        [1, frames],
        Array.from({ length: frames }, (_, t) => 0.5 ** (t + 1)),
      ),
    ]),
  ]);
  const channel = (index: number): string =>
    builder.node('Gather', [behaviour, builder.constant(`channel${index}`, 'int64', [], [BigInt(index)])], { axis: 1 });
  const gain = builder.node('Add', [
    builder.node('Mul', [channel(0), builder.constant('tenth', 'float32', [], [0.1])]),
    builder.constant('one', 'float32', [], [1]),
  ]);
  const units = [builder.node('Mul', [remembered, gain]), builder.node('Add', [light, channel(1)])];
  const rows = units.map((unit, at) => builder.node('Unsqueeze', [unit, ints(`row${at}`, [1])]));
  builder.node('Concat', rows, { axis: 1 }, 'y');
  builder.node(
    'Slice',
    [remembered, ints('last', [frames - 1]), ints('end', [frames]), ints('axis', [1])],
    {},
    'state_after',
  );
  builder.output('y', 'float32', ['batch', 2, frames]);
  builder.output('state_after', 'float32', ['batch', 1]);
  return writeGraph(builder.build());
}

/** What the graph says of clips whose frames have these mean lights: the two units over time, in float64. */
export function clipResponses(
  lights: readonly number[],
  { state, running, pupil }: { state: number; running: number; pupil: number },
): { overTime: [number[], number[]]; responses: [number, number] } {
  const overTime: [number[], number[]] = [[], []];
  let remembered = state;
  for (const light of lights) {
    remembered = remembered / 2 + light;
    overTime[0].push(remembered * (1 + running / 10));
    overTime[1].push(light + pupil);
  }
  const { from, to } = clip.window;
  const mean = (values: number[]): number =>
    values.slice(from, to).reduce((sum, value) => sum + value, 0) / (to - from);
  return { overTime, responses: [mean(overTime[0]), mean(overTime[1])] };
}

/** The state that a clip of the background, half the display's white, leaves from zero. */
export const adaptedState = 0.5 * (1 + 0.5 + 0.25 + 0.125);

export function clipDraft(): TwinDraft {
  const lights = [0.25, 0.5, 0.75, 1];
  const given = { state: 2, running: 5, pupil: 3 };
  const pixels = sizePx * sizePx;
  const x = Float32Array.from({ length: frames * pixels }, (_, at) => lights[Math.floor(at / pixels)] as number);
  const behaviour = Float32Array.from({ length: 2 * frames }, (_, at) => (at < frames ? given.running : given.pupil));
  const { overTime } = clipResponses(lights, given);
  return {
    manifest: clipManifest(),
    model: clipModel(),
    units: [0, 1].map((index) => ({
      unit: `u${index}`,
      area: 'V1',
      index,
      xDeg: 0,
      yDeg: 0,
      sizeDeg: 1,
      extra: {},
    })),
    checks: {
      inputs: {
        x: { shape: [1, 1, frames, sizePx, sizePx], data: x },
        behaviour: { shape: [1, 2, frames], data: behaviour },
        state: { shape: [1, 1], data: Float32Array.of(given.state) },
      },
      outputs: { y: { shape: [1, 2, frames], data: Float32Array.from(overTime.flat()), tolerance: 1e-5 } },
    },
  };
}
