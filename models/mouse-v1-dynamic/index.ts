/** The built-in mouse twin: manifest, graph, unit table and golden checks. */
import type { GoldenChecks, TwinDraft, TwinUnit } from '../../main/contract/twins.ts';
import { defaultOpset, writeGraph } from '../../main/onnx/index.ts';
import { cos, degreesToRadians, sin } from '../../main/platform/exactMath.ts';
import { Random } from '../../main/platform/random.ts';
import { stated } from '../figures.ts';
import { makeBank } from './bank.ts';
import { buildGraph, tensors } from './graph.ts';
import { measured } from './measured.ts';
import {
  areaName,
  background,
  behaviourChannels,
  centreSdDeg,
  envelopeCycles,
  fieldOfViewDeg,
  frameRateHz,
  frames,
  gridSize,
  sizePx,
  unitCount,
  windowFrom,
  type UnitParameters,
} from './parameters.ts';
import { createReference, type ReferenceModel } from './reference.ts';
import { sampleUnits, shippedSeed } from './sampling.ts';
import { stateChannels } from './weights.ts';

export interface BuildOptions {
  seed?: number;
  /** Relative spread by which the filters and the recurrence are jittered around those of the seed (0: none). */
  perturbation?: number;
  /** Frames of a clip. */
  frames?: number;
}

