/** Started by `npm run torture`: prints kinds × outcomes, and ends with 1 when anything is not allowed. */
import { parseArgs } from 'node:util';
import { formatTable } from '../../cli/output.ts';
import { notAllowed } from './judge.ts';
import { torture, type Outcome } from './torture.ts';

const { values } = parseArgs({
  options: {
    count: { type: 'string', default: '10000' },
    seed: { type: 'string', default: '1' },
    json: { type: 'boolean', default: false },
  },
});
const begun = performance.now();
const report = await torture({
  count: Number(values.count),
  seed: Number(values.seed),
  deadlineMs: 20_000,
  packageEvery: 10,
  onProgress: (done) => {
    if (done % 500 === 0) process.stderr.write(`${done} models\n`);
  },
});
const seconds = (performance.now() - begun) / 1000;
const { outcomes, failedAfterwards: _, ...figures } = report;
const faults = notAllowed(report);
const slowest = outcomes.toSorted((a, b) => b.ms - a.ms).slice(0, 5);
const count = (rows: readonly Outcome[], result: string): number => rows.filter((row) => row.result === result).length;
const results = [...new Set(outcomes.map(({ result }) => result))].toSorted();
const kinds = [...new Set(outcomes.map(({ kind }) => kind))];
const table = [...kinds, 'all'].map((kind) => {
  const rows = outcomes.filter((outcome) => kind === 'all' || outcome.kind === kind);
  return [kind, rows.length, ...results.map((result) => count(rows, result))];
});
const deaths = outcomes.filter(({ result }) => result === 'died' || result === 'deadline');

if (values.json) {
  const counts = table.map(([kind, requests, ...each]) => ({
    kind,
    requests,
    ...Object.fromEntries(results.map((result, at) => [result, each[at]])),
  }));
  console.log(JSON.stringify({ ...figures, seconds, counts, faults, deaths, slowest }, null, 2));
} else {
  console.log(formatTable(['damage', 'requests', ...results], table));
  const line = ({ index, kind, seedModel, request, ms }: Outcome): string =>
    `  model ${index} (${kind} of ${seedModel}), ${request}: ${(ms / 1000).toFixed(2)} s`;
  console.log(`\nSlowest:\n${slowest.map(line).join('\n')}`);
  if (deaths.length > 0) console.log(`\nCompute ended at:\n${deaths.map(line).join('\n')}`);
  for (const fault of faults) console.log(`\nNot allowed: ${fault}`);
  console.log(
    `\n${report.models} models (seed ${values.seed}) in ${seconds.toFixed(0)} s; compute started ${report.starts} times; ` +
      `backend: peak memory ${(report.peakBackendBytes / 1e6).toFixed(0)} MB, worst delay ${report.worstLagMs.toFixed(0)} ms`,
  );
}
process.exitCode = faults.length === 0 ? 0 : 1;
