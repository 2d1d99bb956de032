/** Memory of a gradient session from the file to the first gradient, in a process of its own. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { spawnCompute } from '../../main/app/spawnCompute.ts';
import { sessionThreads } from '../../main/app/services.ts';
import { createComputeClient } from '../../main/engine/computeClient.ts';
import { encodeNpy } from '../../main/stimuli/npy.ts';
import type { Network } from './networks.ts';

export interface MemoryResult {
  network: string;
  batchSize: number;
  weightMiB: number;
  /** What the first run of the gradient added. */
  activationMiB: number;
  /** Largest resident memory above that of the process before it read the file. */
  peakMiB: number;
  /** (peak − activations) ÷ weights; at most 4. */
  peakOverWeights: number;
}

const mebibyte = 1 << 20;

export async function measureMemory(network: Network, batchSize: number): Promise<MemoryResult> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-memory-'));
  const noBlobs = () => Promise.reject(new Error('This measurement presents no stored pictures.'));
  const compute = createComputeClient({
    spawn: spawnCompute,
    callbacks: { 'blob.image': noBlobs, 'blob.array': noBlobs },
  });
  try {
    const modelFile = path.join(folder, 'model.onnx');
    writeFileSync(modelFile, network.file);
    const shape = [batchSize, ...network.imageShape];
    const pixels = new Float32Array(shape.reduce((product, size) => product * size, 1)).map((_, i) => (i % 97) / 97);
    writeFileSync(path.join(folder, 'x.npy'), encodeNpy(pixels, shape));
    const { memory } = await compute.call(
      'model.gradient',
      {
        modelFile,
        inputs: [{ name: null, file: path.join(folder, 'x.npy') }],
        wrt: null,
        output: network.outputs[0]!,
        device: 'cpu',
        threads: sessionThreads(),
      },
      { deadlineMs: 3_600_000 },
    );
    return {
      network: network.name,
      batchSize,
      weightMiB: memory.weightBytes / mebibyte,
      activationMiB: memory.activationBytes / mebibyte,
      peakMiB: memory.peakBytes / mebibyte,
      peakOverWeights: (memory.peakBytes - memory.activationBytes) / memory.weightBytes,
    };
  } finally {
    await compute.close();
    rmSync(folder, { recursive: true, force: true });
  }
}
