/** How much memory a process of this machine may still take. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { availableBytes, memAvailable, type ControlGroup } from '../memory.ts';

const groupRoot = '/sys/fs/cgroup';

/**
 * Linux: what the system calls available, and what the limits of its control groups leave. macOS tells only of pages
 * that nothing has ever used, while it would give back far more: there the memory of the whole machine is the answer.
 */
export function availableMemory(): number {
  if (process.platform === 'darwin') return os.totalmem();
  if (process.platform !== 'linux') return os.freemem();
  return availableBytes(memAvailable(read('/proc/meminfo') ?? '') ?? os.freemem(), controlGroups());
}

/** The groups of this process that have a limit, from its own to the root (version 2). */
function controlGroups(): ControlGroup[] {
  const own = /^0::(\/.*)$/m.exec(read('/proc/self/cgroup') ?? '')?.[1] ?? '/';
  const groups: ControlGroup[] = [];
  for (let folder = path.posix.normalize(own); ; folder = path.posix.dirname(folder)) {
    const at = (file: string): string | null => read(path.posix.join(groupRoot, folder, file));
    const [limit, used] = [at('memory.max'), at('memory.current')].map((text) =>
      text === null ? Number.NaN : Number(text),
    );
    // Where there is no limit it reads "max".
    if (Number.isFinite(limit) && Number.isFinite(used)) {
      const stat = at('memory.stat') ?? '';
      const pages = [...stat.matchAll(/^(?:in)?active_file (\d+)$/gm)].reduce(
        (sum, [, bytes]) => sum + Number(bytes),
        0,
      );
      groups.push({ limitBytes: limit as number, usedBytes: used as number, fileBytes: pages });
    }
    if (folder === '/' || folder === '.') return groups;
  }
}

/** Null where there is no such file, or this process may not read it. */
function read(file: string): string | null {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return null;
  }
}
