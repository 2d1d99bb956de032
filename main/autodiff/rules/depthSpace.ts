/** Moves between channels and places in space. */
import { intAttribute, intsAttribute, stringAttribute } from '../../onnx/index.ts';
import type { GradientRule } from '../rule.ts';

/** SpaceToDepth puts the place within a block before the channel, which is DepthToSpace's order "DCR". */
const spaceToDepth: GradientRule = ({ emit, gradient, node }) => [
  emit.node('DepthToSpace', [gradient], { blocksize: intAttribute(node, 'blocksize', 1), mode: 'DCR' }),
];

const depthToSpace: GradientRule = (context) => {
  const { emit, node } = context;
  const blocksize = intAttribute(node, 'blocksize', 1);
  const moved = emit.node('SpaceToDepth', [context.gradient], { blocksize });
  if (stringAttribute(node, 'mode', 'DCR') === 'DCR') return [moved];
  const channels = context.inputType(0).shape[1];
  if (typeof channels !== 'number') return context.refuse('its number of channels is fixed only at run time');
  // In the order "CRD" the channel comes first.
  const places = blocksize * blocksize;
  const results = channels / places;
  const order = Array.from({ length: channels }, (_, at) => (at % places) * results + Math.floor(at / places));
  return [emit.node('Gather', [moved, emit.ints(order)], { axis: 1 })];
};

/** The image is cut into the same blocks again, one axis after the other. */
const columnsToImage: GradientRule = (context) => {
  const { emit, node } = context;
  const block = emit.constantNumbers(context.input(2)) ?? context.refuse('its block is computed');
  const image = context.outputType(0).shape.slice(2);
  const rank = image.length;
  const pads = intsAttribute(node, 'pads') ?? Array.from({ length: 2 * rank }, () => 0);
  const padded = emit.node('Pad', [
    context.gradient,
    emit.ints([0, 0, ...pads.slice(0, rank), 0, 0, ...pads.slice(rank)]),
  ]);
  const blocks = image.reduce<string>((cut, size, at) => {
    if (typeof size !== 'number') return context.refuse('the size of its image is fixed only at run time');
    const stride = intsAttribute(node, 'strides')?.[at] ?? 1;
    const dilation = intsAttribute(node, 'dilations')?.[at] ?? 1;
    const kernel = block[at]!;
    const extent = (kernel - 1) * dilation + 1;
    const count = Math.floor((size + pads[at]! + pads[at + rank]! - extent) / stride) + 1;
    const places = Array.from(
      { length: kernel * count },
      (_, index) => Math.floor(index / count) * dilation + (index % count) * stride,
    );
    // Every axis cut before has become two.
    return emit.node('Gather', [cut, emit.table([kernel, count], places)], { axis: 2 + 2 * at });
  }, padded);
  // Places within the block first, then the blocks.
  const axes = image.map((_, at) => 2 + 2 * at);
  const order = [0, 1, ...axes, ...axes.map((axis) => axis + 1)];
  const { shape } = context.inputType(0);
  return [emit.reshapeLike(emit.node('Transpose', [blocks], { perm: order }), context.input(0), shape)];
};

export const depthSpaceRules: Record<string, GradientRule> = {
  SpaceToDepth: spaceToDepth,
  DepthToSpace: depthToSpace,
  Col2Im: columnsToImage,
};
