/**
 * The engine's speed as ratios within one run: a gradient step over a forward pass of the original file, our images per
 * second over eager PyTorch's where it is installed (the same rounds, in blocks that take turns), memory over weights,
 * and the time to a first response.
 *
 * `npm run bench engine -- [--json] [--parts gradient,peers,memory,start] [--networks resnet50,vit-s16,…] [--batch 8]
 * [--threads 2] [--rounds 5]`; Python of the peers: TWINSCOPE_PEER_PYTHON, or python3. Screening has a benchmark of its
 * own, `screening`.
 */
import { parseArgs } from 'node:util';
import { measureGradient, type GradientResult } from './engine/gradient.ts';
import { measureMemory, type MemoryResult } from './engine/memory.ts';
import { network, networkNames } from './engine/networks.ts';
import { measureStart, type StartResult } from './engine/start.ts';
import { countOf, namesOf } from './options.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    parts: { type: 'string', default: 'gradient,peers,memory,start' },
    networks: { type: 'string', default: networkNames.join(',') },
    batch: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});
const parts = new Set(namesOf('parts', options.parts, ['gradient', 'peers', 'memory', 'start']));
const networks = namesOf('networks', options.networks, networkNames);
const batchSize = countOf('batch', options.batch);
const threads = countOf('threads', options.threads);
const leastRounds = countOf('rounds', options.rounds);

const gradients: GradientResult[] = [];
const memory: MemoryResult[] = [];
for (const name of networks) {
  const net = network(name);
  // A run of the V1 twin takes milliseconds: more rounds cost nothing.
  const rounds = leastRounds * (name === 'macaque-v1-gabor-energy' ? 10 : 1);
  if (parts.has('gradient') || parts.has('peers')) {
    gradients.push(await measureGradient(net, { batchSize, threads, rounds, withPeer: parts.has('peers') }));
  }
  if (parts.has('memory')) memory.push(await measureMemory(net, batchSize));
}
const start = parts.has('start') ? await measureStart(leastRounds) : [];

if (options.json) console.log(JSON.stringify({ gradients, memory, start }, null, 2));
else {
  gradients.forEach(printGradient);
  memory.forEach(printMemory);
  start.forEach(printStart);
}

function printGradient(result: GradientResult): void {
  const { rounds, forwardMs, gradientMs, gradientOverForward, limit, aim, floor, peer } = result;
  console.log(`\n${result.network}: batch ${batchSize}, ${threads} threads, median of ${rounds} rounds`);
  console.log(`forward ${forwardMs.toFixed(1)} ms, gradient ${gradientMs.toFixed(1)} ms`);
  console.log(
    `gradient ÷ forward ${gradientOverForward.toFixed(2)} (at most ${limit}, aim ${aim}; ` +
      `convolutions and matrix products alone ${floor.toFixed(2)})`,
  );
  console.log(`forms chosen from ${result.forms.timed.length} comparisons in ${result.forms.seconds.toFixed(1)} s`);
  for (const { operator, ms, nodes } of result.gradientProfile.slice(0, 12)) {
    console.log(`  ${operator.padEnd(20)} ${ms.toFixed(1).padStart(8)} ms  ${nodes} nodes`);
  }
  if (peer === null) return;
  console.log(
    `images/s over PyTorch ${peer.torch}, eager: forward ${peer.forwardOverPeer.toFixed(2)}, ` +
      `gradient ${peer.gradientOverPeer.toFixed(2)} (aim 1; blocks in turn)`,
  );
}

function printMemory({ network: name, weightMiB, activationMiB, peakMiB, peakOverWeights }: MemoryResult): void {
  console.log(
    `\n${name}: weights ${weightMiB.toFixed(0)} MiB, activations ${activationMiB.toFixed(0)} MiB, peak ${peakMiB.toFixed(0)} MiB; ` +
      `peak without activations ÷ weights ${peakOverWeights.toFixed(2)} (at most 4)`,
  );
}

function printStart({ twin, rounds, sessionMs, firstResponseMs, beyondSessionMs }: StartResult): void {
  console.log(
    `\n${twin}: session ${sessionMs.toFixed(0)} ms, first response ${firstResponseMs.toFixed(0)} ms, ` +
      `beyond the session ${beyondSessionMs.toFixed(0)} ms (at most 500; median of ${rounds} rounds)`,
  );
}
