/** The finite-difference check of every import: made in a real compute process, stored with the twin, shown again. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { searchPlan } from '../contract/plans.ts';
import type { TwinSummary } from '../contract/twins.ts';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import type { SpawnCompute } from '../engine/computeContract.ts';
import { openDeviceStore } from '../engine/node/deviceStore.ts';
import { silentLog } from '../platform/node/log.ts';
import { deviceFile } from '../platform/node/paths.ts';
import { openLibrary } from '../twins/node/library.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { verifyTwins } from './cli/twinCommands.ts';
import { spawnCompute } from './spawnCompute.ts';
import { gradientOutcomeOf } from './gradientCheck.ts';
import { computeTwin, defaultSession } from './services.ts';
import { measuredHere, ortVersion, twinscopeVersion } from './versions.ts';

const home = mkdtempSync(path.join(os.tmpdir(), 'twinscope-check-'));
process.env['TWINSCOPE_HOME'] = home;
let backend: Backend;
const signal = new AbortController().signal;

beforeAll(async () => {
  mkdirSync(path.join(home, 'none'));
  backend = await openBackend(spawnCompute);
});
afterAll(async () => {
  await backend.close();
  rmSync(home, { recursive: true, force: true });
});

const openBackend = (spawn: SpawnCompute): Promise<Backend> =>
  createBackend({ host: 'cli', spawnCompute: spawn, log: silentLog(), builtInTwins: path.join(home, 'none') });

/** Two units: the mean light of the upper and the lower half, and then `finish`. */
async function importTwin(
  id: string,
  finish: (builder: GraphBuilder, means: string) => void,
  gradient: 'derived' | 'none' = 'derived',
) {
  const builder = new GraphBuilder({ name: id });
  builder.input('x', 'float32', ['batch', 1, 4, 4]);
  const flat = builder.node('Reshape', ['x', builder.constant('flat', 'int64', [2], [-1n, 16n])]);
  const weights = Array.from({ length: 32 }, (_, i) => (i % 2 === (i < 16 ? 0 : 1) ? 1 / 8 : 0));
  finish(builder, builder.node('MatMul', [flat, builder.constant('w', 'float32', [16, 2], weights)]));
  builder.output('y', 'float32', ['batch', 2]);
  const capabilities = { inputGradient: gradient, deterministic: true, opset: 18 };
  const draft = { ...smallDraft({ id, capabilities }), model: writeGraph(builder.build()) };
  const folder = path.join(home, 'packages', id);
  await writePackage(folder, packDraft(draft, { card: 'A card.\n', licence: 'MIT\n' }));
  return backend.handlers['library.import']({ path: folder }, { signal });
}

const listed = async (id: string): Promise<TwinSummary> =>
  (await backend.handlers['library.list']({}, { signal })).find((twin) => twin.id === id) as TwinSummary;

test('a gradient that agrees is verified at import, stored, and known to the next process with this runtime', async () => {
  const imported = await importTwin('smooth', (builder, means) => void builder.node('Tanh', [means], {}, 'y'));
  expect(imported.gradientCheck).toMatchObject({ verdict: 'verified', device: 'cpu', runtime: ortVersion });
  expect(imported.gradientCheck?.ownError).toBeLessThan(1e-3);
  expect((await listed('smooth')).gradientCheck).toEqual(imported.gradientCheck);
  const folder = path.join(home, 'library');
  const open = (runtime: string, twinscope = twinscopeVersion) =>
    openLibrary({ folder, builtInFolder: path.join(home, 'none'), versions: { runtime, twinscope } });
  expect((await (await open(ortVersion)).list())[0]?.gradientCheck).toEqual(imported.gradientCheck);
  // Another version of Twinscope has other rules.
  expect((await (await open(ortVersion, '0.0.1')).list())[0]?.gradientCheck).toBeNull();
  // Another version of the runtime has other kernels: it was not checked with that one.
  expect((await (await open('0.0.1')).list())[0]?.gradientCheck).toBeNull();
});

test('verify checks again, also after the record was lost', async () => {
  await importTwin('again', (builder, means) => void builder.node('Neg', [means], {}, 'y'));
  const before = (await listed('again')).gradientCheck;
  rmSync(path.join(home, 'library', 'gradients.json'));
  expect((await listed('again')).gradientCheck).toBeNull();
  const verified = await backend.handlers['library.verify']({ id: 'again' }, { signal });
  expect(verified.gradientCheck).toMatchObject({ verdict: 'verified', sentence: before?.sentence });
  // Its golden checks are those of another graph.
  expect(verified.reproduces?.passed).toBe(false);
});

