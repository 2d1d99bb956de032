/** Types and shapes of every value in a graph, with sizes that are fixed only at run time kept as names. */
import {
  isStandard,
  opsetOf,
  type Dim,
  type Graph,
  type GraphBody,
  type GraphNode,
  type TensorType,
  type ValueInfo,
} from './graph.ts';
import { floatAttribute, intAttribute } from './graph.ts';
import type { ShapeContext, ShapeRule } from './shapes/context.ts';
import { elementwiseShapes } from './shapes/elementwise.ts';
import { layoutShapes } from './shapes/layout.ts';
import { linearShapes } from './shapes/linear.ts';
import { sequenceShapes } from './shapes/sequence.ts';
import { sizesOfConstant, sizesOfNode } from './shapes/sizes.ts';
import { spatialShapes } from './shapes/spatial.ts';
import { makeTensor, stringTensor, type Tensor } from './tensor.ts';

const branch: ShapeRule = (node, context) => {
  const body = node.attributes['then_branch'];
  if (body?.kind !== 'graph') return [];
  const types = context.infer(body.value);
  const other = node.attributes['else_branch'];
  const others = other?.kind === 'graph' ? context.infer(other.value) : undefined;
  return body.value.outputs.map(({ name }, index) => {
    const type = types.get(name);
    const counterpart = other?.kind === 'graph' ? others?.get(other.value.outputs[index]?.name ?? '') : undefined;
    if (!type || type.shape.length !== counterpart?.shape.length) return undefined;
    return { dtype: type.dtype, shape: type.shape.map((dim, axis) => (dim === counterpart.shape[axis] ? dim : '?')) };
  });
};

const rules: Record<string, ShapeRule> = {
  ...elementwiseShapes,
  ...layoutShapes,
  ...linearShapes,
  ...sequenceShapes,
  ...spatialShapes,
  If: branch,
};

/** What a graph's values are, and what is known of those it computes shapes with. */
export interface Inference {
  types: Map<string, TensorType>;
  context: ShapeContext;
}

/**
 * Infers types and shapes. Values no rule covers take what the file says about them, or are missing from the map.
 * Open sizes without a name are called `<input>.<axis>`, so that they stay traceable.
 */
export function inferShapes(graph: Graph): Map<string, TensorType> {
  return inferGraph(graph).types;
}

/** Like `inferShapes`, with the constants and shape computations it came across. */
export function inferGraph(graph: Graph): Inference {
  return inferBody(graph, opsetOf(graph));
}

function inferBody(body: GraphBody, opset: number, outer?: ShapeContext): Inference {
  const types = new Map<string, TensorType>();
  const constants = new Map<string, Tensor>();
  const sizes = new Map<string, Dim[]>();
  const context: ShapeContext = {
    opset,
    type: (name) => (name ? (types.get(name) ?? outer?.type(name)) : undefined),
    constant: (name) => (name ? (constants.get(name) ?? outer?.constant(name)) : undefined),
    sizes: (name) => (name ? (sizes.get(name) ?? outer?.sizes(name)) : undefined),
    infer: (inner) => inferBody(inner, opset, context).types,
    within: (inner) => inferBody(inner, opset, context).context,
  };
  const addConstant = (name: string, tensor: Tensor): void => {
    constants.set(name, tensor);
    types.set(name, { dtype: tensor.dtype, shape: tensor.shape });
    const known = sizesOfConstant(tensor);
    if (known) sizes.set(name, known);
  };

  for (const input of body.inputs) {
    const type = statedType(input);
    if (type) types.set(input.name, type);
  }
  for (const [name, tensor] of body.initializers) addConstant(name, tensor);
  const stated = new Map([...body.values, ...body.outputs].map((info) => [info.name, info]));
  for (const node of body.nodes) {
    if (isStandard(node) && node.op === 'Constant') {
      const tensor = tensorOfConstant(node);
      if (tensor) addConstant(node.outputs[0]!, tensor);
    }
    const inferred = unlessContradictory(() => applyRule(node, context)) ?? [];
    node.outputs.forEach((name, index) => {
      const type = mergeTypes(inferred[index], stated.get(name));
      if (name !== '' && type) types.set(name, type);
    });
    const known = unlessContradictory(() => (isStandard(node) ? sizesOfNode(node, context) : undefined));
    if (known) sizes.set(node.outputs[0]!, known);
  }
  return { types, context };
}

function applyRule(node: GraphNode, context: ShapeContext): ReturnType<ShapeRule> {
  return isStandard(node) && Object.hasOwn(rules, node.op) ? rules[node.op]!(node, context) : [];
}

/** A node whose attributes contradict its inputs has no shape; whether the model can run at all is the runtime's to say. */
function unlessContradictory<T>(infer: () => T): T | undefined {
  try {
    return infer();
  } catch (error) {
    if (error instanceof RangeError || error instanceof TypeError) return undefined;
    throw error;
  }
}

function statedType({ name, dtype, shape }: ValueInfo): TensorType | undefined {
  if (dtype === 'undefined' || shape === null) return undefined;
  return { dtype, shape: shape.map((dim, axis) => (dim === '?' ? `${name}.${axis}` : dim)) };
}

/** What was worked out, with gaps filled from what the file says. */
function mergeTypes(inferred: TensorType | undefined, stated: ValueInfo | undefined): TensorType | undefined {
  const fallback = stated && statedType(stated);
  if (!inferred) return fallback;
  if (fallback?.shape.length !== inferred.shape.length) return inferred;
  return {
    dtype: inferred.dtype,
    shape: inferred.shape.map((dim, axis) => (dim === '?' ? fallback.shape[axis]! : dim)),
  };
}

/** The value of a Constant node, undefined for the sparse form. */
export function tensorOfConstant(node: GraphNode): Tensor | undefined {
  const { attributes } = node;
  if (attributes['value']?.kind === 'tensor') return attributes['value'].value;
  if (attributes['value_int']) return makeTensor('int64', [], [intAttribute(node, 'value_int', 0)]);
  if (attributes['value_float']) return makeTensor('float32', [], [floatAttribute(node, 'value_float', 0)]);
  const ints = attributes['value_ints'];
  if (ints?.kind === 'ints') return makeTensor('int64', [ints.value.length], ints.value);
  const floats = attributes['value_floats'];
  if (floats?.kind === 'floats') return makeTensor('float32', [floats.value.length], floats.value);
  const text = attributes['value_string'];
  if (text?.kind === 'string') return stringTensor([], [text.value]);
  const texts = attributes['value_strings'];
  return texts?.kind === 'strings' ? stringTensor([texts.value.length], texts.value) : undefined;
}
