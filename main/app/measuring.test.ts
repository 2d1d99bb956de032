/** What is measured of devices, kept, completed and thrown away, with real processes. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { deviceIds, type DeviceReport } from '../contract/devices.ts';
import { runPlan } from '../contract/plans.ts';
import type { ComputeProcess, SpawnCompute } from '../engine/computeContract.ts';
import { impossibleHere } from '../engine/devices.ts';
import { vastDraft } from '../engine/testing/vastTwin.ts';
import { deviceFile } from '../platform/node/paths.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import type { Backend } from './backend.ts';
import { createDeviceService } from './deviceService.ts';
import { spawnCompute } from './spawnCompute.ts';
import {
  absent,
  deviceStore,
  keepMeasured,
  listDevices,
  openDeviceHome,
  type DeviceHome,
} from './testing/deviceHome.ts';
import { createWorkload } from './workload.ts';

const signal = new AbortController().signal;
let opened: DeviceHome;

beforeAll(async () => {
  opened = await openDeviceHome();
});
afterEach(() => opened.clear());
afterAll(() => opened.remove());

const open = (spawn: SpawnCompute): Promise<Backend> => opened.open(spawn);

test('what is measured is kept, measured again when asked, and a damaged file counts as empty', async () => {
  const backend = await open(spawnCompute);
  const known = await listDevices(backend, 'known');
  expect(known.devices.find(({ id }) => id === 'cpu')).toMatchObject({ available: true, chosen: true });
  expect(known.devices.find(({ id }) => id === absent)).toMatchObject({ available: false, measurement: null });
  expect(known.devices.find(({ id }) => id === 'webgpu')?.available).toBeNull();

  const first = await listDevices(backend, 'missing');
  const cpuOf = ({ devices }: typeof first) => devices.find(({ id }) => id === 'cpu')?.measurement;
  expect(cpuOf(first)).toMatchObject({ parity: null, placement: null });
  expect(cpuOf(first)?.stimuliPerSecond).toBeGreaterThan(0);
  expect(cpuOf(first)?.gradientsPerSecond).toBeGreaterThan(0);
  expect(cpuOf(await listDevices(backend, 'missing'))).toEqual(cpuOf(first));
  expect(cpuOf(await listDevices(await open(spawnCompute), 'known'))).toEqual(cpuOf(first));
  expect(cpuOf(await listDevices(backend, 'again'))?.measuredAt).not.toBe(cpuOf(first)?.measuredAt);

  const kept = JSON.parse(readFileSync(deviceFile(), 'utf8'));
  const entry = kept.entries.find(({ device }: { device: string }) => device === 'cpu');
  expect((await deviceStore().of(entry.twinSha256)).get('cpu')).toEqual(entry);
  // Another runtime or machine: what was measured then says nothing now.
  for (const changed of [
    { appVersion: '0.0.1' },
    { runtimeVersion: '1.0.0' },
    { processor: 'abacus' },
    { graphics: 'beads' },
  ]) {
    writeFileSync(deviceFile(), JSON.stringify({ format: 1, entries: [{ ...entry, ...changed }] }));
    expect((await deviceStore().of(entry.twinSha256)).size).toBe(0);
  }
  writeFileSync(deviceFile(), '{ "format": 1, "entr');
  expect(cpuOf(await listDevices(await open(spawnCompute), 'missing'))?.gradientsPerSecond).toBeGreaterThan(0);
});

test('an entry that cannot be read takes no other with it', async () => {
  await keepMeasured('a', 'cpu', { stimuliPerSecond: 1 });
  const file = JSON.parse(readFileSync(deviceFile(), 'utf8')) as { entries: { device: string }[] };
  const foreign = { ...file.entries[0], device: 'abacus' };
  writeFileSync(deviceFile(), JSON.stringify({ ...file, entries: [foreign, ...file.entries] }));
  await keepMeasured('b', 'cpu', { stimuliPerSecond: 2 });
  await keepMeasured('b', 'cpu', { stimuliPerSecond: 3 });
  const rateOf = async (twin: string) => (await deviceStore().of(twin)).get('cpu')?.measurement?.stimuliPerSecond;
  expect([await rateOf('a'), await rateOf('b')]).toEqual([1, 3]);
  const { entries } = JSON.parse(readFileSync(deviceFile(), 'utf8')) as typeof file;
  expect(entries.map(({ device }) => device)).toEqual(['abacus', 'cpu', 'cpu']);
});

test('a page that goes away while its twin is measured does not lose the measurement', async () => {
  const backend = await open(spawnCompute);
  const leaving = new AbortController();
  const asked = backend.handlers['devices.list'](
    { twin: 'small-twin', measure: 'missing' },
    { signal: leaving.signal },
  );
  leaving.abort();
  await asked.catch(() => undefined);
  const { devices } = await listDevices(backend, 'known');
  expect(devices.find(({ id }) => id === 'cpu')?.measurement?.gradientsPerSecond).toBeGreaterThan(0);
});

test('a measurement is broken off as soon as a job or a check begins, and its figures are thrown away', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  const workload = createWorkload();
  let hold: ((compute: ComputeProcess) => void) | null = null;
  const service = createDeviceService({
    spawn: async (options) => {
      const compute = await spawnCompute(options);
      // It cannot answer any more: whoever waits for it waits for the deadline of a measurement.
      if (hold !== null) process.kill(compute.pid, 'SIGSTOP');
      hold?.(compute);
      return compute;
    },
    workload,
    onMeasured: () => undefined,
  });
  await Promise.all(deviceIds.map((id) => service.unavailable(id)));
  const rateOf = ({ devices }: DeviceReport) =>
    devices.find(({ id }) => id === 'cpu')?.measurement?.stimuliPerSecond ?? null;
  const busy = expect.stringMatching(/^A job or a check is running, so nothing more was measured/) as string;
  for (const [mode, notice] of [
    ['known', null],
    ['missing', busy],
  ] as const) {
    const measuring = new Promise<ComputeProcess>((resolve) => (hold = resolve));
    const asked = service.report(twin, mode);
    const process_ = await measuring;
    const { report, meanwhile } = await workload.during(async () => ({
      report: await asked,
      meanwhile: await service.report(twin, mode),
    }));
    await process_.exited;
    hold = null;
    for (const found of [report, meanwhile]) expect([rateOf(found), found.notice]).toEqual([null, notice]);
    expect(existsSync(deviceFile())).toBe(false);
  }
  expect(rateOf(await service.report(twin, 'known'))).toBeGreaterThan(0);
  const { notice, devices } = await service.report(twin, 'missing');
  expect(notice).toBeNull();
  expect(devices.find(({ id }) => id === 'cpu')?.measurement?.gradientsPerSecond).toBeGreaterThan(0);
  await service.close();
});

test('jobs and the checks of Import and Verify are work that measurements stand aside for', async () => {
  const backend = await open(spawnCompute);
  const { workload } = backend.services;
  const working = new Map<string, number>();
  backend.onEvent((event) => void working.set(event, Math.max(workload.active(), working.get(event) ?? 0)));
  await backend.handlers['library.verify']({ id: 'small-twin' }, { signal });
  expect(working.get('library.checking')).toBe(1);
  expect(workload.active()).toBe(0);
  await backend.openProject(path.join(opened.folder, 'work.twinscope'), { name: 'work' });
  const { queue } = backend.services.current();
  const plan = runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'small-twin',
    stimuli: { design: { type: 'noise', n: 20, spectrum: 'white', diameterDeg: 2 } },
    device: 'cpu',
  });
  const { state } = await queue.waitFor((await queue.start('run', 'A run', plan)).id);
  expect([state, working.get('job.changed')]).toEqual(['finished', 1]);
});

test('a long job completes a measurement that was broken off after the CPU', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  await keepMeasured(twin.sha256, 'cpu', { stimuliPerSecond: 100 });
  const sessionFor = (pictures: number) =>
    backend.services.devices.sessionFor(
      twin,
      { device: 'auto' },
      { noun: 'run', by: 'responses', pictures: async () => pictures, signal },
    );
  await sessionFor(10);
  expect([...(await deviceStore().of(twin.sha256)).keys()]).toEqual(['cpu']);
  await sessionFor(1e6);
  const possible = deviceIds.filter((id) => impossibleHere(id, process.platform, process.arch) === null);
  const known = await deviceStore().of(twin.sha256);
  expect([...known.keys()].toSorted()).toEqual(possible.toSorted());
  expect(known.get('cpu')?.measurement?.measuredAt).toBe('2026-01-01');
});

test('a gradient for which memory does not suffice is told as that, not as missing, and is tried again', async () => {
  const source = path.join(opened.folder, 'vast');
  await writePackage(source, packDraft(vastDraft(), { card: 'A twin for tests.', licence: 'MIT' }));
  const before = await open(spawnCompute);
  const imported = await before.handlers['library.import']({ path: source }, { signal });
  expect(imported).toMatchObject({ gradientCheck: null, gradientUnchecked: expect.stringContaining('of memory') });
  const cpuOf = async (backend: Backend, measure: 'known' | 'missing') =>
    (await backend.handlers['devices.list']({ twin: 'vast', measure }, { signal })).devices.find(
      ({ id }) => id === 'cpu',
    );
  const first = await cpuOf(before, 'missing');
  expect(first?.measurement?.stimuliPerSecond).toBeGreaterThan(0);
  expect(first?.measurement?.gradientsPerSecond).toBeNull();
  expect(first?.explanation).toMatch(
    /stimuli\/s .*\. Its gradient needs about [\d.]+ TB of memory, and .+ were available\.$/,
  );
  // Once in the life of a process.
  expect(await cpuOf(before, 'missing')).toEqual(first);
  const again = await cpuOf(await open(spawnCompute), 'missing');
  expect(again?.measurement?.measuredAt).not.toBe(first?.measurement?.measuredAt);
  await before.handlers['library.remove']({ id: 'vast' }, { signal });
});

test('a job that waits for a measurement can be stopped while it waits', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  let measuring: () => void = () => undefined;
  const began = new Promise<void>((resolve) => (measuring = resolve));
  const service = createDeviceService({
    spawn: async (options) => {
      const compute = await spawnCompute(options);
      process.kill(compute.pid, 'SIGSTOP');
      measuring();
      return compute;
    },
    workload: createWorkload(),
    onMeasured: () => undefined,
  });
  const report = service.report(twin, 'missing').catch(() => null);
  await began;
  const stopping = new AbortController();
  const session = service.sessionFor(
    twin,
    { device: 'auto' },
    { noun: 'run', by: 'responses', pictures: async () => 1e6, signal: stopping.signal },
  );
  setTimeout(() => stopping.abort('pause'), 50);
  await expect(session).rejects.toBe('pause');
  await service.close();
  await report;
});
