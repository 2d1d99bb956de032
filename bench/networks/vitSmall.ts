/** ViT-S/16 (Dosovitskiy et al. 2021; Touvron et al. 2021): 12 blocks of width 384 with 6 heads, as exporters write it. */
import { float, GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { weightSource } from './weights.ts';

export interface VitOptions {
  seed: number;
  /** Height and width of the input in pixels, a multiple of the patch. */
  sizePx: number;
  depth?: number;
}

const patchPx = 16;
const width = 384;
const heads = 6;
const classes = 1000;

/** Input `image` [batch, 3, sizePx, sizePx], output `logits` [batch, 1000]. */
export function vitSmallGraph({ seed, sizePx, depth = 12 }: VitOptions): Graph {
  const builder = new GraphBuilder({ name: 'vit_small' });
  const weights = weightSource(seed);
  const patches = (sizePx / patchPx) ** 2;
  const tokens = patches + 1;
  const headWidth = width / heads;
  const ints = (values: number[]): string =>
    builder.constant(builder.freshName('sizes'), 'int64', [values.length], values);
  const scalar = (value: number): string => builder.constant(builder.freshName('scalar'), 'float32', [], [value]);
  const vector = (name: string, count: number, mean: number, sd: number): string =>
    builder.constant(
      name,
      'float32',
      [count],
      weights.normal(count, sd).map((value) => mean + value),
    );
  const linear = (x: string, name: string, inputs: number, outputs: number): string => {
    const matrix = builder.constant(
      `${name}.weight`,
      'float32',
      [inputs, outputs],
      weights.normal(inputs * outputs, Math.sqrt(1 / inputs)),
    );
    return builder.node('Add', [vector(`${name}.bias`, outputs, 0, 0.02), builder.node('MatMul', [x, matrix])]);
  };
  const normalised = (x: string, name: string): string =>
    builder.node(
      'LayerNormalization',
      [x, vector(`${name}.scale`, width, 1, 0.02), vector(`${name}.shift`, width, 0, 0.02)],
      {
        axis: -1,
        epsilon: float(1e-6),
      },
    );
  const gelu = (x: string): string => {
    const error = builder.node('Erf', [builder.node('Div', [x, scalar(Math.SQRT2)])]);
    return builder.node('Mul', [builder.node('Mul', [x, builder.node('Add', [error, scalar(1)])]), scalar(0.5)]);
  };
  const attention = (x: string, name: string): string => {
    const mixed = linear(x, `${name}.qkv`, width, 3 * width);
    const split = builder.node('Reshape', [mixed, ints([-1, tokens, 3, heads, headWidth])]);
    const ordered = builder.node('Transpose', [split], { perm: [2, 0, 3, 1, 4] });
    const [q, k, v] = [0, 1, 2].map((part) =>
      builder.node('Gather', [ordered, builder.constant(builder.freshName('part'), 'int64', [], [part])], { axis: 0 }),
    ) as [string, string, string];
    const scaled = builder.node('Mul', [q, scalar(1 / Math.sqrt(headWidth))]);
    const scores = builder.node('MatMul', [scaled, builder.node('Transpose', [k], { perm: [0, 1, 3, 2] })]);
    const read = builder.node('MatMul', [builder.node('Softmax', [scores], { axis: -1 }), v]);
    const joined = builder.node('Reshape', [
      builder.node('Transpose', [read], { perm: [0, 2, 1, 3] }),
      ints([-1, tokens, width]),
    ]);
    return linear(joined, `${name}.proj`, width, width);
  };

  builder.input('image', 'float32', ['batch', 3, sizePx, sizePx]);
  const fanIn = 3 * patchPx * patchPx;
  builder.constant(
    'patch.weight',
    'float32',
    [width, 3, patchPx, patchPx],
    weights.normal(width * fanIn, Math.sqrt(1 / fanIn)),
  );
  const embedded = builder.node('Conv', ['image', 'patch.weight', vector('patch.bias', width, 0, 0.02)], {
    kernel_shape: [patchPx, patchPx],
    strides: [patchPx, patchPx],
  });
  const flat = builder.node('Transpose', [builder.node('Reshape', [embedded, ints([0, width, -1])])], {
    perm: [0, 2, 1],
  });
  builder.constant('class_token', 'float32', [1, 1, width], weights.normal(width, 0.02));
  const batch = builder.node('Shape', ['image'], { start: 0, end: 1 });
  const token = builder.node('Expand', ['class_token', builder.node('Concat', [batch, ints([1, width])], { axis: 0 })]);
  builder.constant('positions', 'float32', [1, tokens, width], weights.normal(tokens * width, 0.02));
  let x = builder.node('Add', [builder.node('Concat', [token, flat], { axis: 1 }), 'positions']);
  for (let block = 0; block < depth; block++) {
    const name = `block${block}`;
    x = builder.node('Add', [x, attention(normalised(x, `${name}.norm1`), `${name}.attention`)]);
    const hidden = gelu(linear(normalised(x, `${name}.norm2`), `${name}.fc1`, width, 4 * width));
    x = builder.node('Add', [x, linear(hidden, `${name}.fc2`, 4 * width, width)]);
  }
  const first = builder.node('Gather', [normalised(x, 'norm'), builder.constant('first', 'int64', [], [0])], {
    axis: 1,
  });
  builder.constant('head.weight', 'float32', [classes, width], weights.normal(classes * width, Math.sqrt(1 / width)));
  builder.node('Gemm', [first, 'head.weight', vector('head.bias', classes, 0, 0.02)], { transB: 1 }, 'logits');
  builder.output('logits', 'float32', ['batch', classes]);
  return builder.build();
}
