/**
 * The twin as an ONNX graph, unrolled over the frames of a clip.
 *
 * The picture's shift by the eye is a product with two matrices of tent functions: bilinear interpolation. A Gabor is the
 * product of a profile along x and one along y, so the bank is two matrix products instead of large convolutions.
 * Its carriers are taken off (every place of the grid has the phase of the field's middle), so that a coarse grid holds them.
 */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import type { Bank } from './bank.ts';
import {
  background,
  behaviourChannels,
  gridSize,
  halfRunningCmPerS,
  modulationChannels,
  pupilRange,
  pxPerDeg,
  sizePx,
  type UnitParameters,
} from './parameters.ts';
import {
  alongX,
  alongY,
  integrators,
  intoChannels,
  places,
  pooled,
  positions,
  readouts,
  stateChannels,
  turned,
} from './weights.ts';

export const tensors = {
  stimulus: 'stimulus',
  behaviour: 'behaviour',
  state: 'state',
  responses: 'responses',
  stateAfter: 'state_after',
} as const;

class Clip {
  readonly builder: GraphBuilder;
  readonly frames: number;

  constructor(builder: GraphBuilder, frames: number) {
    this.builder = builder;
    this.frames = frames;
  }

  float(name: string, shape: readonly number[], data: Float32Array<ArrayBuffer> | readonly number[]): string {
    return this.builder.constant(name, 'float32', shape, data);
  }
  scalar(name: string, value: number): string {
    return this.float(name, [], [value]);
  }
  ints(name: string, values: readonly number[]): string {
    return this.builder.constant(name, 'int64', [values.length], values.map(BigInt));
  }
  node(
    op: string,
    inputs: readonly string[],
    output: string,
    attributes: Record<string, number | number[]> = {},
  ): string {
    return this.builder.node(op, inputs, attributes, output);
  }
  /**
   * A value of `frames` frames along axis 1 cut into single ones, in steps: a shader of WebGPU is promised eight buffers,
   * and each piece takes one.
   */
  byFrame(value: string, frames: number, name: string): string[] {
    if (frames === 1) return [value];
    const most = 7;
    const each = frames <= most ? 1 : Math.ceil(frames / most);
    const sizes = Array.from({ length: Math.ceil(frames / each) }, (_, i) => Math.min(each, frames - i * each));
    const names = sizes.map((_, i) => `${name}_${i}`);
    const inputs = [value, this.ints(`${name}_sizes`, sizes)];
    const parts = this.builder.nodes('Split', inputs, { axis: 1 }, names);
    return parts.flatMap((part, i) => this.byFrame(part, sizes[i] as number, names[i] as string));
  }
  reshape(value: string, shape: readonly number[], output: string): string {
    return this.node('Reshape', [value, this.ints(`${output}_shape`, shape)], output);
  }
}

/** [batch, frame, row, column]: contrast as the eye sees it, background beyond the picture. */
function perspective(clip: Clip, stimulus: string, eyeX: string, eyeY: string): string {
  const { frames } = clip;
  const difference = clip.node('Sub', [stimulus, clip.scalar('background', background)], 'difference');
  const contrast = clip.node('Mul', [difference, clip.scalar('per_background', 1 / background)], 'contrast');
  const picture = clip.reshape(contrast, [-1, frames, sizePx, sizePx], 'picture');
  const offsets = new Float32Array(sizePx * sizePx);
  for (let i = 0; i < offsets.length; i++) offsets[i] = Math.floor(i / sizePx) - (i % sizePx);
  const from = clip.float('pixel_offsets', [1, 1, sizePx, sizePx], offsets);
  const one = clip.scalar('one', 1);
  /** max(0, 1 − |row − column − shift|) */
  const tents = (eye: string, pixelsPerDeg: number, axis: string) => {
    const px = clip.node('Mul', [eye, clip.scalar(`${axis}_px_per_deg`, pixelsPerDeg)], `${axis}_px`);
    const shift = clip.reshape(px, [-1, frames, 1, 1], `${axis}_shift`);
    const distance = clip.node('Abs', [clip.node('Sub', [from, shift], `${axis}_off`)], `${axis}_distance`);
    return clip.node('Relu', [clip.node('Sub', [one, distance], `${axis}_near`)], `${axis}_tents`);
  };
  // Column i of the retina shows column i + x of the picture, row i shows row i − y.
  const across = clip.node('MatMul', [picture, tents(eyeX, pxPerDeg, 'eye_x')], 'moved_across');
  return clip.node('MatMul', [tents(eyeY, pxPerDeg, 'eye_y'), across], 'retina');
}

