/** A model as Twinscope works with it: plain values, names instead of indices, constants as views into the file. */
import type { Attribute, Attributes } from './attributes.ts';
import type { Dtype } from './elementTypes.ts';
import type { FunctionProto, SparseTensorProto, TypeProto } from './generated/onnx_pb.ts';
import type { Tensor } from './tensor.ts';

/** A size, the name of a size fixed only when the model runs ('batch', '3*batch'), or '?' where nothing is known. */
export type Dim = number | string;

export interface TensorType {
  dtype: Dtype;
  shape: Dim[];
}

export interface ValueInfo {
  name: string;
  dtype: Dtype;
  /** Null where the model does not state a rank. */
  shape: Dim[] | null;
  /** Only for values that are not tensors (sequences, maps, optionals). */
  other?: TypeProto;
}

export interface GraphNode {
  op: string;
  /** '' for the standard operators. */
  domain: string;
  /** May be empty; nodes are identified by their outputs. */
  name: string;
  /** '' marks an optional input that is left out. */
  inputs: string[];
  outputs: string[];
  attributes: Attributes;
  /** Which of several model-local functions of one name is called; absent for everything else. */
  overload?: string;
}

/** The graph of a model or of a branch of If, Loop and Scan. Nodes are in an order in which they can run. */
export interface GraphBody {
  name: string;
  inputs: ValueInfo[];
  outputs: ValueInfo[];
  /** What the file says about intermediate values. */
  values: ValueInfo[];
  initializers: Map<string, Tensor>;
  sparseInitializers: SparseTensorProto[];
  nodes: GraphNode[];
}

export interface Graph extends GraphBody {
  irVersion: number;
  /** Version per operator set; '' is the standard one. */
  opsets: Map<string, number>;
  producer: string;
  producerVersion: string;
  documentation: string;
  /** The model's metadata_props. */
  metadata: Map<string, string>;
  functions: FunctionProto[];
}

/** The version of the standard operator set; 0 where the model imports none. */
export function opsetOf(graph: Graph): number {
  return graph.opsets.get('') ?? graph.opsets.get('ai.onnx') ?? 0;
}

export function isStandard(node: GraphNode): boolean {
  return node.domain === '' || node.domain === 'ai.onnx';
}

/** Standard operators whose output differs from run to run. */
export const randomOperators: ReadonlySet<string> = new Set(
  'Bernoulli RandomNormal RandomNormalLike RandomUniform RandomUniformLike Multinomial'.split(' '),
);

/** A text that quotes names of a file, which may hold anything. */
export function oneLine(text: string): string {
  return text.replaceAll(/\p{Cc}/gu, '\uFFFD');
}

/** How a node is called in a sentence: its operator, and its name or else its first output. */
export function describeNode(node: GraphNode): string {
  const operator = isStandard(node) ? node.op : `${node.domain}.${node.op}`;
  return oneLine(`${operator} (node "${node.name || (node.outputs[0] ?? '')}")`);
}

/** The inputs a caller has to give: those without a constant of the same name (old models list constants as inputs). */
export function requiredInputs(graph: GraphBody): ValueInfo[] {
  return graph.inputs.filter(({ name }) => !graph.initializers.has(name));
}

export function intAttribute(node: GraphNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === 'int' ? attribute.value : otherwise;
}

export function intsAttribute(node: GraphNode, name: string): number[] | undefined {
  const attribute = node.attributes[name];
  return attribute?.kind === 'ints' ? attribute.value : undefined;
}

export function floatAttribute(node: GraphNode, name: string, otherwise: number): number {
  const attribute = node.attributes[name];
  return attribute?.kind === 'float' ? attribute.value : otherwise;
}

export function stringAttribute(node: GraphNode, name: string, otherwise: string): string {
  const attribute = node.attributes[name];
  return attribute?.kind === 'string' ? attribute.value : otherwise;
}

/** The graphs inside an attribute (branches and loop bodies). */
export function subgraphsOf(attribute: Attribute): GraphBody[] {
  if (attribute.kind === 'graph') return [attribute.value];
  return attribute.kind === 'graphs' ? attribute.value : [];
}

/** Every name a node reads, including what its subgraphs take from outside. */
export function namesRead(node: GraphNode): string[] {
  const names = node.inputs.filter((name) => name !== '');
  for (const attribute of Object.values(node.attributes)) {
    for (const body of subgraphsOf(attribute)) names.push(...capturedNames(body));
  }
  return names;
}

function capturedNames(body: GraphBody): string[] {
  const own = new Set([...body.initializers.keys(), ...body.inputs.map(({ name }) => name)]);
  const captured: string[] = [];
  for (const node of body.nodes) {
    captured.push(...namesRead(node).filter((name) => !own.has(name)));
    for (const output of node.outputs) own.add(output);
  }
  captured.push(...body.outputs.map(({ name }) => name).filter((name) => !own.has(name)));
  return captured;
}
