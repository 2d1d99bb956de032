/** What a bare ONNX graph says of itself: its picture input, what in it can be an area, and what its author noted. */
import type { ModelArea, ModelInspection, ModelPicture, ModelTensor } from '../contract/bareModels.ts';
import { TwinscopeError } from '../platform/errors.ts';
import { formatCount, plural } from '../platform/words.ts';
import {
  describeNode,
  elementCount,
  evaluateDim,
  externalTensors,
  inferShapes,
  isStandard,
  opsetOf,
  randomOperators,
  requiredInputs,
  type Dim,
  type Graph,
  type TensorType,
  type ValueInfo,
} from '../onnx/index.ts';

/** What is known without the answers that are proposed, and without the file's size on disk. */
export type ModelFacts = Omit<ModelInspection, 'file' | 'sizeBytes' | 'answers' | 'photographs'>;

/** More could not be listed in a window. */
export const mostAreaUnits = 100_000;
const mostListed = 4_000;

const refused = (why: string, what: string): TwinscopeError =>
  new TwinscopeError('unsupported', `${why} Nothing was imported. ${what}`);

const writeManifest =
  'Write a twin.json that says what its inputs are (docs/sharing-a-twin.md) and pack both with twins pack.';

const shapeText = (shape: readonly Dim[] | null): string => shape?.join(' × ') ?? 'of unknown shape';

/** Files beside the model that hold its weights, as the file itself says: constants that were read in are gone from a graph. */
export function dataFilesOf(graph: Graph): string[] {
  const locations = [...externalTensors(graph)].map(({ tensor }) => tensor.external['location'] ?? '');
  return [...new Set(locations)].toSorted();
}

/**
 * @param sizePx side of the pictures where the graph leaves it open; null where it is not known yet
 * @param dataFiles see `dataFilesOf`
 */
export function inspectModel(graph: Graph, sizePx: number | null, dataFiles: readonly string[] = []): ModelFacts {
  const info = onlyInput(graph);
  const picture = pictureOf(info);
  const side = picture.sizePx ?? sizePx;
  const types = inferShapes(graph);
  const sizes = sizesOf(info, picture, side);
  const { areas, notices } = side === null ? { areas: [], notices: [] } : areasOf(graph, types, sizes, info, picture);
  let parameters = 0;
  for (const { shape } of graph.initializers.values()) parameters += elementCount(shape);
  if (picture.fixedBatch !== null) {
    notices.push(
      `The graph takes ${plural(picture.fixedBatch, 'picture')} at once. Its batch is opened, and the answers to two pictures are compared with those to each alone.`,
    );
  }
  return {
    dataFiles: [...dataFiles],
    opset: opsetOf(graph),
    producer: [graph.producer, graph.producerVersion].filter(Boolean).join(' '),
    documentation: graph.documentation,
    metadata: [...graph.metadata].map(([key, value]) => ({ key, value })),
    nodes: graph.nodes.length,
    parameters,
    deterministic: !graph.nodes.some((node) => isStandard(node) && randomOperators.has(node.op)),
    inputs: requiredInputs(graph).map((each) => described(each, types)),
    outputs: graph.outputs.map((each) => described(each, types)),
    picture,
    areas,
    notices,
  };
}

function described({ name, dtype, shape }: ValueInfo, types: ReadonlyMap<string, TensorType>): ModelTensor {
  const known = types.get(name);
  return { name, dtype: known?.dtype ?? dtype, shape: known?.shape ?? shape };
}

function onlyInput(graph: Graph): ValueInfo {
  const inputs = requiredInputs(graph);
  const [input, ...others] = inputs;
  if (input === undefined) throw refused('This graph has no input.', 'Export a model that takes a picture.');
  if (others.length === 0) return input;
  const names = inputs.map(({ name, shape }) => `"${name}" (${shapeText(shape)})`).join(', ');
  throw refused(
    `This graph takes ${inputs.length} inputs: ${names}. A bare graph is imported with one input, a picture.`,
    writeManifest,
  );
}

