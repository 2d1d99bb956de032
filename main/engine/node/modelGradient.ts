/**
 * The gradient of a bare model, with everything that says how far it can be trusted: its outputs, the finite-difference
 * check, and the time and memory it took. Used inside the compute process.
 */
import type * as ort from 'onnxruntime-node';
import {
  checkGradient,
  defaultLowering,
  deriveVjp,
  type FloatArray,
  type GradientCheck,
  type Vjp,
} from '../../autodiff/index.ts';
import { describeNode, isFloating, requiredInputs, type Dim, type Graph } from '../../onnx/index.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { Random } from '../../platform/random.ts';
import type { ComputeContext, ModelGradient, ModelGradientRequest } from '../computeContract.ts';
import type { SessionKind } from '../memory.ts';
import { firstNonFinite, isFinite, type Feeds } from './diagnose.ts';
import { floatsOf, floatTensor } from './floatTensors.ts';
import { openModelFile, writeWithReferences, type ModelFile } from './modelFile.ts';
import { axisMismatch, chooseValue, readInputs } from './modelInputs.ts';
import { createModelSession, runtimeError } from './modelSession.ts';
import { requireSessionMemory } from './sessionMemory.ts';

/**
 * d/dinput of the mean of one output over its non-batch axes, summed over the batch. Throws a sentence: 'bad-input' and
 * 'not-found' for what was given, 'unsupported' where there is no gradient, 'compute-failed' where it is not finite.
 * When it is withdrawn it stops before the next session or run; progress counts the check's random directions.
 */
export async function gradientOfModel(request: ModelGradientRequest, context: ComputeContext): Promise<ModelGradient> {
  const memory = startMemory();
  const clock = startClock();
  const model = await openModelFile(request.modelFile);
  const names = chooseNames(model, request);
  const feeds: Feeds = Object.fromEntries(await readInputs(model.graph, request.inputs));
  const x = feeds[names.wrt.name] as ort.Tensor;
  const work: Work = { model, request, context, feeds, names };

  requireFits(model.graph, work, 'forward');
  const value = await withForward(work, async (run) => run(feeds));
  if (!isFinite(value)) throw await notFinite(work, `The output "${names.output.name}"`, feeds);
  const batch = batchOf(names.wrt.shape, x.dims, names.output.shape, value.dims);
  const elements = value.dims.reduce((product, size) => product * size, 1);
  const weights = floatTensor(value.type, value.dims, new Float64Array(elements).fill(batch.size / elements));

  clock.lap();
  const product = await openProduct(work, weights);
  const derive = clock.lap();
  memory.created();
  const gradient = await releasing(product, async () => {
    const found = await product.at(x);
    memory.ran();
    return found;
  });
  const run = clock.lap();
  if (!isFinite(gradient)) throw await gradientNotFinite(work, weights);
  const check = await withForward(work, (forward) => judge(work, forward, gradient, weights, product.smooth));
  return {
    wrt: { name: names.wrt.name, dtype: x.type, shape: [...x.dims] },
    output: { name: names.output.name, dtype: value.type, shape: [...value.dims] },
    batch: batch.sentence,
    values: sampleMeans(floatsOf(value), value.dims, batch),
    norms: sampleNorms(floatsOf(gradient), x.dims, batch.size),
    gradient: floatsOf(gradient),
    check,
    device: request.device,
    seconds: { derive, run, check: clock.lap() },
    memory: { weightBytes: model.weightBytes, ...memory.figures() },
  };
}

type Work = {
  model: ModelFile;
  request: ModelGradientRequest;
  context: ComputeContext;
  feeds: Feeds;
  names: { wrt: { name: string; shape: Dim[] | null }; output: { name: string; shape: Dim[] | null } };
};

function chooseNames({ graph }: ModelFile, { wrt, output }: ModelGradientRequest): Work['names'] {
  const floating = requiredInputs(graph).filter(({ dtype }) => isFloating(dtype));
  return {
    wrt: chooseValue(wrt === null ? floating : graph.inputs, wrt, 'input', '--wrt NAME'),
    output: chooseValue(graph.outputs, output, 'output', '--output NAME'),
  };
}

function requireFits(graph: Graph, { request, feeds }: Pick<Work, 'request' | 'feeds'>, kind: SessionKind): void {
  const shapes = new Map(Object.entries(feeds).map(([name, { dims }]) => [name, dims]));
  const what = kind === 'forward' ? request.modelFile : `The gradient of ${request.modelFile}`;
  requireSessionMemory(graph, { kind, what, device: request.device, shapes, batchSize: null });
}

type Run = (feeds: Feeds) => Promise<ort.Tensor>;

