/**
 * The same network in eager PyTorch, where a Python with PyTorch is at hand: a process that lives as long as the
 * measurement and answers one block of rounds at a time, so that its blocks and ours take turns.
 */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { medianOf } from '../../main/platform/median.ts';
import { ratio, type StepTimes } from './statistics.ts';

export interface Peer {
  torch: string;
  /** Times `rounds` rounds; the process has been warmed up before. */
  block(rounds: number): Promise<StepTimes>;
  end(): void;
}

export interface PeerResult {
  torch: string;
  forwardImagesPerSecond: number;
  gradientImagesPerSecond: number;
  /** Our images per second over PyTorch's, medians over the rounds; the aim is 1 or more. */
  forwardOverPeer: number;
  gradientOverPeer: number;
}

type PeerOptions = { network: string; batchSize: number; threads: number; restMs: number };

const script = fileURLToPath(new URL('../peers/torch_peer.py', import.meta.url));

/** Resolves once the peer is warm; null, with the reason on stderr, where PyTorch cannot be run. */
export async function startPeer({ network, batchSize, threads, restMs }: PeerOptions): Promise<Peer | null> {
  const python = process.env['TWINSCOPE_PEER_PYTHON'] ?? 'python3';
  const options = ['--network', network, '--batch', batchSize, '--threads', threads, '--rest-ms', restMs, '--blocks'];
  const child = spawn(python, [script, ...options.map(String)], {
    cwd: path.dirname(script),
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  child.once('error', ({ message }) => {
    console.error(`${python} cannot be started (${message}); name one in TWINSCOPE_PEER_PYTHON.`);
  });
  // A peer that has ended is noticed by the end of its answers.
  child.stdin.on('error', () => undefined);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async (): Promise<unknown> => {
    const { value, done } = await lines.next();
    return done === true ? null : JSON.parse(value);
  };
  const ready = (await answer()) as { torch: string } | null;
  if (ready === null) return null;
  return {
    torch: ready.torch,
    async block(rounds) {
      child.stdin.write(`${rounds}\n`);
      const times = (await answer()) as StepTimes | null;
      if (times === null) throw new Error('PyTorch ended in the middle of the measurement.');
      return times;
    },
    end: () => child.stdin.end(),
  };
}

/** Both in milliseconds per batch, round by round in the same order. */
export function comparePeer(torch: string, batchSize: number, ours: StepTimes, peers: StepTimes): PeerResult {
  const rate = (times: number[]): number => (1000 * batchSize) / medianOf(times);
  return {
    torch,
    forwardImagesPerSecond: rate(peers.forward),
    gradientImagesPerSecond: rate(peers.gradient),
    forwardOverPeer: ratio(peers.forward, ours.forward),
    gradientOverPeer: ratio(peers.gradient, ours.gradient),
  };
}
