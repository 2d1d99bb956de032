/** Computes what is fixed already: shapes, scales, small masks, and branches whose condition is known. */
import { isStandard, type Dim, type Graph, type GraphBody, type GraphNode } from '../graph.ts';
import { inferGraph, tensorOfConstant } from '../inferShapes.ts';
import type { ShapeContext } from '../shapes/context.ts';
import { elementCount, makeTensor, numbersOf, type Tensor } from '../tensor.ts';
import { canEvaluate, evaluate, mostFolded } from './evaluate.ts';
import { copyNode, definedNames, Names, withSubgraphs } from './names.ts';
import { removeDead, removePassing } from './removeDead.ts';

/** Every pass can make the next one know more (a folded scale gives a shape, which gives a scale …). */
const mostPasses = 12;

/**
 * Folds constants, takes branches with a known condition and removes what is then not needed. Large constants are
 * neither copied nor computed. A Reshape keeps at most one computed size, as −1.
 */
export function foldConstants(graph: Graph): Graph {
  let current = removeDead(graph);
  for (let pass = 0; pass < mostPasses; pass++) {
    const { context } = inferGraph(current);
    const fold = new Fold(new Names(current));
    const folded = fold.body(current, context);
    const next = removeDead(removePassing(folded, context));
    const changed = fold.changes > 0 || countNodes(next) !== countNodes(current);
    current = next;
    if (!changed) break;
  }
  return current;
}

function countNodes(body: GraphBody): number {
  let count = body.nodes.length;
  for (const node of body.nodes) {
    withSubgraphs(node, (inner) => {
      count += countNodes(inner);
      return inner;
    });
  }
  return count;
}

class Fold {
  changes = 0;
  readonly #names: Names;

  constructor(names: Names) {
    this.#names = names;
  }