/** The layout of the picture input; throws 'unsupported' with the reason where pictures do not go into it. */
export function pictureOf({ name, dtype, shape }: ValueInfo): ModelPicture {
  const input = `Its input "${name}"`;
  if (dtype !== 'float32') {
    throw refused(
      `${input} takes ${dtype}, and pictures are given as float32.`,
      'Export the model with a float32 input.',
    );
  }
  if (shape === null || shape.length !== 4) {
    throw refused(
      `${input} is ${shapeText(shape)}, which is no picture of four axes (batch, channels, height, width).`,
      'Export the model with such an input.',
    );
  }
  const [batch, second, third, fourth] = shape as [Dim, Dim, Dim, Dim];
  const isColour = (size: Dim): size is 1 | 3 => size === 1 || size === 3;
  const square = (a: Dim, b: Dim): boolean => typeof a === 'string' || typeof b === 'string' || a === b;
  const first = isColour(second) && square(third, fourth);
  const last = isColour(fourth) && square(second, third);
  if (!first && !last) {
    const colours = isColour(second) || isColour(fourth);
    throw refused(
      `${input} is ${shapeText(shape)}${colours ? ', which is not square' : ', without an axis of one or three channels'}.`,
      'Export the model for square pictures of one or three channels.',
    );
  }
  const [channels, height, width] = (first ? [second, third, fourth] : [fourth, second, third]) as [1 | 3, Dim, Dim];
  const sizePx = [height, width].find((size) => typeof size === 'number') ?? null;
  if (sizePx === 0) throw refused(`${input} is ${shapeText(shape)}: it holds no pixels.`, 'Export the model again.');
  return {
    tensor: name,
    channels,
    channelsLast: !first,
    sizePx,
    fixedBatch: typeof batch === 'number' && batch > 0 ? batch : null,
  };
}

/** Names of open heights and widths with the side they are to have. */
function sizesOf(
  { name, shape }: ValueInfo,
  { channelsLast }: ModelPicture,
  side: number | null,
): Record<string, number> {
  const sizes: Record<string, number> = {};
  if (side === null) return sizes;
  for (const axis of channelsLast ? [1, 2] : [2, 3]) {
    const size = shape?.[axis];
    // Inference calls nameless sizes by their place.
    if (typeof size === 'string') sizes[size === '?' ? `${name}.${axis}` : size] = side;
  }
  return sizes;
}

function areasOf(
  graph: Graph,
  types: ReadonlyMap<string, TensorType>,
  sizes: Readonly<Record<string, number>>,
  input: ValueInfo,
  picture: ModelPicture,
): { areas: ModelArea[]; notices: string[] } {
  const makers = new Map(graph.nodes.flatMap((node) => node.outputs.map((output) => [output, node] as const)));
  const areas: ModelArea[] = [];
  const notices: string[] = [];
  const operatorOf = (tensor: string): string => makers.get(tensor)?.op ?? '';
  for (const { name, dtype, shape } of graph.outputs) {
    const type = types.get(name) ?? { dtype, shape: shape ?? [] };
    const judged = judgeArea(type, sizes, input, picture);
    if (typeof judged === 'string')
      notices.push(`The output "${name}" (${shapeText(type.shape)}) cannot be an area: ${judged}.`);
    else areas.push({ tensor: name, operator: operatorOf(name), ...judged, output: true });
  }
  if (areas.length === 0 && notices.length > 0) {
    throw refused(
      `No output of this graph can be an area. ${notices.join(' ')}`,
      'Export the model with such an output.',
    );
  }
  const outputs = new Set(graph.outputs.map(({ name }) => name));
  for (const node of graph.nodes) {
    for (const tensor of node.outputs) {
      const type = types.get(tensor);
      if (type === undefined || outputs.has(tensor) || areas.length >= mostListed) continue;
      const judged = judgeArea(type, sizes, input, picture);
      if (typeof judged !== 'string')
        areas.push({ tensor, operator: describeNode(node).split(' ')[0] ?? '', ...judged, output: false });
    }
  }
  return { areas, notices };
}

/** Units and sizes behind the batch, or why the value cannot be an area. */
function judgeArea(
  { dtype, shape }: TensorType,
  sizes: Readonly<Record<string, number>>,
  input: ValueInfo,
  { fixedBatch }: ModelPicture,
): { units: number; sizes: number[] } | string {
  if (!['float32', 'float16', 'float64'].includes(dtype))
    return `its values are ${dtype}, and responses are floating-point`;
  const [batch, ...rest] = shape;
  if (batch === undefined || rest.length === 0) return 'it has no axis of units behind the batch';
  const ofBatch = typeof batch === 'string' ? isBatch(batch, input) : batch === fixedBatch;
  if (!ofBatch) return 'its first axis is not the batch of the pictures';
  const known = rest.map((size) => evaluateDim(size, sizes));
  if (known.some((size) => size === undefined || !Number.isInteger(size) || size < 1)) {
    return 'the graph does not say how many values it has for a picture';
  }
  const units = (known as number[]).reduce((product, size) => product * size, 1);
  if (units > mostAreaUnits) {
    return `it has ${formatCount(units)} values for a picture, and an area may have ${formatCount(mostAreaUnits)} units`;
  }
  return { units, sizes: known as number[] };
}

/** Whether an open first axis can be the batch; running two pictures shows whether it is. */
const isBatch = (batch: string, { shape }: ValueInfo): boolean =>
  typeof shape?.[0] === 'string' && !/[*()]/.test(batch);
