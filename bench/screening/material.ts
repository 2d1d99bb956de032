/** What the screening benchmark works on: a network as a twin package, and photographs that are all different files. */
import { createHash } from 'node:crypto';
import path from 'node:path';
import sharp from 'sharp';
import type { TwinManifest } from '../../main/contract/twins.ts';
import { GraphBuilder, writeGraph, type Graph } from '../../main/onnx/index.ts';
import { Random } from '../../main/platform/random.ts';
import type { Project } from '../../main/projects/node/project.ts';
import { packDraft, writePackage } from '../../main/twins/node/package.ts';
import { resnet50Graph } from '../networks/resnet50.ts';
import { weightSource } from '../networks/weights.ts';

export const networks = ['resnet50', 'small'] as const;
export type Network = (typeof networks)[number];

/** Four convolutions of 16 to 64 channels: so quick that everything around inference shows. */
function smallGraph(seed: number, sizePx: number): Graph {
  const builder = new GraphBuilder({ name: 'small' });
  const weights = weightSource(seed);
  builder.input('image', 'float32', ['batch', 3, sizePx, sizePx]);
  let x = 'image';
  let channels = 3;
  for (const [layer, width] of [16, 32, 32, 64].entries()) {
    const weight = builder.constant(
      `conv${layer}.weight`,
      'float32',
      [width, channels, 3, 3],
      weights.scaled(width * channels * 9, channels * 9),
    );
    x = builder.node('Relu', [
      builder.node('Conv', [x, weight], { kernel_shape: [3, 3], strides: [2, 2], pads: [1, 1, 1, 1] }),
    ]);
    channels = width;
  }
  builder.node('Flatten', [builder.node('GlobalAveragePool', [x])], { axis: 1 }, 'logits');
  builder.output('logits', 'float32', ['batch', channels]);
  return builder.build();
}

/** Writes the package to `folder`; torchvision's input: sRGB, ImageNet's mean and standard deviation. */
export async function writeTwin(folder: string, network: Network, sizePx: number): Promise<string> {
  const graph = network === 'resnet50' ? resnet50Graph({ seed: 1, sizePx }) : smallGraph(1, sizePx);
  const units = network === 'resnet50' ? 1000 : 64;
  const sizes = [null, 3, sizePx, sizePx];
  const manifest: Omit<TwinManifest, 'files'> = {
    format: 1,
    id: `bench-${network}`,
    version: '1.0.0',
    title: `Benchmark network ${network}`,
    summary: 'Random weights.',
    authors: [],
    references: [],
    licences: { code: 'MIT', weights: 'MIT', data: 'NONE' },
    commercialUse: true,
    species: 'none',
    subjects: [],
    modality: 'vision',
    recording: 'none',
    responseUnits: 'arbitrary',
    areas: [{ name: 'IT', label: 'IT', units }],
    inputs: [
      {
        tensor: 'image',
        role: 'stimulus',
        axes: ['batch', 'channel', 'height', 'width'].map((name, i) => ({ name, size: sizes[i] as number | null })),
        dtype: 'float32',
        range: [0, 1],
        encoding: 'srgb',
        mean: [0.485, 0.456, 0.406],
        std: [0.229, 0.224, 0.225],
        fieldOfViewDeg: 8,
        background: 0.5,
      },
    ],
    outputs: [
      {
        tensor: 'logits',
        area: 'IT',
        axes: [
          { name: 'batch', size: null },
          { name: 'unit', size: units },
        ],
      },
    ],
    commitments: [],
    capabilities: { inputGradient: 'derived', deterministic: true, opset: 18 },
    validity: { domains: [], knownFailures: [] },
  };
  const floats = 3 * sizePx * sizePx;
  const files = packDraft(
    {
      manifest,
      model: writeGraph(graph),
      units: Array.from({ length: units }, (_, index) => ({
        unit: String(index),
        area: 'IT',
        index,
        xDeg: null,
        yDeg: null,
        sizeDeg: null,
        extra: {},
      })),
      // Nobody verifies a network whose weights are random.
      checks: {
        inputs: { image: { shape: [1, 3, sizePx, sizePx], data: new Float32Array(floats) } },
        outputs: { logits: { shape: [1, units], data: new Float32Array(units), tolerance: 1 } },
      },
    },
    { card: '# Benchmark network\n', licence: 'MIT\n' },
  );
  const target = path.join(folder, `bench-${network}.twin`);
  await writePackage(target, files);
  return target;
}

const distinct = 64;

/** JPEGs as image sets hold them: smooth shading, edges and fine noise; shorter side `shortPx`, longer one up to 6 : 5. */
export async function makePhotographs(shortPx: number): Promise<Buffer[]> {
  return Promise.all(
    Array.from({ length: distinct }, async (_, number) => {
      const random = Random.fromSeed(number, 'benchmark photograph');
      const longPx = Math.round(shortPx * (1 + 0.2 * random.uniform()));
      const [width, height] = number % 3 === 0 ? [shortPx, longPx] : [longPx, shortPx];
      const raw = new Uint8Array(width * height * 3);
      const discs = Array.from({ length: 12 }, () => ({
        x: width * random.uniform(),
        y: height * random.uniform(),
        radius: (0.05 + 0.2 * random.uniform()) * longPx,
        colour: [0, 1, 2].map(() => random.int(256)),
      }));
      for (let y = 0, at = 0; y < height; y++) {
        for (let x = 0; x < width; x++, at += 3) {
          const disc = discs.find((item) => (x - item.x) ** 2 + (y - item.y) ** 2 < item.radius ** 2);
          const shade = 40 + (120 * (x + y)) / (width + height);
          const noise = 24 * (random.uniform() - 0.5);
          for (let c = 0; c < 3; c++) raw[at + c] = Math.max(0, Math.min(255, (disc?.colour[c] ?? shade) + noise));
        }
      }
      return sharp(raw, { raw: { width, height, channels: 3 } })
        .jpeg({ quality: 90 })
        .toBuffer();
    }),
  );
}

/** Stores `count` photographs and returns their hashes: each is a file of its own, so nothing can be drawn only once. */
export async function storePhotographs(project: Project, photographs: Buffer[], count: number): Promise<string[]> {
  const hashes: string[] = [];
  for (let first = 0; first < count; first += 256) {
    const batch = Array.from({ length: Math.min(256, count - first) }, (_, i) => {
      const number = first + i;
      // What stands behind the end marker of a JPEG is not read by decoders.
      const bytes = new Uint8Array(
        Buffer.concat([photographs[number % distinct] as Buffer, Buffer.from(String(number).padStart(8, '0'))]),
      );
      const sha256 = createHash('sha256').update(bytes).digest('hex');
      return { sha256, name: `${number}.jpg`, mediaType: 'image/jpeg' as const, widthPx: 1, heightPx: 1, bytes };
    });
    await project.images.putMany(batch);
    hashes.push(...batch.map(({ sha256 }) => sha256));
  }
  return hashes;
}
