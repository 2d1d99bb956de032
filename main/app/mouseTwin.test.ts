/**
 * The built-in mouse twin through the product: its golden checks with behaviour and state, its gradient against finite
 * differences, and a run of drifting gratings, at rest and running, against the graph fed by hand.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { drifting, openBench } from '../../models/mouse-v1-dynamic/testing/bench.ts';
import { runPlan } from '../contract/plans.ts';
import { silentLog } from '../platform/node/log.ts';
import { createBackend } from './backend.ts';
import { spawnCompute } from './spawnCompute.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-mouse-'));
process.env['TWINSCOPE_HOME'] = home;
const backend = await createBackend({ host: 'cli', spawnCompute, log: silentLog() });
afterAll(async () => {
  await backend.close();
  rmSync(home, { recursive: true, force: true });
});
const twin = 'mouse-v1-dynamic';

test('the mouse twin reproduces its answers, and its gradient is verified', async () => {
  const verify = backend.handlers['library.verify'];
  const checked = await verify({ id: twin }, { signal: new AbortController().signal });
  expect(checked.reproduces).toMatchObject({ device: 'cpu', passed: true });
  expect(checked.reproduces?.maxError).toBeLessThan(1e-5);
  expect(checked.gradientCheck).toMatchObject({ verdict: 'verified', device: 'cpu' });
}, 240_000);

test('a run shows it drifting gratings under the behaviour of the plan', async () => {
  await backend.openProject(path.join(home, 'mouse.twinscope'), { name: 'Mouse' });
  const { project, queue } = backend.services.current();
  const directions = [0, 90, 180];
  const grating = { spatialFrequencyCpd: 0.04, temporalFrequencyHz: 2, contrast: 0.8 };
  const bench = await openBench();
  for (const [behaviour, byHand] of [
    [undefined, {}],
    [
      { running_cm_per_s: 20, eye_x_deg: 3, pupil_diameter: 1.2 },
      { runningCmPerS: 20, eyeXDeg: 3, pupil: 1.2 },
    ],
  ] as const) {
    const plan = runPlan.parse({
      format: 1,
      kind: 'run',
      twin,
      device: 'cpu',
      stimuli: {
        design: {
          type: 'list',
          // Far wider than the field, so that the aperture's edge lies outside.
          stimuli: directions.map((directionDeg) => ({
            type: 'drifting-grating',
            directionDeg,
            ...grating,
            diameterDeg: 200,
          })),
        },
      },
      ...(behaviour === undefined ? {} : { behaviour }),
    });
    const { id } = await queue.start('run', 'mouse', plan);
    const ended = await queue.waitFor(id);
    expect(ended, ended.error?.message).toMatchObject({ state: 'finished' });
    const responses = await project.runs.readArea(ended.resultId as string, 'VISp');
    const clips = directions.map((directionDeg) =>
      drifting({ directionDeg, cpd: grating.spatialFrequencyCpd, hz: grating.temporalFrequencyHz, contrast: 0.8 }),
    );
    const expected = (await bench.means(clips, byHand)).flatMap((means) => [...means]);
    const largest = Math.max(...expected);
    expect(largest).toBeGreaterThan(5);
    expect(responses.length).toBe(expected.length);
    for (const [at, value] of expected.entries()) {
      expect(Math.abs((responses[at] as number) - value)).toBeLessThan(1e-3 * largest);
    }
  }
}, 240_000);
