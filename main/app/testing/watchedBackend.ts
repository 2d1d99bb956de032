/** A backend whose compute processes a test stops and kills, and the plans that give it something to do meanwhile. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { JobSnapshot } from '../../contract/jobs.ts';
import { runPlan, searchPlan, type RunPlan, type SearchPlan } from '../../contract/plans.ts';
import type { ComputeProcess } from '../../engine/computeContract.ts';
import type { DeadlineLimits } from '../../engine/deadline.ts';
import { silentLog } from '../../platform/node/log.ts';
import { processStartTime, type ProcessIdentity } from '../../platform/node/process.ts';
import { createBackend, type Backend } from '../backend.ts';
import { spawnCompute } from '../spawnCompute.ts';

export type WatchedBackend = {
  backend: Backend;
  /** The compute process that started last. */
  current: ComputeProcess;
  /** Every compute process there was. */
  started: ProcessIdentity[];
  /** Called with each that starts, before it is asked for anything. */
  onSpawn: (process: ComputeProcess) => void;
  /** What the result of a finished job hashes to, timestamps and durations excluded. */
  contentOf(job: JobSnapshot): Promise<string>;
  close(): Promise<void>;
};

/** A backend with a library folder and an open project of its own, in a temporary folder named after `name`. */
export async function openWatchedBackend(name: string, deadlines?: DeadlineLimits): Promise<WatchedBackend> {
  const folder = mkdtempSync(path.join(os.tmpdir(), `twinscope-${name}-`));
  const home = process.env['TWINSCOPE_HOME'];
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  const backend = await createBackend({
    host: 'cli',
    log: silentLog(),
    ...(deadlines ? { deadlines } : {}),
    spawnCompute: async () => {
      const spawned = await spawnCompute();
      watched.current = spawned;
      watched.started.push({ pid: spawned.pid, startTime: processStartTime(spawned.pid) });
      watched.onSpawn(spawned);
      return spawned;
    },
  });
  const watched: WatchedBackend = {
    backend,
    current: undefined as unknown as ComputeProcess,
    started: [],
    onSpawn: () => undefined,
    async contentOf({ kind, resultId }) {
      const { project } = backend.services.current();
      const repository = kind === 'run' ? project.runs : project.searches;
      return (await repository.get(resultId as string)).contentSha256 as string;
    },
    async close() {
      await backend.close();
      if (home === undefined) delete process.env['TWINSCOPE_HOME'];
      else process.env['TWINSCOPE_HOME'] = home;
      rmSync(folder, { recursive: true, force: true });
    },
  };
  await backend.services.open(path.join(folder, `${name}.twinscope`), { name });
  return watched;
}

const twin = 'macaque-v1-gabor-energy';

type Factors = { orientationDeg: number[]; spatialFrequencyCpd: number[]; phaseDeg?: number[] };

/** count × step: 0, step, 2 step … */
export const every = (count: number, step: number): number[] => Array.from({ length: count }, (_, i) => i * step);

/** A run of every combination of the factors on a built-in twin. */
export function gratingsRun(factors: Factors): RunPlan {
  return runPlan.parse({ format: 1, kind: 'run', twin, stimuli: { design: { type: 'gratings', factors } } });
}

type SearchSize = { reference: Factors; steps: number; randomControls: number; starts: number };

/** A seeded gradient search in pixels that drives an area of a built-in twin. */
export function pixelSearch({ reference, steps, randomControls, starts }: SearchSize): SearchPlan {
  return searchPlan.parse({
    format: 1,
    kind: 'search',
    twin,
    target: [{ area: 'V1-complex' }],
    space: { type: 'pixels' },
    reference: { design: { type: 'gratings', factors: reference } },
    optimiser: { type: 'gradient', steps },
    controls: { random: randomControls, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    checkCandidate: false,
    starts,
    seed: 3,
  });
}
