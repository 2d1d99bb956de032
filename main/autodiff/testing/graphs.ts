/** Small forward graphs. */
import { GraphBuilder, type Graph } from '../../onnx/index.ts';

/** y = op(x, constants …) for n numbers. */
export function elementwise(op: string, constants: number[] = []): Graph {
  const builder = new GraphBuilder();
  builder.input('x', 'float32', ['n']);
  const others = constants.map((value, index) => builder.constant(`c${index}`, 'float32', [], [value]));
  builder.node(op, ['x', ...others], {}, 'y');
  builder.output('y', 'float32', ['n']);
  return builder.build();
}
