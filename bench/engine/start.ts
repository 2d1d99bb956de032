/** From "run" to the first stored response on a warm library, against the creation of the same session alone. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createBackend } from '../../main/app/backend.ts';
import { computeTwin, defaultSession } from '../../main/app/services.ts';
import { spawnCompute } from '../../main/app/spawnCompute.ts';
import { runPlan } from '../../main/contract/plans.ts';
import { silentLog } from '../../main/platform/node/log.ts';
import { writeTwin } from '../screening/material.ts';
import { medianOf } from '../../main/platform/median.ts';

export interface StartResult {
  twin: string;
  rounds: number;
  /** A new compute process and its session, the optimised graph in the cache. */
  sessionMs: number;
  /** A new compute process, its session, and one stimulus drawn, presented and stored. */
  firstResponseMs: number;
  /** Median over the rounds of the difference; at most 500. */
  beyondSessionMs: number;
}

export async function measureStart(rounds: number): Promise<StartResult[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-start-'));
  process.env['TWINSCOPE_HOME'] = path.join(folder, 'home');
  const backend = await createBackend({ host: 'cli', log: silentLog(), spawnCompute });
  try {
    await backend.services.library.import(await writeTwin(folder, 'resnet50', 224));
    await backend.services.open(path.join(folder, 'start.twinscope'), { name: 'Start' });
    const results: StartResult[] = [];
    for (const id of ['macaque-v1-gabor-energy', 'bench-resnet50']) results.push(await measureTwin(id));
    return results;
  } finally {
    await backend.close();
    rmSync(folder, { recursive: true, force: true });
  }

  async function measureTwin(id: string): Promise<StartResult> {
    const { library, compute } = backend.services;
    const { queue } = backend.services.current();
    const twin = computeTwin(await library.resolve({ id }), defaultSession());
    const createSession = () => compute.call('twin.describe', { twin });
    const firstResponse = async (): Promise<void> => {
      const grating = { type: 'grating', orientationDeg: 0, spatialFrequencyCpd: 1, diameterDeg: 4 };
      const plan = runPlan.parse({
        format: 1,
        kind: 'run',
        twin: id,
        stimuli: { design: { type: 'list', stimuli: [grating] } },
      });
      const job = await queue.start('run', 'first response', plan);
      const ended = await queue.waitFor(job.id);
      if (ended.state !== 'finished') throw new Error(`The run ended as ${ended.state}: ${ended.error?.message}`);
    };
    const timed = async (work: () => Promise<unknown>): Promise<number> => {
      await compute.kill();
      const started = performance.now();
      await work();
      return performance.now() - started;
    };
    // Fills the cache of optimised graphs.
    await createSession();
    const session: number[] = [];
    const first: number[] = [];
    for (let round = 0; round < rounds; round++) {
      session.push(await timed(createSession));
      first.push(await timed(firstResponse));
    }
    return {
      twin: id,
      rounds,
      sessionMs: medianOf(session),
      firstResponseMs: medianOf(first),
      beyondSessionMs: medianOf(first.map((ms, round) => ms - session[round]!)),
    };
  }
}
