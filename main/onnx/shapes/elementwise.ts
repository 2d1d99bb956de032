/** Shapes of operators that work element by element, and of reductions. */
import { dtypeOfCode, type Dtype } from '../elementTypes.ts';
import { intAttribute, intsAttribute, type Dim, type GraphNode } from '../graph.ts';
import { knownIntegers, type ShapeContext, type ShapeRule } from './context.ts';
import { broadcastShapes, positiveAxis } from './dims.ts';
import { numbersOf } from '../tensor.ts';

const asFirst: ShapeRule = (node, context) => [context.type(node.inputs[0])];

/** Filled anew in the shape of the input, of a type that may be stated. */
const filled: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const stated = dtypeOfCode(intAttribute(node, 'dtype', 0));
  return [type && (stated === 'undefined' ? type : { dtype: stated, shape: type.shape })];
};

const boolAsFirst: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  return [type && { dtype: 'bool', shape: type.shape }];
};

/** Broadcasts all inputs; the type is given or that of the input `like`. */
function broadcast(dtype?: Dtype, like = 0): ShapeRule {
  return (node, context) => {
    const types = node.inputs.map((name) => context.type(name));
    if (types.some((type) => type === undefined)) return [undefined];
    return [{ dtype: dtype ?? types[like]!.dtype, shape: broadcastShapes(types.map((type) => type!.shape)) }];
  };
}

/** The axes a reduction removes: an attribute before opset 18 (13 for ReduceSum), an input since. */
export function reducedAxes(node: GraphNode, context: ShapeContext, rank: number): number[] | undefined {
  const listed =
    node.inputs[1] === undefined || node.inputs[1] === ''
      ? intsAttribute(node, 'axes')
      : knownIntegers(context, node.inputs[1]);
  if (listed === undefined && node.inputs[1]) return undefined;
  if (listed === undefined || listed.length === 0) {
    return intAttribute(node, 'noop_with_empty_axes', 0) === 1 ? [] : Array.from({ length: rank }, (_, axis) => axis);
  }
  return listed.map((axis) => positiveAxis(axis, rank));
}

const reduction: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const axes = type && reducedAxes(node, context, type.shape.length);
  if (!type || !axes) return [undefined];
  return [{ dtype: type.dtype, shape: withoutAxes(type.shape, axes, intAttribute(node, 'keepdims', 1) === 1) }];
};

const argument: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const axis = positiveAxis(intAttribute(node, 'axis', 0), type.shape.length);
  return [{ dtype: 'int64', shape: withoutAxes(type.shape, [axis], intAttribute(node, 'keepdims', 1) === 1) }];
};

function withoutAxes(shape: readonly Dim[], axes: readonly number[], keep: boolean): Dim[] {
  if (keep) return shape.map((dim, axis) => (axes.includes(axis) ? 1 : dim));
  return shape.filter((_, axis) => !axes.includes(axis));
}

const cast: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  return [type && { dtype: dtypeOfCode(intAttribute(node, 'to', 0)), shape: type.shape }];
};

const castLike: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const like = context.type(node.inputs[1]);
  return [type && like && { dtype: like.dtype, shape: type.shape }];
};

const dropout: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  return [type, type && { dtype: 'bool', shape: type.shape }];
};

/** Dropout drops only where its third input says so; one that is computed may. */
export function dropoutTrains(node: GraphNode, context: ShapeContext): boolean {
  const mode = node.inputs[2];
  if (!mode) return false;
  const tensor = context.constant(mode);
  return tensor === undefined || tensor.external !== undefined || numbersOf(tensor)[0] !== 0;
}

const unary =
  'Abs Acos Acosh Asin Asinh Atan Atanh BitwiseNot Ceil Celu Clip Cos Cosh CumSum Elu Erf Exp Floor Gelu HardSigmoid ' +
  'HardSwish Hardmax Identity LeakyRelu Log LogSoftmax LpNormalization LRN MeanVarianceNormalization Mish Neg Not ' +
  'Reciprocal Relu Round ScatterElements Scatter ScatterND Selu Shrink Sigmoid Sign Sin Sinh Softmax Softplus Softsign ' +
  'Sqrt Swish Tan Tanh ThresholdedRelu Trilu InstanceNormalization GroupNormalization BatchNormalization ' +
  'LayerNormalization RMSNormalization RotaryEmbedding ReverseSequence CumProd';
const fillers = 'EyeLike RandomNormalLike RandomUniformLike Bernoulli';
const binary = 'Add Sub Mul Div Mod PRelu Min Max Sum Mean BitwiseAnd BitwiseOr BitwiseXor BitShift';
const logical = 'And Or Xor Equal Greater GreaterOrEqual Less LessOrEqual';
const reductions =
  'ReduceSum ReduceMean ReduceMax ReduceMin ReduceProd ReduceL1 ReduceL2 ReduceLogSum ReduceLogSumExp ReduceSumSquare';

/** The zero point says the type: uint8 without one. */
const quantize: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const stated = dtypeOfCode(intAttribute(node, 'output_dtype', 0));
  const dtype = stated === 'undefined' ? (context.type(node.inputs[2])?.dtype ?? 'uint8') : stated;
  return [type && { dtype, shape: type.shape }];
};

const dequantize: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  return [type && { dtype: context.type(node.inputs[1])?.dtype ?? 'float32', shape: type.shape }];
};

export const elementwiseShapes: Record<string, ShapeRule> = {
  ...Object.fromEntries(unary.split(' ').map((op) => [op, asFirst])),
  ...Object.fromEntries(binary.split(' ').map((op) => [op, broadcast()])),
  ...Object.fromEntries(logical.split(' ').map((op) => [op, broadcast('bool')])),
  ...Object.fromEntries(reductions.split(' ').map((op) => [op, reduction])),
  ...Object.fromEntries(fillers.split(' ').map((op) => [op, filled])),
  Pow: broadcast(undefined, 0),
  Where: broadcast(undefined, 1),
  IsNaN: boolAsFirst,
  IsInf: boolAsFirst,
  ArgMax: argument,
  ArgMin: argument,
  Cast: cast,
  CastLike: castLike,
  Dropout: dropout,
  QuantizeLinear: quantize,
  DequantizeLinear: dequantize,
};
