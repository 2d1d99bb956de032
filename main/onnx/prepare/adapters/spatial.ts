/** Pooling, resizing and sampling. */
import { intAttribute, intsAttribute, stringAttribute, type GraphNode } from '../../graph.ts';
import { elementCount, makeTensor } from '../../tensor.ts';
import { withoutAttributes, type Adapter, type Rewriter } from '../rewriter.ts';

function withString(node: GraphNode, name: string, value: string): GraphNode {
  return { ...node, attributes: { ...node.attributes, [name]: { kind: 'string', value } } };
}

const mostWeights = 1 << 22;

/** Average pooling has dilations since 19; as a convolution of every channel with equal weights it has them before. */
const averagePool: Adapter = (node, rewrite) => {
  const dilations = intsAttribute(node, 'dilations');
  if (dilations === undefined) return undefined;
  if (dilations.every((step) => step === 1)) return withoutAttributes(node, 'dilations');
  const kernel = intsAttribute(node, 'kernel_shape') ?? [];
  const size = rewrite.context.type(node.inputs[0])?.shape[1];
  const channels = typeof size === 'number' ? size : rewrite.refuse('it has dilations and an open number of channels');
  const dtype = rewrite.dtype(node.inputs[0]);
  const padded = (intsAttribute(node, 'pads') ?? []).some((pad) => pad !== 0);
  const counted = intAttribute(node, 'count_include_pad', 0) === 1;
  if (stringAttribute(node, 'auto_pad', 'NOTSET') !== 'NOTSET' || (padded && !counted)) {
    rewrite.refuse('it has dilations and padding that is not counted');
  }
  if (intAttribute(node, 'ceil_mode', 0) === 1) rewrite.refuse('it has dilations and rounds its size up');
  const shape = [channels, 1, ...kernel];
  if (!(elementCount(shape) <= mostWeights)) rewrite.refuse('it has dilations and a very large window');
  const weights = makeTensor('float32', shape, new Float32Array(elementCount(shape)).fill(1 / elementCount(kernel)));
  const name = rewrite.tensor(weights);
  rewrite.node(
    'Conv',
    [node.inputs[0]!, dtype === 'float32' ? name : rewrite.cast(name, dtype)],
    { ...withoutAttributes(node, 'count_include_pad', 'ceil_mode', 'auto_pad').attributes, group: channels },
    node.outputs[0],
  );
  return true;
};

/** Empty tensors mark a region and scales that are left out in opset 11; since 13 the inputs themselves are. */
const resize: Adapter = (node, rewrite) => {
  const inputs = node.inputs.map((name, index) => (index > 0 && isEmpty(name, rewrite) ? '' : name));
  while (inputs.at(-1) === '') inputs.pop();
  const cleaned = { ...node, inputs };
  const mode = stringAttribute(node, 'coordinate_transformation_mode', 'half_pixel');
  if (mode === 'half_pixel_symmetric') return symmetric(cleaned, rewrite);
  if (mode === 'tf_half_pixel_for_nn') return tensorFlowNearest(cleaned, rewrite);
  return cleaned;
};

function isEmpty(name: string, rewrite: Rewriter): boolean {
  return rewrite.context.type(name)?.shape.includes(0) ?? false;
}

/** Coordinates differ from half_pixel only where size × scale is not whole. */
function symmetric(node: GraphNode, rewrite: Rewriter): GraphNode {
  const scales = node.inputs[2] ? rewrite.numbers(node.inputs[2]) : [];
  const type = rewrite.context.type(node.inputs[0]);
  const axes = intsAttribute(node, 'axes') ?? type?.shape.map((_, axis) => axis);
  const whole = scales?.every((scale, index) => {
    const size = type?.shape.at(axes?.[index] ?? 0);
    return Number.isInteger(scale) || (typeof size === 'number' && Number.isInteger(Math.fround(size * scale)));
  });
  if (!whole) rewrite.refuse('half_pixel_symmetric coordinates at a size that is not whole are newer');
  return withString(node, 'coordinate_transformation_mode', 'half_pixel');
}

/** (x + ½) ÷ scale rounded down is half_pixel's coordinate, half a pixel less, rounded with halves going up. */
function tensorFlowNearest(node: GraphNode, rewrite: Rewriter): GraphNode {
  const nearest = stringAttribute(node, 'mode', 'nearest') === 'nearest';
  if (!nearest || stringAttribute(node, 'nearest_mode', 'round_prefer_floor') !== 'floor') {
    rewrite.refuse('tf_half_pixel_for_nn coordinates were taken out of ONNX');
  }
  const centred = withString(node, 'coordinate_transformation_mode', 'half_pixel');
  return withString(centred, 'nearest_mode', 'round_prefer_ceil');
}

const olderNames: Record<string, string> = { linear: 'bilinear', cubic: 'bicubic' };

/** Modes have other names since 20, which also samples volumes. */
const gridSample: Adapter = (node, rewrite) => {
  if (rewrite.from < 20) return undefined;
  const rank = rewrite.context.type(node.inputs[0])?.shape.length ?? 4;
  if (rank !== 4) rewrite.refuse(`it samples a tensor of ${rank} axes`);
  const { dtype } = rewrite.context.type(node.inputs[0]) ?? {};
  if (dtype === 'float64') rewrite.refuse('it works in double precision, which the older operator has not on the CPU');
  const mode = stringAttribute(node, 'mode', 'linear');
  return withString(node, 'mode', olderNames[mode] ?? mode);
};

/** The half-pixel shift is an attribute, on by default, since 16; before there was none. */
const regionAlign: Adapter = (node, rewrite) =>
  rewrite.from < 16 ? withString(node, 'coordinate_transformation_mode', 'output_half_pixel') : undefined;

export const spatialAdapters: Record<string, Adapter> = {
  AveragePool: averagePool,
  Resize: resize,
  GridSample: gridSample,
  RoiAlign: regionAlign,
};
