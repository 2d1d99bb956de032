/** What a graph from a file must keep to before anything works with it. */
import { TwinscopeError } from '../platform/errors.ts';
import type { Attribute } from './attributes.ts';
import { byteLength } from './elementTypes.ts';
import type { FunctionProto, NodeProto, SparseTensorProto } from './generated/onnx_pb.ts';
import { describeNode, subgraphsOf, type GraphBody, type GraphNode } from './graph.ts';
import { elementCount, type Tensor } from './tensor.ts';

/** Real models nest branches a few levels deep; decoding stops a little above this (100 messages within messages). */
export const deepestNesting = 16;

/** The largest models have some ten thousand nodes. */
const mostNodes = 1_000_000;

const remedy = 'Nothing was changed. Get the file again, or export the model again.';

function damaged(what: string, details: Record<string, unknown> = {}): TwinscopeError {
  return new TwinscopeError('corrupt', `${what} ${remedy}`, details);
}

/**
 * Refuses graphs in which a value is made twice or by nothing, absurd counts, and data stored
 * outside the model's folder. Throws TwinscopeError 'corrupt'.
 */
export function checkGraph(graph: GraphBody): void {
  checkBody(graph, () => false, { nodes: 0 });
  checkExternalData(graph);
}

/** Functions that call functions multiply: a file of a few kilobytes could keep whoever expands them busy for ever. */
const mostExpandedNodes = 100_000;

/**
 * Refuses local functions that call themselves or that expand to more nodes than any model has. ONNX Runtime expands
 * them without a limit.
 */
export function checkFunctionCalls(functions: readonly FunctionProto[]): void {
  const keyOf = (domain: string, name: string, overload: string): string =>
    JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
  const all = new Map(functions.map((item) => [keyOf(item.domain, item.name, item.overload), item]));
  const sizes = new Map<string, number>();
  const sizeOf = (nodes: readonly NodeProto[]): number =>
    nodes.reduce((sum, node) => {
      const inner = node.attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
      const called = expanded(keyOf(node.domain, node.opType, node.overload));
      return sum + called + inner.reduce((total, { node: body }) => total + sizeOf(body), 0);
    }, 0);
  const expanded = (key: string): number => {
    const item = all.get(key);
    if (item === undefined) return 1;
    const known = sizes.get(key);
    if (Number.isNaN(known)) {
      throw damaged(`The local function "${item.name}" of this model calls itself, which ONNX forbids.`, {
        operator: item.name,
      });
    }
    if (known !== undefined) return known;
    sizes.set(key, Number.NaN);
    const size = sizeOf(item.node);
    if (size > mostExpandedNodes) {
      throw new TwinscopeError(
        'unsupported',
        `The local functions of this model expand to more than ${mostExpandedNodes.toLocaleString('en-GB')} nodes. ` +
          'Nothing was changed. Export it without functions.',
      );
    }
    sizes.set(key, size);
    return size;
  };
  for (const key of all.keys()) expanded(key);
}

function checkBody(body: GraphBody, outer: (name: string) => boolean, count: { nodes: number }): void {
  const inputs = new Set(body.inputs.map(({ name }) => name));
  if (inputs.size < body.inputs.length) throw damaged('Two inputs of this model have the same name.');
  const made = new Set([...inputs, ...body.initializers.keys(), ...body.sparseInitializers.map(nameOfSparse)]);
  const known = (name: string): boolean => made.has(name) || outer(name);
  for (const node of body.nodes) {
    count.nodes += 1;
    if (count.nodes > mostNodes) throw damaged(`This model has more than ${mostNodes.toLocaleString('en-GB')} nodes.`);
    const missing = node.inputs.find((name) => name !== '' && !known(name));
    if (missing !== undefined) {
      throw damaged(`${describeNode(node)} of this model reads "${missing}", which nothing makes.`, {
        node: node.name,
      });
    }
    for (const inner of bodiesOf(node)) checkBody(inner, known, count);
    for (const name of node.outputs) {
      if (name !== '' && made.has(name))
        throw damaged(`The value "${name}" of this model is made twice.`, { value: name });
      made.add(name);
    }
  }
  for (const { name } of body.outputs) {
    if (!known(name)) throw damaged(`The output "${name}" of this model is made by nothing.`, { value: name });
  }
}

function bodiesOf(node: GraphNode): GraphBody[] {
  return Object.values(node.attributes).flatMap((attribute) => subgraphsOf(attribute));
}

function nameOfSparse(sparse: SparseTensorProto): string {
  return sparse.values?.name ?? '';
}

/**
 * The files in which constants of the graph are stored, relative to the model, in the order met. Refuses locations
 * outside the model's folder, offsets that are no numbers, and lengths that do not fit the constant's shape. The
 * bodies of local functions are looked through when the graph is read.
 */
export function checkExternalData(graph: GraphBody): string[] {
  const locations = new Set<string>();
  for (const [name, tensor] of tensorsOf(graph)) {
    if (tensor.external === undefined) continue;
    checkPlace(name, tensor, tensor.external);
    locations.add(tensor.external['location']!);
  }
  return [...locations];
}

function checkPlace(name: string, tensor: Tensor, external: Record<string, string>): void {
  const location = external['location'] ?? '';
  const outside =
    location === '' ||
    /^([/\\]|[A-Za-z]:)/.test(location) ||
    location.split(/[/\\]/).includes('..') ||
    [...location].some((character) => character < ' ');
  if (outside) {
    throw damaged(
      `The constant "${name}" of this model is stored in ${JSON.stringify(location)}, which is not a file beside the model.`,
      { tensor: name },
    );
  }
  for (const key of ['offset', 'length']) {
    const text = external[key];
    if (text !== undefined && !(/^\d+$/.test(text) && Number.isSafeInteger(Number(text)))) {
      throw damaged(`The ${key} of the constant "${name}" of this model is ${JSON.stringify(text)}.`, { tensor: name });
    }
  }
  const wanted = byteLength(tensor.dtype, elementCount(tensor.shape));
  if (external['length'] !== undefined && tensor.dtype !== 'string' && Number(external['length']) !== wanted) {
    throw damaged(
      `The constant "${name}" of this model should hold ${wanted} bytes for its shape [${tensor.shape.join(', ')}] and ` +
        `lists ${external['length']}.`,
      { tensor: name },
    );
  }
}

function* tensorsOf(body: GraphBody): Generator<[string, Tensor]> {
  yield* body.initializers;
  for (const node of body.nodes) {
    for (const [name, attribute] of Object.entries(node.attributes)) {
      for (const tensor of ownTensors(attribute)) yield [node.outputs[0] || name, tensor];
      for (const inner of subgraphsOf(attribute)) yield* tensorsOf(inner);
    }
  }
}

function ownTensors(attribute: Attribute): Tensor[] {
  if (attribute.kind === 'tensor') return [attribute.value];
  return attribute.kind === 'tensors' ? attribute.value : [];
}
