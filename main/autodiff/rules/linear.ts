/** Matrix products. */
import { float, floatAttribute, intAttribute, type Dim } from '../../onnx/index.ts';
import { toInput, unbroadcast } from '../broadcast.ts';
import type { Emitter } from '../emitter.ts';
import type { GradientRule } from '../rule.ts';

function swapLastAxes(emit: Emitter, x: string, rank: number): string {
  const order = Array.from({ length: rank }, (_, axis) => axis);
  [order[rank - 2], order[rank - 1]] = [rank - 1, rank - 2];
  return emit.node('Transpose', [x], { perm: order });
}

/** Vectors are matrices of one row (left) or one column (right); batches of matrices broadcast. */
const matMul: GradientRule = (context) => {
  const { emit } = context;
  const [a, b, y] = [context.inputType(0), context.inputType(1), context.outputType(0)];
  const leftVector = a.shape.length === 1;
  const rightVector = b.shape.length === 1;
  const left = leftVector ? emit.unsqueeze(context.input(0), [0]) : context.input(0);
  const right = rightVector ? emit.unsqueeze(context.input(1), [1]) : context.input(1);
  const leftShape: Dim[] = leftVector ? [1, ...a.shape] : a.shape;
  const rightShape: Dim[] = rightVector ? [...b.shape, 1] : b.shape;
  let gradient = context.gradient;
  if (rightVector) gradient = emit.unsqueeze(gradient, [y.shape.length]);
  if (leftVector) gradient = emit.unsqueeze(gradient, [y.shape.length - (rightVector ? 0 : 1)]);
  const batch = y.shape.slice(0, y.shape.length - 2 + (leftVector ? 1 : 0) + (rightVector ? 1 : 0));

  const toA = (): string => {
    // (B·gᵀ)ᵀ instead of g·Bᵀ: stacks of weights are read where they are, and no second copy of them is kept.
    const stacked = rightShape.length > 2 && emit.isConstant(right) && batch.length + 2 === rightShape.length;
    const product = stacked
      ? swapLastAxes(
          emit,
          emit.node('MatMul', [right, swapLastAxes(emit, gradient, rightShape.length)]),
          rightShape.length,
        )
      : emit.node('MatMul', [gradient, swapLastAxes(emit, right, rightShape.length)]);
    const from = { dtype: y.dtype, shape: [...batch, ...leftShape.slice(-2)] };
    const summed = unbroadcast(context, product, left, from, { dtype: y.dtype, shape: leftShape });
    return leftVector ? emit.squeeze(summed, [0]) : summed;
  };
  const toB = (): string => {
    const product = emit.node('MatMul', [swapLastAxes(emit, left, leftShape.length), gradient]);
    const from = { dtype: y.dtype, shape: [...batch, ...rightShape.slice(-2)] };
    const summed = unbroadcast(context, product, right, from, { dtype: y.dtype, shape: rightShape });
    return rightVector ? emit.squeeze(summed, [1]) : summed;
  };
  return [context.wanted(0) ? toA() : undefined, context.wanted(1) ? toB() : undefined];
};

/** Y = α·A′·B′ + β·C, where ′ transposes as the attributes say. */
const gemm: GradientRule = (context) => {
  const { emit, gradient, node, input } = context;
  const transA = intAttribute(node, 'transA', 0);
  const transB = intAttribute(node, 'transB', 0);
  const alpha = float(floatAttribute(node, 'alpha', 1));
  const beta = floatAttribute(node, 'beta', 1);
  const product = (left: string, right: string, flipLeft: number, flipRight: number): string =>
    emit.node('Gemm', [left, right], { alpha, transA: flipLeft, transB: flipRight });
  const toA = (): string =>
    transA ? product(input(1), gradient, transB, 1) : product(gradient, input(1), 0, 1 - transB);
  const toB = (): string =>
    transB ? product(gradient, input(0), 1, transA) : product(input(0), gradient, 1 - transA, 0);
  const toC = (): string => {
    const scaled = beta === 1 ? gradient : emit.node('Mul', [gradient, emit.scalar(beta, context.outputType(0).dtype)]);
    return toInput(context, scaled, 2);
  };
  return [
    context.wanted(0) ? toA() : undefined,
    context.wanted(1) ? toB() : undefined,
    context.wanted(2) ? toC() : undefined,
  ];
};

export const linearRules: Record<string, GradientRule> = { MatMul: matMul, Gemm: gemm };
