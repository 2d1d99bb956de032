/**
 * Which form of a gradient is quickest here: every strided layer alone in each of its forms, then the whole graph with
 * and without the blocked layout. The choice changes the last bits of a gradient, so a job freezes it.
 */
import {
  defaultLowering,
  deriveVjp,
  stridedChoices,
  type Lowering,
  type StridedLayer,
  type StridedLowering,
  type VjpRequest,
} from '../../autodiff/index.ts';
import { isMemoryRefusal } from '../memory.ts';
import { GraphBuilder, inferShapes, type Graph } from '../../onnx/index.ts';

/** A model loaded on the device that is measured. */
export interface MeasuredModel {
  run(feeds: Record<string, Feed>): Promise<unknown>;
  release(): Promise<void>;
}

export interface Feed {
  shape: number[];
  data: Float32Array<ArrayBuffer>;
}

export interface LoweringMeasurement {
  lowering: Lowering;
  /** Milliseconds of every form that was timed, the chosen one first. */
  timed: { what: string; forms: { form: string; ms: number }[] }[];
}

const rounds = 5;
const leastGain = 1.05;

/**
 * @param forward a forward graph whose only open size is the batch; one with others keeps the defaults
 * @param load opens a model on the device, with the threads it will run with; forms that it refuses for lack of memory are
 * not timed
 * @param budgetMs what begins later is not timed and keeps its default; what was found by then is kept
 */
export async function measureLowering(
  forward: Graph,
  request: Pick<VjpRequest, 'wrt' | 'outputs' | 'alsoReturn'>,
  {
    device,
    batchSize,
    load,
    budgetMs,
  }: { device: string; batchSize: number; load: (graph: Graph) => Promise<MeasuredModel>; budgetMs: number },
): Promise<LoweringMeasurement> {
  const end = performance.now() + budgetMs;
  const race = { batchSize, load, end };
  const defaults = defaultLowering(device);
  const plain = deriveVjp(forward, { ...request, lowering: defaults });
  const timed: LoweringMeasurement['timed'] = [];
  const strided: Record<string, StridedLowering> = {};
  for (const [signature, layer] of plain.stridedLayers) {
    const choices = stridedChoices(layer);
    if (choices.length < 2) continue;
    if (performance.now() >= end) break;
    const graph = layerGraph(layer);
    const models = choices.map((choice) => ({
      form: choice,
      vjp: deriveVjp(graph, {
        wrt: 'x',
        outputs: ['y'],
        lowering: { ...defaults, blockedLayout: false, strided: { [signature]: choice } },
      }).graph,
    }));
    const forms = await raced(models, race);
    if (forms === null) continue;
    strided[signature] = clearlyQuickest(forms, choices[0]!);
    timed.push({ what: signature, forms });
  }
  let lowering: Lowering = { ...defaults, strided };
  if (defaults.blockedLayout && performance.now() < end) {
    const models = [true, false].map((blockedLayout) => ({
      form: blockedLayout ? 'blocked' : 'plain',
      vjp: deriveVjp(forward, { ...request, lowering: { ...lowering, blockedLayout } }).graph,
    }));
    const same = models[0]!.vjp.nodes.length === models[1]!.vjp.nodes.length;
    const forms = same ? null : await raced(models, race);
    if (forms !== null) {
      lowering = { ...lowering, blockedLayout: clearlyQuickest(forms, 'blocked') === 'blocked' };
      timed.push({ what: 'layout', forms });
    }
  }
  return { lowering, timed };
}

/** The quickest form where it gains enough over the usual one: a gain that is noise would change the last bits for nothing. */
function clearlyQuickest<F extends string>(forms: readonly { form: F; ms: number }[], usual: F): F {
  const [quickest] = forms;
  const ms = forms.find(({ form }) => form === usual)?.ms ?? Infinity;
  return ms > leastGain * quickest!.ms ? quickest!.form : usual;
}

/** Milliseconds of each graph, the quickest first; interleaved, so that drift of the machine meets all alike. */
async function raced<F extends string>(
  graphs: readonly { form: F; vjp: Graph }[],
  { batchSize, load, end }: { batchSize: number; load: (graph: Graph) => Promise<MeasuredModel>; end: number },
): Promise<{ form: F; ms: number }[] | null> {
  const inputs = graphs.map(({ vjp }) => feedsOf(vjp, batchSize));
  if (inputs.includes(null)) return null;
  const models: MeasuredModel[] = [];
  try {
    for (const { vjp } of graphs) models.push(await load(vjp));
    const best = graphs.map(() => Infinity);
    for (let round = -1; round < rounds; round++) {
      // One warm round of each is the least that can be compared; the graphs of one race get the same number.
      if (round > 0 && performance.now() >= end) break;
      for (const [at, model] of models.entries()) {
        const started = performance.now();
        await model.run(inputs[at]!);
        // The first round warms up. The least of several is what the machine can do.
        if (round >= 0) best[at] = Math.min(best[at]!, performance.now() - started);
      }
    }
    return graphs.map(({ form }, at) => ({ form, ms: best[at]! })).toSorted((a, b) => a.ms - b.ms);
  } catch (error) {
    if (isMemoryRefusal(error)) return null;
    throw error;
  } finally {
    for (const model of models) await model.release();
  }
}

/** Values for every input, or null where a size beside the batch is open. */
function feedsOf(graph: Graph, batchSize: number): Record<string, Feed> | null {
  const batch = graph.inputs[0]?.shape?.[0];
  const feeds: Record<string, Feed> = {};
  for (const { name, dtype, shape } of graph.inputs) {
    if (graph.initializers.has(name)) continue;
    const sizes = shape?.map((size) => (size === batch && typeof size === 'string' ? batchSize : size));
    if (dtype !== 'float32' || !sizes?.every((size) => typeof size === 'number')) return null;
    feeds[name] = { shape: sizes, data: wave(sizes) };
  }
  return feeds;
}

/** Values of both signs without a period that matters. */
function wave(shape: readonly number[]): Float32Array<ArrayBuffer> {
  const count = shape.reduce((product, size) => product * size, 1);
  return Float32Array.from({ length: count }, (_, index) => ((index * 7919) % 1009) / 1009 - 0.5);
}

/** The layer alone: x → Conv → y. */
function layerGraph({ weightShape, group, window, pads, inputSpatial }: StridedLayer): Graph {
  const builder = new GraphBuilder();
  const channels = weightShape[1]! * group;
  builder.input('x', 'float32', ['batch', channels, ...inputSpatial]);
  builder.constant('w', 'float32', weightShape, wave(weightShape));
  builder.node(
    'Conv',
    ['x', 'w'],
    { kernel_shape: window.kernel, strides: window.strides, dilations: window.dilations, pads, group },
    'y',
  );
  builder.output('y', 'float32', null);
  const graph = builder.build();
  const type = inferShapes(graph).get('y');
  return { ...graph, outputs: [{ name: 'y', dtype: 'float32', shape: type?.shape ?? null }] };
}
