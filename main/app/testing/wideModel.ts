/** Models that take long enough over the check of their gradient to be stopped in the middle, on any machine. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { encodeNpy } from '../../stimuli/npy.ts';
import { packDraft, writePackage } from '../../twins/node/package.ts';
import { smallDraft } from '../../twins/testing/smallTwin.ts';

const rows = 512;
const width = 1024;

const normalsOf = (random: Random, count: number): Float32Array =>
  Float32Array.from({ length: count }, () => random.normal());

/** tanh(V tanh(W x)) for 512 vectors of 1,024: a thousand million multiplications, and a check makes many passes. */
function wideLayers(builder: GraphBuilder, x: string, random: Random, output?: string): string {
  const weights = (name: string): string => {
    const scaled = normalsOf(random, width * width).map((value) => value / Math.sqrt(width));
    return builder.constant(name, 'float32', [width, width], scaled);
  };
  const hidden = builder.node('Tanh', [builder.node('MatMul', [x, weights('W')])]);
  return builder.node('Tanh', [builder.node('MatMul', [hidden, weights('V')])], {}, output);
}

/** A bare model and an input for it. */
export function writeWideModel(folder: string): { modelFile: string; inputFile: string } {
  const random = Random.fromSeed(1, 'wide model');
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [rows, width]);
  wideLayers(builder, 'x', random, 'y');
  builder.output('y', 'float32', [rows, width]);
  const modelFile = path.join(folder, 'wide.onnx');
  writeFileSync(modelFile, writeGraph(builder.build()));
  const inputFile = path.join(folder, 'wide.npy');
  writeFileSync(inputFile, encodeNpy(normalsOf(random, rows * width), [rows, width]));
  return { modelFile, inputFile };
}

/** A twin of two units that repeats its 4 × 4 pixels until they are wide enough. Returns the folder of its package. */
export async function writeWideTwin(folder: string, id: string): Promise<string> {
  const random = Random.fromSeed(1, 'wide twin');
  const builder = new GraphBuilder({ name: id });
  const ints = (name: string, values: bigint[]): string => builder.constant(name, 'int64', [values.length], values);
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', ['x', ints('flat', [-1n, 1n, 16n])]);
  const tiled = builder.node('Tile', [flat, ints('repeats', [1n, BigInt(rows), BigInt(width / 16)])]);
  const wide = wideLayers(builder, tiled, random);
  const means = builder.node('ReduceMean', [wide, ints('rows', [1n])], { keepdims: 0 });
  const readout = normalsOf(random, width * 2).map((value) => value / width);
  builder.node('MatMul', [means, builder.constant('readout', 'float32', [width, 2], readout)], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  const source = path.join(folder, id);
  const draft = { ...smallDraft({ id }), model: writeGraph(builder.build()) };
  await writePackage(source, packDraft(draft, { card: 'A card.\n', licence: 'MIT\n' }));
  return source;
}
