/** Writes the nodes that stand for one node of another operator set. */
import { TwinscopeError } from '../../platform/errors.ts';
import { toAttributes, type AttributeValues } from '../attributes.ts';
import { dtypeCode, type Dtype } from '../elementTypes.ts';
import { describeNode, type GraphNode } from '../graph.ts';
import type { ShapeContext } from '../shapes/context.ts';
import { makeTensor, numbersOf, type Tensor } from '../tensor.ts';
import type { Names } from './names.ts';

/** The operator set every rewritten graph is in. */
export const internalOpset = 18;

/**
 * Replaces a node: writes others and returns true, or returns a node that differs in attributes or inputs only, or
 * undefined where the node means the same in the internal operator set.
 */
export type Adapter = (node: GraphNode, rewrite: Rewriter) => GraphNode | true | undefined;

export class Rewriter {
  readonly context: ShapeContext;
  /** The operator set the node is written in. */
  readonly from: number;
  readonly nodes: GraphNode[] = [];
  readonly #names: Names;
  readonly #initializers: Map<string, Tensor>;
  readonly #node: GraphNode;
  readonly #fixed: ReadonlySet<string>;

  constructor(
    node: GraphNode,
    from: number,
    context: ShapeContext,
    names: Names,
    initializers: Map<string, Tensor>,
    fixed: ReadonlySet<string>,
  ) {
    this.#fixed = fixed;
    this.#node = node;
    this.from = from;
    this.context = context;
    this.#names = names;
    this.#initializers = initializers;
  }

  /** Adds a node with one output, under a fresh name unless one is given. */
  node(op: string, inputs: readonly string[], attributes: AttributeValues = {}, output?: string): string {
    return this.split(op, inputs, attributes, [output ?? this.#fresh(op)])[0]!;
  }

  /** Adds a node with several outputs; a number asks for that many fresh names. */
  split(
    op: string,
    inputs: readonly string[],
    attributes: AttributeValues,
    outputs: number | readonly string[],
  ): string[] {
    const made = typeof outputs === 'number' ? Array.from({ length: outputs }, () => this.#fresh(op)) : [...outputs];
    this.nodes.push({
      op,
      domain: '',
      name: made.find((name) => name !== '') ?? '',
      inputs: [...inputs],
      outputs: made,
      attributes: toAttributes(attributes),
    });
    return made;
  }

  /** True for values that do not depend on what the model is given. */
  isFixed(name: string): boolean {
    return this.#fixed.has(name);
  }

  /** A constant vector of int64. */
  ints(values: readonly number[]): string {
    return this.#constant(makeTensor('int64', [values.length], values));
  }

  /** A constant of one element in the type of a value, or in the given type. */
  scalar(value: number, dtype: Dtype): string {
    const stored = dtype === 'float64' || dtype === 'int64' || dtype === 'int32' ? dtype : 'float32';
    const name = this.#constant(makeTensor(stored, [], [value]));
    return stored === dtype ? name : this.cast(name, dtype);
  }

  #constant(tensor: Tensor): string {
    const name = this.#fresh('constant');
    this.#initializers.set(name, tensor);
    return name;
  }

  tensor(tensor: Tensor): string {
    return this.#constant(tensor);
  }

  cast(name: string, dtype: Dtype): string {
    return this.node('Cast', [name], { to: dtypeCode(dtype) });
  }

  #fresh(hint: string): string {
    return this.#names.fresh(`${this.#node.name || this.#node.outputs[0] || this.#node.op}/${hint}`);
  }

  /** The element type of an input; refuses where it is unknown. */
  dtype(name: string | undefined): Dtype {
    return this.context.type(name)?.dtype ?? this.refuse(`the element type of "${name}" cannot be worked out`);
  }

  rank(name: string | undefined): number {
    return this.context.type(name)?.shape.length ?? this.refuse(`the rank of "${name}" cannot be worked out`);
  }

  /** The numbers of a constant input, undefined for what is computed or stored in another file. */
  numbers(name: string | undefined): number[] | undefined {
    const tensor = this.context.constant(name);
    if (tensor !== undefined && !tensor.external && tensor.dtype !== 'string') return numbersOf(tensor);
    const sizes = this.context.sizes(name);
    return sizes?.every((size) => typeof size === 'number') ? sizes : undefined;
  }

  refuse(reason: string): never {
    throw new TwinscopeError(
      'unsupported',
      `${describeNode(this.#node)} of opset ${this.from} cannot be brought to opset ${internalOpset}: ${reason}. ` +
        'Nothing was changed. Running the twin works; gradients and layer taps of it do not.',
      { operator: this.#node.op, node: this.#node.name },
    );
  }
}

/** The node without some attributes. */
export function withoutAttributes(node: GraphNode, ...names: string[]): GraphNode {
  const attributes = Object.entries(node.attributes).filter(([name]) => !names.includes(name));
  return { ...node, attributes: Object.fromEntries(attributes) };
}
