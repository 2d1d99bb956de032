/** Brings the nodes of a graph to the internal operator set. What changed when: docs/decisions/onnx-opset.md. */
import { TwinscopeError } from '../../platform/errors.ts';
import {
  isStandard,
  namesRead,
  opsetOf,
  randomOperators,
  subgraphsOf,
  type Graph,
  type GraphBody,
  type GraphNode,
} from '../graph.ts';
import { inferGraph } from '../inferShapes.ts';
import type { ShapeContext } from '../shapes/context.ts';
import type { Tensor } from '../tensor.ts';
import { listAdapters } from './adapters/lists.ts';
import { newerAdapters } from './adapters/newer.ts';
import { spatialAdapters } from './adapters/spatial.ts';
import { Names, withSubgraphs } from './names.ts';
import { internalOpset, Rewriter, type Adapter } from './rewriter.ts';

const adapters: Record<string, Adapter> = { ...listAdapters, ...spatialAdapters, ...newerAdapters };

/** Every operator of these sets has been looked at. */
const oldestOpset = 11;
const newestOpset = 28;

/** IR 8 came with opset 18; older versions list constants among the inputs. */
const internalIrVersion = 8;

/**
 * A graph that means the same in opset 18. `opsets` says which nodes are written in another set than the graph's.
 * Throws TwinscopeError 'unsupported' naming operator and node where an operator has no form in opset 18.
 */
export function adaptOpset(graph: Graph, opsets: ReadonlyMap<GraphNode, number> = new Map()): Graph {
  const opset = opsetOf(graph);
  const used = new Set([...(opset === 0 ? [] : [opset]), ...opsets.values()]);
  used.forEach(checkOpset);
  const adapted: Graph = {
    ...graph,
    irVersion: Math.max(graph.irVersion, internalIrVersion),
    opsets: new Map([...graph.opsets].filter(([domain]) => domain !== 'ai.onnx')).set('', internalOpset),
  };
  const { context } = inferGraph(graph);
  const pass = new Pass(context, new Names(graph), opset || internalOpset, opsets, fixedValues(graph));
  const body = pass.body(adapted);
  return { ...body, initializers: new Map([...body.initializers, ...pass.initializers]) };
}

function checkOpset(opset: number): void {
  if (opset >= oldestOpset && opset <= newestOpset) return;
  const [state, remedy] = opset < oldestOpset ? ['older', 'newer'] : ['newer', 'older'];
  throw new TwinscopeError(
    'unsupported',
    `This model uses opset ${opset}, which is ${state} than this version can rewrite (${oldestOpset} to ${newestOpset}). ` +
      `Running the twin may work; gradients and layer taps of it do not. Export it with ${remedy} opset, for example ${internalOpset}.`,
  );
}

/** Constants, and what is computed from them alone. */
function fixedValues(graph: Graph): Set<string> {
  const fixed = new Set(graph.initializers.keys());
  for (const node of graph.nodes) {
    if (randomOperators.has(node.op)) continue;
    if (namesRead(node).every((name) => fixed.has(name))) node.outputs.forEach((name) => fixed.add(name));
  }
  return fixed;
}

class Pass {
  /** Constants the adapters made, for the outermost graph. */
  readonly initializers = new Map<string, Tensor>();
  readonly #context: ShapeContext;
  readonly #names: Names;
  readonly #opset: number;
  readonly #opsets: ReadonlyMap<GraphNode, number>;
  readonly #fixed: ReadonlySet<string>;

  constructor(
    context: ShapeContext,
    names: Names,
    opset: number,
    opsets: ReadonlyMap<GraphNode, number>,
    fixed: ReadonlySet<string>,
  ) {
    this.#fixed = fixed;
    this.#context = context;
    this.#names = names;
    this.#opset = opset;
    this.#opsets = opsets;
  }

  body<T extends GraphBody>(body: T, context = this.#context): T {
    return { ...body, nodes: body.nodes.flatMap((node) => this.#node(node, context)) };
  }

  #node(node: GraphNode, context: ShapeContext): GraphNode[] {
    const from = this.#opsets.get(node) ?? this.#opset;
    const nested = Object.values(node.attributes).some((attribute) => subgraphsOf(attribute).length > 0);
    const inner = nested ? withSubgraphs(node, (item) => this.body(item, context.within(item))) : node;
    if (!isStandard(inner) || !Object.hasOwn(adapters, inner.op)) return [inner];
    const rewriter = new Rewriter(inner, from, context, this.#names, this.initializers, this.#fixed);
    const result = adapters[inner.op]!(inner, rewriter);
    return result === true ? rewriter.nodes : [...rewriter.nodes, result ?? inner];
  }
}
