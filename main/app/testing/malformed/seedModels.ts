/**
 * Small valid models to be damaged. Each takes "x" (batch × 1 × 8 × 8) and gives "y" (batch × 4), so that one input file
 * and one manifest fit them all.
 */
import { create } from '@bufbuild/protobuf';
import { FunctionProtoSchema, type FunctionProto } from '../../../onnx/generated/onnx_pb.ts';
import { float, GraphBuilder, writeGraph, type Graph } from '../../../onnx/index.ts';
import { Random } from '../../../platform/random.ts';

export type SeedModel = { name: string; bytes: Uint8Array; files: Record<string, Uint8Array> };

export const inputShape = [2, 1, 8, 8];
export const units = 4;

const random = Random.fromSeed(7, 'weights of models to be damaged');
const weights = (count: number): number[] => Array.from({ length: count }, () => 0.4 * random.normal());
const dense = (builder: GraphBuilder, name: string, shape: number[]): string =>
  builder.constant(name, 'float32', shape, weights(shape.reduce((product, size) => product * size, 1)));

function start(name: string, opset = 18): GraphBuilder {
  const builder = new GraphBuilder({ name, opset, irVersion: opset > 18 ? 10 : 8 });
  builder.input('x', 'float32', ['batch', 1, 8, 8]);
  return builder;
}

function finish(builder: GraphBuilder, flat: string, features: number): Graph {
  builder.node('Gemm', [flat, dense(builder, 'readout', [features, units]), dense(builder, 'bias', [units])], {}, 'y');
  builder.output('y', 'float32', ['batch', units]);
  return builder.build();
}

function convolutional(opset: number): Graph {
  const builder = start(`convolution ${opset}`, opset);
  const conv = builder.node('Conv', ['x', dense(builder, 'kernel', [4, 1, 3, 3])], {
    kernel_shape: [3, 3],
    pads: [1, 1, 1, 1],
    strides: [1, 1],
    dilations: [1, 1],
    group: 1,
  });
  const ones = (name: string): string => builder.constant(name, 'float32', [4], [1, 0.8, 1.2, 0.9]);
  const shift = dense(builder, 'shift', [4]);
  const mean = dense(builder, 'mean', [4]);
  const normal = builder.node('BatchNormalization', [conv, ones('scale'), shift, mean, ones('variance')], {
    epsilon: float(1e-5),
  });
  const positive = builder.node('Relu', [normal]);
  const pooled = builder.node('MaxPool', [positive], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  return finish(builder, builder.node('Flatten', [pooled], { axis: 1 }), 64);
}

function attention(): Graph {
  const builder = start('attention');
  const tokens = builder.node('Reshape', ['x', builder.constant('tokens', 'int64', [3], [-1, 8, 8])]);
  const norm = builder.node('LayerNormalization', [tokens, dense(builder, 'gain', [8])], { axis: -1 });
  const [query, key, value] = ['query', 'key', 'value'].map((name) =>
    builder.node('MatMul', [norm, dense(builder, name, [8, 8])]),
  ) as [string, string, string];
  const scores = builder.node('MatMul', [query, builder.node('Transpose', [key], { perm: [0, 2, 1] })]);
  const mixed = builder.node('MatMul', [builder.node('Softmax', [scores], { axis: -1 }), value]);
  const added = builder.node('Add', [mixed, tokens]);
  return finish(builder, builder.node('Flatten', [added], { axis: 1 }), 64);
}

function energy(): Graph {
  const builder = start('energy');
  const filtered = builder.node('Conv', ['x', dense(builder, 'gabors', [8, 1, 7, 7])], { pads: [3, 3, 3, 3] });
  const two = builder.constant('two', 'float32', [], [2]);
  const squared = builder.node('Pow', [filtered, two]);
  const pairs = builder.node('Reshape', [squared, builder.constant('pairs', 'int64', [5], [-1, 4, 2, 8, 8])]);
  const summed = builder.node('ReduceSum', [pairs, builder.constant('axes', 'int64', [1], [2])], { keepdims: 0 });
  const root = builder.node('Sqrt', [builder.node('Add', [summed, builder.constant('small', 'float32', [], [0.01])])]);
  const pool = builder.node('AveragePool', [root], { kernel_shape: [2, 2], strides: [2, 2] });
  const flat = builder.node('Reshape', [pool, builder.constant('flat', 'int64', [2], [-1, 64])]);
  return finish(builder, flat, 64);
}

/** y = a · Sigmoid(a), as both of PyTorch's exporters would write a local function. */
export function localFunction(name: string, calls: readonly { op: string; domain: string }[] = []): FunctionProto {
  const inner = calls.map(({ op, domain }, at) => ({
    opType: op,
    domain,
    input: [at === 0 ? 'a' : `b${at}`],
    output: [`b${at + 1}`],
  }));
  const last = calls.length === 0 ? 'a' : `b${calls.length}`;
  return create(FunctionProtoSchema, {
    name,
    domain: 'local',
    input: ['a'],
    output: ['z'],
    node: [
      ...inner,
      { opType: 'Sigmoid', input: [last], output: ['s'] },
      { opType: 'Mul', input: [last, 's'], output: ['z'] },
    ],
    opsetImport: [
      { domain: '', version: 18n },
      { domain: 'local', version: 1n },
    ],
  });
}

function functions(): Graph {
  const builder = start('functions');
  const flat = builder.node('Flatten', ['x'], { axis: 1 });
  const hidden = builder.node('MatMul', [flat, dense(builder, 'hidden', [64, 16])]);
  builder.node('Gate', [hidden], {}, 'gated');
  const graph = finish(builder, 'gated', 16);
  return {
    ...graph,
    opsets: new Map([...graph.opsets, ['local', 1]]),
    functions: [localFunction('Gate')],
    nodes: graph.nodes.map((node) => (node.op === 'Gate' ? { ...node, domain: 'local' } : node)),
  };
}

export const weightsFile = 'weights.bin';

function external(): SeedModel {
  const graph = convolutional(18);
  const parts: Uint8Array[] = [];
  let offset = 0;
  for (const [name, tensor] of graph.initializers) {
    const { bytes } = tensor;
    const place = { location: weightsFile, offset: String(offset), length: String(bytes.byteLength) };
    graph.initializers.set(name, { ...tensor, bytes: new Uint8Array(0), external: place });
    parts.push(bytes);
    offset += bytes.byteLength;
  }
  const all = new Uint8Array(Buffer.concat(parts));
  return { name: 'external data', bytes: writeGraph(graph), files: { [weightsFile]: all } };
}

const inOneFile = (name: string, graph: Graph): SeedModel => ({ name, bytes: writeGraph(graph), files: {} });

export const seedModels: readonly SeedModel[] = [
  inOneFile('convolution', convolutional(18)),
  inOneFile('attention', attention()),
  inOneFile('energy', energy()),
  inOneFile('functions', functions()),
  external(),
  inOneFile('opset 11', convolutional(11)),
  inOneFile('opset 22', convolutional(22)),
];
