/** Wire messages → graph. */
import { isTwinscopeError, TwinscopeError } from '../platform/errors.ts';
import type { Attribute, Attributes } from './attributes.ts';
import { attributeCodes } from './attributes.ts';
import { checkGraph, deepestNesting } from './check.ts';
import { decodeModel } from './codec.ts';
import { dtypeOfCode } from './elementTypes.ts';
import { checkFunctionCalls } from './functionCalls.ts';
import type {
  AttributeProto,
  FunctionProto,
  GraphProto,
  ModelProto,
  NodeProto,
  TensorProto,
  ValueInfoProto,
} from './generated/onnx_pb.ts';
import { oneLine, type Dim, type Graph, type GraphBody, type GraphNode, type ValueInfo } from './graph.ts';
import { sortNodes } from './order.ts';
import { readTensor } from './readTensor.ts';
import { checkTensor, type Tensor } from './tensor.ts';

const utf8 = new TextDecoder('utf-8');

/**
 * Reads an .onnx file. Constants stay views into `bytes`. Training information and quantisation annotations are not
 * part of the graph. Refuses damaged files with a sentence.
 */
export function readGraph(bytes: Uint8Array): Graph {
  const model = decodeModel(bytes);
  try {
    const graph = graphOfModel(model);
    checkGraph(graph);
    for (const proto of graph.functions) checkFunction(proto);
    checkFunctionCalls(graph);
    return graph;
  } catch (error) {
    if (isTwinscopeError(error)) throw new TwinscopeError(error.code, oneLine(error.message), error.details);
    // Messages that decode can still lack a part every reader relies on, such as the tensor of a tensor attribute.
    throw new TwinscopeError(
      'corrupt',
      'This ONNX model is damaged: a part of its graph is missing. Nothing was changed. Get the file again.',
      { reason: String(error) },
    );
  }
}

export function graphOfModel(model: ModelProto): Graph {
  const body = readBody(model.graph!, {}, 0);
  return {
    ...body,
    irVersion: Number(model.irVersion),
    opsets: new Map(
      model.opsetImport.map(({ domain, version }) => [domain === 'ai.onnx' ? '' : domain, Number(version)]),
    ),
    producer: model.producerName,
    producerVersion: model.producerVersion,
    documentation: model.docString,
    metadata: new Map(model.metadataProps.map(({ key, value }) => [key, value])),
    functions: model.functions,
  };
}

/** The body of a function is read again for every call; here it shows that it can be. */
function checkFunction(proto: FunctionProto): void {
  const { inputs, outputs, nodes } = readFunction(proto, {});
  const infos = (names: readonly string[]): ValueInfo[] =>
    names.map((name) => ({ name, dtype: 'undefined', shape: null }));
  checkGraph({
    name: proto.name,
    inputs: infos(inputs),
    outputs: infos(outputs),
    values: [],
    initializers: new Map(),
    sparseInitializers: [],
    nodes,
  });
}

function readBody(graph: GraphProto, given: Attributes, depth: number): GraphBody {
  if (depth > deepestNesting) {
    throw new TwinscopeError(
      'corrupt',
      `The branches of this model are nested more than ${deepestNesting} deep. Nothing was changed. Get the file again.`,
    );
  }
  const initializers = new Map<string, Tensor>();
  for (const proto of graph.initializer) {
    if (initializers.has(proto.name)) {
      throw new TwinscopeError(
        'corrupt',
        `This model has two constants named "${proto.name}". Nothing was changed. Export it again.`,
        { tensor: proto.name },
      );
    }
    initializers.set(proto.name, readChecked(proto.name, proto));
  }
  return {
    name: graph.name,
    inputs: graph.input.map(readValueInfo),
    outputs: graph.output.map(readValueInfo),
    values: graph.valueInfo.map(readValueInfo),
    initializers,
    sparseInitializers: graph.sparseInitializer,
    nodes: sortNodes(graph.node.map((node) => readNode(node, given, depth))),
  };
}

/** What a function computes: formal inputs and outputs, and the nodes between them. */
export interface FunctionBody {
  inputs: string[];
  outputs: string[];
  nodes: GraphNode[];
}

/**
 * The body of a model-local function for one call. Attributes of its nodes that refer to an attribute of the function
 * take what the call gives, else the function's default, and are left out where there is neither.
 */
