/** What a gradient rule is. One rule per operator; families of operators share a file under rules/. */
import type { GraphNode, TensorType } from '../onnx/index.ts';
import type { Emitter } from './emitter.ts';

/** A gradient with respect to a part of a value: the elements from `starts` on, everything else being zero. */
export interface WindowGradient {
  gradient: string;
  /** Sizes of the part; the others are those of the value. */
  window: { axis: number; start: number; size: number }[];
}

/** The gradient with respect to one input: the name of a value of the input's shape, or a part of one. */
export type Contribution = string | WindowGradient | undefined;

export interface RuleContext {
  node: GraphNode;
  emit: Emitter;
  /** Gradients with respect to the outputs, of their shapes; undefined for outputs nothing was asked of. */
  gradients: (string | undefined)[];
  /** True where the gradient with respect to that input is wanted. */
  wanted(input: number): boolean;
  /** The gradient with respect to the first output. */
  gradient: string;
  input(index: number): string;
  output(index: number): string;
  inputType(index: number): TensorType;
  outputType(index: number): TensorType;
  /** Refuses the node with the rest of a sentence that begins with "Twinscope cannot derive a gradient through …: ". */
  refuse(reason: string): never;
}

/**
 * Gradients with respect to the inputs, in their order. What is not wanted may be left out; leaving out what is wanted
 * refuses the node, so a rule need not mention inputs it treats as parameters.
 */
export type GradientRule = (context: RuleContext) => Contribution[];
