/**
 * `npm run demo`: the main job without a window. Sample photographs and gratings → responses of the V1 twin → a
 * stimulus that drives one unit, and one that drives complex but not simple cells → a PsychoPy protocol, with a page of
 * pictures and plots. Everything goes through the backend that the workbench uses.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createBackend, type Backend } from '../main/app/backend.ts';
import { formatTable } from '../main/app/cli/output.ts';
import { sampleGratings, samplePhotographs, sampleTwin } from '../main/app/sample.ts';
import { spawnCompute } from '../main/app/spawnCompute.ts';
import type { SearchReport } from '../main/contract/results.ts';
import { protocolPlan, runPlan, searchPlan } from '../main/contract/plans.ts';
import { isTwinscopeError, TwinscopeError } from '../main/platform/errors.ts';
import { plural } from '../main/platform/words.ts';
import { silentLog } from '../main/platform/node/log.ts';
import { buildTwins } from './build-twins.ts';
import { demoPage } from './demo-page.ts';
import { root } from './tools.ts';

const out = path.join(root, 'demo-output');

async function demo(): Promise<void> {
  const started = performance.now();
  const seconds = (): string => `${((performance.now() - started) / 1000).toFixed(1)} s`;
  await buildTwins();
  rmSync(out, { recursive: true, force: true });
  mkdirSync(out, { recursive: true });
  const backend = await createBackend({ host: 'cli', spawnCompute, log: silentLog() });
  try {
    await backend.openProject(path.join(out, 'demo.twinscope'), { name: 'Demo' });
    const step = (text: string): void => console.log(`${seconds().padStart(7)}  ${text}`);

    step('presenting gratings and sample photographs to the V1 twin');
    const gratings = await job(backend, 'run', {
      ...runPlan.parse({
        format: 1,
        kind: 'run',
        name: 'Gratings',
        twin: sampleTwin,
        stimuli: { design: sampleGratings, name: 'Gratings' },
      }),
    });
    const photographs = await job(
      backend,
      'run',
      runPlan.parse({
        format: 1,
        kind: 'run',
        name: 'Photographs',
        twin: sampleTwin,
        stimuli: { imageFolder: samplePhotographs, sizeDeg: 8, name: 'Sample photographs' },
      }),
    );

    const twin = await backend.services.library.resolve({ id: sampleTwin });
    const unit = chooseUnit(twin.units.filter(({ area }) => area === 'V1-complex'));
    // The range leaves room for what lies between the pixels when a picture is enlarged to the display's resolution.
    const field = { constraints: { meanLuminance: 0.5, contrastRms: 0.1, range: [0.1, 0.9] as [number, number] } };
    const common = {
      format: 1,
      kind: 'search',
      twin: sampleTwin,
      space: { type: 'pixels' },
      controls: { random: 999, bestOf: { imageFolder: samplePhotographs, name: 'Sample photographs' } },
      // A set of seconds: the built-in one would be most of the demo.
      reference: { design: sampleGratings, name: 'built-in gratings' },
      seed: 1,
    };

    step(`searching for the stimulus that drives ${unit.unit}, a complex cell`);
    const oneUnit = await job(
      backend,
      'search',
      searchPlan.parse({
        ...common,
        name: `Drive ${unit.unit}`,
        target: [{ area: 'V1-complex', units: [unit.unit] }],
        optimiser: { type: 'gradient', steps: 60 },
        constraints: {
          ...field.constraints,
          aperture: { xDeg: unit.xDeg, yDeg: unit.yDeg, diameterDeg: 1.5 * unit.sizeDeg, edgeDeg: 0.25 },
        },
      }),
    );
    step('searching for a stimulus that drives complex cells and not simple cells');
    const selective = await job(
      backend,
      'search',
      searchPlan.parse({
        ...common,
        name: 'Complex, not simple',
        target: [
          { area: 'V1-complex', weight: 1 },
          { area: 'V1-simple', weight: -1 },
        ],
        optimiser: { type: 'gradient', steps: 80 },
        ...field,
      }),
    );

    step('writing the protocol');
    const { handlers } = backend;
    const context = { signal: new AbortController().signal };
    const protocol = await handlers['protocols.save'](
      {
        name: 'Demo protocol',
        plan: protocolPlan.parse({
          format: 1,
          kind: 'protocol',
          items: [
            { search: oneUnit, controls: true },
            { search: selective, controls: true },
            { stimuli: { imageFolder: samplePhotographs, name: 'Sample photographs' } },
          ],
          repeats: 3,
        }),
      },
      context,
    );
    const exported = await job(backend, 'export', {
      kind: 'export',
      protocolId: protocol.id,
      format: 'psychopy',
      out: path.join(out, 'psychopy'),
    });
    const record = await backend.services.current().project.exports.get(exported);

    const reports = [
      await handlers['searches.get']({ id: oneUnit }, context),
      await handlers['searches.get']({ id: selective }, context),
    ];
    const page = await demoPage(backend, { gratings, photographs, unit: unit.unit, reports, protocol, record });
    writeFileSync(path.join(out, 'report.html'), page);

    console.log(
      `\n${formatTable(['search', 'found (z)', 'best of 999 random', 'best photograph', 'best grating'], reports.map(row))}`,
    );
    console.log(
      `\n${plural(protocol.stimuli.length, 'stimulus', 'stimuli')}, ${plural(protocol.trials.length, 'trial')}, ${protocol.minutes.toFixed(1)} min. Wrote:`,
    );
    for (const file of ['report.html', 'psychopy/', 'demo.twinscope']) console.log(`  demo-output/${file}`);
    for (const { passed, text } of record.checks) console.log(`  ${passed ? '✓' : '✗'} ${text}`);
    if (record.checks.some(({ passed }) => !passed)) process.exitCode = 1;
    console.log(`Done in ${seconds()}.`);
  } finally {
    await backend.close();
  }
}

/** Runs one job to its end and returns the id of what it made. */
async function job(backend: Backend, kind: 'run' | 'search' | 'export', plan: unknown): Promise<string> {
  const { queue } = backend.services.current();
  const { id } = await queue.start(kind, kind, plan);
  const ended = await queue.waitFor(id);
  if (ended.error !== null) throw new TwinscopeError(ended.error.code, ended.error.message);
  return ended.resultId as string;
}

type PlacedUnit = { unit: string; xDeg: number; yDeg: number; sizeDeg: number };

/** The unit nearest to fixation whose receptive field is wide enough to make a picture worth looking at. */
function chooseUnit(
  units: { unit: string; xDeg: number | null; yDeg: number | null; sizeDeg: number | null }[],
): PlacedUnit {
  const placed = units.filter(
    (unit): unit is PlacedUnit => unit.xDeg !== null && unit.yDeg !== null && (unit.sizeDeg ?? 0) > 0.5,
  );
  const distance = ({ xDeg, yDeg }: PlacedUnit): number => Math.hypot(xDeg, yDeg);
  return placed.toSorted((a, b) => distance(a) - distance(b))[0] as PlacedUnit;
}

function row(report: SearchReport): string[] {
  const control = (kind: string): string => report.controls.find((each) => each.kind === kind)?.best.toFixed(2) ?? '–';
  return [
    report.name,
    report.candidates[0]?.objective.toFixed(2) ?? '–',
    control('random'),
    control('best-of-set'),
    control('best-grating'),
  ];
}

try {
  await demo();
} catch (error) {
  if (!isTwinscopeError(error)) throw error;
  console.error(error.message);
  process.exitCode = 1;
}
