/** Rules that compare values for equality, in graphs of half precision. */
import type { TensorType } from '../../onnx/index.ts';
import type { GradientRule } from '../rule.ts';

/**
 * The rule in single precision where its node works in half. A runtime computes parts of a half-precision graph in
 * single precision as it sees fit, so that a maximum need not equal the element it was taken from to the last bit, and
 * a rule that looks for that element finds none. Here both sides come from the same widened operands.
 */
export function inSinglePrecision(rule: GradientRule): GradientRule {
  return (context) => {
    const { emit, gradient, inputType, outputType } = context;
    const { dtype } = inputType(0);
    if (dtype !== 'float16' && dtype !== 'bfloat16') return rule(context);
    const widened = (type: TensorType): TensorType => (type.dtype === dtype ? { ...type, dtype: 'float32' } : type);
    const inputs = context.node.inputs.map((name) =>
      emit.typeOrUndefined(name)?.dtype === dtype ? emit.cast(name, 'float32') : name,
    );
    const wide = emit.cast(gradient, 'float32');
    const again = (): string => emit.node(context.node.op, inputs, context.node.attributes);
    const results = rule({
      ...context,
      node: { ...context.node, inputs },
      gradient: wide,
      gradients: [wide],
      input: (index) => inputs[index]!,
      output: again,
      inputType: (index) => widened(inputType(index)),
      outputType: (index) => widened(outputType(index)),
    });
    return results.map((item) => (typeof item === 'string' ? emit.cast(item, dtype) : item));
  };
}
