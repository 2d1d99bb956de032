/** Moves between channels and places in space. */
import { intAttribute, stringAttribute } from '../../onnx/index.ts';
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

export const depthSpaceRules: Record<string, GradientRule> = {
  SpaceToDepth: spaceToDepth,
  DepthToSpace: depthToSpace,
};
