/**
 * ResNet-50 (He et al. 2016, stride in the 3 × 3 convolutions) as exporters write it for inference: batch normalisation
 * folded into the convolutions, the overlapping 3 × 3 max-pool behind the stem.
 */
import { GraphBuilder, type Graph } from '../../main/onnx/index.ts';
import { weightSource } from './weights.ts';

export interface ResNetOptions {
  seed: number;
  /** Height and width of the input in pixels. */
  sizePx: number;
  /** Channels of the first stage; 64 is the published network. */
  width?: number;
}

/** Blocks per stage. */
const depths = [3, 4, 6, 3];
const classes = 1000;

/** Input `image` [batch, 3, sizePx, sizePx], output `logits` [batch, 1000]. */
export function resnet50Graph({ seed, sizePx, width = 64 }: ResNetOptions): Graph {
  const builder = new GraphBuilder({ name: 'resnet50' });
  const weights = weightSource(seed);
  builder.input('image', 'float32', ['batch', 3, sizePx, sizePx]);

  const convolution = (
    x: string,
    name: string,
    inputs: number,
    outputs: number,
    kernel: number,
    stride = 1,
  ): string => {
    const fanIn = inputs * kernel * kernel;
    const pad = (kernel - 1) / 2;
    return builder.node(
      'Conv',
      [
        x,
        builder.constant(
          `${name}.weight`,
          'float32',
          [outputs, inputs, kernel, kernel],
          weights.scaled(outputs * fanIn, fanIn),
        ),
        builder.constant(`${name}.bias`, 'float32', [outputs], weights.normal(outputs, 0.05)),
      ],
      {
        kernel_shape: [kernel, kernel],
        strides: [stride, stride],
        pads: [pad, pad, pad, pad],
        dilations: [1, 1],
        group: 1,
      },
      `${name}.out`,
    );
  };
  const relu = (x: string): string => builder.node('Relu', [x]);

  let x = relu(convolution('image', 'stem', 3, width, 7, 2));
  x = builder.node('MaxPool', [x], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] });
  let channels = width;
  for (const [stage, blocks] of depths.entries()) {
    const inner = width * 2 ** stage;
    for (let block = 0; block < blocks; block++) {
      const name = `stage${stage + 1}.${block}`;
      const stride = block === 0 && stage > 0 ? 2 : 1;
      const first = relu(convolution(x, `${name}.conv1`, channels, inner, 1));
      const second = relu(convolution(first, `${name}.conv2`, inner, inner, 3, stride));
      const third = convolution(second, `${name}.conv3`, inner, 4 * inner, 1);
      const shortcut = block === 0 ? convolution(x, `${name}.shortcut`, channels, 4 * inner, 1, stride) : x;
      x = relu(builder.node('Add', [third, shortcut]));
      channels = 4 * inner;
    }
  }
  const pooled = builder.node('Flatten', [builder.node('GlobalAveragePool', [x])], { axis: 1 });
  builder.constant('head.weight', 'float32', [classes, channels], weights.scaled(classes * channels, channels));
  builder.constant('head.bias', 'float32', [classes], weights.normal(classes, 0.05));
  builder.node('Gemm', [pooled, 'head.weight', 'head.bias'], { transB: 1 }, 'logits');
  builder.output('logits', 'float32', ['batch', classes]);
  return builder.build();
}
