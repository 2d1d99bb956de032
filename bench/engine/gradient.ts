/** A gradient step (responses, objective and gradient) against a forward pass of the original file, and PyTorch's. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import * as ort from 'onnxruntime-node';
import { budgetMs } from '../../main/app/deviceService.ts';
import { deriveVjp, type Vjp } from '../../main/autodiff/index.ts';
import { measureForms } from '../../main/engine/node/gradientForms.ts';
import { openModelFile, writeWithReferences } from '../../main/engine/node/modelFile.ts';
import { createOrtSession, type OrtSessionRequest } from '../../main/engine/node/ortSession.ts';
import { medianOf } from '../../main/platform/median.ts';
import { Random } from '../../main/platform/random.ts';
import type { Network } from './networks.ts';
import { comparePeer, startPeer, type Peer, type PeerResult } from './peers.ts';
import { interleaved, ratio, restMs, type StepTimes } from './statistics.ts';

export interface GradientResult {
  network: string;
  batchSize: number;
  threads: number;
  rounds: number;
  forwardMs: number;
  gradientMs: number;
  /** Median over the rounds of gradient ÷ forward. */
  gradientOverForward: number;
  /** PyTorch, timed in blocks of the same rounds that took turns with ours. */
  peer: PeerResult | null;
  limit: number;
  aim: number;
  /** Convolutions and matrix products of the gradient graph alone, over the whole forward pass. */
  floor: number;
  forwardProfile: OperatorTime[];
  gradientProfile: OperatorTime[];
  /** What was timed to choose the forms, and for how long; not part of a step. */
  forms: { timed: string[]; seconds: number };
}

interface OperatorTime {
  operator: string;
  ms: number;
  nodes: number;
}

interface GradientOptions {
  batchSize: number;
  threads: number;
  rounds: number;
  /** Whether to time PyTorch beside it. */
  withPeer: boolean;
}

const profileRuns = 3;
/** Blocks in which ours and PyTorch's take turns. */
const mostBlocks = 5;
/** As where devices are measured. */
const mostTimedPictures = 4;

export async function measureGradient(network: Network, options: GradientOptions): Promise<GradientResult> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bench-'));
  try {
    const file = path.join(folder, 'model.onnx');
    writeFileSync(file, network.file);
    return await measureFile(network, file, options);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Sessions and forms as a job on the CPU gets them; the forward session runs the original file, fully optimised. */
async function measureFile(
  network: Network,
  file: string,
  { batchSize, threads, rounds, withPeer }: GradientOptions,
): Promise<GradientResult> {
  const shared = { device: 'cpu', threads, title: network.name } as const;
  const model = await openModelFile(file);
  const request = { wrt: network.input, outputs: network.outputs };
  const formsBegan = performance.now();
  const timedBatch = Math.min(mostTimedPictures, batchSize);
  const { lowering, timed } = await measureForms(
    model,
    { title: network.name, ...request, shapes: new Map([[network.input, [timedBatch, ...network.imageShape]]]) },
    { ...shared, batchSize: timedBatch, budgetMs: budgetMs.cpu },
  );
  const forms = { timed: timed.map(({ what }) => what), seconds: (performance.now() - formsBegan) / 1000 };
  const vjp = deriveVjp(model.graph, { ...request, lowering });
  const product = writeWithReferences(vjp.graph, model);
  const original: OrtSessionRequest = { ...shared, model: file };
  const gradient: OrtSessionRequest = {
    ...shared,
    model: product,
    referencesIn: model.folder,
    weightBytes: model.weightBytes,
  };
  model.release();
  const feeds = feedsOf(network, vjp, batchSize);
  const image = { [network.input]: feeds[network.input]! };
  const forward = await createOrtSession(original);
  const backward = await createOrtSession(gradient);
  const tasks = {
    forward: () => forward.run(image),
    gradient: async () => weightedSum(await backward.run(feeds), network, vjp, feeds),
  };
  const peer = withPeer ? await startPeer({ network: network.name, batchSize, threads, restMs }) : null;
  const { ours: times, peers } = await takeTurns(tasks, peer, rounds);
  peer?.end();
  await forward.release();
  await backward.release();
  const forwardProfile = await profile(original, image);
  const gradientProfile = await profile(gradient, feeds);
  const forwardMs = medianOf(times.forward);
  const products = gradientProfile.filter(({ operator }) => /Conv|MatMul|Gemm/.test(operator));
  return {
    network: network.name,
    batchSize,
    threads,
    rounds,
    forwardMs,
    gradientMs: medianOf(times.gradient),
    gradientOverForward: ratio(times.gradient, times.forward),
    peer: peer && comparePeer(peer.torch, batchSize, times, peers),
    limit: network.limit,
    aim: network.aim,
    floor: products.reduce((sum, { ms }) => sum + ms, 0) / forwardMs,
    forwardProfile,
    gradientProfile,
    forms,
  };
}

/** Ours and PyTorch's rounds, block by block in turn and each first in every other block, after one round to warm up. */
async function takeTurns(
  tasks: Record<keyof StepTimes, () => Promise<unknown>>,
  peer: Peer | null,
  rounds: number,
): Promise<{ ours: StepTimes; peers: StepTimes }> {
  const ours: StepTimes = { forward: [], gradient: [] };
  const peers: StepTimes = { forward: [], gradient: [] };
  const blocks = Math.min(mostBlocks, rounds);
  await interleaved(tasks, 1);
  for (let block = 0; block < blocks; block++) {
    const size = Math.floor((rounds * (block + 1)) / blocks) - Math.floor((rounds * block) / blocks);
    const turns = [
      async () => append(ours, await interleaved(tasks, size)),
      async () => peer && append(peers, await peer.block(size)),
    ];
    for (const turn of block % 2 === 0 ? turns : turns.toReversed()) await turn();
  }
  return { ours, peers };
}

function append(times: StepTimes, more: StepTimes): void {
  times.forward.push(...more.forward);
  times.gradient.push(...more.gradient);
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
async function profile(request: OrtSessionRequest, feeds: Record<string, ort.Tensor>): Promise<OperatorTime[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-bench-'));
  try {
    const session = await createOrtSession({ ...request, profilePrefix: path.join(folder, 'profile') });
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
