/**
 * A process that writes a twin package whose gradient check takes long enough to be stopped by a person: 16
 * convolutions of 32 × 32 channels over 224 × 224 pixels. Usage: slowTwin.ts FOLDER
 */
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { Random } from '../../platform/random.ts';
import { packDraft, writePackage } from '../../twins/node/package.ts';
import { smallDraft, smallManifest } from '../../twins/testing/smallTwin.ts';

const sizePx = 224;
const channels = 32;
const layers = 16;

function slowModel(): Uint8Array {
  const random = Random.fromSeed(1, 'slow twin');
  const weights = (count: number, scale: number) => Float32Array.from({ length: count }, () => scale * random.normal());
  const builder = new GraphBuilder({ name: 'slow' });
  const x = builder.input('x', 'float32', ['batch', 1, sizePx, sizePx]);
  const first = builder.constant('first', 'float32', [channels, 1, 3, 3], weights(channels * 9, 1 / 3));
  // All layers share one, so that the file stays small.
  const scale = 1 / Math.sqrt(9 * channels);
  const shared = builder.constant('shared', 'float32', [channels, channels, 3, 3], weights(channels ** 2 * 9, scale));
  const layer = (from: string, weight: string): string =>
    builder.node('Tanh', [builder.node('Conv', [from, weight], { pads: [1, 1, 1, 1] })]);
  let value = layer(x, first);
  for (let index = 0; index < layers; index++) value = layer(value, shared);
  const flat = builder.constant('flat', 'int64', [2], [-1n, BigInt(channels)]);
  const means = builder.node('Reshape', [builder.node('GlobalAveragePool', [value]), flat]);
  builder.node('MatMul', [means, builder.constant('w', 'float32', [channels, 2], weights(2 * channels, 1))], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  return writeGraph(builder.build());
}

const manifest = smallManifest();
const draft = smallDraft({
  id: 'slow-twin',
  title: 'Slow twin',
  inputs: manifest.inputs.map((input) => ({
    ...input,
    axes: input.axes.map((axis) => (axis.size === 4 ? { ...axis, size: sizePx } : axis)),
  })),
});
const checks = {
  ...draft.checks,
  inputs: { x: { shape: [1, 1, sizePx, sizePx], data: new Float32Array(sizePx ** 2).fill(0.5) } },
};
const folder = process.argv[2];
if (folder === undefined) throw new Error('Say where to write the package.');
await writePackage(folder, packDraft({ ...draft, model: slowModel(), checks }, { card: '# Slow\n', licence: 'MIT\n' }));
