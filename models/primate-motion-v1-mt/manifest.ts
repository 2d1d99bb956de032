/** What the twin says about itself. */
import type { TwinDraft } from '../../main/contract/twins.ts';
import { defaultOpset } from '../../main/onnx/index.ts';
import { stated } from '../figures.ts';
import { inputTensor } from './graph.ts';
import { measured } from './measured.ts';
import {
  areas,
  areaTraits,
  background,
  burnInFrames,
  fieldOfViewDeg,
  frameRateHz,
  frames,
  sizePx,
  unitsOf,
} from './parameters.ts';

export const manifest: TwinDraft['manifest'] = {
  format: 1,
  id: 'primate-motion-v1-mt',
  version: '1.0.0',
  title: 'Primate motion, V1 and MT',
  summary:
    'Clips in; direction-selective V1 cells with opponent motion energy and divisive normalisation, and MT cells that ' +
    'follow the components of a plaid or its pattern. A mechanistic model from published equations, not fitted to ' +
    'recordings.',
  authors: ['Twinscope'],
  references: [
    {
      text: 'Adelson & Bergen (1985). Spatiotemporal energy models for the perception of motion. J. Opt. Soc. Am. A 2, 284–299.',
      doi: '10.1364/JOSAA.2.000284',
    },
    {
      text: 'Simoncelli & Heeger (1998). A model of neuronal responses in visual area MT. Vision Res. 38, 743–761.',
      doi: '10.1016/S0042-6989(97)00183-1',
    },
    {
      text: 'Rust, Mante, Simoncelli & Movshon (2006). How MT cells analyze the motion of visual patterns. Nat. Neurosci. 9, 1421–1431.',
      doi: '10.1038/nn1786',
    },
    {
      text: 'Smith, Majaj & Movshon (2005). Dynamics of motion signaling by neurons in macaque area MT. Nat. Neurosci. 8, 220–228.',
      doi: '10.1038/nn1382',
    },
    {
      text: 'Movshon, Adelson, Gizzi & Newsome (1985). The analysis of moving visual patterns. In: Pattern Recognition Mechanisms, 117–151.',
    },
  ],
  licences: { code: 'MIT', weights: 'MIT', data: 'NONE' },
  commercialUse: true,
  species: 'macaque',
  subjects: [],
  modality: 'vision, clips of luminance',
  recording: 'none: model responses',
  responseUnits: 'arbitrary',
  areas: areas.map((area) => ({
    name: area,
    label: areaTraits[area].label,
    units: unitsOf(area),
    colourOf: areaTraits[area].colourOf,
  })),
  inputs: [
    {
      tensor: inputTensor,
      role: 'stimulus',
      axes: [
        { name: 'batch', size: null },
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
  ],
  outputs: areas.map((area) => ({
    tensor: areaTraits[area].tensor,
    area,
    axes: [
      { name: 'batch', size: null },
      { name: 'unit', size: unitsOf(area) },
      { name: 'time', size: frames },
    ],
    window: { from: burnInFrames, to: frames },
  })),
  commitments: [],
  capabilities: { inputGradient: 'derived', deterministic: true, opset: defaultOpset, memoryMiB: 150 },
  validity: {
    domains: [
      'drifting and counterphase achromatic gratings and plaids over the whole field of 8°, 0.55–2.2 cpd, 3–12 Hz; random dots at 5° per second',
      'luminance contrast around a grey background of 0.5, clips of 0.64 s at 100 frames per second that follow grey',
    ],
    knownFailures: [
      `Pattern cells answer a plaid less than one of its components: ${stated(measured.patternPlaid)} of the response above grey.`,
      `MT saturates at low contrast, since both stages normalise: half of the response above grey is reached at a contrast of ${stated(measured.patternHalf)} (pattern) and ${stated(measured.componentHalf)} (component cells).`,
      `Dots of low coherence hardly drive pattern cells, since their weights inhibit more than they excite: the difference between preferred and null direction at 51.2 % coherence is ${stated(measured.patternCoherence)} of that at 100 %, where in macaque MT it is ${measured.componentCoherence.published}.`,
      `Pattern and component cells are built, in equal numbers; macaque MT has about 25 % pattern cells, 40 % component cells and 35 % in between (Movshon et al. 1985, from memory).`,
      'All V1 cells are direction-selective and opponent; still pictures are answered by what is left of an onset alone.',
      'Three spatial and three temporal frequencies in V1: speeds far below 2 and above 15 degrees per second are not told apart.',
      'No surround, no speed tuning fitted to recordings, no delays between areas, adaptation, binocular disparity, noise or feedback.',
      'Rates are cut at 0: a grey clip has no gradient.',
    ],
    tested: {
      stimuli: ['drifting-grating', 'counterphase-grating', 'drifting-plaid', 'random-dots'],
      spatialFrequencyCpd: [0.55, 2.2],
      temporalFrequencyHz: [3, 12],
      contrast: [0, 1],
    },
  },
};