/** [batch · frame, channel parts, place]: what feeds the recurrence. */
function feedforward(clip: Clip, retina: string, bank: Bank): string {
  const { filters } = bank;
  const n = filters.length;
  const x = clip.float('profiles_x', [sizePx, n * 2 * gridSize], alongX(filters));
  const rows = clip.reshape(clip.node('MatMul', [retina, x], 'rows'), [-1, sizePx, n, 2, gridSize], 'rows_split');
  const ordered = clip.node('Transpose', [rows], 'rows_ordered', { perm: [0, 2, 3, 1, 4] });
  const stacked = clip.reshape(ordered, [-1, n, 2 * sizePx, gridSize], 'rows_stacked');
  const y = clip.float('profiles_y', [n, 2 * gridSize, 2 * sizePx], alongY(filters));
  const filtered = clip.reshape(clip.node('MatMul', [y, stacked], 'fields'), [-1, 2 * n, places], 'filtered');
  const into = clip.float('into_channels', [2 * bank.channels.length, 2 * n], intoChannels(bank));
  return clip.node('MatMul', [into, filtered], 'drive');
}

/** Runs the recurrence; gives the core after every frame, each [batch, channel parts, place]. */
function recurrence(clip: Clip, drive: string, start: string, bank: Bank): string[] {
  const { channels } = bank;
  const parts = 2 * channels.length;
  const twice = (of: (channel: Bank['channels'][number]) => number) => [...channels, ...channels].map(of);
  const turn = clip.float('turn', [parts, parts], turned(bank));
  const weights = clip.float(
    'pool_weights',
    [1, parts],
    twice(({ poolWeight }) => poolWeight),
  );
  const spread = clip.float('pool_spread', [places, places], pooled());
  const one = clip.scalar('pool_at_rest', 1);
  const split = clip.reshape(drive, [-1, clip.frames, parts, places], 'drive_by_frame');
  const steps = clip.byFrame(split, clip.frames, 'drive');
  const squeezed = clip.ints('frame_axis', [1]);
  let core = start;
  return steps.map((step, t) => {
    const energy = clip.node('MatMul', [weights, clip.node('Mul', [core, core], `square_${t}`)], `energy_${t}`);
    const pool = clip.node('MatMul', [energy, spread], `pool_${t}`);
    const gate = clip.node('Add', [one, pool], `gate_${t}`);
    const fed = clip.node('Div', [clip.node('Squeeze', [step, squeezed], `input_${t}`), gate], `gated_${t}`);
    core = clip.node('Add', [clip.node('MatMul', [turn, core], `memory_${t}`), fed], `core_${t}`);
    return core;
  });
}

/** Running and pupil, low-passed: [batch, kind, frame]. */
function modulation(clip: Clip, running: string, pupil: string, before: string): string {
  const { frames } = clip;
  const moving = clip.node('Relu', [running], 'moving');
  const half = clip.node('Add', [moving, clip.scalar('half_running', halfRunningCmPerS)], 'moving_and_half');
  const arousal = clip.node('Div', [moving, half], 'running_drive');
  const wider = clip.node('Sub', [pupil, clip.scalar('mean_pupil', 1)], 'pupil_change');
  const [least, most] = pupilRange.map((value, i) => clip.scalar(`pupil_${['least', 'most'][i]}`, value)) as [
    string,
    string,
  ];
  const width = clip.node('Clip', [wider, least, most], 'pupil_drive');
  const both = clip.node('Concat', [arousal, width], 'modulation_drive', { axis: 1 });
  const { matrix, kept } = integrators(frames);
  const column = clip.reshape(both, [-1, modulationChannels, frames, 1], 'modulation_columns');
  const integrated = clip.node(
    'MatMul',
    [clip.float('integrators', [modulationChannels, frames, frames], matrix), column],
    'integrated',
  );
  const now = clip.reshape(integrated, [-1, modulationChannels, frames], 'modulation_now');
  const remembered = clip.node(
    'Mul',
    [before, clip.float('modulation_kept', [modulationChannels, frames], kept)],
    'modulation_remembered',
  );
  return clip.node('Add', [now, remembered], 'modulation');
}

