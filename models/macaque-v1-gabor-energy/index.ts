/** The built-in V1 twin: manifest, graph, unit table and golden checks. */
import type { GoldenChecks, TwinDraft, TwinUnit } from '../../main/contract/twins.ts';
import { defaultOpset, writeGraph } from '../../main/onnx/index.ts';
import { Random } from '../../main/platform/random.ts';
import { buildGraph, inputTensor, outputTensors, withFilters } from './graph.ts';
import { stated } from '../figures.ts';
import { measured } from './measured.ts';
import { areas, background, fieldOfViewDeg, sizePx, unitsPerArea, type Area } from './parameters.ts';
import { createReference, shippedSeed, type PlantedUnit, type ReferenceModel } from './reference.ts';
import { samplePopulation } from './sampling.ts';

export interface BuildOptions {
  seed?: number;
  /** Relative spread by which the parameters are jittered around those of the seed (0: none). */
  perturbation?: number;
  /** With false the outputs are the energies a², without spontaneous rate and pool. */
  normalisation?: boolean;
}

/** The forward graph as bytes of an .onnx file; equal options give equal bytes on every machine. */
export function buildModel(options: BuildOptions = {}): Uint8Array<ArrayBuffer> {
  const units = samplePopulation(options.seed ?? shippedSeed, options.perturbation ?? 0);
  return writeGraph(buildGraph(withFilters(units), { normalisation: options.normalisation ?? true }));
}

const rounded = (value: number, digits: number): number => Number(value.toFixed(digits));

function unitRow(unit: PlantedUnit): TwinUnit {
  return {
    unit: unit.unit,
    area: unit.area,
    index: unit.index,
    xDeg: rounded(unit.xDeg, 6),
    yDeg: rounded(unit.yDeg, 6),
    sizeDeg: rounded(unit.sizeDeg, 4),
    extra: {
      orientation_deg: rounded(unit.orientationDeg, 4),
      spatial_frequency_cpd: rounded(unit.spatialFrequencyCpd, 5),
      carrier_cpd: rounded(unit.carrierCpd, 5),
      phase_deg: rounded(unit.phaseDeg, 4),
      n_x: rounded(unit.nx, 5),
      n_y: rounded(unit.ny, 5),
    },
  };
}

/** Two pictures that reach every unit: 4-pixel luminance noise, and the best grating of one simple cell at contrast .4. */
function goldenChecks(reference: ReferenceModel): GoldenChecks {
  const n = 2;
  const images = new Float32Array(n * sizePx * sizePx);
  const random = Random.fromSeed(shippedSeed, 'golden check');
  const checks = Array.from({ length: (sizePx / 4) * (sizePx / 4) }, () => random.uniform());
  for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
    const row = Math.floor(pixel / sizePx / 4);
    const column = Math.floor((pixel % sizePx) / 4);
    images[pixel] = checks[row * (sizePx / 4) + column] as number;
  }
  images.set(reference.preferredGrating(100, 'V1-simple', 0.4), sizePx * sizePx);
  const expected = reference.responses(images, n);
  const output = (area: Area) => ({
    shape: [n, unitsPerArea],
    data: Float32Array.from(expected[area]),
    tolerance: 1e-4,
  });
  return {
    inputs: { [inputTensor]: { shape: [n, 1, sizePx, sizePx], data: images } },
    outputs: Object.fromEntries(areas.map((area) => [outputTensors[area], output(area)])),
  };
}

