/** Shapes of convolutions, pooling, resizing and the moves between depth and space. */
import {
  floatAttribute,
  intAttribute,
  intsAttribute,
  stringAttribute,
  type Dim,
  type GraphNode,
  type TensorType,
} from '../graph.ts';
import { numbersOf } from '../tensor.ts';
import { knownIntegers, type ShapeContext, type ShapeRule } from './context.ts';
import { derived, isKnown, positiveAxis, product, quotient, sum } from './dims.ts';

/** The window of a convolution or a pool over its spatial axes, with every default filled in. */
export interface Window {
  kernel: number[];
  strides: number[];
  dilations: number[];
  /** Begin of every axis, then end of every axis. Zero where autoPad decides. */
  pads: number[];
  autoPad: 'NOTSET' | 'SAME_UPPER' | 'SAME_LOWER' | 'VALID';
  ceil: boolean;
}

export function windowOf(node: GraphNode, kernel: number[]): Window {
  const ones = kernel.map(() => 1);
  const autoPad = stringAttribute(node, 'auto_pad', 'NOTSET') as Window['autoPad'];
  const zeros = [...kernel, ...kernel].map(() => 0);
  return {
    kernel,
    strides: intsAttribute(node, 'strides') ?? ones,
    dilations: intsAttribute(node, 'dilations') ?? ones,
    pads: autoPad === 'NOTSET' ? (intsAttribute(node, 'pads') ?? zeros) : zeros,
    autoPad,
    ceil: intAttribute(node, 'ceil_mode', 0) === 1,
  };
}

/** Positions of a window along one axis of `size` elements. */
function positions(size: Dim, window: Window, axis: number): Dim {
  const stride = window.strides[axis]!;
  const extent = (window.kernel[axis]! - 1) * window.dilations[axis]! + 1;
  if (window.autoPad.startsWith('SAME')) {
    // ONNX Runtime's pools pad as if there were no dilations, and so have fewer positions than the specification says.
    return window.dilations[axis]! > 1 ? '?' : slide(size, 1, stride);
  }
  const [begin, end] = [window.pads[axis]!, window.pads[axis + window.kernel.length]!];
  if (window.ceil && stride > 1) return derived('slideUp', [size, extent, stride, begin, end]);
  return slide(size, extent - begin - end, stride);
}

function slide(size: Dim, extent: number, stride: number): Dim {
  return stride === 1 ? sum([size, 1 - extent]) : derived('slide', [size, extent, stride]);
}

/** The kernel's sizes: stated, or those of the weights. */
export function convolutionKernel(node: GraphNode, weights: TensorType | undefined): number[] | undefined {
  const stated = intsAttribute(node, 'kernel_shape');
  if (stated) return stated;
  const sizes = weights?.shape.slice(2);
  return sizes?.every(isKnown) ? sizes : undefined;
}

const convolution: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const weights = context.type(node.inputs[1]);
  const kernel = convolutionKernel(node, weights);
  if (!type || !weights || !kernel) return [undefined];
  const window = windowOf(node, kernel);
  const spatial = type.shape.slice(2).map((size, axis) => positions(size, window, axis));
  return [{ dtype: type.dtype, shape: [type.shape[0]!, weights.shape[0]!, ...spatial] }];
};

const transposedConvolution: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const weights = context.type(node.inputs[1]);
  const kernel = convolutionKernel(node, weights);
  if (!type || !weights || !kernel) return [undefined];
  const { strides, dilations, pads, autoPad } = windowOf(node, kernel);
  const extra = intsAttribute(node, 'output_padding') ?? kernel.map(() => 0);
  const stated = intsAttribute(node, 'output_shape');
  const spatial = type.shape.slice(2).map((size, axis): Dim => {
    if (stated) return stated[axis]!;
    const stride = strides[axis]!;
    const extent = (kernel[axis]! - 1) * dilations[axis]! + 1 + extra[axis]!;
    // SAME crops to stride × size, and adds nothing where the kernel does not reach that far.
    const rest = autoPad.startsWith('SAME')
      ? Math.min(extent, stride)
      : extent - pads[axis]! - pads[axis + kernel.length]!;
    if (rest === stride) return product([size, stride]);
    return derived('spread', [size, stride, rest]);
  });
  const channels = product([weights.shape[1]!, intAttribute(node, 'group', 1)]);
  return [{ dtype: type.dtype, shape: [type.shape[0]!, channels, ...spatial] }];
};

const pool: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const kernel = intsAttribute(node, 'kernel_shape');
  if (!type || !kernel) return [undefined];
  const window = windowOf(node, kernel);
  const shape = [...type.shape.slice(0, 2), ...type.shape.slice(2).map((size, axis) => positions(size, window, axis))];
  return [
    { dtype: type.dtype, shape },
    { dtype: 'int64', shape },
  ];
};

