/** Names of values and nodes that nobody has taken, and copies of nodes under new names. */
import type { Attribute } from '../attributes.ts';
import { subgraphsOf, type Graph, type GraphBody, type GraphNode } from '../graph.ts';

export class Names {
  readonly #taken = new Set<string>();
  readonly #counts = new Map<string, number>();

  constructor(graph: Graph) {
    this.#collect(graph);
  }

  #collect(body: GraphBody): void {
    for (const { name } of [...body.inputs, ...body.outputs, ...body.values]) this.#taken.add(name);
    for (const name of body.initializers.keys()) this.#taken.add(name);
    for (const node of body.nodes) {
      for (const name of [node.name, ...node.inputs, ...node.outputs]) this.#taken.add(name);
      for (const attribute of Object.values(node.attributes)) {
        for (const inner of subgraphsOf(attribute)) this.#collect(inner);
      }
    }
  }

  /** The hint itself where it is free, otherwise with a number behind it. */
  fresh(hint: string): string {
    for (;;) {
      const count = (this.#counts.get(hint) ?? 0) + 1;
      this.#counts.set(hint, count);
      const name = count === 1 ? hint : `${hint}_${count}`;
      if (name !== '' && !this.#taken.has(name)) {
        this.#taken.add(name);
        return name;
      }
    }
  }
}

/** Maps the names of one place to those of another. Names it does not hold stay as they are. */
export type Renaming = ReadonlyMap<string, string>;

/** Gives every graph inside an attribute to `change`. */
export function mapSubgraphs(attribute: Attribute, change: (body: GraphBody) => GraphBody): Attribute {
  if (attribute.kind === 'graph') return { kind: 'graph', value: change(attribute.value) };
  return attribute.kind === 'graphs' ? { kind: 'graphs', value: attribute.value.map(change) } : attribute;
}

/** Gives every graph inside a node to `change`; the node itself comes back where it holds none. */
export function withSubgraphs(node: GraphNode, change: (body: GraphBody) => GraphBody): GraphNode {
  const entries = Object.entries(node.attributes);
  if (!entries.some(([, attribute]) => subgraphsOf(attribute).length > 0)) return node;
  return {
    ...node,
    attributes: Object.fromEntries(entries.map(([name, value]) => [name, mapSubgraphs(value, change)])),
  };
}

/** A node whose inputs and outputs are renamed; what its subgraphs define gets fresh names beginning with `prefix`. */
export function copyNode(node: GraphNode, renaming: Renaming, names: Names, prefix: string): GraphNode {
  const rename = (name: string): string => renaming.get(name) ?? name;
  const copy = withSubgraphs(node, (body) => copyBody(body, renaming, names, prefix));
  return { ...copy, inputs: node.inputs.map(rename), outputs: node.outputs.map(rename) };
}

function copyBody(body: GraphBody, outer: Renaming, names: Names, prefix: string): GraphBody {
  const renaming = new Map(outer);
  for (const name of definedNames(body)) renaming.set(name, names.fresh(`${prefix}${name}`));
  const rename = (name: string): string => renaming.get(name) ?? name;
  return {
    ...body,
    inputs: body.inputs.map((info) => ({ ...info, name: rename(info.name) })),
    outputs: body.outputs.map((info) => ({ ...info, name: rename(info.name) })),
    values: body.values.map((info) => ({ ...info, name: rename(info.name) })),
    initializers: new Map([...body.initializers].map(([name, tensor]) => [rename(name), tensor])),
    nodes: body.nodes.map((node) => copyNode(node, renaming, names, prefix)),
  };
}

/** What a body defines itself: its inputs, its constants and what its nodes make. */
export function definedNames(body: GraphBody): Set<string> {
  const defined = [
    ...body.inputs.map(({ name }) => name),
    ...body.initializers.keys(),
    ...body.nodes.flatMap(({ outputs }) => outputs),
  ];
  return new Set(defined.filter((name) => name !== ''));
}
