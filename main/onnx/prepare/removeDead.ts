/** Takes away what no output needs, and nodes that only pass a value on. */
import { dtypeOfCode } from '../elementTypes.ts';
import {
  intAttribute,
  isStandard,
  namesRead,
  requiredInputs,
  type Graph,
  type GraphBody,
  type GraphNode,
} from '../graph.ts';
import type { ShapeContext } from '../shapes/context.ts';
import { dropoutTrains } from '../shapes/elementwise.ts';
import { definedNames, withSubgraphs } from './names.ts';

/**
 * Keeps the nodes that some output needs, the constants they read, and the inputs without a constant. Inputs that
 * nothing reads stay: a caller gives them.
 */
export function removeDead(graph: Graph): Graph {
  return { ...keepNeeded(graph), inputs: requiredInputs(graph) };
}

/** The nodes that some output needs and the constants they read. Inputs stay. */
export function keepNeeded<T extends GraphBody>(body: T): T {
  const read = new Set(body.outputs.map(({ name }) => name));
  const nodes: GraphNode[] = [];
  for (const node of body.nodes.toReversed()) {
    if (!node.outputs.some((name) => read.has(name))) continue;
    const kept = withSubgraphs(node, (inner) => keepNeeded(inner));
    for (const name of namesRead(kept)) read.add(name);
    nodes.push(kept);
  }
  nodes.reverse();
  const made = new Set([...body.inputs.map(({ name }) => name), ...nodes.flatMap(({ outputs }) => outputs)]);
  return {
    ...body,
    nodes,
    values: body.values.filter(({ name }) => made.has(name)),
    initializers: new Map([...body.initializers].filter(([name]) => read.has(name))),
  };
}

/** Readers of a value that is only passed on read its source. A value that is an output of the graph keeps its node. */
export function removePassing<T extends GraphBody>(body: T, context: ShapeContext): T {
  return withoutPassing(body, context, new Map());
}

function withoutPassing<T extends GraphBody>(body: T, context: ShapeContext, outer: ReadonlyMap<string, string>): T {
  const aliases = new Map(outer);
  for (const name of definedNames(body)) aliases.delete(name);
  const resolve = (name: string): string => aliases.get(name) ?? name;
  const outputs = new Set(body.outputs.map(({ name }) => name));
  const nodes: GraphNode[] = [];
  for (const node of body.nodes) {
    const inner = withSubgraphs(node, (item) => withoutPassing(item, context, aliases));
    const resolved = { ...inner, inputs: node.inputs.map(resolve) };
    const [output] = node.outputs;
    const only = node.outputs.slice(1).every((name) => name === '');
    if (output && only && passesOn(resolved, context) && !outputs.has(output)) aliases.set(output, resolved.inputs[0]!);
    else nodes.push(resolved);
  }
  // An output of a branch may be a value from outside, which then needs a node to carry the name.
  const carried = body.outputs.filter(({ name }) => outer.has(name) && aliases.has(name));
  return { ...body, nodes: [...nodes, ...carried.map(({ name }) => carry(resolve(name), name))] };
}

function carry(source: string, name: string): GraphNode {
  return { op: 'Identity', domain: '', name, inputs: [source], outputs: [name], attributes: {} };
}

/** True for a node whose first output is its first input. */
function passesOn(node: GraphNode, context: ShapeContext): boolean {
  if (!isStandard(node) || !node.inputs[0]) return false;
  switch (node.op) {
    case 'Identity':
      return true;
    case 'Concat':
    case 'Sum':
    case 'Max':
    case 'Min':
    case 'Mean':
      return node.inputs.length === 1;
    case 'Cast':
      return context.type(node.inputs[0])?.dtype === dtypeOfCode(intAttribute(node, 'to', 0));
    case 'Dropout':
      return !dropoutTrains(node, context);
    default:
      return false;
  }
}