const globalPool: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  return [type && { dtype: type.dtype, shape: type.shape.map((dim, axis) => (axis < 2 ? dim : 1)) }];
};

const depthToSpace: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const block = intAttribute(node, 'blocksize', 1);
  const [batch, channels, ...spatial] = type.shape;
  return [
    {
      dtype: type.dtype,
      shape: [batch!, quotient(channels!, block * block), ...spatial.map((size) => product([size, block]))],
    },
  ];
};

const spaceToDepth: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const block = intAttribute(node, 'blocksize', 1);
  const [batch, channels, ...spatial] = type.shape;
  return [
    {
      dtype: type.dtype,
      shape: [batch!, product([channels!, block * block]), ...spatial.map((size) => quotient(size, block))],
    },
  ];
};

/** Resize has its sizes in input 3 or its scales in input 2 (1 before opset 11); Upsample has scales only. */
const resize: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  if (!type) return [undefined];
  const rank = type.shape.length;
  const axes = (intsAttribute(node, 'axes') ?? [...type.shape.keys()]).map((axis) => positiveAxis(axis, rank));
  const stretches = stringAttribute(node, 'keep_aspect_ratio_policy', 'stretch') === 'stretch';
  const sizes = context.sizes(node.inputs[3]);
  const scales = constantScales(node, context);
  const shape = type.shape.map((dim, axis): Dim => {
    const at = axes.indexOf(axis);
    if (at < 0) return dim;
    if (sizes && sizes.length > 0) return stretches ? (sizes[at] ?? '?') : '?';
    const scale = scales?.[at];
    if (scale === undefined) return '?';
    return scale === 1 ? dim : derived('scale', [dim, scale]);
  });
  return [{ dtype: type.dtype, shape }];
};

function constantScales(node: GraphNode, context: ShapeContext): number[] | undefined {
  const name = node.op === 'Resize' && context.opset >= 11 ? node.inputs[2] : node.inputs[1];
  const tensor = context.constant(name);
  if (tensor) return numbersOf(tensor);
  const attribute = node.attributes['scales'];
  return attribute?.kind === 'floats' ? attribute.value : undefined;
}

const maxUnpool: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const kernel = intsAttribute(node, 'kernel_shape');
  const stated = knownIntegers(context, node.inputs[2]);
  if (!type || !kernel) return [undefined];
  if (stated) return [{ dtype: type.dtype, shape: stated }];
  const { strides, pads } = windowOf(node, kernel);
  const spatial = type.shape
    .slice(2)
    .map((size, axis) =>
      derived('spread', [size, strides[axis]!, kernel[axis]! - pads[axis]! - pads[axis + kernel.length]!]),
    );
  return [{ dtype: type.dtype, shape: [...type.shape.slice(0, 2), ...spatial] }];
};

const regionPool: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const regions = context.type(node.inputs[1]);
  if (!type || !regions) return [undefined];
  const [height, width] = intsAttribute(node, 'pooled_shape') ?? [
    intAttribute(node, 'output_height', 1),
    intAttribute(node, 'output_width', 1),
  ];
  return [{ dtype: type.dtype, shape: [regions.shape[0]!, type.shape[1]!, height!, width!] }];
};

/** Blocks laid back into an image whose spatial sizes are stated. */
const columnsToImage: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const image = context.sizes(node.inputs[1]);
  const block = context.sizes(node.inputs[2]);
  if (!type || !image || !block) return [undefined];
  return [{ dtype: type.dtype, shape: [type.shape[0]!, quotient(type.shape[1]!, product(block)), ...image] }];
};

const affineGrid: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const [batch, , ...places] = context.sizes(node.inputs[1]) ?? [];
  if (!type || batch === undefined) return [undefined];
  return [{ dtype: type.dtype, shape: [batch, ...places, places.length] }];
};

const gridSample: ShapeRule = (node, context) => {
  const type = context.type(node.inputs[0]);
  const grid = context.type(node.inputs[1]);
  if (!type || !grid) return [undefined];
  return [{ dtype: type.dtype, shape: [...type.shape.slice(0, 2), ...grid.shape.slice(1, -1)] }];
};

const upsample: ShapeRule = (node, context) => {
  if (floatAttribute(node, 'height_scale', 0) > 0) return [undefined];
  return resize(node, context);
};

export const spatialShapes: Record<string, ShapeRule> = {
  Conv: convolution,
  ConvTranspose: transposedConvolution,
  MaxPool: pool,
  AveragePool: pool,
  LpPool: pool,
  GlobalAveragePool: globalPool,
  GlobalMaxPool: globalPool,
  GlobalLpPool: globalPool,
  MaxUnpool: maxUnpool,
  MaxRoiPool: regionPool,
  RoiAlign: regionPool,
  GridSample: gridSample,
  AffineGrid: affineGrid,
  Col2Im: columnsToImage,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Resize: resize,
  Upsample: upsample,
};
