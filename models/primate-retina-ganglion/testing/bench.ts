/** A bench for the twin's tests: pictures made here, with Math alone, and the graph run by ONNX Runtime. */
import * as ort from 'onnxruntime-node';
import { inBatches } from '../../batches.ts';
import type { BuildOptions } from '../index.ts';
import { buildModel } from '../index.ts';

export const sizePx = 480;
export const pixels = sizePx * sizePx;
export const pxPerDeg = 40;
const batch = 8;

/** Outputs in the order of the areas, with their units. */
export const outputs = { midget_on: 256, midget_off: 256, parasol_on: 64, parasol_off: 64 } as const;
export const unitCount = 640;

export interface Grating {
  orientationDeg: number;
  cpd: number;
  /** At the field's centre. */
  phaseDeg: number;
  contrast: number;
}

/** Places of columns in degrees, and of rows with the sign changed: x to the right. */
const places = Array.from({ length: sizePx }, (_, i) => (i + 0.5 - sizePx / 2) / pxPerDeg);

/** Contrast s of a grating at (x, y) in degrees. Bars at φ counter-clockwise from horizontal. */
function gratingAt({ orientationDeg, cpd, phaseDeg, contrast }: Grating): (x: number, y: number) => number {
  const angle = (orientationDeg * Math.PI) / 180;
  const [kx, ky] = [-2 * Math.PI * cpd * Math.sin(angle), 2 * Math.PI * cpd * Math.cos(angle)];
  return (x, y) => contrast * Math.cos(kx * x + ky * y + (phaseDeg * Math.PI) / 180);
}

/** Luminance of .5·(1 + s). */
export function picture(contrastAt: (xDeg: number, yDeg: number) => number): Float32Array {
  const image = new Float32Array(pixels);
  for (let row = 0, at = 0; row < sizePx; row++) {
    const y = -(places[row] as number);
    for (let column = 0; column < sizePx; column++, at++) {
      image[at] = 0.5 * (1 + contrastAt(places[column] as number, y));
    }
  }
  return image;
}

export const grating = (parameters: Grating): Float32Array => picture(gratingAt(parameters));

/** A grating in a disc around (xDeg, yDeg) and the same in a ring around it; contrast 0 leaves either out. */
export function discAndRing(
  parameters: Grating,
  {
    xDeg,
    yDeg,
    discRadiusDeg,
    ringDeg,
  }: { xDeg: number; yDeg: number; discRadiusDeg: number; ringDeg: [number, number] },
  ring: Grating,
): Float32Array {
  const [inner, outer] = [gratingAt(parameters), gratingAt(ring)];
  return picture((x, y) => {
    const distance = Math.hypot(x - xDeg, y - yDeg);
    if (distance <= discRadiusDeg) return inner(x, y);
    return distance >= ringDeg[0] && distance <= ringDeg[1] ? outer(x, y) : 0;
  });
}

export interface Bench {
  /** The .onnx file under test. */
  model: Uint8Array;
  /** n × 640: the areas one behind the other. */
  responses(images: Iterable<Float32Array>): Promise<Float32Array[]>;
}

export async function openBench(options: BuildOptions = {}): Promise<Bench> {
  const model = buildModel(options);
  const session = await ort.InferenceSession.create(model, { intraOpNumThreads: 2 });
  const run = async (images: readonly Float32Array[]): Promise<Float32Array[]> => {
    const data = new Float32Array(images.length * pixels);
    for (const [i, image] of images.entries()) data.set(image, i * pixels);
    const results = await session.run({
      stimulus: new ort.Tensor('float32', data, [images.length, 1, sizePx, sizePx]),
    });
    return images.map((_, i) => {
      const all = new Float32Array(unitCount);
      let at = 0;
      for (const [name, units] of Object.entries(outputs)) {
        const values = (results[name] as ort.Tensor).data as Float32Array;
        all.set(values.subarray(i * units, (i + 1) * units), at);
        at += units;
      }
      return all;
    });
  };
  return {
    model,
    responses: (images) => inBatches(images, batch, run),
  };
}
