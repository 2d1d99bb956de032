/** What the rules of shape inference see. */
import type { Dim, GraphBody, GraphNode, TensorType } from '../graph.ts';
import type { Tensor } from '../tensor.ts';

export interface ShapeContext {
  opset: number;
  /** Type and shape of a value, undefined where they could not be found out. */
  type(name: string | undefined): TensorType | undefined;
  /** The constant of that name, also when a Constant node makes it. */
  constant(name: string | undefined): Tensor | undefined;
  /** The elements of an integer scalar or vector (usually a shape computed by the graph), as far as they are known. */
  sizes(name: string | undefined): Dim[] | undefined;
  /** Infers the values of a branch. */
  infer(body: GraphBody): Map<string, TensorType>;
  /** What is known inside a branch. */
  within(body: GraphBody): ShapeContext;
}

/** Types of a node's outputs, in order; undefined for what cannot be said. */
export type ShapeRule = (node: GraphNode, context: ShapeContext) => (TensorType | undefined)[];

/** The elements of an integer input if all are numbers. */
export function knownIntegers(context: ShapeContext, name: string | undefined): number[] | undefined {
  const sizes = context.sizes(name);
  return sizes?.every((size) => typeof size === 'number') ? sizes : undefined;
}
