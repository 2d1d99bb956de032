/** The networks of the speed table: a ResNet-50 shape, ViT-S/16 and the built-in V1 twin. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { installFolder } from '../../main/app/backend.ts';
import { readGraph, requiredInputs, writeGraph, type Graph } from '../../main/onnx/index.ts';
import { resnet50Graph } from '../networks/resnet50.ts';
import { vitSmallGraph } from '../networks/vitSmall.ts';

export const networkNames = ['resnet50', 'vit-small', 'v1'] as const;
export type NetworkName = (typeof networkNames)[number];

export interface Network {
  name: NetworkName;
  /** The original file, as its author would hand it over. */
  file: Uint8Array;
  graph: Graph;
  input: string;
  outputs: string[];
  /** Channels, height and width of one picture. */
  imageShape: [number, number, number];
  /** Largest acceptable and aimed-at time of a gradient step over that of a forward pass. */
  limit: number;
  aim: number;
}

const limits: Record<NetworkName, [number, number]> = { resnet50: [3, 2.5], 'vit-small': [3.5, 2.5], v1: [2.5, 2] };

export function network(name: NetworkName): Network {
  const file = fileOf(name);
  const graph = readGraph(file);
  const [input] = requiredInputs(graph);
  const [limit, aim] = limits[name];
  return {
    name,
    file,
    graph,
    input: input!.name,
    outputs: graph.outputs.map((output) => output.name),
    imageShape: input!.shape!.slice(1) as [number, number, number],
    limit,
    aim,
  };
}

function fileOf(name: NetworkName): Uint8Array {
  if (name === 'resnet50') return writeGraph(resnet50Graph({ seed: 1, sizePx: 224 }));
  if (name === 'vit-small') return writeGraph(vitSmallGraph({ seed: 1, sizePx: 224 }));
  return readFileSync(path.join(installFolder, 'dist', 'twins', 'macaque-v1-gabor-energy', 'model.onnx'));
}
