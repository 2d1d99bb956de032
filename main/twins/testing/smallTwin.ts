/** A complete twin of a few bytes: two units, the mean light of the upper and of the lower half of 4 × 4 pixels. */
import type { TwinDraft, TwinManifest } from '../../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';

export function smallManifest(): Omit<TwinManifest, 'files'> {
  return {
    format: 1,
    id: 'small-twin',
    version: '1.0.0',
    title: 'Small twin',
    summary: 'Two units for tests.',
    authors: [],
    references: [],
    licences: { code: 'MIT', weights: 'CC-BY-NC-4.0', data: 'NONE' },
    commercialUse: false,
    species: 'none',
    subjects: [],
    modality: 'vision',
    recording: 'none',
    responseUnits: 'arbitrary',
    areas: [{ name: 'V1', label: 'V1', units: 2 }],
    inputs: [
      {
        tensor: 'x',
        role: 'stimulus',
        axes: [
          { name: 'batch', size: null },
          { name: 'channel', size: 1 },
          { name: 'height', size: 4 },
          { name: 'width', size: 4 },
        ],
        dtype: 'float32',
        range: [0, 1],
        encoding: 'grey-linear',
        fieldOfViewDeg: 2,
        background: 0.5,
      },
    ],
    outputs: [
      {
        tensor: 'y',
        area: 'V1',
        axes: [
          { name: 'batch', size: null },
          { name: 'unit', size: 2 },
        ],
      },
    ],
    commitments: [],
    capabilities: { inputGradient: 'derived', deterministic: true, opset: 18 },
    validity: { domains: [], knownFailures: [] },
  };
}

export function smallModel(outputName = 'y'): Uint8Array {
  const builder = new GraphBuilder({ name: 'small' });
  const x = builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', [x, builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const weights = Array.from({ length: 32 }, (_, i) => (i % 2 === (i < 16 ? 0 : 1) ? 1 / 8 : 0));
  builder.node('MatMul', [flat, builder.constant('w', 'float32', [16, 2], weights)], {}, outputName);
  builder.output(outputName, 'float32', ['batch', 2]);
  return writeGraph(builder.build());
}

export function smallDraft(change: Partial<TwinDraft['manifest']> = {}): TwinDraft {
  return {
    manifest: { ...smallManifest(), ...change },
    model: smallModel(),
    units: [0, 1].map((index) => ({
      unit: `u${index}`,
      area: 'V1',
      index,
      xDeg: 0,
      yDeg: index === 0 ? 0.5 : -0.5,
      sizeDeg: 1,
      extra: {},
    })),
    checks: {
      inputs: { x: { shape: [1, 1, 4, 4], data: Float32Array.from({ length: 16 }, (_, i) => (i < 8 ? 1 : 0.25)) } },
      outputs: { y: { shape: [1, 2], data: Float32Array.of(1, 0.25), tolerance: 1e-4 } },
    },
  };
}
