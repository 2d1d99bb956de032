/** The zoo of exported networks (fixtures/zoo): reading it, and comparing derived gradients with PyTorch's. */
import { readdirSync, readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { InferenceSession, Tensor as RuntimeTensor } from 'onnxruntime-node';
import { readGraph, writeGraph, type Graph } from '../../onnx/index.ts';
import { deriveVjp } from '../index.ts';

export interface ZooFile {
  exporter: 'torchscript' | 'dynamo';
  opset: number;
  file: string;
}

export interface ZooModel {
  name: string;
  /** Chosen after the gradient rules were done. */
  heldOut: boolean;
  values: string;
  arrays: { role: 'input' | 'cotangent' | 'output' | 'gradient'; name: string; shape: number[] }[];
  files: ZooFile[];
}

interface Values {
  shape: number[];
  data: Float32Array<ArrayBuffer>;
}

/** Largest differences from PyTorch's float64 values, relative to the largest of them. */
export interface Deviation {
  outputs: number;
  gradient: number;
}

export interface ZooResult {
  /** The stored images in one batch. */
  batch: Deviation;
  /** The first of them alone. */
  single: Deviation;
}

const folder = new URL('../fixtures/zoo/', import.meta.url);

const unpack = (file: string): Uint8Array => brotliDecompressSync(readFileSync(new URL(file, folder)));

export const zoo = (JSON.parse(readFileSync(new URL('index.json', folder), 'utf8')) as { models: ZooModel[] }).models;

/** Every network and array that is stored, whether or not the index names it. */
export const zooFiles = (): string[] => readdirSync(folder).filter((name) => name.endsWith('.br'));

/** The file as its exporter wrote it. */
export const zooModelBytes = (file: ZooFile): Uint8Array => unpack(file.file);

export function zooGraph(file: ZooFile): Graph {
  return readGraph(unpack(file.file));
}

/** Derives the gradient of one file by its stimulus and runs it on the CPU on all stored images and on the first. */
export async function compareWithPyTorch(model: ZooModel, file: ZooFile): Promise<ZooResult> {
  const values = readValues(model);
  const outputs = namesOf(model, 'output');
  const vjp = deriveVjp(zooGraph(file), { wrt: 'stimulus', outputs });
  const session = await InferenceSession.create(writeGraph(vjp.graph), { intraOpNumThreads: 1, logSeverityLevel: 3 });
  const deviation = async (images: number): Promise<Deviation> => {
    const part = (role: string, name: string): Values => firstOf(values.get(`${role} ${name}`)!, images);
    const feeds: Record<string, RuntimeTensor> = {};
    for (const name of namesOf(model, 'input')) feeds[name] = tensorOf(part('input', name));
    for (const name of outputs) feeds[vjp.cotangents[name]!] = tensorOf(part('cotangent', name));
    const results = await session.run(Object.fromEntries(session.inputNames.map((name) => [name, feeds[name]!])));
    const scale = (role: string, name: string): number => largest(values.get(`${role} ${name}`)!.data);
    const compare = (found: RuntimeTensor, role: string, name: string): number =>
      difference(found, part(role, name)) / scale(role, name);
    return {
      outputs: Math.max(...outputs.map((name) => compare(results[name]!, 'output', name))),
      gradient: compare(results[vjp.gradient]!, 'gradient', 'stimulus'),
    };
  };
  try {
    const images = values.get('input stimulus')!.shape[0]!;
    return { batch: await deviation(images), single: await deviation(1) };
  } finally {
    await session.release();
  }
}

function namesOf(model: ZooModel, role: string): string[] {
  return model.arrays.filter((array) => array.role === role).map(({ name }) => name);
}

/** PyTorch's own values, by role and name. */
export function readValues(model: ZooModel): Map<string, Values> {
  const all = new Float32Array(new Uint8Array(unpack(model.values)).buffer);
  let offset = 0;
  return new Map(
    model.arrays.map(({ role, name, shape }) => {
      const size = shape.reduce((product, length) => product * length, 1);
      const data = all.slice(offset, offset + size);
      offset += size;
      return [`${role} ${name}`, { shape, data }];
    }),
  );
}

function firstOf({ shape, data }: Values, images: number): Values {
  return { shape: [images, ...shape.slice(1)], data: data.slice(0, (data.length / shape[0]!) * images) };
}

const tensorOf = ({ shape, data }: Values): RuntimeTensor => new RuntimeTensor('float32', data, shape);

const largest = (data: Float32Array): number => data.reduce((most, value) => Math.max(most, Math.abs(value)), 0);

/** Infinite where the shapes differ, not a number where a value is not one. */
function difference(found: RuntimeTensor, reference: Values): number {
  if (found.dims.join() !== reference.shape.join()) return Infinity;
  const data = found.data as Float32Array;
  return reference.data.reduce((most, value, index) => {
    const gap = Math.abs(data[index]! - value);
    return gap <= most ? most : gap;
  }, 0);
}
