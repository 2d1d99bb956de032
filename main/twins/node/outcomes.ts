/**
 * What checks on this machine have shown about twins, by package hash, in files beside the packages that may be deleted
 * at any time: the checks can be run again.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { GradientOutcome, TwinSummary } from '../../contract/twins.ts';
import { writeFileAtomic } from '../../platform/node/files.ts';

export type Reproduction = NonNullable<TwinSummary['reproduces']>;

export interface Outcomes {
  reproductions(): Promise<Record<string, Reproduction>>;
  recordReproduction(sha256: string, outcome: Reproduction): Promise<void>;
  /** The latest outcome for a package with this version of the runtime, on whichever device. */
  gradients(): Promise<Record<string, GradientOutcome>>;
  /** Kept per package, runtime version and device. */
  recordGradient(sha256: string, outcome: GradientOutcome): Promise<void>;
}

/** @param runtime version of ONNX Runtime whose outcomes count; null: any. */
export function openOutcomes(folder: string, runtime: string | null): Outcomes {
  const reproductions = recordFile<Reproduction>(join(folder, 'verifications.json'));
  const gradients = recordFile<GradientOutcome[]>(join(folder, 'gradients.json'));
  return {
    reproductions: reproductions.read,
    recordReproduction: (sha256, outcome) => reproductions.change(sha256, () => outcome),
    async gradients() {
      const latest = Object.entries(await gradients.read()).map(
        ([sha256, outcomes]): [string, GradientOutcome | undefined] => [
          sha256,
          outcomes
            .filter((outcome) => runtime === null || outcome.runtime === runtime)
            .toSorted((a, b) => (a.at < b.at ? 1 : -1))[0],
        ],
      );
      return Object.fromEntries(latest.filter((entry): entry is [string, GradientOutcome] => entry[1] !== undefined));
    },
    recordGradient: (sha256, outcome) =>
      gradients.change(sha256, (before = []) => [
        ...before.filter(({ runtime: version, device }) => version !== outcome.runtime || device !== outcome.device),
        outcome,
      ]),
  };
}

/** Changes take turns, so that two checks that end together are both kept. */
function recordFile<T>(file: string) {
  let turn: Promise<unknown> = Promise.resolve();
  async function read(): Promise<Record<string, T>> {
    try {
      return JSON.parse(await readFile(file, 'utf8')) as Record<string, T>;
    } catch {
      // Missing or unreadable.
      return {};
    }
  }
  return {
    read,
    change(key: string, to: (before: T | undefined) => T): Promise<void> {
      const change = turn.then(async () => {
        const all = await read();
        await writeFileAtomic(file, `${JSON.stringify({ ...all, [key]: to(all[key]) }, null, 2)}\n`);
      });
      turn = change.catch(() => undefined);
      return change;
    },
  };
}
