/** Normalisations that are fixed at inference. */
import { floatAttribute, intAttribute } from '../../onnx/index.ts';
import { type GradientRule } from '../rule.ts';

/** With fixed statistics the operator multiplies each channel by scale ÷ √(variance + ε). */
const batchNormalization: GradientRule = (context) => {
  const { emit, gradient, node } = context;
  if (intAttribute(node, 'training_mode', 0) === 1)
    context.refuse('it is in training mode, where images of a batch mix');
  const type = context.inputType(0);
  const scaleType = context.inputType(1).dtype;
  const raised = emit.node('Add', [
    context.input(4),
    emit.scalar(floatAttribute(node, 'epsilon', 1e-5), context.inputType(4).dtype),
  ]);
  const deviation = emit.node('Sqrt', [raised]);
  const matching = context.inputType(4).dtype === scaleType ? deviation : emit.cast(deviation, scaleType);
  const factor = emit.node('Div', [context.input(1), matching]);
  const typed = scaleType === type.dtype ? factor : emit.cast(factor, type.dtype);
  const shaped = emit.node('Reshape', [typed, emit.ints([-1, ...type.shape.slice(2).map(() => 1)])]);
  return [emit.node('Mul', [gradient, shaped])];
};

export const normalisationRules: Record<string, GradientRule> = { BatchNormalization: batchNormalization };