  body<T extends GraphBody>(body: T, context: ShapeContext, outer: ReadonlyMap<string, Tensor> = new Map()): T {
    const known = new Map(outer);
    for (const name of definedNames(body)) known.delete(name);
    const initializers = new Map(body.initializers);
    const outputs = new Set(body.outputs.map(({ name }) => name));
    const constant = (name: string): Tensor | undefined => known.get(name) ?? context.constant(name);
    const nodes = body.nodes.flatMap((node): GraphNode[] => {
      const branch = takenBranch(node, constant);
      if (branch !== undefined) {
        this.changes += 1;
        return this.#inline(node, branch, initializers);
      }
      const tensors = foldedOutputs(node, constant, context);
      if (tensors !== undefined) {
        node.outputs.forEach((name, index) => name !== '' && known.set(name, tensors[index]!));
        // A caller reads an output, so something has to make it.
        if (node.outputs.some((name) => outputs.has(name))) return [node];
        this.changes += 1;
        node.outputs.forEach((name, index) => name !== '' && initializers.set(name, tensors[index]!));
        return [];
      }
      const inner = withSubgraphs(node, (item) => this.body(item, context.within(item), known));
      return [this.#fixedReshape(inner, context, initializers)];
    });
    return { ...body, nodes, initializers };
  }

  /** The nodes of a branch in place of the If, under names of this place. */
  #inline(node: GraphNode, branch: GraphBody, initializers: Map<string, Tensor>): GraphNode[] {
    const prefix = `${node.name || (node.outputs[0] ?? node.op)}/`;
    const defined = definedNames(branch);
    const renaming = new Map<string, string>();
    const passedOn: GraphNode[] = [];
    branch.outputs.forEach(({ name }, index) => {
      const wanted = node.outputs[index] ?? '';
      if (wanted === '') return;
      if (defined.has(name) && !renaming.has(name) && !branch.initializers.has(name)) renaming.set(name, wanted);
      else
        passedOn.push({ op: 'Identity', domain: '', name: wanted, inputs: [name], outputs: [wanted], attributes: {} });
    });
    for (const name of defined) if (!renaming.has(name)) renaming.set(name, this.#names.fresh(`${prefix}${name}`));
    for (const [name, tensor] of branch.initializers) initializers.set(renaming.get(name)!, tensor);
    return [...branch.nodes, ...passedOn].map((inner) => {
      const copy = copyNode(inner, renaming, this.#names, prefix);
      const outputs = passedOn.includes(inner) ? inner.outputs : copy.outputs;
      return { ...copy, outputs, name: this.#names.fresh(`${prefix}${inner.name || inner.op}`) };
    });
  }

  /** Reshape to computed sizes of which all but one are known, or are those of the input at the same place. */
  #fixedReshape(node: GraphNode, context: ShapeContext, initializers: Map<string, Tensor>): GraphNode {
    if (!isStandard(node) || node.op !== 'Reshape' || context.constant(node.inputs[1]) !== undefined) return node;
    const wanted = context.sizes(node.inputs[1]);
    const from = context.type(node.inputs[0])?.shape;
    if (!wanted || !from || wanted.includes(0)) return node;
    const sizes = wanted.map((size, axis): Dim =>
      typeof size === 'string' && size !== '?' && size === from[axis] ? 0 : size,
    );
    if (sizes.filter((size) => typeof size === 'string' || size === -1).length > 1) return node;
    this.changes += 1;
    const numbers = sizes.map((size) => (typeof size === 'number' ? size : -1));
    const name = this.#names.fresh(`${node.name || node.outputs[0]!}/shape`);
    initializers.set(name, makeTensor('int64', [numbers.length], numbers));
    const attributes = Object.entries(node.attributes).filter(([key]) => key !== 'allowzero');
    return { ...node, inputs: [node.inputs[0]!, name], attributes: Object.fromEntries(attributes) };
  }
}

function takenBranch(node: GraphNode, constant: (name: string) => Tensor | undefined): GraphBody | undefined {
  if (!isStandard(node) || node.op !== 'If') return undefined;
  const condition = constant(node.inputs[0] ?? '');
  if (condition === undefined || condition.external || condition.dtype !== 'bool') return undefined;
  const branch = node.attributes[numbersOf(condition)[0] === 0 ? 'else_branch' : 'then_branch'];
  // Sparse constants have no place outside: such a branch stays.
  return branch?.kind === 'graph' && branch.value.sparseInitializers.length === 0 ? branch.value : undefined;
}

function foldedOutputs(
  node: GraphNode,
  constant: (name: string) => Tensor | undefined,
  context: ShapeContext,
): Tensor[] | undefined {
  if (!isStandard(node)) return undefined;
  if (node.op === 'Constant') {
    const tensor = tensorOfConstant(node);
    return tensor && [tensor];
  }
  if (canEvaluate(node)) {
    const inputs = node.inputs.map((name) => (name === '' ? undefined : constant(name)));
    if (node.inputs.every((name, index) => name === '' || inputs[index] !== undefined)) {
      const tensors = evaluate(node, inputs);
      if (tensors !== undefined && tensors.length >= node.outputs.length) return tensors;
    }
  }
  const tensor = node.outputs.length === 1 ? trackedConstant(node.outputs[0]!, context) : undefined;
  return tensor && [tensor];
}

/** A shape computation all of whose elements are known although the tensors it started from are not. */
function trackedConstant(name: string, context: ShapeContext): Tensor | undefined {
  const type = context.type(name);
  const sizes = context.sizes(name);
  if (type === undefined || sizes === undefined || sizes.length > mostFolded) return undefined;
  if (type.dtype !== 'int64' && type.dtype !== 'int32' && type.dtype !== 'bool') return undefined;
  if (!type.shape.every((size) => typeof size === 'number') || elementCount(type.shape) !== sizes.length)
    return undefined;
  return sizes.every((size) => Number.isSafeInteger(size))
    ? makeTensor(type.dtype, type.shape, sizes as number[])
    : undefined;
}
