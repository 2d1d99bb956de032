/** The graph run by ONNX Runtime on images made in tests. */
import * as ort from 'onnxruntime-node';
import { inBatches } from '../../batches.ts';
import { areas, sizePx, unitsPerArea, type Area } from '../parameters.ts';

export const pixels = sizePx * sizePx;
const batch = 8;

export type Responses = Record<Area, Float32Array>;

export interface Bench {
  responses(images: Iterable<Float32Array>): Promise<Responses[]>;
}

export async function openBench(model: Uint8Array): Promise<Bench> {
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
  const run = async (images: readonly Float32Array[]): Promise<Responses[]> => {
    const data = new Float32Array(images.length * pixels);
    for (const [i, image] of images.entries()) data.set(image, i * pixels);
    const outputs = await session.run({
      stimulus: new ort.Tensor('float32', data, [images.length, 1, sizePx, sizePx]),
    });
    return images.map((_, i) => {
      const one = areas.map((area) => {
        const units = unitsPerArea[area];
        const values = (outputs[area.toLowerCase()] as ort.Tensor).data as Float32Array;
        return [area, values.slice(i * units, (i + 1) * units)] as const;
      });
      return Object.fromEntries(one) as Responses;
    });
  };
  return {
    responses: (images) => inBatches(images, batch, run),
  };
}
