/** Computes nodes whose inputs are all constants, for the small tensors in which graphs work out shapes and scales. */
import { isStandard, type GraphNode } from '../graph.ts';
import { elementCount, type Tensor } from '../tensor.ts';
import { arithmeticEvaluators } from './evaluateArithmetic.ts';
import { layoutEvaluators } from './evaluateLayout.ts';

/**
 * Results above this many elements stay computed by the graph: folding is for shapes, scales and masks, and a folded
 * weight would be stored twice. 4,096 holds a mask of 64 × 64 tokens.
 */
export const mostFolded = 4096;

/** The outputs, or undefined where a result would be too large, not exact, or of a type that is not computed here. */
export type Evaluator = (node: GraphNode, inputs: readonly (Tensor | undefined)[]) => Tensor[] | undefined;

const evaluators: Record<string, Evaluator> = { ...layoutEvaluators, ...arithmeticEvaluators };

export function canEvaluate(node: GraphNode): boolean {
  return isStandard(node) && Object.hasOwn(evaluators, node.op);
}

/** `inputs` holds one tensor per input of the node, undefined for those left out. */
export function evaluate(node: GraphNode, inputs: readonly (Tensor | undefined)[]): Tensor[] | undefined {
  if (!canEvaluate(node) || inputs.some((tensor) => tensor?.external || tensor?.dtype === 'string')) return undefined;
  try {
    const outputs = evaluators[node.op]!(node, inputs);
    return outputs?.every(({ shape }) => elementCount(shape) <= mostFolded) ? outputs : undefined;
  } catch (error) {
    // A node whose attributes contradict its inputs is left for the runtime to refuse.
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}