test('a stored verdict that is none of this version’s does not count and makes way for the next one', async () => {
  const { id, sha256, gradientCheck } = await importTwin(
    'strange',
    (builder, means) => void builder.node('Neg', [means], {}, 'y'),
  );
  const file = path.join(home, 'library', 'gradients.json');
  const stored = JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown>;
  writeFileSync(file, JSON.stringify({ ...stored, [sha256]: [{ ...gradientCheck, verdict: 'splendid' }] }));
  expect((await listed(id)).gradientCheck).toBeNull();
  const twin = computeTwin(await backend.services.library.resolve(id), defaultSession());
  expect(await gradientOutcomeOf(backend.services, twin, signal)).toMatchObject({ verdict: 'verified' });
  expect((JSON.parse(readFileSync(file, 'utf8')) as Record<string, unknown[]>)[sha256]).toHaveLength(1);
});

test('an outcome counts for the forms that were checked; others are checked anew', async () => {
  const { gradientCheck, id } = await importTwin(
    'forms',
    (builder, means) => void builder.node('Neg', [means], {}, 'y'),
  );
  expect(gradientCheck).toMatchObject({ gradientForms: null, twinscope: twinscopeVersion });
  const twin = computeTwin(await backend.services.library.resolve(id), defaultSession());
  expect(await gradientOutcomeOf(backend.services, twin, signal)).toEqual(gradientCheck);
  const gradientForms = { strided: {}, mask: 'comparison' as const, blockedLayout: false };
  const other = await gradientOutcomeOf(backend.services, { ...twin, gradientForms }, signal);
  expect(other).toMatchObject({ verdict: 'verified', gradientForms });
  expect(other.at).not.toBe(gradientCheck?.at);
  expect(await gradientOutcomeOf(backend.services, { ...twin, gradientForms }, signal)).toEqual(other);
});

test('verify uses the forms that were measured on the device', async () => {
  const { id, sha256 } = await importTwin('measured', (builder, means) => void builder.node('Tanh', [means], {}, 'y'));
  const gradientForms = { strided: {}, mask: 'comparison' as const, blockedLayout: false };
  await openDeviceStore(deviceFile(), measuredHere()).keep(sha256, {
    device: 'cpu',
    explanation: '',
    measurement: {
      threads: 1,
      batchSize: 4,
      stimuliPerSecond: 1,
      gradientsPerSecond: 1,
      gradientRefusal: null,
      gradientForms,
      parity: null,
      placement: null,
      measuredAt: '2026-01-01',
    },
  });
  const verified = await backend.handlers['library.verify']({ id }, { signal });
  expect(verified.gradientCheck).toMatchObject({ verdict: 'verified', gradientForms });
});

test('a check tells how far it is and stops when it is withdrawn; the twin stays', async () => {
  await importTwin('told', (builder, means) => void builder.node('Sigmoid', [means], {}, 'y'));
  const before = (await listed('told')).gradientCheck;
  const pid = backend.services.compute.pid();
  const told: unknown[] = [];
  const leaving = new AbortController();
  const check = (from: AbortSignal) => backend.handlers['library.verify']({ id: 'told' }, { signal: from });
  const stopListening = backend.onEvent((event, data) => {
    if (event !== 'library.checking') return;
    told.push(data);
    if (told.length === 8 + 2) leaving.abort(new Error('enough'));
  });
  const verified = await check(signal);
  expect(told).toEqual(Array.from({ length: 8 }, (_, i) => ({ id: 'told', done: i + 1, total: 8 })));
  await expect(check(leaving.signal)).rejects.toThrow('enough');
  stopListening();
  expect(before?.verdict).toBe('verified');
  expect((await listed('told')).gradientCheck).toEqual(verified.gradientCheck);
  // It stopped by itself; nobody had to end the process.
  expect(backend.services.compute.pid()).toBe(pid);
});

test('a check that compute did not survive is told as that, with no older outcome in its place', async () => {
  await importTwin('cut-off', (builder, means) => void builder.node('Sigmoid', [means], {}, 'y'));
  const before = (await listed('cut-off')).gradientCheck;
  expect(before?.verdict).toBe('verified');
  let started = 0;
  const failing = await openBackend(async (options) => {
    const compute = await spawnCompute(options);
    if (started++ === 0) process.kill(compute.pid, 'SIGKILL');
    return compute;
  });
  const printed: { text: string; value: unknown }[] = [];
  const print = (text: string, value: unknown): void => void printed.push({ text, value });
  const code = await verifyTwins({ backend: failing, json: false, print }, 'cut-off', { device: 'cpu' });
  await failing.close();
  expect(code).toBe(1);
  expect(printed[0]?.text).toMatch(/ not checked +The compute process was ended from outside \(SIGKILL\)/);
  expect(printed[0]?.value).toEqual([expect.objectContaining({ id: 'cut-off', gradientCheck: null })]);
  // What was found out before is still there, with its date.
  expect((await listed('cut-off')).gradientCheck).toEqual(before);
});

