/**
 * Which processes measure devices, so that one that a driver holds does not outlive a session that crashed: a process that
 * still turns leaves with its parent, one that hangs does not notice. Jobs have such a record in their project; a
 * measurement needs none, so each has a file of its own, and windows do not write over each other's.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { endProcess, isAlive, processStartTime, thisProcess } from '../../platform/node/process.ts';

const identity = z.object({ pid: z.int(), startTime: z.string().nullable() });
const record = z.object({ owner: identity, measuring: identity });

export type MeasuringProcesses = {
  /** Ends what sessions left behind that have ended themselves. Returns how many processes were ended. */
  endOrphans(): number;
  began(pid: number): void;
  ended(pid: number): void;
};

export function openMeasuringProcesses(folder: string): MeasuringProcesses {
  const owner = thisProcess();
  const fileOf = (pid: number): string => path.join(folder, `${pid}.json`);

  /** Null where a file cannot be read: it names no process that could be ended. */
  function read(file: string): z.infer<typeof record> | null {
    try {
      return record.parse(JSON.parse(readFileSync(file, 'utf8')));
    } catch {
      return null;
    }
  }

  return {
    endOrphans() {
      let files: string[];
      try {
        files = readdirSync(folder).map((name) => path.join(folder, name));
      } catch {
        return 0;
      }
      let ended = 0;
      for (const file of files) {
        const found = read(file);
        if (found !== null && isAlive(found.owner)) continue;
        if (found !== null && endProcess(found.measuring)) ended += 1;
        rmSync(file, { force: true });
      }
      return ended;
    },
    began(pid) {
      mkdirSync(folder, { recursive: true });
      const measuring = { pid, startTime: processStartTime(pid) };
      writeFileSync(fileOf(pid), JSON.stringify({ owner, measuring }));
    },
    ended: (pid) => rmSync(fileOf(pid), { force: true }),
  };
}
