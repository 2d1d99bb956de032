/**
 * Devices as the workbench and jobs meet them, with real processes: WebGPU on the software driver, devices that do not
 * exist here, and drivers that crash, hang or go away.
 */
import path from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { runPlan } from '../contract/plans.ts';
import type { Provenance } from '../contract/results.ts';
import type { SpawnCompute } from '../engine/computeContract.ts';
import { parityTolerance } from '../engine/devices.ts';
import { graphicsName } from '../engine/node/machine.ts';
import { softwareVulkan } from '../engine/testing/softwareVulkan.ts';
import { openProject } from '../projects/node/project.ts';
import type { Backend } from './backend.ts';
import { createDeviceService } from './deviceService.ts';
import { spawnCompute } from './spawnCompute.ts';
import { runCli } from './testing/cliProcess.ts';
import { absent, keepMeasured, listDevices, openDeviceHome, type DeviceHome } from './testing/deviceHome.ts';
import { createWorkload } from './workload.ts';

const signal = new AbortController().signal;
let driver: Record<string, string>;
let opened: DeviceHome;

beforeAll(async () => {
  opened = await openDeviceHome();
  driver = await softwareVulkan();
});
afterEach(() => opened.clear());
afterAll(() => opened.remove());

const open = (spawn: SpawnCompute): Promise<Backend> => opened.open(spawn);

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

let projects = 0;
async function startRun(backend: Backend, device: string, n: number) {
  const file = path.join(opened.folder, `${projects++}.twinscope`);
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

test('WebGPU is measured on the twin: parity, placement and the sentence', async () => {
  const report = await listDevices(await open(inEnvironment(driver)), 'missing');
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
  expect(webgpu.run.provenance.versions['graphics']).toBe(graphicsName());
  expect(cpu.run.provenance.versions).not.toHaveProperty('graphics');
  expect(cpu.responses.some((value) => value !== 0)).toBe(true);
  webgpu.responses.forEach((value, i) => expect(value).toBeCloseTo(cpu.responses[i] as number, 5));
});

test('a device that is known to differ from the CPU is used where it was asked for, with a notice', async () => {
  const backend = await open(inEnvironment(driver));
  const { sha256 } = await backend.services.library.resolve('small-twin');
  await keepMeasured(sha256, 'webgpu', { parity: 3e-3, batchSize: 8 });
  const { notices, run } = await finishRun(backend, 'webgpu');
  expect(run.provenance).toMatchObject({ device: 'webgpu', batchSize: 8 });
  expect(notices).toEqual([
    'WebGPU was asked for and differs from the CPU by 3e-3 of the largest value with this twin here; at most 1e-4 is accepted where the device is chosen automatically.',
  ]);
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
    VK_ICD_FILENAMES: path.join(opened.folder, 'none.json'),
    VK_DRIVER_FILES: path.join(opened.folder, 'none.json'),
  });
  const backend = await open((options) => (options?.quiet ? withDriver : withoutDriver)(options));
  const { sha256 } = await backend.services.library.resolve('small-twin');
  await keepMeasured(sha256, 'cpu', { threads: 1, batchSize: 4 });
  const { notices, run } = await finishRun(backend, 'webgpu');
  expect(notices).toEqual([
    'WebGPU was asked for and is not available here: no graphics driver that it can use was found; this run used the CPU.',
  ]);
  // With what was measured as quickest there, as a job that had asked for the CPU.
  expect(run.provenance).toMatchObject({ device: 'cpu', threads: 1, batchSize: 4 });
});

/** A run on WebGPU that was paused half way in a backend that is closed now. */
async function pausedRun() {
  const { file, queue, job } = await startRun(await open(inEnvironment(driver)), 'webgpu', 4000);
  const paused = new Promise<void>((resolve) => {
    queue.onChange(({ state, progress }) => {
      if (state === 'running' && progress.phase === 'presenting stimuli' && progress.done > 0) void queue.pause(job.id);
      if (state === 'paused') resolve();
    });
  });
  await paused;
  await opened.backends.pop()?.close();
  return { file, job };
}

