/** What calls of model-local functions must keep to, counted before anything expands them. */
import { TwinscopeError } from '../platform/errors.ts';
import { formatCount } from '../platform/words.ts';
import { damaged } from './damaged.ts';
import type { FunctionProto, NodeProto } from './generated/onnx_pb.ts';
import { subgraphsOf, type Graph, type GraphBody } from './graph.ts';

/** Functions that call functions multiply: a file of a few kilobytes could keep whoever expands them busy for ever. */
const mostExpandedNodes = 100_000;

/** Under which a call finds its function. */
export function functionKey({ domain, name, overload }: { domain: string; name: string; overload: string }): string {
  return JSON.stringify([domain === 'ai.onnx' ? '' : domain, name, overload]);
}

/**
 * Refuses local functions that call themselves (TwinscopeError 'corrupt'), and functions or calls of them that expand to
 * more nodes than any model has ('unsupported'). ONNX Runtime expands them without a limit. A graph without functions
 * may have more nodes.
 */
export function checkFunctionCalls(graph: Graph): void {
  if (graph.functions.length === 0) return;
  const counter = new CallCounter(graph.functions);
  for (const item of graph.functions) counter.ofFunction(functionKey(item));
  counter.ofBody(graph);
}

class CallCounter {
  readonly #functions: Map<string, FunctionProto>;
  /** NaN while a function's own body is being counted. */
  readonly #counts = new Map<string, number>();

  constructor(functions: readonly FunctionProto[]) {
    this.#functions = new Map(functions.map((item) => [functionKey(item), item]));
  }

  /** How many nodes a call of this operator becomes. */
  ofFunction(key: string): number {
    const called = this.#functions.get(key);
    if (called === undefined) return 1;
    const known = this.#counts.get(key);
    if (Number.isNaN(known)) {
      throw damaged(`The local function "${called.name}" of this model calls itself, which ONNX forbids.`, {
        operator: called.name,
      });
    }
    if (known !== undefined) return known;
    this.#counts.set(key, Number.NaN);
    const count = this.#ofNodes(called.node);
    this.#counts.set(key, count);
    return count;
  }

  ofBody(body: GraphBody): number {
    return total(body.nodes, ({ domain, op, overload = '', attributes }) => {
      const inner = Object.values(attributes).flatMap((attribute) => subgraphsOf(attribute));
      return this.ofFunction(functionKey({ domain, name: op, overload })) + total(inner, (item) => this.ofBody(item));
    });
  }

  #ofNodes(nodes: readonly NodeProto[]): number {
    return total(nodes, ({ domain, opType, overload, attribute }) => {
      const inner = attribute.flatMap(({ g, graphs }) => [...(g ? [g] : []), ...graphs]);
      const called = this.ofFunction(functionKey({ domain, name: opType, overload }));
      return called + total(inner, ({ node }) => this.#ofNodes(node));
    });
  }
}

function total<T>(items: readonly T[], count: (item: T) => number): number {
  const sum = items.reduce((before, item) => before + count(item), 0);
  if (sum <= mostExpandedNodes) return sum;
  throw new TwinscopeError(
    'unsupported',
    `The local functions of this model expand to more than ${formatCount(mostExpandedNodes)} nodes. ` +
      'Nothing was changed. Export it without functions.',
  );
}