/** A session of the author's own file, for as long as `use` takes: two sessions at once would hold the weights twice. */
async function withForward<T>({ model, request, context, names }: Work, use: (run: Run) => Promise<T>): Promise<T> {
  context.signal.throwIfAborted();
  const session = await createModelSession(request.modelFile, request, request.modelFile);
  return releasing(session, () =>
    use(async (feeds) => {
      context.signal.throwIfAborted();
      try {
        return (await session.run(feeds, [names.output.name]))[names.output.name] as ort.Tensor;
      } catch (error) {
        const mismatch = axisMismatch(model.graph, feeds);
        if (mismatch !== null) throw new TwinscopeError('bad-input', mismatch);
        throw runtimeError(error, 'bad-input', 'ONNX Runtime could not run the model with these inputs');
      }
    }),
  );
}

async function releasing<T>(held: { release(): Promise<void> }, use: () => Promise<T>): Promise<T> {
  try {
    return await use();
  } finally {
    await held.release();
  }
}

type Product = { at(x: ort.Tensor): Promise<ort.Tensor>; smooth: boolean; release(): Promise<void> };

/** A session of the gradient of `weights` · output. Gives the bytes of the model's file back once it stands. */
async function openProduct({ model, request, context, feeds, names }: Work, weights: ort.Tensor): Promise<Product> {
  context.signal.throwIfAborted();
  const vjp = deriveVjp(model.graph, {
    wrt: names.wrt.name,
    outputs: [names.output.name],
    lowering: defaultLowering(request.device),
  });
  requireFits(vjp.graph, { request, feeds }, 'gradient');
  const bytes = writeWithReferences(vjp.graph, model);
  const session = await createModelSession(bytes, request, 'the graph of the gradient', { referencesIn: model.folder });
  model.release();
  return {
    smooth: vjp.smooth,
    async at(x) {
      context.signal.throwIfAborted();
      const all: Feeds = { ...feeds, [names.wrt.name]: x, [vjp.cotangents[names.output.name] as string]: weights };
      return runProduct(session, pick(all, vjp), vjp.gradient);
    },
    release: () => session.release(),
  };
}

async function runProduct(session: ort.InferenceSession, feeds: Feeds, gradient: string): Promise<ort.Tensor> {
  try {
    return (await session.run(feeds, [gradient]))[gradient] as ort.Tensor;
  } catch (error) {
    throw runtimeError(error, 'compute-failed', 'ONNX Runtime could not compute the gradient');
  }
}

function pick(feeds: Feeds, { graph }: Vjp): Feeds {
  return Object.fromEntries(
    Object.entries(feeds).filter(([name]) => graph.inputs.some((input) => input.name === name)),
  );
}

/** The refusal of a result that is not finite, with the node where it began. `product`: the graph that gave it, if not the model's. */
async function notFinite(
  { request, names, model }: Work,
  subject: string,
  feeds: Feeds,
  product?: Vjp,
): Promise<TwinscopeError> {
  const found = await firstNonFinite(product?.graph ?? model.graph, feeds, (graph) =>
    createModelSession(writeWithReferences(graph, model), request, 'the model for a closer look', {
      referencesIn: model.folder,
      asWritten: true,
    }),
  );
  const origin = found === null ? undefined : (product?.origins.get(found.outputs[0] as string) ?? found);
  const where = origin === undefined ? '' : `, first at ${describeNode(origin)}`;
  return new TwinscopeError(
    'compute-failed',
    `${subject} is not finite at this input${where}. Nothing was written. Try another input, or a model that adds a small constant there.`,
    { output: names.output.name, node: origin?.name, operator: origin?.op },
  );
}

/** As `notFinite`; the file is read anew, since its bytes were given back. */
async function gradientNotFinite(work: Work, weights: ort.Tensor): Promise<TwinscopeError> {
  const { wrt, output } = work.names;
  const model = await openModelFile(work.request.modelFile);
  const lowering = defaultLowering(work.request.device);
  const vjp = deriveVjp(model.graph, { wrt: wrt.name, outputs: [output.name], lowering });
  const feeds = pick({ ...work.feeds, [vjp.cotangents[output.name] as string]: weights }, vjp);
  return notFinite({ ...work, model }, `The gradient of "${output.name}" with respect to "${wrt.name}"`, feeds, vjp);
}

type Batch = { axis: number | null; size: number; sentence: string };

/**
 * The batch is the axis of the output that has the name of the input's first axis, or the first axis where both have
 * the same size; otherwise the whole output is one sample.
 */
