/**
 * A twin for which memory really does not suffice for some batches: beside its two units (the mean light of the upper and
 * of the lower half of 4 × 4 pixels) its graph makes an array of 4 PiB wherever the squared contrasts of a batch add up
 * to more than `mostEnergy`.
 */
import type { TwinDraft } from '../../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { smallDraft } from '../../twins/testing/smallTwin.ts';

/** Sum of (luminance − .5)² over the pixels of all pictures of a batch. */
export const mostEnergy = 0.9;

export function shortageDraft(): TwinDraft {
  return { ...smallDraft({ id: 'shortage-twin', title: 'Shortage twin' }), model: shortageModel() };
}

function shortageModel(): Uint8Array {
  const builder = new GraphBuilder({ name: 'shortage' });
  const x = builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', [x, builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const weights = Array.from({ length: 32 }, (_, i) => (i % 2 === (i < 16 ? 0 : 1) ? 1 / 8 : 0));
  const light = builder.node('MatMul', [flat, builder.constant('w', 'float32', [16, 2], weights)]);
  const contrast = builder.node('Sub', [flat, builder.constant('background', 'float32', [], [0.5])]);
  const squares = builder.node('Mul', [contrast, contrast]);
  const energy = builder.node('ReduceSum', [squares], { keepdims: 0 });
  const over = builder.node('Greater', [energy, builder.constant('most', 'float32', [], [mostEnergy])]);
  const many = builder.node('Mul', [
    builder.node('Cast', [over], { to: 7 }),
    builder.constant('many', 'int64', [1], [2n ** 50n]),
  ]);
  const extent = builder.node('Add', [many, builder.constant('one', 'int64', [1], [1n])]);
  const zeros = builder.node('Expand', [builder.constant('zero', 'float32', [1], [0]), extent]);
  builder.node('Add', [light, builder.node('ReduceMax', [zeros], { keepdims: 0 })], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  return writeGraph(builder.build());
}
