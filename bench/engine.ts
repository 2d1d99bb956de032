/**
 * The engine's speed as ratios within one run: a gradient step over a forward pass of the original file, per network.
 *
 * `npm run bench engine -- [--json] [--networks resnet50,vit-small,v1] [--batch 8] [--threads 2] [--rounds 5]`
 */
import { parseArgs } from 'node:util';
import { measureGradient, type GradientResult } from './engine/gradient.ts';
import { network, networkNames, type NetworkName } from './engine/networks.ts';

const { values: options } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    networks: { type: 'string', default: networkNames.join(',') },
    batch: { type: 'string', default: '8' },
    threads: { type: 'string', default: '2' },
    rounds: { type: 'string', default: '5' },
  },
});

const results: GradientResult[] = [];
for (const name of options.networks.split(',')) {
  results.push(
    await measureGradient(network(name as NetworkName), {
      batchSize: Number(options.batch),
      threads: Number(options.threads),
      // A run of the V1 twin takes milliseconds: more rounds cost nothing.
      rounds: Number(options.rounds) * (name === 'v1' ? 10 : 1),
    }),
  );
}

if (options.json) console.log(JSON.stringify(results, null, 2));
else results.forEach(print);

function print(result: GradientResult): void {
  const {
    network: name,
    batchSize,
    threads,
    rounds,
    forwardMs,
    gradientMs,
    gradientOverForward,
    limit,
    aim,
    floor,
  } = result;
  console.log(`\n${name}: batch ${batchSize}, ${threads} threads, median of ${rounds} rounds`);
  console.log(`forward ${forwardMs.toFixed(1)} ms, gradient ${gradientMs.toFixed(1)} ms`);
  console.log(
    `gradient ÷ forward ${gradientOverForward.toFixed(2)} (at most ${limit}, aim ${aim}; ` +
      `convolutions and matrix products alone ${floor.toFixed(2)})`,
  );
  for (const { operator, ms, nodes } of result.gradientProfile.slice(0, 12)) {
    console.log(`  ${operator.padEnd(20)} ${ms.toFixed(1).padStart(8)} ms  ${nodes} nodes`);
  }
}