/** [batch, unit, frame] */
function readout(
  clip: Clip,
  cores: readonly string[],
  modulated: string,
  units: readonly UnitParameters[],
  bank: Bank,
) {
  const n = units.length;
  const perUnit = (name: string, of: (unit: UnitParameters) => number, shape: readonly number[] = [n]) =>
    clip.float(name, shape, units.map(of));
  const axis = clip.ints('readout_frame_axis', [1]);
  const all = clip.node(
    'Concat',
    cores.map((core, t) => clip.node('Unsqueeze', [core, axis], `core_at_${t}`)),
    'cores',
    { axis: 1 },
  );
  const { used, matrix } = positions(units);
  const near = clip.node('Gather', [all, clip.ints('used_places', used)], 'cores_near_units', { axis: 3 });
  const local = clip.node('MatMul', [near, clip.float('positions', [used.length, n], matrix)], 'at_units');
  const weights = readouts(units, bank);
  const channelAxis = clip.ints('channel_axis', [2]);
  const mixed = (name: 'drive' | 'quadrature') => {
    const mix = clip.float(`${name}_weights`, [2 * bank.channels.length, n], weights[name]);
    const product = clip.node('Mul', [local, mix], `${name}_parts`);
    return clip.node('ReduceSum', [product, channelAxis], `unit_${name}`, { keepdims: 0 });
  };
  const squared = (value: string, output: string) => clip.node('Mul', [value, value], output);
  const drive = mixed('drive');
  const half = squared(clip.node('Relu', [drive], 'unit_rectified'), 'half_squared');
  const energy = clip.node(
    'Add',
    [squared(drive, 'drive_squared'), squared(mixed('quadrature'), 'quadrature_squared')],
    'unit_energy',
  );
  const simple = clip.node('Mul', [half, perUnit('half_scale', (u) => u.scale * (1 - u.energyPart))], 'simple_part');
  const complex = clip.node('Mul', [energy, perUnit('energy_scale', (u) => u.scale * u.energyPart)], 'complex_part');
  const evoked = clip.node('Add', [simple, complex], 'evoked');
  const kinds = clip.builder.nodes('Split', [modulated, clip.ints('kind_sizes', [1, 1])], { axis: 1 }, [
    'running_state',
    'pupil_state',
  ]);
  const one = clip.scalar('unit_gain', 1);
  const gains = kinds.map((kind, i) => {
    const name = ['running', 'pupil'][i] as 'running' | 'pupil';
    const column = clip.reshape(kind, [-1, clip.frames, 1], `${name}_by_frame`);
    const slope = perUnit(`${name}_gains`, (u) => (name === 'running' ? u.runningGain : u.pupilGain));
    return clip.node('Add', [clip.node('Mul', [column, slope], `${name}_effect`), one], `${name}_gain`);
  });
  const gain = clip.node('Mul', gains, 'gain');
  const rate = clip.node('Mul', [evoked, gain], 'modulated');
  const whole = clip.node('Add', [rate, perUnit('spontaneous', (u) => u.spontaneous)], 'by_frame');
  return clip.node('Transpose', [whole], tensors.responses, { perm: [0, 2, 1] });
}

/**
 * Builds the forward graph of clips of `frames` frames.
 *
 * Inputs: stimulus [batch, 1, frames, 80, 80] luminance; behaviour [batch, 4, frames]; state [batch, channels, 16, 16].
 * Outputs: responses [batch, units, frames]; state_after, of the state's shape.
 */
export function buildGraph(units: readonly UnitParameters[], bank: Bank, frames: number): Graph {
  const builder = new GraphBuilder({ name: 'mouse_v1_dynamic' });
  const clip = new Clip(builder, frames);
  const parts = 2 * bank.channels.length;
  const stimulus = builder.input(tensors.stimulus, 'float32', ['batch', 1, frames, sizePx, sizePx]);
  const behaviour = builder.input(tensors.behaviour, 'float32', ['batch', behaviourChannels.length, frames]);
  const stateShape = ['batch', stateChannels(bank), gridSize, gridSize];
  const state = builder.input(tensors.state, 'float32', stateShape);
  const [eyeX, eyeY, running, pupil] = builder.nodes(
    'Split',
    [
      behaviour,
      clip.ints(
        'behaviour_sizes',
        behaviourChannels.map(() => 1),
      ),
    ],
    { axis: 1 },
    ['eye_x', 'eye_y', 'running', 'pupil'],
  ) as [string, string, string, string];
  const flat = clip.reshape(state, [-1, stateChannels(bank), places], 'state_places');
  const [start, maps] = builder.nodes(
    'Split',
    [flat, clip.ints('state_sizes', [parts, modulationChannels])],
    { axis: 1 },
    ['core_before', 'modulation_maps'],
  ) as [string, string];
  const before = clip.node('ReduceMean', [maps, clip.ints('place_axis', [2])], 'modulation_before', { keepdims: 1 });

  const retina = perspective(clip, stimulus, eyeX, eyeY);
  const cores = recurrence(clip, feedforward(clip, retina, bank), start, bank);
  const modulated = modulation(clip, running, pupil, before);
  readout(clip, cores, modulated, units, bank);

  // The modulation is the same everywhere: a map of one value for each kind.
  const last = clip.node(
    'Slice',
    [modulated, clip.ints('last_from', [-1]), clip.ints('last_to', [frames]), clip.ints('last_axis', [2])],
    'modulation_last',
  );
  const map = clip.node('Expand', [last, clip.ints('map_shape', [1, modulationChannels, places])], 'modulation_map');
  const after = clip.node('Concat', [cores.at(-1) as string, map], 'state_parts', { axis: 1 });
  clip.reshape(after, [-1, stateChannels(bank), gridSize, gridSize], tensors.stateAfter);
  builder.output(tensors.responses, 'float32', ['batch', units.length, frames]);
  builder.output(tensors.stateAfter, 'float32', stateShape);
  builder.metadata('twinscope_px_per_degree', String(pxPerDeg));
  return builder.build();
}
