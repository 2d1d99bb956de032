/** Data outside the model's folder is refused wherever a tensor can stand. */
import { create } from '@bufbuild/protobuf';
import { expect, test } from 'vitest';
import {
  AttributeProtoSchema,
  FunctionProtoSchema,
  NodeProtoSchema,
  SparseTensorProtoSchema,
  TensorProtoSchema,
  type SparseTensorProto,
  type TensorProto,
} from './generated/onnx_pb.ts';
import { externalTensors, GraphBuilder, readGraph, writeGraph, type Graph, type Tensor } from './index.ts';

const tensorAt = (location: string): Tensor => ({
  dtype: 'float32',
  shape: [2],
  bytes: new Uint8Array(0),
  external: { location, offset: '0', length: '8' },
});

const protoAt = (location: string, dataType = 1): TensorProto =>
  create(TensorProtoSchema, {
    name: 'w',
    dims: [2n],
    dataType,
    dataLocation: 1,
    externalData: [{ key: 'location', value: location }],
  });

const sparseAt = (location: string, part: 'values' | 'indices'): SparseTensorProto =>
  create(SparseTensorProtoSchema, {
    values: create(TensorProtoSchema, { name: 'w', dims: [2n], dataType: 1, floatData: [1, 2] }),
    indices: create(TensorProtoSchema, { dims: [2n], dataType: 7, int64Data: [0n, 1n] }),
    dims: [4n],
    [part]: protoAt(location, part === 'values' ? 1 : 7),
  });

function plain(): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', [2]);
  builder.node('Relu', ['x'], {}, 'y');
  builder.output('y', 'float32', [2]);
  return builder.build();
}

function withConstant(graph: Graph, location: string): Graph {
  const value = { kind: 'tensor' as const, value: tensorAt(location) };
  graph.nodes.push({ op: 'Constant', domain: '', name: '', inputs: [], outputs: ['w'], attributes: { value } });
  return graph;
}

const places: Record<string, (location: string) => Graph> = {
  'an initializer': (location) => {
    const graph = plain();
    graph.initializers.set('w', tensorAt(location));
    return graph;
  },
  'the attribute of a Constant': (location) => withConstant(plain(), location),
  'the values of a sparse initializer': (location) => ({
    ...plain(),
    sparseInitializers: [sparseAt(location, 'values')],
  }),
  'the indices of a sparse initializer': (location) => ({
    ...plain(),
    sparseInitializers: [sparseAt(location, 'indices')],
  }),
  'a sparse attribute': (location) => {
    const graph = plain();
    const value = { kind: 'sparseTensor' as const, value: sparseAt(location, 'values') };
    graph.nodes.push({
      op: 'Constant',
      domain: '',
      name: '',
      inputs: [],
      outputs: ['w'],
      attributes: { sparse_value: value },
    });
    return graph;
  },
  'a branch': (location) => {
    const graph = plain();
    graph.inputs.push({ name: 'yes', dtype: 'bool', shape: [] });
    const body: Graph = {
      ...withConstant({ ...plain(), nodes: [] }, location),
      inputs: [],
      outputs: [{ name: 'w', dtype: 'float32', shape: [2] }],
    };
    graph.nodes.push({
      op: 'If',
      domain: '',
      name: '',
      inputs: ['yes'],
      outputs: ['z'],
      attributes: { then_branch: { kind: 'graph', value: body }, else_branch: { kind: 'graph', value: body } },
    });
    return graph;
  },
  'a local function': (location) => {
    const graph = plain();
    graph.opsets.set('local', 1);
    const value = create(AttributeProtoSchema, { name: 'value', type: 4, t: protoAt(location) });
    graph.functions = [
      create(FunctionProtoSchema, {
        name: 'F',
        domain: 'local',
        output: ['w'],
        opsetImport: [{ domain: '', version: 18n }],
        node: [create(NodeProtoSchema, { opType: 'Constant', output: ['w'], attribute: [value] })],
      }),
    ];
    graph.nodes.push({ op: 'F', domain: 'local', name: '', inputs: [], outputs: ['w'], attributes: {} });
    return graph;
  },
};

test.each(Object.entries(places))('%s', (_, graphWith) => {
  expect(() => readGraph(writeGraph(graphWith('../weights.bin')))).toThrow(/is not a file beside the model/);
  const stored = [...externalTensors(readGraph(writeGraph(graphWith('weights.bin'))))];
  const locations = new Set(stored.map(({ tensor }) => tensor.external['location']));
  expect([...locations]).toEqual(['weights.bin']);
});
