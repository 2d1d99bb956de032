/** Devices: where a twin can run, what was measured there, and which one is chosen. */
import { z } from 'zod';

export const deviceIds = ['cpu', 'webgpu', 'cuda', 'dml', 'coreml'] as const;
export const deviceId = z.enum(deviceIds);
export type DeviceId = z.infer<typeof deviceId>;

/** Devices as people call them. */
export const deviceLabels: Readonly<Record<DeviceId, string>> = {
  cpu: 'CPU',
  webgpu: 'WebGPU',
  cuda: 'CUDA',
  dml: 'DirectML',
  coreml: 'CoreML',
};

/** What a plan may ask for: a device, or the fastest one that agrees with the CPU. */
export const deviceChoices = ['auto', ...deviceIds] as const;
export const deviceChoice = z.enum(deviceChoices).describe('where the twin runs');
export type DeviceChoice = z.infer<typeof deviceChoice>;

/** Nodes of a graph by where a profile saw them run; copies between memories are not counted. */
export const placement = z.object({
  total: z.int(),
  onCpu: z.int(),
  /** Nodes by execution provider, e.g. { WebGpuExecutionProvider: 118, CPUExecutionProvider: 2 }. */
  byProvider: z.record(z.string(), z.int()),
});
export type Placement = z.infer<typeof placement>;

/** In which of several forms the gradient of a twin is computed; see docs/decisions/gradient-lowering.md. */
export const gradientForms = z.object({
  /** By the signature of a strided layer. */
  strided: z.record(z.string(), z.enum(['transposed', 'phases', 'joint', 'stuffed'])),
  mask: z.enum(['comparison', 'hard-sigmoid']),
  blockedLayout: z.boolean(),
});
export type GradientForms = z.infer<typeof gradientForms>;

/** One twin on one device, with the settings that were fastest there. */
export const deviceMeasurement = z.object({
  threads: z.int(),
  batchSize: z.int(),
  /** Pictures already in memory, forward pass only. */
  stimuliPerSecond: z.number(),
  /** Pictures whose responses and gradient are computed per second; null where there is no gradient, or `gradientRefusal`. */
  gradientsPerSecond: z.number().nullable(),
  /** Why memory did not suffice for the gradient that the twin may have, in one sentence; such a twin is measured again. */
  gradientRefusal: z.string().nullable(),
  /** The quickest forms of the gradient; null: those of the device. */
  gradientForms: gradientForms.nullable(),
  /** max|Δ| / max|CPU| over responses and gradients of seeded noise pictures; null on the CPU itself. */
  parity: z.number().nullable(),
  /** What a profile of this twin saw, forward and gradient together; null on the CPU itself. */
  placement: placement.nullable(),
  measuredAt: z.string(),
});
export type DeviceMeasurement = z.infer<typeof deviceMeasurement>;

export const deviceInfo = z.object({
  id: deviceId,
  label: z.string(),
  /** Null until somebody has asked: finding out starts a process. */
  available: z.boolean().nullable(),
  /** The device that 'auto' stands for. */
  chosen: z.boolean(),
  /** Why it is not available, or what was measured, in one sentence. */
  explanation: z.string(),
  measurement: deviceMeasurement.nullable(),
});
export type DeviceInfo = z.infer<typeof deviceInfo>;

export const deviceReport = z.object({
  /** The twin that was measured; null when the library is empty. */
  twin: z.object({ id: z.string(), version: z.string(), title: z.string() }).nullable(),
  devices: z.array(deviceInfo),
  /** Which device 'auto' stands for and why. */
  choice: z.string(),
  /** Why nothing new was measured, where that was asked for. */
  notice: z.string().nullable(),
});
export type DeviceReport = z.infer<typeof deviceReport>;
