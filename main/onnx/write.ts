/** Graph → wire messages. Equal graphs give equal bytes. */
import { create } from '@bufbuild/protobuf';
import { attributeCodes, type Attribute } from './attributes.ts';
import { encodeModel } from './codec.ts';
import { dtypeCode } from './elementTypes.ts';
import {
  AttributeProtoSchema,
  GraphProtoSchema,
  ModelProtoSchema,
  NodeProtoSchema,
  OperatorSetIdProtoSchema,
  StringStringEntryProtoSchema,
  TensorProtoSchema,
  TensorShapeProto_DimensionSchema,
  ValueInfoProtoSchema,
  type AttributeProto,
  type GraphProto,
  type ModelProto,
  type NodeProto,
  type StringStringEntryProto,
  type TensorProto,
  type ValueInfoProto,
} from './generated/onnx_pb.ts';
import type { Graph, GraphBody, GraphNode, ValueInfo } from './graph.ts';
import type { Tensor } from './tensor.ts';

const utf8 = new TextEncoder();

/**
 * Writes a graph as an .onnx file. Attributes, metadata and operator sets go out sorted by name, everything else in the
 * order the graph gives, so equal graphs give equal bytes whatever order their maps were filled in.
 */
export function writeGraph(graph: Graph): Uint8Array<ArrayBuffer> {
  return encodeModel(modelOfGraph(graph));
}

export function modelOfGraph(graph: Graph): ModelProto {
  const model = create(ModelProtoSchema, {
    irVersion: BigInt(graph.irVersion),
    graph: writeBody(graph),
    opsetImport: sorted(graph.opsets).map(([domain, version]) =>
      create(OperatorSetIdProtoSchema, { domain, version: BigInt(version) }),
    ),
    metadataProps: entries(graph.metadata),
    functions: graph.functions,
  });
  if (graph.producer !== '') model.producerName = graph.producer;
  if (graph.producerVersion !== '') model.producerVersion = graph.producerVersion;
  if (graph.documentation !== '') model.docString = graph.documentation;
  return model;
}

function sorted<T>(map: Iterable<[string, T]>): [string, T][] {
  return [...map].toSorted(([a], [b]) => (a < b ? -1 : 1));
}

function entries(map: Iterable<[string, string]>): StringStringEntryProto[] {
  return sorted(map).map(([key, value]) => create(StringStringEntryProtoSchema, { key, value }));
}

function writeBody(body: GraphBody): GraphProto {
  return create(GraphProtoSchema, {
    name: body.name,
    input: body.inputs.map(writeValueInfo),
    output: body.outputs.map(writeValueInfo),
    valueInfo: body.values.map(writeValueInfo),
    initializer: [...body.initializers].map(([name, tensor]) => writeTensor(name, tensor)),
    sparseInitializer: body.sparseInitializers,
    node: body.nodes.map(writeNode),
  });
}

function writeNode(node: GraphNode): NodeProto {
  const proto = create(NodeProtoSchema, {
    input: node.inputs,
    output: node.outputs,
    opType: node.op,
    attribute: sorted(Object.entries(node.attributes)).map(([name, attribute]) => writeAttribute(name, attribute)),
  });
  if (node.name !== '') proto.name = node.name;
  if (node.domain !== '') proto.domain = node.domain;
  if (node.overload !== undefined) proto.overload = node.overload;
  return proto;
}

/** INT64_MAX stands for "to the end" in many models and is not a number JavaScript can hold: it comes back clamped. */
function int64(value: number): bigint {
  const largest = 2n ** 63n - 1n;
  const integer = BigInt(value);
  return integer > largest ? largest : integer;
}

function writeAttribute(name: string, attribute: Attribute): AttributeProto {
  const proto = create(AttributeProtoSchema, { name, type: attributeCodes[attribute.kind] });
  switch (attribute.kind) {
    case 'float':
      proto.f = attribute.value;
      break;
    case 'int':
      proto.i = int64(attribute.value);
      break;
    case 'string':
      proto.s = utf8.encode(attribute.value);
      break;
    case 'tensor':
      proto.t = writeTensor('', attribute.value);
      break;
    case 'graph':
      proto.g = writeBody(attribute.value);
      break;
    case 'floats':
      proto.floats = attribute.value;
      break;
    case 'ints':
      proto.ints = attribute.value.map(int64);
      break;
    case 'strings':
      proto.strings = attribute.value.map((text) => utf8.encode(text));
      break;
    case 'tensors':
      proto.tensors = attribute.value.map((tensor) => writeTensor('', tensor));
      break;
    case 'graphs':
      proto.graphs = attribute.value.map(writeBody);
      break;
    case 'sparseTensor':
      proto.sparseTensor = attribute.value;
      break;
    case 'sparseTensors':
      proto.sparseTensors = attribute.value;
      break;
    case 'type':
      proto.tp = attribute.value;
      break;
    case 'types':
      proto.typeProtos = attribute.value;
      break;
  }
  return proto;
}

function writeTensor(name: string, tensor: Tensor): TensorProto {
  const proto = create(TensorProtoSchema, { dims: tensor.shape.map(BigInt), dataType: dtypeCode(tensor.dtype) });
  if (name !== '') proto.name = name;
  if (tensor.external !== undefined) {
    proto.dataLocation = 1;
    proto.externalData = entries(Object.entries(tensor.external));
  } else if (tensor.dtype === 'string') {
    proto.stringData = (tensor.strings ?? []).map((text) => utf8.encode(text));
  } else {
    // The codec asks for a view that owns an ArrayBuffer; shared memory never reaches a graph.
    proto.rawData = tensor.bytes as Uint8Array<ArrayBuffer>;
  }
  return proto;
}

function writeValueInfo({ name, dtype, shape, other }: ValueInfo): ValueInfoProto {
  if (other !== undefined) return create(ValueInfoProtoSchema, { name, type: other });
  if (dtype === 'undefined') return create(ValueInfoProtoSchema, { name });
  const dim = (shape ?? []).map((size) =>
    create(TensorShapeProto_DimensionSchema, {
      value:
        typeof size === 'number'
          ? { case: 'dimValue', value: BigInt(size) }
          : size === '?'
            ? { case: undefined }
            : { case: 'dimParam', value: size },
    }),
  );
  return create(ValueInfoProtoSchema, {
    name,
    type: {
      value: { case: 'tensorType', value: { elemType: dtypeCode(dtype), ...(shape !== null && { shape: { dim } }) } },
    },
  });
}
