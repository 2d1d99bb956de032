/**
 * Which process is which. A pid alone is reused by the system; a pid with the moment its process started is not.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';

export interface ProcessIdentity {
  pid: number;
  /** Opaque; null where the system does not tell. */
  startTime: string | null;
}

/**
 * Where pids mean what they mean here, as 'name/id': the name is for people, the id stays when the network renames the
 * machine and differs between containers, which cannot see each other's processes. Without an id the name decides.
 */
export function thisComputer(): string {
  const id = computerId();
  return id === null ? hostname() : `${hostname()}/${id}`;
}

/** The part of a computer's identity that people know. */
export const computerName = (computer: string): string => computer.split('/')[0] as string;

/** The part of a computer's identity that decides whether it is the same. */
export const computerKey = (computer: string): string => {
  const [name, id] = computer.split('/');
  return id ?? (name as string);
};

/** True when the pids recorded with `computer` are pids here. */
export function isThisComputer(computer: string): boolean {
  const [name, id] = computer.split('/');
  return id === undefined ? name === hostname() : id === computerId();
}

function computerId(): string | null {
  if (process.platform !== 'linux') return null;
  try {
    const machine = readFileSync('/etc/machine-id', 'utf8').trim();
    // Containers made without an id of their own go by the name they were given.
    const named = /^[0-9a-f]{32}$/.test(machine) ? machine : hostname();
    // machine-id(5): the id is confidential and leaves the machine hashed only.
    return createHash('sha256')
      .update(`twinscope/${named}/${readlinkSync('/proc/self/ns/pid')}`)
      .digest('hex');
  } catch {
    return null;
  }
}

/** When the process with this pid started, or null when there is none or the system does not tell. */
export function processStartTime(pid: number): string | null {
  if (process.platform === 'linux') return linuxStartTime(pid);
  // Windows tells only through a shell that takes half a second to start; there the pid alone must do.
  if (process.platform === 'win32') return null;
  try {
    const text = execFileSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8', env: { LC_ALL: 'C' } });
    return text.trim() || null;
  } catch {
    return null;
  }
}

function linuxStartTime(pid: number): string | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The second field is the program's name in parentheses and may itself hold spaces and parentheses.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    // A zombie has ended and only waits for its parent to notice.
    if (fields[0] === 'Z' || fields[0] === 'X') return null;
    // Ticks since boot repeat after a restart of the machine; the boot's own id does not.
    return `${readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim()}/${fields[19]}`;
  } catch {
    return null;
  }
}

export function thisProcess(): ProcessIdentity {
  return { pid: process.pid, startTime: processStartTime(process.pid) };
}

/** True when exactly this process still runs; where start times are unknown, when some process has its pid. */
export function isAlive({ pid, startTime }: ProcessIdentity): boolean {
  if (process.platform === 'linux' || startTime !== null) {
    const now = processStartTime(pid);
    return now !== null && (startTime === null || now === startTime);
  }
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    // EPERM: it runs and belongs to somebody else.
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/**
 * Ends a process that an earlier session left behind. Returns whether it was ended; a process whose start time cannot
 * be confirmed is left alone, because the pid may belong to somebody else by now.
 */
export function endProcess(identity: ProcessIdentity): boolean {
  if (identity.startTime === null || identity.pid === process.pid || !isAlive(identity)) return false;
  try {
    process.kill(identity.pid, 'SIGKILL');
    return true;
  } catch {
    return false;
  }
}
