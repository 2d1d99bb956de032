/** Expands the calls of model-local functions, which both of PyTorch's exporters can write. */
import { TwinscopeError } from '../../platform/errors.ts';
import { describeNode, isStandard, opsetOf, type Graph, type GraphBody, type GraphNode } from '../graph.ts';
import type { FunctionProto } from '../generated/onnx_pb.ts';
import { checkFunctionCalls, functionKey } from '../functionCalls.ts';
import { readFunction } from '../read.ts';
import { copyNode, Names, withSubgraphs } from './names.ts';

export interface Inlined {
  graph: Graph;
  /** The standard operator set in which a node is written, where that is not the graph's. */
  opsets: ReadonlyMap<GraphNode, number>;
}

/**
 * A graph without calls of its own functions. Every call gets the body's nodes, values named `<call>/<value>`.
 * Functions may use another operator set than the graph: `opsets` says which. Refuses recursion.
 */
export function inlineFunctions(graph: Graph): Inlined {
  if (graph.functions.length === 0) return { graph, opsets: new Map() };
  checkFunctionCalls(graph);
  const inliner = new Inliner(graph);
  const body = inliner.body(graph, opsetOf(graph));
  return { graph: { ...graph, ...body, functions: [] }, opsets: inliner.opsets };
}

class Inliner {
  readonly opsets = new Map<GraphNode, number>();
  readonly #graphOpset: number;
  readonly #functions: Map<string, FunctionProto>;
  readonly #names: Names;

  constructor(graph: Graph) {
    this.#graphOpset = opsetOf(graph);
    this.#functions = new Map(graph.functions.map((item) => [functionKey(item), item]));
    this.#names = new Names(graph);
  }

  body<T extends GraphBody>(body: T, opset: number): T {
    return { ...body, nodes: body.nodes.flatMap((node) => this.#node(node, opset)) };
  }

  #node(node: GraphNode, opset: number): GraphNode[] {
    const { domain, op, overload = '' } = node;
    const called = this.#functions.get(functionKey({ domain, name: op, overload }));
    if (called !== undefined) return this.#call(node, called);
    const kept = withSubgraphs(node, (inner) => this.body(inner, opset));
    if (opset !== this.#graphOpset && isStandard(kept)) this.opsets.set(kept, opset);
    return [kept];
  }

  #call(node: GraphNode, called: FunctionProto): GraphNode[] {
    const { inputs, outputs, nodes } = readFunction(called, node.attributes);
    if (node.inputs.length > inputs.length || node.outputs.length > outputs.length) {
      throw new TwinscopeError(
        'corrupt',
        `${describeNode(node)} passes ${node.inputs.length} inputs and takes ${node.outputs.length} outputs; its function ` +
          `has ${inputs.length} and ${outputs.length}. Nothing was changed. Export the model again.`,
        { operator: node.op, node: node.name },
      );
    }
    const prefix = `${node.name || (node.outputs.find((name) => name !== '') ?? node.op)}/`;
    const renaming = new Map(inputs.map((name, index) => [name, node.inputs[index] ?? '']));
    const made = new Set(nodes.flatMap((inner) => inner.outputs).filter((name) => name !== ''));
    const passedOn: GraphNode[] = [];
    outputs.forEach((name, index) => {
      const wanted = node.outputs[index] ?? '';
      if (wanted === '') return;
      // An input that is handed on, or one value under two names, needs a node of its own.
      if (made.has(name) && !renaming.has(name)) renaming.set(name, wanted);
      else passedOn.push(identity(renaming.get(name) ?? name, wanted));
    });
    for (const name of made) if (!renaming.has(name)) renaming.set(name, this.#names.fresh(`${prefix}${name}`));
    const opset = this.#opsetOf(called);
    const expanded = nodes.map((inner) => ({
      ...copyNode(inner, renaming, this.#names, prefix),
      name: this.#names.fresh(`${prefix}${inner.name || inner.op}`),
    }));
    return [...expanded, ...passedOn].flatMap((inner) => this.#node(inner, opset));
  }

  #opsetOf(called: FunctionProto): number {
    const stated = called.opsetImport.find(({ domain }) => domain === '' || domain === 'ai.onnx');
    return stated === undefined ? this.#graphOpset : Number(stated.version);
  }
}

function identity(input: string, output: string): GraphNode {
  return { op: 'Identity', domain: '', name: output, inputs: [input], outputs: [output], attributes: {} };
}
