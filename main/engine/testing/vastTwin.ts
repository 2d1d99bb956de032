/**
 * A twin whose gradient fits into no machine of today while its responses are cheap: its 16 pixels are repeated to 524,288
 * in a row, of which interpolation keeps two, and the matrix of that interpolation takes more than 1 TB.
 */
import type { TwinDraft } from '../../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../../onnx/index.ts';
import { smallDraft } from '../../twins/testing/smallTwin.ts';

const repeats = 2n ** 15n;

export function vastDraft(): TwinDraft {
  return { ...smallDraft({ id: 'vast', title: 'Vast twin' }), model: vastModel() };
}

function vastModel(): Uint8Array {
  const builder = new GraphBuilder({ name: 'vast' });
  const ints = (name: string, values: bigint[]): string => builder.constant(name, 'int64', [values.length], values);
  const x = builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const row = builder.node('Reshape', [x, ints('row', [-1n, 1n, 1n, 16n])]);
  const long = builder.node('Tile', [row, ints('repeats', [1n, 1n, 1n, repeats])]);
  const two = builder.node('Resize', [long, '', '', ints('two', [2n])], { mode: 'linear', axes: [3] });
  builder.node('Reshape', [two, ints('flat', [-1n, 2n])], {}, 'y');
  builder.output('y', 'float32', ['batch', 2]);
  return writeGraph(builder.build());
}
