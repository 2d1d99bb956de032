/**
 * A twin of a few bytes that takes 8 × 8 pictures in colour as torchvision's networks do: its three units are the mean
 * encoded red, green and blue.
 */
import type { TwinManifest } from '../../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import type { TwinDraft } from '../../contract/twins.ts';
import { smallManifest } from '../../twins/testing/smallTwin.ts';

export const imagenetMean = [0.485, 0.456, 0.406];
export const imagenetStd = [0.229, 0.224, 0.225];
const sizePx = 8;

export function colourManifest(): Omit<TwinManifest, 'files'> {
  const manifest = smallManifest();
  const axes = [null, 3, sizePx, sizePx].map((size, i) => ({
    name: ['batch', 'channel', 'height', 'width'][i] as string,
    size,
  }));
  return {
    ...manifest,
    id: 'colour-twin',
    title: 'Colour twin',
    areas: [{ name: 'V1', label: 'V1', units: 3 }],
    inputs: manifest.inputs.map((input) => ({
      ...input,
      axes,
      encoding: 'srgb' as const,
      mean: imagenetMean,
      std: imagenetStd,
    })),
    outputs: manifest.outputs.map((output) => ({
      ...output,
      axes: [
        { name: 'batch', size: null },
        { name: 'unit', size: 3 },
      ],
    })),
  };
}

export function colourModel(): Uint8Array {
  const builder = new GraphBuilder({ name: 'colour' });
  const x = builder.input('x', 'float32', ['batch', 3, sizePx, sizePx]);
  builder.node('Flatten', [builder.node('GlobalAveragePool', [x])], { axis: 1 }, 'y');
  builder.output('y', 'float32', ['batch', 3]);
  return writeGraph(builder.build());
}

export function colourDraft(): TwinDraft {
  const data = Float32Array.from({ length: 3 * sizePx * sizePx }, (_, i) => Math.floor(i / (sizePx * sizePx)) - 1);
  return {
    manifest: colourManifest(),
    model: colourModel(),
    units: [0, 1, 2].map((index) => ({
      unit: `u${index}`,
      area: 'V1',
      index,
      xDeg: 0,
      yDeg: 0,
      sizeDeg: 1,
      extra: {},
    })),
    checks: {
      inputs: { x: { shape: [1, 3, sizePx, sizePx], data } },
      outputs: { y: { shape: [1, 3], data: Float32Array.of(-1, 0, 1), tolerance: 1e-4 } },
    },
  };
}
