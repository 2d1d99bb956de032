/** The built-in ventral hierarchy: manifest, graph, unit table and golden checks. */
import type { GoldenChecks, TwinDraft } from '../../main/contract/twins.ts';
import { defaultOpset, writeGraph } from '../../main/onnx/index.ts';
import { Random } from '../../main/platform/random.ts';
import { buildGraph, inputTensor, outputTensors } from './graph.ts';
import { deadLeaves } from './images.ts';
import { knownFailures } from './measured.ts';
import { areas, background, fieldOfViewDeg, sizePx, unitsPerArea, type Area } from './parameters.ts';
import { drawPopulation, shippedSeed, type Population } from './population.ts';
import { makePrototypes, type Prototypes } from './prototypes.ts';
import { referenceBatch } from './reference.ts';
import { unitRows } from './units.ts';

export interface BuildOptions {
  seed?: number;
  /**
   * Relative spread by which a sibling's filters, normalisation weights and connection strengths differ from those of
   * the seed (0: none). Units, places and planted tuning stay.
   */
  perturbation?: number;
}

export interface BuiltModel {
  population: Population;
  prototypes: Prototypes;
  /** The forward graph as bytes of an .onnx file; equal options give equal bytes on every machine. */
  model: Uint8Array<ArrayBuffer>;
}

/** The graph with what it was made from. Takes some seconds, in which the prototypes are computed from their images. */
export function buildWithParts({ seed = shippedSeed, perturbation = 0 }: BuildOptions = {}): BuiltModel {
  const population = drawPopulation(seed, perturbation);
  const prototypes = makePrototypes(population);
  return { population, prototypes, model: writeGraph(buildGraph(population, prototypes)) };
}

export function buildModel(options: BuildOptions = {}): Uint8Array<ArrayBuffer> {
  return buildWithParts(options).model;
}

/** Two pictures that reach every unit: 4-pixel luminance noise, and dead leaves that no prototype was taken from. */
function goldenChecks({ population, prototypes }: BuiltModel): GoldenChecks {
  const n = 2;
  const images = new Float32Array(n * sizePx * sizePx);
  const random = Random.fromSeed(shippedSeed, 'golden check');
  const side = sizePx / 4;
  const checks = Array.from({ length: side * side }, () => random.uniform());
  for (let pixel = 0; pixel < sizePx * sizePx; pixel++) {
    const row = Math.floor(pixel / sizePx / 4);
    images[pixel] = checks[row * side + Math.floor((pixel % sizePx) / 4)];
  }
  images.set(deadLeaves(random), sizePx * sizePx);
  const expected = referenceBatch(population, prototypes, images, n);
  const output = (area: Area) => ({
    shape: [n, unitsPerArea[area]],
    data: Float32Array.from(expected[area]),
    tolerance: 1e-4,
  });
  return {
    inputs: { [inputTensor]: { shape: [n, 1, sizePx, sizePx], data: images } },
    outputs: Object.fromEntries(areas.map((area) => [outputTensors[area], output(area)])),
  };
}

const labels: Record<Area, string> = {
  V1: 'V1 complex cells',
  V2: 'V2 texture units',
  V4: 'V4, prototypes with local pooling',
  IT: 'IT, view-tuned units',
};

/** The package's content; other options than none make a sibling, which `npm run siblings` gives an id and a card of its own. */
export function buildTwin(options: BuildOptions = {}): TwinDraft {
  const built = buildWithParts(options);
  return {
    manifest: {
      format: 1,
      id: 'macaque-ventral-hierarchy',
      version: '1.1.0',
      title: 'Macaque ventral stream, V1 to IT',
      summary:
        'V1 complex cells, V2 products of their amplitudes, V4 prototypes and view-tuned IT units in one graph, each area ' +
        'an output of its own. A mechanistic model from published equations, not fitted to recordings.',
      authors: ['Twinscope'],
      references: [
        {
          text: 'Riesenhuber & Poggio (1999). Hierarchical models of object recognition in cortex. Nat. Neurosci. 2, 1019–1025.',
          doi: '10.1038/14819',
        },
        {
          text: 'Serre, Wolf, Bileschi, Riesenhuber & Poggio (2007). Robust object recognition with cortex-like mechanisms. IEEE Trans. Pattern Anal. Mach. Intell. 29, 411–426.',
          doi: '10.1109/TPAMI.2007.56',
        },
        {
          text: 'Freeman, Ziemba, Heeger, Simoncelli & Movshon (2013). A functional and perceptual signature of the second visual area in primates. Nat. Neurosci. 16, 974–981.',
          doi: '10.1038/nn.3402',
        },
        {
          text: 'Ziemba, Freeman, Movshon & Simoncelli (2016). Selectivity and tolerance for visual texture in macaque V2. PNAS 113, E3140–E3149.',
          doi: '10.1073/pnas.1510847113',
        },
        {
          text: 'Portilla & Simoncelli (2000). A parametric texture model based on joint statistics of complex wavelet coefficients. Int. J. Comput. Vis. 40, 49–70.',
          doi: '10.1023/A:1026553619983',
        },
        {
          text: 'Adelson & Bergen (1985). Spatiotemporal energy models for the perception of motion. J. Opt. Soc. Am. A 2, 284–299.',
          doi: '10.1364/JOSAA.2.000284',
        },
        {
          text: 'Heeger (1992). Normalization of cell responses in cat striate cortex. Vis. Neurosci. 9, 181–197.',
          doi: '10.1017/S0952523800009640',
        },
      ],
      licences: { code: 'MIT', weights: 'MIT', data: 'NONE' },
      commercialUse: true,
      species: 'macaque',
      subjects: [],
      modality: 'vision, static luminance images',
      recording: 'none: model responses between 0 and 1',
      responseUnits: 'arbitrary',
      areas: areas.map((name) => ({ name, label: labels[name], units: unitsPerArea[name] })),
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
          { name: 'unit', size: unitsPerArea[area] },
        ],
      })),
      commitments: [],
      capabilities: { inputGradient: 'derived', deterministic: true, opset: defaultOpset, memoryMiB: 400 },
      validity: {
        // Gratings, and textures with their noise, dead leaves and silhouettes as TSR-1 has them.
        tested: {
          stimuli: ['grating', 'noise', 'tsr1'],
          spatialFrequencyCpd: [1, 7],
          contrast: [0.1, 1],
        },
        domains: [
          'static achromatic images within 8° of visual angle: gratings, textures, shapes and photographs, spatial frequencies from 1 to 7 cpd',
          'luminance contrast around a grey background of 0.5',
        ],
        knownFailures,
      },
    },
    model: built.model,
    units: areas.flatMap((area) => unitRows(area, built.population)),
    checks: goldenChecks(built),
  };
}
