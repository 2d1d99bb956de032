/**
 * Devices as the workbench and jobs meet them, with real processes: WebGPU on the software driver, devices that do not
 * exist here, and drivers that crash, hang or go away.
 */
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import type { DeviceId } from '../contract/devices.ts';
import { runPlan } from '../contract/plans.ts';
import { createComputeClient } from '../engine/computeClient.ts';
import type { SpawnCompute } from '../engine/computeContract.ts';
import { parityTolerance } from '../engine/devices.ts';
import { openDeviceStore, processorName } from '../engine/node/deviceStore.ts';
import { runtimeVersion } from '../engine/node/ortSession.ts';
import { softwareVulkan } from '../engine/testing/softwareVulkan.ts';
import { silentLog } from '../platform/node/log.ts';
import { deviceFile } from '../platform/node/paths.ts';
import { packDraft, writePackage } from '../twins/node/package.ts';
import { smallDraft } from '../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from './backend.ts';
import { createDeviceService } from './deviceService.ts';
import { spawnCompute } from './spawnCompute.ts';
import { runCli } from './testing/cliProcess.ts';

const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-devices-'));
const home = path.join(folder, 'home');
const signal = new AbortController().signal;
const absent = ({ linux: 'dml', win32: 'coreml' } as Record<string, DeviceId>)[process.platform] ?? 'cuda';
let driver: Record<string, string>;
const backends: Backend[] = [];

