/** Memory and processor time of a process, where the system tells (Linux). */
import { readFileSync } from 'node:fs';

export type ProcessUse = { rssMiB: number; peakRssMiB: number; cpuSeconds: number };

const ticksPerSecond = 100;

export function useOf(pid: number): ProcessUse | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, 'utf8');
    const mebibytes = (name: string): number => Number(new RegExp(`${name}:\\s+(\\d+)`).exec(status)?.[1]) / 1024;
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]?.split(' ') ?? [];
    // Fields 14 and 15 of proc(5), user and system time; the name's closing bracket ends the second.
    const cpuSeconds = (Number(fields[11]) + Number(fields[12])) / ticksPerSecond;
    return { rssMiB: mebibytes('VmRSS'), peakRssMiB: mebibytes('VmHWM'), cpuSeconds };
  } catch {
    return null;
  }
}
