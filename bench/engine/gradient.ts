/** A gradient step (responses, objective and gradient) against a forward pass of the original file. */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { deriveVjp, type Vjp } from '../../main/autodiff/index.ts';
import { writeGraph } from '../../main/onnx/index.ts';
import { Random } from '../../main/platform/random.ts';
import type { Network } from './networks.ts';
import { interleaved, median, ratio, repeated } from './statistics.ts';

export interface GradientResult {
  network: string;
  batchSize: number;
  threads: number;
  rounds: number;
  forwardMs: number;
  gradientMs: number;
  /** Median over the rounds of gradient ÷ forward. */
  gradientOverForward: number;
  /** Each run again and again by itself, as a run or a search does, and as the peers are timed. */
  steady: { forwardMs: number; gradientMs: number };
  limit: number;
  aim: number;
  /** Convolutions and matrix products of the gradient graph alone, over the whole forward pass. */
  floor: number;
  forwardProfile: OperatorTime[];
  gradientProfile: OperatorTime[];
}

interface OperatorTime {
  operator: string;
  ms: number;
  nodes: number;
}

const profileRuns = 3;

export async function measureGradient(
  network: Network,
  { batchSize, threads, rounds }: { batchSize: number; threads: number; rounds: number },
): Promise<GradientResult> {
  const options: ort.InferenceSession.SessionOptions = {
    executionProviders: ['cpu'],
    intraOpNumThreads: threads,
    interOpNumThreads: 1,
    graphOptimizationLevel: 'all',
  };
  const vjp = deriveVjp(network.graph, { wrt: network.input, outputs: network.outputs });
  const product = writeGraph(vjp.graph);
  const feeds = feedsOf(network, vjp, batchSize);
  const image = { [network.input]: feeds[network.input]! };
  const forward = await ort.InferenceSession.create(network.file, options);
  const backward = await ort.InferenceSession.create(product, options);
  const tasks = {
    forward: () => forward.run(image),
    gradient: async () => weightedSum(await backward.run(feeds), network, vjp, feeds),
  };
  const times = await interleaved(tasks, rounds);
  const steady = {
    forwardMs: median(await repeated(tasks.forward, rounds)),
    gradientMs: median(await repeated(tasks.gradient, rounds)),
  };
  await forward.release();
  await backward.release();
  const forwardProfile = await profile(network.file, image, options);
  const gradientProfile = await profile(product, feeds, options);
  const forwardMs = median(times.forward);
  const products = gradientProfile.filter(({ operator }) => /Conv|MatMul|Gemm/.test(operator));
  return {
    network: network.name,
    batchSize,
    threads,
    rounds,
    forwardMs,
    gradientMs: median(times.gradient),
    gradientOverForward: ratio(times.gradient, times.forward),
    steady,
    limit: network.limit,
    aim: network.aim,
    floor: products.reduce((sum, { ms }) => sum + ms, 0) / forwardProfile.reduce((sum, { ms }) => sum + ms, 0),
    forwardProfile,
    gradientProfile,
  };
}

function feedsOf(network: Network, vjp: Vjp, batchSize: number): Record<string, ort.Tensor> {
  const random = Random.fromSeed(1, 'benchmark pictures');
  const shape = [batchSize, ...network.imageShape];
  const pixels = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () =>
    random.uniform(),
  );
  const feeds: Record<string, ort.Tensor> = { [network.input]: new ort.Tensor('float32', pixels, shape) };
  for (const [output, cotangent] of Object.entries(vjp.cotangents)) {
    const sizes = network.graph.outputs.find(({ name }) => name === output)!.shape!;
    const units = sizes.slice(1).reduce<number>((product, size) => product * (size as number), 1);
    const weights = Float32Array.from({ length: batchSize * units }, () => random.normal() / units);
    feeds[cotangent] = new ort.Tensor('float32', weights, [batchSize, ...(sizes.slice(1) as number[])]);
  }
  return feeds;
}

/** The objective of a step: the weighted sum of every response. */
function weightedSum(
  results: ort.InferenceSession.ReturnType,
  network: Network,
  vjp: Vjp,
  feeds: Record<string, ort.Tensor>,
): number {
  let sum = 0;
  for (const output of network.outputs) {
    const responses = results[output]!.data as Float32Array;
    const weights = feeds[vjp.cotangents[output]!]!.data as Float32Array;
    for (let i = 0; i < responses.length; i++) sum += responses[i]! * weights[i]!;
  }
  return sum;
}

/** Time in every kind of kernel per run, the longest first. */
async function profile(
  model: Uint8Array,
  feeds: Record<string, ort.Tensor>,
  options: ort.InferenceSession.SessionOptions,
): Promise<OperatorTime[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bench-'));
  try {
    const session = await ort.InferenceSession.create(model, {
      ...options,
      enableProfiling: true,
      profileFilePrefix: path.join(folder, 'profile'),
    });
    for (let run = 0; run <= profileRuns; run++) await session.run(feeds);
    session.endProfiling();
    await session.release();
    const [file] = readdirSync(folder);
    const events = JSON.parse(readFileSync(path.join(folder, file!), 'utf8')) as TraceEvent[];
    const kernels = events.filter(({ cat, name }) => cat === 'Node' && name.endsWith('_kernel_time'));
    // The first run warms up.
    const counted = kernels.slice(kernels.length / (profileRuns + 1));
    const totals = new Map<string, OperatorTime>();
    for (const { args, dur } of counted) {
      const operator = args!.op_name!;
      const entry = totals.get(operator) ?? { operator, ms: 0, nodes: 0 };
      entry.ms += dur / 1000 / profileRuns;
      entry.nodes += 1 / profileRuns;
      totals.set(operator, entry);
    }
    return [...totals.values()]
      .map((entry) => ({ ...entry, nodes: Math.round(entry.nodes) }))
      .toSorted((a, b) => b.ms - a.ms);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface TraceEvent {
  cat: string;
  name: string;
  /** Microseconds. */
  dur: number;
  args?: { op_name?: string };
}
