/**
 * Finds where a computation stopped giving finite numbers: every intermediate value is asked for, and the node at fault
 * is the first that makes a value that is not finite out of values that are.
 */
import type * as ort from 'onnxruntime-node';
import { defaultLowering, deriveVjp } from '../../autodiff/index.ts';
import { describeNode, inferShapes, isFloating, namesRead, type Graph, type GraphNode } from '../../onnx/index.ts';
import { cotangentInput, floatTensor } from './floatTensors.ts';
import { openModelFile, writeWithReferences } from './modelFile.ts';
import { createModelSession } from './modelSession.ts';
import type { TwinSession } from './twinSession.ts';

export type Feeds = Record<string, ort.Tensor>;
/** Loads a graph made from the model at hand. */
export type CreateSession = (graph: Graph) => Promise<ort.InferenceSession>;

/** The node, or null where every output of the graph is finite: what vanishes on the way, such as a mask, is no fault. */
export async function firstNonFinite(graph: Graph, feeds: Feeds, create: CreateSession): Promise<GraphNode | null> {
  const types = inferShapes(graph);
  const outputs = [
    ...new Set([...graph.nodes.flatMap((node) => node.outputs), ...graph.outputs.map(({ name }) => name)]),
  ]
    .filter((name) => name !== '')
    .flatMap((name) => {
      const type = types.get(name);
      return type !== undefined && isFloating(type.dtype) ? [{ name, ...type }] : [];
    });
  const session = await create({ ...graph, outputs, values: [] });
  try {
    const values = await session.run(feeds);
    const bad = new Set(Object.keys(values).filter((name) => !isFinite(values[name] as ort.Tensor)));
    for (const [name, tensor] of Object.entries(feeds)) if (!isFinite(tensor)) bad.add(name);
    if (!graph.outputs.some(({ name }) => bad.has(name))) return null;
    const faulty = graph.nodes.filter(({ outputs: made }) => made.some((name) => bad.has(name)));
    const constants = infiniteConstants(graph);
    return (
      faulty.find((node) => !namesRead(node).some((name) => bad.has(name) || constants.has(name))) ?? faulty[0] ?? null
    );
  } finally {
    await session.release();
  }
}

/** As `nodeAtFault` of a search's model: the node described for people, on the way to a twin's responses or back. */
export async function twinNodeAtFault(
  twin: TwinSession,
  image: Float32Array,
  cotangent: Float32Array | null,
): Promise<string | null> {
  const model = await openModelFile(twin.twin.modelFile);
  const create: CreateSession = (graph) =>
    createModelSession(writeWithReferences(graph, model), twin.settings, 'the twin for a closer look', {
      referencesIn: model.folder,
      asWritten: true,
    });
  const feeds = await twin.feeds(image, 1);
  const forward = await firstNonFinite(model.graph, feeds, create);
  if (forward !== null) return describeNode(forward);
  if (cotangent === null) return null;
  const tensors = twin.twin.manifest.outputs.map(({ tensor }) => tensor);
  const vjp = deriveVjp(model.graph, {
    wrt: Object.keys(feeds)[0] as string,
    outputs: tensors,
    lowering: twin.settings.gradientForms ?? defaultLowering(twin.settings.device),
  });
  let offset = 0;
  for (const [index, { area, units }] of twin.areas.entries()) {
    const { values, shape } = twin.cotangentOf(area, cotangent.slice(offset, offset + units), 1);
    const { name, dtype } = cotangentInput(vjp, tensors[index] as string);
    feeds[name] = floatTensor(dtype, shape, values);
    offset += units;
  }
  const backward = await firstNonFinite(vjp.graph, feeds, create);
  return backward === null ? null : describeNode(vjp.origins.get(backward.outputs[0] as string) ?? backward);
}

/** Masks add minus infinity on purpose. */
function infiniteConstants(graph: Graph): Set<string> {
  const names = [...graph.initializers].filter(([, { dtype, bytes, external }]) => {
    if (dtype !== 'float32' || external !== undefined) return false;
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    for (let at = 0; at < bytes.byteLength; at += 4) if (!Number.isFinite(view.getFloat32(at, true))) return true;
    return false;
  });
  return new Set(names.map(([name]) => name));
}

/** True where every element is a finite number; integers always are. */
export function isFinite(tensor: ort.Tensor): boolean {
  const { type, data } = tensor;
  if (type === 'float16' && data instanceof Uint16Array) return data.every((half) => (half & 0x7c00) !== 0x7c00);
  if (type !== 'float32' && type !== 'float64' && type !== 'float16') return true;
  return (data as Float32Array).every(Number.isFinite);
}
