/** A bench for the twin's tests: gratings made here, with Math alone, and the graph run by ONNX Runtime. */
import * as ort from 'onnxruntime-node';
import { inBatches } from '../../batches.ts';
import type { BuildOptions } from '../index.ts';
import { buildModel } from '../index.ts';

export const sizePx = 224;
export const pixels = sizePx * sizePx;
const pxPerDeg = 28;
const batch = 32;

export interface Grating {
  orientationDeg: number;
  cpd: number;
  phaseDeg: number;
  contrast: number;
}

/** Sum of full-field gratings around .5. Bars at φ counter-clockwise from horizontal; phase at the field's centre. */
export function luminance(gratings: readonly Grating[]): Float32Array {
  const image = new Float32Array(pixels).fill(0.5);
  for (const { orientationDeg, cpd, phaseDeg, contrast } of gratings) {
    const k = 2 * Math.PI * cpd;
    const angle = (orientationDeg * Math.PI) / 180;
    const places = Array.from({ length: sizePx }, (_, i) => (i + 0.5 - sizePx / 2) / pxPerDeg);
    const along = places.map((x) => -k * x * Math.sin(angle) + (phaseDeg * Math.PI) / 180);
    const [cosX, sinX] = [along.map(Math.cos), along.map(Math.sin)];
    for (let row = 0, at = 0; row < sizePx; row++) {
      const y = -(places[row] as number);
      const [c, s] = [Math.cos(k * y * Math.cos(angle)), Math.sin(k * y * Math.cos(angle))];
      for (let column = 0; column < sizePx; column++, at++) {
        (image[at] as number) += 0.5 * contrast * ((cosX[column] as number) * c - (sinX[column] as number) * s);
      }
    }
  }
  return image;
}

/** Column, row (pixel indices, may be between pixels) of a place in degrees, x right and y up from the field's centre. */
export function fieldCentre({ xDeg, yDeg }: { xDeg: number; yDeg: number }): {
  column: number;
  row: number;
  pxPerDeg: number;
} {
  return { column: xDeg * pxPerDeg + sizePx / 2 - 0.5, row: -yDeg * pxPerDeg + sizePx / 2 - 0.5, pxPerDeg };
}

export interface Bench {
  /** The .onnx file under test. */
  model: Uint8Array;
  /** n × 512: the simple cells, then the complex cells. */
  responses(images: Iterable<Float32Array>): Promise<Float32Array[]>;
}

export async function openBench(options: BuildOptions): Promise<Bench> {
  const model = buildModel(options);
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
  const run = async (images: readonly Float32Array[]): Promise<Float32Array[]> => {
    const data = new Float32Array(images.length * pixels);
    for (const [i, image] of images.entries()) data.set(image, i * pixels);
    const outputs = await session.run({
      stimulus: new ort.Tensor('float32', data, [images.length, 1, sizePx, sizePx]),
    });
    return images.map((_, i) => {
      const both = new Float32Array(512);
      for (const [area, name] of ['v1_simple', 'v1_complex'].entries()) {
        const { data } = outputs[name] as ort.Tensor;
        both.set((data as Float32Array).subarray(i * 256, i * 256 + 256), 256 * area);
      }
      return both;
    });
  };
  return {
    model,
    responses: (images) => inBatches(images, batch, run),
  };
}