beforeAll(async () => {
  process.env['TWINSCOPE_HOME'] = home;
  driver = await softwareVulkan();
  const small = path.join(folder, 'small');
  await writePackage(small, packDraft(smallDraft(), { card: 'A twin for tests.', licence: 'MIT' }));
  const backend = await open(spawnCompute);
  await backend.handlers['library.import']({ path: small }, { signal });
});
afterEach(async () => {
  for (const backend of backends.splice(0)) await backend.close();
  rmSync(deviceFile(), { force: true });
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function open(spawn: SpawnCompute): Promise<Backend> {
  const backend = await createBackend({
    host: 'cli',
    spawnCompute: spawn,
    log: silentLog(),
    builtInTwins: path.join(folder, 'none'),
  });
  backends.push(backend);
  return backend;
}

/** Processes inherit the environment in which they are started. */
const inEnvironment =
  (env: Record<string, string>): SpawnCompute =>
  async (options) => {
    const before = Object.fromEntries(Object.keys(env).map((name) => [name, process.env[name]]));
    Object.assign(process.env, env);
    const started = spawnCompute(options);
    for (const [name, value] of Object.entries(before)) {
      if (value === undefined) delete process.env[name];
      else process.env[name] = value;
    }
    return started;
  };

/** A driver that takes its process with it as soon as it is used. */
const crashing: SpawnCompute = async (options) => {
  const compute = await spawnCompute(options);
  process.kill(compute.pid, 'SIGKILL');
  return compute;
};

const list = (backend: Backend, measure: 'known' | 'missing' | 'again') =>
  backend.handlers['devices.list']({ twin: 'small-twin', measure }, { signal });

let projects = 0;
async function startRun(backend: Backend, device: string, n: number) {
  const file = path.join(folder, `${projects++}.twinscope`);
  await backend.openProject(file, { name: 'devices' });
  const { queue } = backend.services.current();
  const plan = runPlan.parse({
    format: 1,
    kind: 'run',
    twin: 'small-twin',
    stimuli: { design: { type: 'noise', n, spectrum: 'white', diameterDeg: 2 } },
    device,
  });
  return { file, queue, job: await queue.start('run', 'A run', plan) };
}

async function finishRun(backend: Backend, device: string) {
  const { queue, job } = await startRun(backend, device, 20);
  const ended = await queue.waitFor(job.id);
  expect(ended).toMatchObject({ state: 'finished', error: null });
  const { project } = backend.services.current();
  const run = await project.runs.get(ended.resultId as string);
  return { notices: ended.notices, run, responses: await project.runs.readArea(run.id, 'V1') };
}

test('what is measured is kept, measured again when asked, and a damaged file counts as empty', async () => {
  const backend = await open(spawnCompute);
  const known = await list(backend, 'known');
  expect(known.devices.find(({ id }) => id === 'cpu')).toMatchObject({ available: true, chosen: true });
  expect(known.devices.find(({ id }) => id === absent)).toMatchObject({ available: false, measurement: null });
  expect(known.devices.find(({ id }) => id === 'webgpu')?.available).toBeNull();

  const first = await list(backend, 'missing');
  const cpuOf = ({ devices }: typeof first) => devices.find(({ id }) => id === 'cpu')?.measurement;
  expect(cpuOf(first)).toMatchObject({ parity: null, placement: null });
  expect(cpuOf(first)?.stimuliPerSecond).toBeGreaterThan(0);
  expect(cpuOf(first)?.gradientsPerSecond).toBeGreaterThan(0);
  expect(cpuOf(await list(backend, 'missing'))).toEqual(cpuOf(first));
  expect(cpuOf(await list(await open(spawnCompute), 'known'))).toEqual(cpuOf(first));
  expect(cpuOf(await list(backend, 'again'))?.measuredAt).not.toBe(cpuOf(first)?.measuredAt);

  const kept = JSON.parse(readFileSync(deviceFile(), 'utf8'));
  const entry = kept.entries.find(({ device }: { device: string }) => device === 'cpu');
  // Another runtime or processor: what was measured then says nothing now.
  for (const changed of [{ runtimeVersion: '1.0.0' }, { processor: 'abacus' }]) {
    writeFileSync(deviceFile(), JSON.stringify({ format: 1, entries: [{ ...entry, ...changed }] }));
    expect(cpuOf(await list(await open(spawnCompute), 'known'))?.measuredAt).not.toBe(entry.measurement.measuredAt);
  }
  writeFileSync(deviceFile(), '{ "format": 1, "entr');
  expect(cpuOf(await list(await open(spawnCompute), 'missing'))?.gradientsPerSecond).toBeGreaterThan(0);
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
  const { devices } = await list(backend, 'missing');
  expect(devices.find(({ id }) => id === 'cpu')?.measurement?.gradientsPerSecond).toBeGreaterThan(0);
});

test('WebGPU is measured on the twin: parity, placement and the sentence', async () => {
  const report = await list(await open(inEnvironment(driver)), 'missing');
  const webgpu = report.devices.find(({ id }) => id === 'webgpu');
  expect(webgpu?.available).toBe(true);
  expect(webgpu?.measurement?.parity).toBeLessThanOrEqual(parityTolerance);
  const { byProvider, total, onCpu } = webgpu?.measurement?.placement ?? { byProvider: {}, total: 0, onCpu: 0 };
  expect(byProvider['WebGpuExecutionProvider']).toBeGreaterThan(0);
  expect(webgpu?.explanation).toMatch(
    /^WebGPU: [\d.]+(?:e-\d+)? × CPU, agrees to \d(?:e-\d+)?; \d+ of \d+ nodes on CPU\.$/,
  );
  expect(webgpu?.explanation).toContain(`${onCpu} of ${total} nodes`);
  expect(report.choice).toMatch(/ Gradient searches: .*gradients/);
});

test('a run on WebGPU says so and agrees with the run on the CPU', async () => {
  const backend = await open(inEnvironment(driver));
  const webgpu = await finishRun(backend, 'webgpu');
  const cpu = await finishRun(backend, 'cpu');
  expect([webgpu.notices, cpu.notices]).toEqual([[], []]);
  expect([webgpu.run.provenance.device, cpu.run.provenance.device]).toEqual(['webgpu', 'cpu']);
  expect(cpu.responses.some((value) => value !== 0)).toBe(true);
  webgpu.responses.forEach((value, i) => expect(value).toBeCloseTo(cpu.responses[i] as number, 5));
});

test('a device that is not available gives way to the CPU, with a notice', async () => {
  const { notices, run } = await finishRun(await open(spawnCompute), absent);
  expect(notices).toEqual([
    expect.stringMatching(/^\w+ was asked for and is not available here: .+ only; this run used the CPU\.$/),
  ]);
  expect(run.provenance.device).toBe('cpu');
  expect(run.plan.device).toBe(absent);
});

test('a device that fails as the session is created gives way too', async () => {
  const withDriver = inEnvironment(driver);
  const withoutDriver = inEnvironment({
    VK_ICD_FILENAMES: path.join(folder, 'none.json'),
    VK_DRIVER_FILES: path.join(folder, 'none.json'),
  });
  const backend = await open((options) => (options?.quiet ? withDriver : withoutDriver)(options));
  const { notices, run } = await finishRun(backend, 'webgpu');
  expect(notices).toEqual([
    'WebGPU was asked for and is not available here: no graphics driver that it can use was found; this run used the CPU.',
  ]);
  expect(run.provenance.device).toBe('cpu');
});

test('a paused job is resumed on its device or not at all', async () => {
  const { file, queue, job } = await startRun(await open(inEnvironment(driver)), 'webgpu', 4000);
  const paused = new Promise<void>((resolve) => {
    queue.onChange(({ state, progress }) => {
      if (state === 'running' && progress.phase === 'presenting stimuli' && progress.done > 0) void queue.pause(job.id);
      if (state === 'paused') resolve();
    });
  });
  await paused;
  await backends.pop()?.close();

  const backend = await open((options) => (options?.quiet ? crashing : spawnCompute)(options));
  await backend.openProject(file);
  const resumed = backend.services.current().queue;
  await resumed.resume(job.id);
  expect((await resumed.waitFor(job.id)).error).toEqual({
    code: 'conflict',
    message: expect.stringMatching(
      /^This job was started on WebGPU, which is not available here now: the compute process was ended from outside.+Resume it when the device is back, or start the plan again as a new job\.$/,
    ),
  });
});

test('a driver that crashes or hangs is an answer: not available, and why', async () => {
  const compute = createComputeClient({ spawn: spawnCompute, callbacks: noBlobs });
  const hanging: SpawnCompute = async (options) => {
    const process_ = await spawnCompute(options);
    process.kill(process_.pid, 'SIGSTOP');
    return process_;
  };
  for (const [spawn, reason] of [
    [crashing, /^the compute process was ended from outside/],
    [hanging, /^the compute process gave no answer for 1 s/],
  ] as const) {
    const service = createDeviceService({
      spawn,
      compute,
      isBusy: () => false,
      jobsStarted: () => 0,
      onMeasured: () => undefined,
      probeDeadlineMs: 1000,
    });
    expect(await service.unavailable('webgpu')).toMatch(reason);
    expect(await service.unavailable('cpu')).toBeNull();
    await expect(service.require('webgpu')).rejects.toMatchObject({ code: 'unsupported' });
    await service.close();
  }
  await compute.close();
});

test('figures are thrown away where a job began while they were taken', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  let jobsStarted = 0;
  let disturb = true;
  const service = createDeviceService({
    spawn: (options) => {
      if (disturb) jobsStarted += 1;
      return spawnCompute(options);
    },
    compute: backend.services.compute,
    isBusy: () => false,
    jobsStarted: () => jobsStarted,
    onMeasured: () => undefined,
  });
  const disturbed = await service.report(twin, 'missing');
  expect(disturbed.notice).toMatch(/^A job is running, so nothing was measured/);
  expect(existsSync(deviceFile())).toBe(false);
  disturb = false;
  const { notice, devices } = await service.report(twin, 'missing');
  expect(notice).toBeNull();
  expect(devices.find(({ id }) => id === 'cpu')?.measurement?.gradientsPerSecond).toBeGreaterThan(0);
  await service.close();
});

test('a gradient search is sent where gradients were fastest, a run where responses were', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  const store = openDeviceStore(deviceFile(), { runtimeVersion, processor: processorName() });
  const kept = (device: DeviceId, stimuliPerSecond: number, gradientsPerSecond: number, parity: number | null) =>
    store.keep(twin.sha256, {
      device,
      explanation: '',
      measurement: {
        threads: 1,
        batchSize: 4,
        stimuliPerSecond,
        gradientsPerSecond,
        gradientForms: null,
        parity,
        placement: null,
        measuredAt: '2026-01-01',
      },
    });
  await kept('cpu', 100, 40, null);
  await kept(absent, 50, 80, 0);
  const sessionBy = (by: 'responses' | 'gradients') =>
    backend.services.devices.sessionFor(
      twin,
      { device: 'auto' },
      { noun: 'search', by, pictures: async () => 1e6, signal },
    );
  expect((await sessionBy('responses')).notice).toBeNull();
  const { session, notice } = await sessionBy('gradients');
  expect(session).toMatchObject({ device: 'cpu', batchSize: 4 });
  expect(notice).toMatch(/ is fastest at the gradients of this twin and is not available here: .*; this search used/);
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
    compute: backend.services.compute,
    isBusy: () => false,
    jobsStarted: () => 0,
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

const noBlobs = {
  'blob.image': () => Promise.reject(new Error('no pictures here')),
  'blob.array': () => Promise.reject(new Error('no arrays here')),
};

test('the command line lists devices and refuses what it does not know', async () => {
  const listed = await runCli(['devices', 'small-twin', '--json'], home);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  const report = JSON.parse(listed.stdout);
  expect(report.twin).toMatchObject({ id: 'small-twin' });
  expect(report.devices.map(({ id }: { id: string }) => id)).toEqual(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
  const unknown = await runCli(['twins', 'verify', 'small-twin', '--device', 'webgp'], home);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('There is no device "webgp". Did you mean webgpu?');
  const gpu = await runCli(['twins', 'verify', 'small-twin', '--device', 'GPU'], home);
  expect(gpu.code).toBe(2);
  expect(gpu.stderr).toContain('There is no device "gpu". Did you mean webgpu or cuda?');
  const missing = await runCli(['twins', 'verify', 'small-twin', '--device', absent.toUpperCase()], home);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/is not available here: .+ only\. Nothing was computed\./);
});