test('several devices and runtimes are kept side by side', async () => {
  const twin = await importTwin('devices', (builder, means) => void builder.node('Neg', [means], {}, 'y'));
  const { library } = backend.services;
  const other = {
    ...(twin.gradientCheck as NonNullable<TwinSummary['gradientCheck']>),
    device: 'webgpu',
    at: '2999-01-01',
  };
  await Promise.all([
    library.recordGradient('devices', other),
    library.recordGradient('devices', { ...other, runtime: '0.0.1' }),
  ]);
  expect((await listed('devices')).gradientCheck).toMatchObject({ device: 'webgpu', runtime: ortVersion });
  const stored = JSON.parse(readFileSync(path.join(home, 'library', 'gradients.json'), 'utf8')) as Record<
    string,
    { device: string }[]
  >;
  expect(stored[twin.sha256]?.map(({ device }) => device)).toEqual(['cpu', 'webgpu', 'webgpu']);
});

test.each<[string, (builder: GraphBuilder, means: string) => void, string, RegExp]>([
  [
    'no-rule',
    (builder, means) => {
      const square = builder.node('MatMul', [builder.node('Transpose', ['x'], { perm: [0, 1, 3, 2] }), 'x']);
      builder.node('Add', [means, builder.node('Det', [square], {}, 'volume')], {}, 'y');
    },
    'none',
    /Det \(node "volume"\): it has no rule.* It stands on the way to V1\. Gradient-free search .* works with this twin\.$/,
  ],
  [
    'steps',
    (builder, means) => void builder.node('Round', [means], {}, 'y'),
    'refused',
    /zero everywhere.*Round \(node "y"\).*way to V1\. Gradient-free search/,
  ],
  [
    'silent',
    (builder, means) => {
      const threshold = builder.constant('threshold', 'float32', [], [100]);
      builder.node('Relu', [builder.node('Sub', [means, threshold])], {}, 'y');
    },
    'refused',
    /zero at each of 3 pictures.*Gradient-free search/,
  ],
  [
    'infinite',
    (builder, means) => {
      const nothing = builder.constant('nothing', 'float32', [], [0]);
      builder.node('Sqrt', [builder.node('Mul', [means, nothing])], {}, 'y');
    },
    'refused',
    /not finite numbers.*first at Sqrt \(node "y"\)\./,
  ],
])('%s', async (id, finish, verdict, said) => {
  const { gradientCheck } = await importTwin(id, finish);
  expect(gradientCheck?.verdict).toBe(verdict);
  expect(gradientCheck?.sentence).toMatch(said);
  expect(gradientCheck?.randomError).toBeNull();
});

test('a package that says it has none is believed', async () => {
  const { gradientCheck } = await importTwin(
    'modest',
    (builder, means) => void builder.node('Neg', [means], {}, 'y'),
    'none',
  );
  expect(gradientCheck).toMatchObject({
    verdict: 'none',
    sentence: expect.stringContaining('The package says') as string,
  });
});

test('a search keeps the response unit and counts its controls; it does not start where the gradient is contradicted', async () => {
  const { id, gradientCheck } = await importTwin(
    'searched',
    (builder, means) => void builder.node('Tanh', [means], {}, 'y'),
  );
  await backend.openProject(path.join(home, 'search.twinscope'), { name: 'search' });
  const { queue, project } = backend.services.current();
  const noise = (n: number) => ({
    type: 'noise' as const,
    n,
    spectrum: 'white' as const,
    contrastRms: 0.2,
    diameterDeg: 4,
  });
  const plan = searchPlan.parse({
    format: 1,
    kind: 'search',
    twin: id,
    device: 'cpu',
    target: [{ area: 'V1', units: ['u0'] }],
    space: { type: 'pixels', start: 'white' },
    reference: { design: noise(12) },
    optimiser: { type: 'gradient', steps: 4 },
    controls: { random: 5, phaseScrambled: 0, sameSpace: 0, bestOfReference: false },
    checkCandidate: false,
    starts: 2,
  });
  const found = await queue.waitFor((await queue.start('search', 'found', plan)).id);
  expect(found, JSON.stringify(found.error)).toMatchObject({ state: 'finished' });
  const { report } = await project.searches.get(found.resultId as string);
  // Twelve noise images and the blank, five controls, four steps of two starts.
  expect(report).toMatchObject({ responseUnits: 'arbitrary', evaluations: 13 + 5 + 8, controlEvaluations: 5 });

  await backend.services.library.recordGradient(id, {
    ...(gradientCheck as NonNullable<TwinSummary['gradientCheck']>),
    verdict: 'contradicted',
    sentence: 'The gradient disagrees with finite differences.',
  });
  const { state, error } = await queue.waitFor((await queue.start('search', 'refused', plan)).id);
  expect([state, error?.code]).toEqual(['failed', 'unsupported']);
  expect(error?.message).toMatch(/disagrees with finite differences\. A gradient search was not started\./);
  await backend.services.closeProject();
});
