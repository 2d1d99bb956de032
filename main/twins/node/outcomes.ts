/**
 * What checks on this machine have shown about twins, by package hash, in files beside the packages that may be deleted
 * at any time: the checks can be run again.
 */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { gradientOutcome, reproduction, type GradientOutcome, type Reproduction } from '../../contract/twins.ts';
import { underLock } from '../../platform/node/fileLock.ts';
import { writeFileAtomic } from '../../platform/node/files.ts';

export interface Outcomes {
  /** Outcomes for every package, the latest first: one per device. */
  reproductions(): Promise<Record<string, Reproduction[]>>;
  recordReproduction(sha256: string, outcome: Reproduction): Promise<void>;
  /** Outcomes for every package with these versions, the latest first: one per device. */
  gradients(): Promise<Record<string, GradientOutcome[]>>;
  /** Kept per package, versions and device. */
  recordGradient(sha256: string, outcome: GradientOutcome): Promise<void>;
}

/** Gradients depend on the rules of this Twinscope and on the kernels of this ONNX Runtime. */
export type EngineVersions = { twinscope: string; runtime: string };

/** @param versions those whose outcomes count; null: any. */
export function openOutcomes(folder: string, versions: EngineVersions | null): Outcomes {
  const reproductions = recordFile<unknown>(join(folder, 'verifications.json'));
  const gradients = recordFile<unknown>(join(folder, 'gradients.json'));
  return {
    async reproductions() {
      const stored = Object.entries(await reproductions.read());
      return Object.fromEntries(stored.map(([sha256, each]) => [sha256, reproductionsOf(each).toSorted(latestFirst)]));
    },
    recordReproduction: (sha256, outcome) =>
      reproductions.change(sha256, (before) => [
        ...reproductionsOf(before).filter(({ device }) => device !== outcome.device),
        outcome,
      ]),
    async gradients() {
      const counts = ({ twinscope, runtime }: GradientOutcome): boolean =>
        versions === null || (twinscope === versions.twinscope && runtime === versions.runtime);
      return Object.fromEntries(
        Object.entries(await gradients.read()).map(([sha256, stored]) => [
          sha256,
          known(stored).filter(counts).toSorted(latestFirst),
        ]),
      );
    },
    recordGradient: (sha256, outcome) =>
      gradients.change(sha256, (before) => [
        ...known(before).filter((old) => keptAs(old) !== keptAs(outcome)),
        outcome,
      ]),
  };
}

const latestFirst = (a: { at: string }, b: { at: string }): number => (a.at < b.at ? 1 : -1);

/** One outcome instead of a list is how they were kept at first. */
function reproductionsOf(stored: unknown): Reproduction[] {
  const outcomes: unknown[] = Array.isArray(stored) ? stored : [stored];
  return outcomes.flatMap((outcome) => reproduction.safeParse(outcome).data ?? []);
}

/** A verdict that this version does not know must not count as any that it does: the check is made again. */
function known(stored: unknown): GradientOutcome[] {
  const outcomes: unknown[] = Array.isArray(stored) ? stored : [];
  return outcomes.flatMap((outcome) => gradientOutcome.safeParse(outcome).data ?? []);
}

const keptAs = ({ twinscope, runtime, device }: GradientOutcome): string => [twinscope, runtime, device].join('/');

/** Changes take turns, also those of several processes, so that two checks that end together are both kept. */
function recordFile<T>(file: string) {
  let turn: Promise<unknown> = Promise.resolve();
  async function read(): Promise<Record<string, T>> {
    try {
      // A pipe of that name would be waited for without end.
      if (!(await stat(file)).isFile()) return {};
      return JSON.parse(await readFile(file, 'utf8')) as Record<string, T>;
    } catch {
      // Missing or unreadable.
      return {};
    }
  }
  return {
    read,
    change(key: string, to: (before: T | undefined) => T): Promise<void> {
      const change = turn.then(() =>
        underLock(file, async () => {
          const all = await read();
          await writeFileAtomic(file, `${JSON.stringify({ ...all, [key]: to(all[key]) }, null, 2)}\n`);
        }),
      );
      turn = change.catch(() => undefined);
      return change;
    },
  };
}