test('a paused job is resumed on its device or not at all', async () => {
  const { file, job } = await pausedRun();
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

test('a paused job is not resumed with another graphics card or driver', async () => {
  const { file, job } = await pausedRun();
  const project = await openProject(file, { host: 'cli' });
  const { frozen } = await project.jobs.get(job.id);
  const { provenance } = frozen as { provenance: Provenance };
  const versions = { ...provenance.versions, graphics: '6.1.0, 0x10de:0x2330, NVIDIA 570.86.15' };
  await project.jobs.update(job.id, { frozen: { ...frozen, provenance: { ...provenance, versions } } });
  await project.close();

  const backend = await open(inEnvironment(driver));
  await backend.openProject(file);
  const { queue } = backend.services.current();
  await queue.resume(job.id);
  expect((await queue.waitFor(job.id)).error).toEqual({
    code: 'conflict',
    message:
      `This job was started with graphics 6.1.0, 0x10de:0x2330, NVIDIA 570.86.15 and this is graphics ${graphicsName()}: the rest ` +
      'would not be computed in the same way. What is stored is kept. Start the plan again as a new job.',
  });
});

test('a driver that crashes or hangs is an answer: not available, and why', async () => {
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
      workload: createWorkload(),
      onMeasured: () => undefined,
      probeDeadlineMs: 1000,
    });
    expect(await service.unavailable('webgpu')).toMatch(reason);
    expect(await service.unavailable('cpu')).toBeNull();
    await expect(service.require('webgpu')).rejects.toMatchObject({ code: 'unsupported' });
    await service.close();
  }
});

test('a gradient search is sent where gradients were fastest, a run where responses were', async () => {
  const backend = await open(spawnCompute);
  const twin = await backend.services.library.resolve('small-twin');
  await keepMeasured(twin.sha256, 'cpu', { stimuliPerSecond: 100, gradientsPerSecond: 40 });
  await keepMeasured(twin.sha256, absent, { stimuliPerSecond: 50, gradientsPerSecond: 80, parity: 0 });
  const sessionBy = (by: 'responses' | 'gradients') =>
    backend.services.devices.sessionFor(
      twin,
      { device: 'auto' },
      { noun: 'search', by, pictures: async () => 10, signal },
    );
  expect((await sessionBy('responses')).notice).toBeNull();
  const { session, notice } = await sessionBy('gradients');
  expect(session).toMatchObject({ device: 'cpu', batchSize: 4 });
  expect(notice).toMatch(/ is fastest at the gradients of this twin and is not available here: .*; this search used/);
});

test('the command line lists devices and refuses what it does not know', async () => {
  const listed = await runCli(['devices', 'small-twin', '--json'], opened.home);
  expect(listed).toMatchObject({ code: 0, stderr: '' });
  const report = JSON.parse(listed.stdout);
  expect(report.twin).toMatchObject({ id: 'small-twin' });
  expect(report.devices.map(({ id }: { id: string }) => id)).toEqual(['cpu', 'webgpu', 'cuda', 'dml', 'coreml']);
  const unknown = await runCli(['twins', 'verify', 'small-twin', '--device', 'webgp'], opened.home);
  expect(unknown.code).toBe(2);
  expect(unknown.stderr).toContain('There is no device "webgp". Did you mean webgpu?');
  const gpu = await runCli(['twins', 'verify', 'small-twin', '--device', 'GPU'], opened.home);
  expect(gpu.code).toBe(2);
  expect(gpu.stderr).toContain('There is no device "gpu". Did you mean webgpu or cuda?');
  const missing = await runCli(['twins', 'verify', 'small-twin', '--device', absent.toUpperCase()], opened.home);
  expect(missing.code).toBe(2);
  expect(missing.stderr).toMatch(/is not available here: .+ only\. Nothing was computed\./);
});
