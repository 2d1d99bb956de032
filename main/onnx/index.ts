/** The public face of this module. */
export { float, floats } from './attributes.ts';
export type { Attribute, Attributes, AttributeValues } from './attributes.ts';
export { defaultOpset, GraphBuilder } from './builder.ts';
export type { BuilderOptions } from './builder.ts';
export { whyCutOff } from './externalData.ts';
export { externalTensors } from './externalTensors.ts';
export { decodeModel, encodeModel } from './codec.ts';
export { isFloating } from './elementTypes.ts';
export type { Dtype } from './elementTypes.ts';
export type { ModelProto } from './generated/onnx_pb.ts';
export {
  describeNode,
  floatAttribute,
  intAttribute,
  intsAttribute,
  isStandard,
  namesRead,
  opsetOf,
  randomOperators,
  requiredInputs,
  stringAttribute,
} from './graph.ts';
export type { Dim, Graph, GraphBody, GraphNode, TensorType, ValueInfo } from './graph.ts';
export { graphOfModel, readGraph } from './read.ts';
export { bytesOfType, estimateMemory } from './memory.ts';
export type { MemoryEstimate } from './memory.ts';
export { listNodes, nearestNames, withOutputs } from './outputs.ts';
export type { ListedNode, ListedTensor } from './outputs.ts';
export { prepareGraph } from './prepare.ts';
export { summariseGraph } from './summary.ts';
export { elementCount, makeTensor, numbersOf, stringTensor, typedArrayOf } from './tensor.ts';
export type { Tensor, TypedArray } from './tensor.ts';
export { modelOfGraph, writeGraph } from './write.ts';
export { inferGraph, inferShapes, tensorOfConstant } from './inferShapes.ts';
export type { Inference } from './inferShapes.ts';
export { evaluateDim } from './shapes/dims.ts';
