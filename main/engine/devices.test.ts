import { expect, test } from 'vitest';
import type { DeviceId, DeviceMeasurement } from '../contract/devices.ts';
import { chooseDevice, describeMeasurement, deviceNamed, impossibleHere, parityTolerance } from './devices.ts';

const measured = (stimuliPerSecond: number, other: Partial<DeviceMeasurement> = {}): DeviceMeasurement => ({
  threads: 2,
  batchSize: 16,
  stimuliPerSecond,
  gradientsPerSecond: null,
  gradientRefusal: null,
  gradientForms: null,
  parity: null,
  placement: null,
  measuredAt: '2026-01-01T00:00:00Z',
  ...other,
});
const onGpu = (stimuliPerSecond: number, parity: number): DeviceMeasurement =>
  measured(stimuliPerSecond, {
    parity,
    placement: { total: 120, onCpu: 3, byProvider: { WebGpuExecutionProvider: 117, CPUExecutionProvider: 3 } },
  });
const choose = (devices: Partial<Record<DeviceId, DeviceMeasurement>>) =>
  chooseDevice(new Map(Object.entries(devices) as [DeviceId, DeviceMeasurement][]));

test('a measurement reads as one sentence', () => {
  expect(describeMeasurement('webgpu', onGpu(610, 2e-6), measured(100))).toBe(
    'WebGPU: 6.1 × CPU, agrees to 2e-6; 3 of 120 nodes on CPU',
  );
  expect(describeMeasurement('webgpu', onGpu(610, 2e-2), measured(100))).toBe(
    'WebGPU: 6.1 × CPU, differs from the CPU by 2e-2 (at most 1e-4 is accepted); 3 of 120 nodes on CPU',
  );
  expect(describeMeasurement('cuda', onGpu(610, Infinity), null)).toBe(
    'CUDA: 610 stimuli/s, differs from the CPU by more than 1e6 (at most 1e-4 is accepted); 3 of 120 nodes on CPU',
  );
  expect(describeMeasurement('cpu', measured(99.6, { threads: 1 }), null)).toBe(
    'CPU: 100 stimuli/s with 1 thread, batch 16',
  );
});

test('the fastest device that agrees with the CPU is chosen', () => {
  expect(choose({ cpu: measured(100), webgpu: onGpu(610, 2e-6), cuda: onGpu(900, 1e-5) })).toEqual({
    device: 'cuda',
    sentence: 'CUDA: 9.0 × CPU, agrees to 1e-5; 3 of 120 nodes on CPU.',
  });
  expect(choose({ cpu: measured(100), webgpu: onGpu(610, 2e-6), cuda: onGpu(900, 2 * parityTolerance) }).device).toBe(
    'webgpu',
  );
});

test('gradient searches go where gradients are fastest, and the sentence says that gradients were measured', () => {
  const found = new Map<DeviceId, DeviceMeasurement>([
    ['cpu', measured(100, { gradientsPerSecond: 40 })],
    ['webgpu', { ...onGpu(610, 2e-6), gradientsPerSecond: 20 }],
    ['cuda', { ...onGpu(200, 2e-6), gradientsPerSecond: 120 }],
  ]);
  expect(chooseDevice(found).device).toBe('webgpu');
  expect(chooseDevice(found, 'gradients')).toEqual({
    device: 'cuda',
    sentence: 'CUDA: 3.0 × CPU in gradients, agrees to 2e-6; 3 of 120 nodes on CPU.',
  });
  found.delete('cuda');
  expect(chooseDevice(found, 'gradients')).toEqual({
    device: 'cpu',
    sentence:
      'CPU: 40 gradients/s with 2 threads, batch 16; it is faster here (WebGPU: 0.50 × CPU in gradients, agrees to 2e-6; 3 of 120 nodes on CPU).',
  });
  // A twin without a gradient: responses are all there is.
  found.set('cpu', measured(100));
  expect(chooseDevice(found, 'gradients').device).toBe('webgpu');
});

test('otherwise the CPU is chosen, and the sentence says why', () => {
  expect(choose({})).toEqual({ device: 'cpu', sentence: 'The CPU is used: nothing was measured yet.' });
  expect(choose({ webgpu: onGpu(900, 1e-6) }).device).toBe('cpu');
  expect(choose({ cpu: measured(100) }).sentence).toBe(
    'CPU: 100 stimuli/s with 2 threads, batch 16; no other device is available.',
  );
  expect(choose({ cpu: measured(100), webgpu: onGpu(50, 1e-6) })).toEqual({
    device: 'cpu',
    sentence:
      'CPU: 100 stimuli/s with 2 threads, batch 16; it is faster here (WebGPU: 0.50 × CPU, agrees to 1e-6; 3 of 120 nodes on CPU).',
  });
  expect(choose({ cpu: measured(100), webgpu: onGpu(900, 1e-2) })).toMatchObject({
    device: 'cpu',
    sentence: expect.stringContaining(
      'no other device agrees with it (WebGPU: 9.0 × CPU, differs from the CPU by 1e-2',
    ),
  });
  expect(choose({ cpu: measured(100), webgpu: onGpu(900, Number.NaN) }).device).toBe('cpu');
});

test('names are ids, and others are refused with the one that was meant', () => {
  expect(deviceNamed('webgpu')).toBe('webgpu');
  expect(deviceNamed('auto')).toBe('auto');
  expect(() => deviceNamed('webgp')).toThrow('There is no device "webgp". Did you mean webgpu?');
  expect(() => deviceNamed('directml')).toThrow('Did you mean dml?');
  expect(() => deviceNamed('abacus')).toThrow(
    'There is no device "abacus". Devices are auto, cpu, webgpu, cuda, dml, coreml.',
  );
});

test('a device that a system never has is named as that', () => {
  expect(impossibleHere('dml', 'linux', 'x64')).toBe('DirectML exists on Windows only.');
  expect(impossibleHere('webgpu', 'linux', 'arm64')).toContain('WebGPU exists');
  expect(impossibleHere('cpu', 'darwin', 'arm64')).toBeNull();
});