/** The package's content; other options than none make a sibling, which `npm run siblings` gives an id and a card of its own. */
export function buildTwin(options: BuildOptions = {}): TwinDraft {
  const reference = createReference(options);
  return {
    manifest: {
      format: 1,
      id: 'macaque-v1-gabor-energy',
      version: '1.1.0',
      title: 'Macaque V1, Gabor energy with normalisation',
      summary:
        '256 simple and 256 complex cells of foveal macaque V1: contrast gain, oriented filters, energy and divisive normalisation, with ' +
        'receptive fields drawn from published distributions. A mechanistic model from published equations, not fitted ' +
        'to recordings.',
      authors: ['Twinscope'],
      references: [
        {
          text: 'Dapello, Marques et al. (2020). Simulating a primary visual cortex at the front of CNNs improves robustness to image perturbations.',
          doi: '10.1101/2020.06.16.154542',
        },
        {
          text: 'Ringach (2002). Spatial structure and symmetry of simple-cell receptive fields in macaque primary visual cortex. J. Neurophysiol. 88, 455–463.',
          doi: '10.1152/jn.2002.88.1.455',
        },
        {
          text: 'De Valois, Albrecht & Thorell (1982). Spatial frequency selectivity of cells in macaque visual cortex. Vision Res. 22, 545–559.',
          doi: '10.1016/0042-6989(82)90113-4',
        },
        {
          text: 'Heeger (1992). Normalization of cell responses in cat striate cortex. Vis. Neurosci. 9, 181–197.',
          doi: '10.1017/S0952523800009640',
        },
        {
          text: 'Bonin, Mante & Carandini (2005). The suppressive field of neurons in lateral geniculate nucleus. J. Neurosci. 25, 10844–10856.',
        },
        {
          text: 'Adelson & Bergen (1985). Spatiotemporal energy models for the perception of motion. J. Opt. Soc. Am. A 2, 284–299.',
          doi: '10.1364/JOSAA.2.000284',
        },
        {
          text: 'Cavanaugh, Bair & Movshon (2002). Nature and interaction of signals from the receptive field center and surround in macaque V1 neurons. J. Neurophysiol. 88, 2530–2546.',
          doi: '10.1152/jn.00692.2001',
        },
        {
          text: 'Sclar, Maunsell & Lennie (1990). Coding of image contrast in central visual pathways of the macaque monkey. Vision Res. 30, 1–10.',
        },
      ],
      licences: { code: 'MIT', weights: 'MIT', data: 'NONE' },
      commercialUse: true,
      species: 'macaque',
      subjects: [],
      modality: 'vision, static luminance images',
      recording: 'none: model rates on the scale of single-unit recordings',
      responseUnits: 'spikes/s',
      areas: [
        { name: 'V1-simple', label: 'V1 simple cells', units: unitsPerArea, colourOf: 'V1' },
        { name: 'V1-complex', label: 'V1 complex cells', units: unitsPerArea, colourOf: 'V1' },
      ],
      inputs: [
        {
          tensor: inputTensor,
          role: 'stimulus',
          axes: [
            { name: 'batch', size: null },
            { name: 'channel', size: 1 },
            { name: 'height', size: sizePx },
            { name: 'width', size: sizePx },
          ],
          dtype: 'float32',
          range: [0, 1],
          encoding: 'grey-linear',
          fieldOfViewDeg,
          background,
        },
      ],
      outputs: areas.map((area) => ({
        tensor: outputTensors[area],
        area,
        axes: [
          { name: 'batch', size: null },
          { name: 'unit', size: unitsPerArea },
        ],
      })),
      commitments: [],
      capabilities: { inputGradient: 'derived', deterministic: true, opset: defaultOpset, memoryMiB: 100 },
      validity: {
        domains: [
          'static achromatic gratings, Gabors, plaids and noise within 8° of visual angle, spatial frequencies up to 8 cpd',
          'luminance contrast around a grey background of 0.5',
        ],
        tested: {
          stimuli: ['grating', 'gabor', 'noise', 'image', 'tsr1', 'blank', 'raster'],
          spatialFrequencyCpd: [0.42, 9.5],
          contrast: [0, 1],
        },
        knownFailures: [
          `Orientation tuning is narrower than in macaque V1, without an untuned response component: median circular variance (quartiles) ${stated(measured.circularVarianceSimple)} in simple and ${stated(measured.circularVarianceComplex)} in complex cells, against ${measured.circularVarianceSimple.published}.`,
          `Surround suppression spreads less than in macaque V1: suppression index ${stated(measured.surroundSuppression)} against a published ${measured.surroundSuppression.published}; at least 0.1 in ${stated(measured.surroundSuppressed)} of the units against ${measured.surroundSuppressed.published}.`,
          `Contrast responses hardly differ between units, where cortex varies: exponent ${stated(measured.contrastExponent)}, semi-saturation contrast ${stated(measured.semiSaturation)}.`,
          'The contrast gain follows wide bars: below about 2 cpd it flattens their profile and adds weak harmonics.',
          'No colour, motion, binocular disparity, adaptation, noise, eccentricity dependence or feedback.',
        ],
      },
    },
    model: buildModel(options),
    units: areas.flatMap((area) => reference.units[area].map(unitRow)),
    checks: goldenChecks(reference),
  };
}