export function readFunction(proto: FunctionProto, given: Attributes): FunctionBody {
  const defaults = proto.attributeProto.map((attribute): [string, Attribute] => [
    attribute.name,
    readAttribute(attribute, proto.name, {}, 0),
  ]);
  const values = { ...Object.fromEntries(defaults), ...given };
  return {
    inputs: proto.input,
    outputs: proto.output,
    nodes: sortNodes(proto.node.map((node) => readNode(node, values, 0))),
  };
}

/** `given` holds the attributes of the function call whose body this node belongs to. */
function readNode(node: NodeProto, given: Attributes, depth: number): GraphNode {
  const attributes = node.attribute.flatMap((attribute): [string, Attribute][] => {
    if (attribute.refAttrName === '') return [[attribute.name, readAttribute(attribute, node.opType, given, depth)]];
    const value = given[attribute.refAttrName];
    return value === undefined ? [] : [[attribute.name, value]];
  });
  return {
    op: node.opType,
    domain: node.domain === 'ai.onnx' ? '' : node.domain,
    name: node.name,
    inputs: node.input,
    outputs: node.output,
    attributes: Object.fromEntries(attributes),
    ...(node.overload !== '' && { overload: node.overload }),
  };
}

function readAttribute(attribute: AttributeProto, owner: string, given: Attributes, depth: number): Attribute {
  switch (attribute.type || guessKind(attribute)) {
    case attributeCodes.float:
      return { kind: 'float', value: attribute.f };
    case attributeCodes.int:
      return { kind: 'int', value: Number(attribute.i) };
    case attributeCodes.string:
      return { kind: 'string', value: utf8.decode(attribute.s) };
    case attributeCodes.tensor:
      return { kind: 'tensor', value: readChecked(attribute.name, attribute.t!) };
    case attributeCodes.graph:
      return { kind: 'graph', value: readBody(attribute.g!, given, depth + 1) };
    case attributeCodes.floats:
      return { kind: 'floats', value: attribute.floats };
    case attributeCodes.ints:
      return { kind: 'ints', value: attribute.ints.map(Number) };
    case attributeCodes.strings:
      return { kind: 'strings', value: attribute.strings.map((text) => utf8.decode(text)) };
    case attributeCodes.tensors:
      return { kind: 'tensors', value: attribute.tensors.map((tensor) => readChecked(attribute.name, tensor)) };
    case attributeCodes.graphs:
      return { kind: 'graphs', value: attribute.graphs.map((graph) => readBody(graph, given, depth + 1)) };
    case attributeCodes.sparseTensor:
      return { kind: 'sparseTensor', value: attribute.sparseTensor! };
    case attributeCodes.sparseTensors:
      return { kind: 'sparseTensors', value: attribute.sparseTensors };
    case attributeCodes.type:
      return { kind: 'type', value: attribute.tp! };
    case attributeCodes.types:
      return { kind: 'types', value: attribute.typeProtos };
    default:
      throw new TwinscopeError(
        'unsupported',
        `The attribute "${attribute.name}" of ${owner} is of a kind this version does not know. ` +
          'Nothing was changed. Export the model with an older opset.',
      );
  }
}

/** The first IR version did not write the kind: it is the field that is there. */
function guessKind(attribute: AttributeProto): number {
  if (attribute.floats.length > 0) return attributeCodes.floats;
  if (attribute.ints.length > 0) return attributeCodes.ints;
  if (attribute.strings.length > 0) return attributeCodes.strings;
  if (attribute.t !== undefined) return attributeCodes.tensor;
  if (attribute.g !== undefined) return attributeCodes.graph;
  if (attribute.s.length > 0) return attributeCodes.string;
  return attribute.f !== 0 ? attributeCodes.float : attributeCodes.int;
}

function readChecked(name: string, proto: TensorProto): Tensor {
  const tensor = readTensor(proto);
  checkTensor(name, tensor);
  return tensor;
}

function readValueInfo({ name, type }: ValueInfoProto): ValueInfo {
  if (type?.value.case !== 'tensorType') return { name, dtype: 'undefined', shape: null, ...(type && { other: type }) };
  const { elemType, shape } = type.value.value;
  const dims = shape?.dim.map(({ value }): Dim => {
    if (value.case === 'dimValue') return value.value < 0n ? '?' : Number(value.value);
    return value.value || '?';
  });
  return { name, dtype: dtypeOfCode(elemType), shape: dims ?? null };
}