/** The forward graph as bytes of an .onnx file; equal options give equal bytes on every machine. */
export function buildModel(options: BuildOptions = {}): Uint8Array<ArrayBuffer> {
  const seed = options.seed ?? shippedSeed;
  const bank = makeBank(seed, options.perturbation ?? 0);
  return writeGraph(buildGraph(sampleUnits(seed), bank, options.frames ?? frames));
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function unitRow(unit: UnitParameters): TwinUnit {
  const { tuning } = unit;
  return {
    unit: unit.unit,
    area: areaName,
    index: unit.index,
    xDeg: rounded(unit.xDeg, 4),
    yDeg: rounded(unit.yDeg, 4),
    // ±2 standard deviations of the envelope at the preferred frequency, or of the centre.
    sizeDeg: rounded(4 * (tuning === null ? centreSdDeg : envelopeCycles / tuning.cpd), 3),
    extra: {
      class: `${tuning === null ? 'centre-surround' : 'oriented'} ${unit.energyPart === 1 ? 'complex' : 'simple'}`,
      direction_deg: tuning === null ? '' : rounded(tuning.directionDeg, 2),
      frequency_cpd: tuning === null ? '' : rounded(tuning.cpd, 5),
      temporal_frequency_hz: rounded(unit.hz, 3),
      running_gain: rounded(unit.runningGain, 4),
      pupil_gain: rounded(unit.pupilGain, 4),
      spontaneous: rounded(unit.spontaneous, 4),
    },
  };
}

/** Every third frame brings a new picture: checks of noise in the first clip, an oblique grating that jumps in the second. */
function goldenClips(): Float32Array {
  const pixels = sizePx * sizePx;
  const clips = new Float32Array(2 * frames * pixels);
  const random = Random.fromSeed(shippedSeed, 'golden check');
  const checkPx = 8;
  const across = sizePx / checkPx;
  const angle = degreesToRadians(35);
  const perPx = 2 * Math.PI * 0.05;
  let checks: number[] = [];
  for (let t = 0; t < frames; t++) {
    const held = Math.floor(t / 3);
    if (t % 3 === 0) checks = Array.from({ length: across * across }, () => random.uniform());
    for (let pixel = 0; pixel < pixels; pixel++) {
      const [row, column] = [Math.floor(pixel / sizePx), pixel % sizePx];
      const check = checks[Math.floor(row / checkPx) * across + Math.floor(column / checkPx)] as number;
      clips[t * pixels + pixel] = check;
      const along = column * cos(angle) - row * sin(angle);
      clips[(frames + t) * pixels + pixel] = background * (1 + 0.7 * cos(perPx * along - 1.3 * held));
    }
  }
  return clips;
}

/** The eye moves with the pictures; running and pupil change over the clips. */
function goldenBehaviour(): Float32Array {
  const channels = behaviourChannels.length;
  const behaviour = new Float32Array(2 * channels * frames);
  for (const clip of [0, 1]) {
    for (let t = 0; t < frames; t++) {
      const held = Math.floor(t / 3);
      const values = [
        ((held * 7) % 11) - 5.25,
        ((held * 5) % 7) - 3.5,
        clip === 0 ? t : 20,
        1 + 0.3 * (clip - t / frames),
      ];
      for (const [channel, value] of values.entries()) behaviour[(clip * channels + channel) * frames + t] = value;
    }
  }
  return behaviour;
}

/** Two clips with all inputs away from their defaults; the state is small, irregular and not zero. */
function goldenChecks(reference: ReferenceModel): GoldenChecks {
  const [stimulus, behaviour] = [goldenClips(), goldenBehaviour()];
  const perClip = { stimulus: stimulus.length / 2, behaviour: behaviour.length / 2 };
  const channels = stateChannels(reference.bank);
  const stateFloats = channels * gridSize * gridSize;
  const random = Random.fromSeed(shippedSeed, 'golden state');
  const state = Float32Array.from({ length: 2 * stateFloats }, () => 0.2 * random.uniform() - 0.1);
  const responses = new Float32Array(2 * unitCount * frames);
  for (const clip of [0, 1]) {
    const part = (values: Float32Array, size: number) => values.subarray(clip * size, (clip + 1) * size);
    const answer = reference.run(
      part(stimulus, perClip.stimulus),
      part(behaviour, perClip.behaviour),
      part(state, stateFloats),
    );
    responses.set(answer.responses, clip * unitCount * frames);
  }
  return {
    inputs: {
      [tensors.stimulus]: { shape: [2, 1, frames, sizePx, sizePx], data: stimulus },
      [tensors.behaviour]: { shape: [2, behaviourChannels.length, frames], data: behaviour },
      [tensors.state]: { shape: [2, channels, gridSize, gridSize], data: state },
    },
    outputs: {
      [tensors.responses]: { shape: [2, unitCount, frames], data: responses, tolerance: 1e-4 },
    },
  };
}

const batch = { name: 'batch', size: null };

/** The package's content; other options than none make a sibling, which `npm run siblings` gives an id and a card of its own. */
export function buildTwin(options: BuildOptions = {}): TwinDraft {
  const reference = createReference(options);
  const stateAxes = [
    batch,
    { name: 'channel', size: stateChannels(reference.bank) },
    { name: 'height', size: gridSize },
    { name: 'width', size: gridSize },
  ];
  return {
    manifest: {
      format: 1,
      id: 'mouse-v1-dynamic',
      version: '1.0.0',
      title: 'Mouse V1, dynamic: the architecture of a digital twin',
      summary:
        'Video, eye position, running and pupil in; 400 units of mouse V1 over time out, with a state that carries over from ' +
        'clip to clip. The architecture of a published digital twin with parameters set by rule: not fitted to recordings, ' +
        'made to exercise video, behaviour and state.',
      authors: ['Twinscope'],
      references: [
        {
          text: 'Wang et al. (2025). Foundation model of neural activity predicts response to new stimulus types. Nature 640, 470–477.',
          doi: '10.1038/s41586-025-08829-y',
        },
        {
          text: 'Lurz et al. (2021). Generalization in data-driven models of primary visual cortex. ICLR 2021.',
        },
        {
          text: 'Heeger (1992). Normalization of cell responses in cat striate cortex. Vis. Neurosci. 9, 181–197.',
          doi: '10.1017/S0952523800009640',
        },
        {
          text: 'Niell & Stryker (2008). Highly selective receptive fields in mouse visual cortex. J. Neurosci. 28, 7520–7536.',
          doi: '10.1523/JNEUROSCI.0623-08.2008',
        },
        {
          text: 'Niell & Stryker (2010). Modulation of visual responses by behavioral state in mouse visual cortex. Neuron 65, 472–479.',
          doi: '10.1016/j.neuron.2010.01.033',
        },
      ],
      licences: { code: 'MIT', weights: 'MIT', data: 'NONE' },
      commercialUse: true,
      species: 'mouse',
      subjects: [],
      modality: 'vision, luminance video with eye position, running and pupil',
      recording: 'none: model responses in arbitrary units',
      responseUnits: 'arbitrary',
      areas: [{ name: areaName, label: 'Primary visual cortex', units: unitCount, colourOf: 'V1' }],
      inputs: [
        {
          tensor: tensors.stimulus,
          role: 'stimulus',
          axes: [
            batch,
            { name: 'channel', size: 1 },
            { name: 'time', size: frames },
            { name: 'height', size: sizePx },
            { name: 'width', size: sizePx },
          ],
          dtype: 'float32',
          range: [0, 1],
          encoding: 'grey-linear',
          fieldOfViewDeg,
          background,
          frameRateHz,
        },
        {
          tensor: tensors.behaviour,
          role: 'behaviour',
          axes: [batch, { name: 'channel', size: behaviourChannels.length }, { name: 'time', size: frames }],
          dtype: 'float32',
          channels: behaviourChannels.map(({ name, units, default: value, range: [low, high] }) => ({
            name,
            units,
            default: value,
            range: [low, high],
          })),
        },
        { tensor: tensors.state, role: 'state', axes: stateAxes, dtype: 'float32', from: tensors.stateAfter },
      ],
      outputs: [
        {
          tensor: tensors.responses,
          area: areaName,
          axes: [batch, { name: 'unit', size: unitCount }, { name: 'time', size: frames }],
          window: { from: windowFrom, to: frames },
        },
      ],
      commitments: [],
      capabilities: { inputGradient: 'derived', deterministic: true, opset: defaultOpset, memoryMiB: 150 },
      validity: {
        domains: [
          'drifting gratings of .01 to .16 cpd and 1 to 8 Hz, contrast .05 to 1, around a grey background of 0.5; at 15 Hz, half the frame rate, a drift is a reversal in every frame and has no direction',
          'eye positions within 15°, running up to 60 cm/s, pupil diameters of 0.5 to 2 times the mean',
        ],
        knownFailures: [
          'No parameter was fitted to a recording: responses to natural video are those of a filter bank with gain control.',
          `Direction selectivity is ${stated(measured.directionSelectivity)} and orientation selectivity ${stated(measured.orientationSelectivity)}; both follow from weights that are our own choice.`,
          'Contrast responses keep rising up to contrast 1; there is no subtractive adaptation and no surround of the oriented filters beyond the gain control.',
          'The eye turns by a shift of the picture, without the geometry of a screen or a sphere; what comes into view beyond the picture is background.',
          'Behaviour acts on the gain of the readout alone, and not on what the core computes.',
          'Low-frequency fields reach beyond the 80° of the picture for units away from its middle.',
          'No colour, no second eye, no rods and cones, no noise or correlations.',
        ],
        tested: {
          stimuli: ['drifting-grating'],
          spatialFrequencyCpd: [0.01, 0.16],
          temporalFrequencyHz: [1, 8],
          contrast: [0.05, 1],
        },
      },
    },
    model: buildModel(options),
    units: reference.units.map(unitRow),
    checks: goldenChecks(reference),
  };
}