function batchOf(
  inputDims: Dim[] | null,
  input: readonly number[],
  outputDims: Dim[] | null,
  output: readonly number[],
): Batch {
  const name = inputDims?.[0];
  const named = typeof name === 'string' && name !== '?' ? (outputDims ?? []).indexOf(name) : -1;
  const axis = named >= 0 ? named : input.length > 0 && output.length > 0 && input[0] === output[0] ? 0 : null;
  if (axis === null) {
    return {
      axis,
      size: 1,
      sentence: 'no batch axis (the first axes of input and output differ): the mean over the whole output',
    };
  }
  const size = output[axis] as number;
  return { axis, size, sentence: `axis ${axis} of the output is the batch (${size})` };
}

function sampleMeans(values: FloatArray, dims: readonly number[], { axis, size }: Batch): number[] {
  const inner = dims.slice((axis ?? 0) + 1).reduce((product, length) => product * length, 1);
  const sums = new Float64Array(size);
  values.forEach((value, index) => {
    const sample = axis === null ? 0 : Math.floor(index / inner) % size;
    sums[sample] = (sums[sample] as number) + value;
  });
  return Array.from(sums, (sum) => (sum * size) / values.length);
}

/** ‖g‖ of every sample; of the whole where the input has no batch axis. */
function sampleNorms(gradient: FloatArray, dims: readonly number[], size: number): number[] {
  const samples = dims[0] === size ? size : 1;
  const length = gradient.length / samples;
  return Array.from({ length: samples }, (_, sample) =>
    norm(gradient.subarray(sample * length, (sample + 1) * length)),
  );
}

function norm(values: ArrayLike<number>): number {
  let sum = 0;
  for (let index = 0; index < values.length; index++) sum += (values[index] as number) ** 2;
  return Math.sqrt(sum);
}

/**
 * The finite-difference check at the given input. On a kink, such as a blank picture before a Relu, both neighbours
 * agree with each other and not with the convention: then a point nearby decides whether the gradient is wrong.
 */
async function judge(
  work: Work,
  forward: Run,
  gradient: ort.Tensor,
  weights: ort.Tensor,
  smooth: boolean,
): Promise<GradientCheck> {
  const { feeds, names, request, context } = work;
  const given = feeds[names.wrt.name] as ort.Tensor;
  const cotangent = floatsOf(weights);
  const against = (found: ort.Tensor) => ({
    outputs: async (at: FloatArray) =>
      floatsOf(await forward({ ...feeds, [names.wrt.name]: floatTensor(given.type, given.dims, at) })),
    gradient: async () => floatsOf(found),
    round: (at: FloatArray) => floatsOf(floatTensor(given.type, given.dims, at)),
  });
  const x = floatsOf(given);
  const onDirection = (done: number, total: number): void => context.progress({ done, total });
  const check = await checkGradient<FloatArray>(against(gradient), { x, cotangent, seed: 1, smooth, onDirection });
  if (check.verdict !== 'contradicted' || smooth) return check;
  const random = Random.fromSeed(1, 'beside a kink');
  // A kink counts as near where the steps reach beyond it, and so must the point that decides.
  const size = norm(x) / Math.sqrt(x.length) || 1;
  const scale = check.longestStep > 0.11 * size ? 10 * check.longestStep : 0.03 * size;
  const beside = x.map((value) => value + scale * random.normal()) as FloatArray;
  // The file and its product anew: kept from before, they would be held through every check for the few that need them.
  const product = await openProduct({ ...work, model: await openModelFile(request.modelFile) }, weights);
  const there = await releasing(product, () => product.at(floatTensor(given.type, given.dims, beside)));
  const second = await checkGradient<FloatArray>(against(there), { x: beside, cotangent, seed: 1, smooth });
  if (second.verdict !== 'verified') return check;
  const sentence = `This input lies on a kink, where finite differences see both sides. Beside it: ${second.sentence}`;
  return { ...check, verdict: 'inconclusive', sentence };
}

function startClock(): { lap(): number } {
  let last = performance.now();
  return {
    lap() {
      const before = last;
      last = performance.now();
      return (last - before) / 1000;
    },
  };
}

/** Resident memory above what the process had before; the peak is the process's own since it began. */
function startMemory(): { created(): void; ran(): void; figures(): { peakBytes: number; activationBytes: number } } {
  const baseline = process.memoryUsage.rss();
  const peak = (): number => process.resourceUsage().maxRSS * 1024;
  let before = baseline;
  let activationBytes = 0;
  // The check that follows makes arrays of its own, which the collector takes away when it likes.
  let peakBytes = 0;
  return {
    created: () => void (before = process.memoryUsage.rss()),
    ran() {
      activationBytes = Math.max(0, process.memoryUsage.rss() - before);
      peakBytes = Math.max(0, peak() - baseline);
    },
    figures: () => ({ peakBytes, activationBytes }),
  };
}
