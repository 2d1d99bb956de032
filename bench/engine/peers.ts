/** The same networks in eager PyTorch, where a Python with PyTorch is at hand: our images per second over its. */
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import type { GradientResult } from './gradient.ts';

export interface PeerResult {
  torch: string;
  forwardImagesPerSecond: number;
  gradientImagesPerSecond: number;
  /** Ours over PyTorch's; the aim is 1 or more. */
  forwardOverPeer: number;
  gradientOverPeer: number;
}

const script = fileURLToPath(new URL('../peers/torch_peer.py', import.meta.url));

/** Null, with the reason on stderr, where PyTorch cannot be run. */
export function measurePeer(ours: GradientResult): PeerResult | null {
  const python = process.env['TWINSCOPE_PEER_PYTHON'] ?? 'python3';
  const { batchSize, threads } = ours;
  const options = ['--network', ours.network, '--batch', batchSize, '--threads', threads, '--rounds', ours.rounds];
  const { status, stdout, error } = spawnSync(python, [script, ...options.map(String)], {
    cwd: path.dirname(script),
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  if (status !== 0) {
    if (error) console.error(`${python} cannot be started (${error.message}); name one in TWINSCOPE_PEER_PYTHON.`);
    return null;
  }
  const peer = JSON.parse(stdout) as Pick<PeerResult, 'torch' | 'forwardImagesPerSecond' | 'gradientImagesPerSecond'>;
  const rate = (ms: number): number => (1000 * batchSize) / ms;
  return {
    torch: peer.torch,
    forwardImagesPerSecond: peer.forwardImagesPerSecond,
    gradientImagesPerSecond: peer.gradientImagesPerSecond,
    forwardOverPeer: rate(ours.steady.forwardMs) / peer.forwardImagesPerSecond,
    gradientOverPeer: rate(ours.steady.gradientMs) / peer.gradientImagesPerSecond,
  };
}
