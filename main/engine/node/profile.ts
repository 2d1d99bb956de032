/**
 * What ran where, from ONNX Runtime's own profile: it drops providers it does not know without a word, so a session
 * that was created on a device proves nothing.
 */
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Placement } from '../../contract/devices.ts';
import { devices } from '../devices.ts';

export type ProfiledNode = { name: string; op: string; provider: string; microseconds: number };

type TraceEvent = { cat?: string; name?: string; dur?: number; args?: { op_name?: string; provider?: string } };

/** The kernel runs in a profile (a Chrome trace), one entry per run of a node, without copies between memories. */
export function readProfile(json: string): ProfiledNode[] {
  return (JSON.parse(json) as TraceEvent[]).flatMap(({ cat, name = '', dur = 0, args }) => {
    const { op_name: op, provider } = args ?? {};
    if (cat !== 'Node' || !name.endsWith('_kernel_time') || op === undefined || provider === undefined) return [];
    return op.startsWith('Memcpy')
      ? []
      : [{ name: name.replace(/_kernel_time$/, ''), op, provider, microseconds: dur }];
  });
}

/** Nodes by provider; a node that ran several times counts once. */
export function placementOf(runs: readonly ProfiledNode[]): Placement {
  const providers = new Map(runs.map(({ name, provider }) => [name, provider]));
  const byProvider: Record<string, number> = {};
  for (const provider of providers.values()) byProvider[provider] = (byProvider[provider] ?? 0) + 1;
  return { total: providers.size, onCpu: byProvider[devices.cpu.provider] ?? 0, byProvider };
}

/** Both graphs of a twin as one. */
export function addPlacements(a: Placement, b: Placement): Placement {
  const byProvider = { ...a.byProvider };
  for (const [provider, n] of Object.entries(b.byProvider)) byProvider[provider] = (byProvider[provider] ?? 0) + n;
  return { total: a.total + b.total, onCpu: a.onCpu + b.onCpu, byProvider };
}

/**
 * Runs `work`, which creates sessions with the prefix it is given and ends their profiles, and returns its result with
 * the profile of every session in the order of their creation.
 */
export async function profiled<T>(
  work: (prefix: (name: string) => string) => Promise<T>,
): Promise<{ result: T; profiles: Map<string, ProfiledNode[]> }> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-profile-'));
  try {
    const result = await work((name) => path.join(folder, `${name}-`));
    const profiles = new Map(
      readdirSync(folder)
        .toSorted()
        .map((file) => [file.slice(0, file.indexOf('-')), readProfile(readFileSync(path.join(folder, file), 'utf8'))]),
    );
    return { result, profiles };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
