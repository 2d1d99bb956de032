/**
 * A process of its own, because drivers are found through its environment: runs every graph of deviceGraphs.ts, and
 * its derived gradient where every operator has a rule, on a device and on the CPU. Prints one JSON document.
 */
import * as ort from 'onnxruntime-node';
import { defaultLowering, deriveVjp } from '../../autodiff/index.ts';
import { gradientRules } from '../../autodiff/registry.ts';
import { deviceId, type DeviceId, type Placement } from '../../contract/devices.ts';
import { writeGraph } from '../../onnx/index.ts';
import { relativeDifference } from '../node/deviceProbe.ts';
import { createOrtSession } from '../node/ortSession.ts';
import { placementOf, profiled } from '../node/profile.ts';
import { deviceGraphs, noise, type DeviceGraph } from './deviceGraphs.ts';

export type Comparison = {
  name: string;
  kind: 'forward' | 'gradient';
  /** max|Δ| / max|CPU| of each output: the responses and, from a gradient graph, the gradient. */
  parity: Record<string, number>;
  /** max|CPU| of each output. */
  largest: Record<string, number>;
  placement: Placement;
};

type Feeds = Record<string, ort.Tensor>;

async function outputs(model: Uint8Array, feeds: Feeds, device: DeviceId, profilePrefix?: string): Promise<Feeds> {
  const session = await createOrtSession({ model, device, threads: 1, title: 'a test graph', profilePrefix });
  const found = await session.run(feeds);
  if (profilePrefix !== undefined) session.endProfiling();
  await session.release();
  return found;
}

async function compare(
  { name }: DeviceGraph,
  kind: Comparison['kind'],
  model: Uint8Array,
  feeds: Feeds,
  device: DeviceId,
) {
  const expected = await outputs(model, feeds, 'cpu');
  const { result, profiles } = await profiled((prefix) => outputs(model, feeds, device, prefix('graph')));
  const values = Object.entries(expected).map(([output, { data }]) => {
    return { output, reference: data as Float32Array, found: result[output]?.data as Float32Array };
  });
  const comparison: Comparison = {
    name,
    kind,
    parity: Object.fromEntries(
      values.map(({ output, found, reference }) => [output, relativeDifference(found, reference)]),
    ),
    largest: Object.fromEntries(values.map(({ output, reference }) => [output, Math.max(...reference.map(Math.abs))])),
    placement: placementOf(profiles.get('graph') ?? []),
  };
  return { comparison, expected };
}

async function compareGraph(each: DeviceGraph, device: DeviceId): Promise<Comparison[]> {
  const x = new ort.Tensor('float32', noise(each.name, each.inputShape), each.inputShape);
  const forward = await compare(each, 'forward', writeGraph(each.graph), { x }, device);
  if (!each.graph.nodes.every(({ op }) => op in gradientRules)) return [forward.comparison];
  const { dims } = forward.expected['y'] as ort.Tensor;
  const { graph, cotangents } = deriveVjp(each.graph, {
    wrt: 'x',
    outputs: ['y'],
    lowering: defaultLowering(device),
  });
  const cotangent = new ort.Tensor('float32', noise(`${each.name} weights`, dims), dims);
  const feeds = { x, [cotangents['y'] as string]: cotangent };
  return [forward.comparison, (await compare(each, 'gradient', writeGraph(graph), feeds, device)).comparison];
}

const device = deviceId.parse(process.argv[2]);
const all: Comparison[] = [];
for (const each of deviceGraphs()) all.push(...(await compareGraph(each, device)));
console.log(JSON.stringify(all));
