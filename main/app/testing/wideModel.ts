/** A bare model that takes long enough over its gradient to be stopped in the middle, on any machine. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { encodeNpy } from '../../stimuli/npy.ts';

const batch = 512;
const width = 1024;

/** y = tanh(V tanh(W x)) for 512 vectors of 1,024: one pass is a thousand million multiplications, a check many passes. */
export function writeWideModel(folder: string): { modelFile: string; inputFile: string } {
  const random = Random.fromSeed(1, 'wide model');
  const normals = (count: number): Float32Array => Float32Array.from({ length: count }, () => random.normal());
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [batch, width]);
  const weights = (name: string): string => {
    const scaled = normals(width * width).map((value) => value / Math.sqrt(width));
    return builder.constant(name, 'float32', [width, width], scaled);
  };
  const hidden = builder.node('Tanh', [builder.node('MatMul', ['x', weights('W')])]);
  builder.node('Tanh', [builder.node('MatMul', [hidden, weights('V')])], {}, 'y');
  builder.output('y', 'float32', [batch, width]);
  const modelFile = path.join(folder, 'wide.onnx');
  writeFileSync(modelFile, writeGraph(builder.build()));
  const inputFile = path.join(folder, 'wide.npy');
  writeFileSync(inputFile, encodeNpy(normals(batch * width), [batch, width]));
  return { modelFile, inputFile };
}
