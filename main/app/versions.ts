/** The versions a result depends on, as seen by the process that asks. */
import { createRequire } from 'node:module';
import os from 'node:os';
import sharp from 'sharp';
import type { DeviceId } from '../contract/devices.ts';
import type { MeasuredOn } from '../engine/node/deviceStore.ts';
import { graphicsName, processorName } from '../engine/node/machine.ts';
import { drawingVersion } from '../stimuli/drawing.ts';

const require = createRequire(import.meta.url);

export const twinscopeVersion: string = '0.1.0';

export const ortVersion: string = (require('onnxruntime-node/package.json') as { version: string }).version;

/**
 * Kernels are chosen by the processor and pictures are decoded by libvips: both may change last bits, as may a graphics card
 * and its driver on the devices that use one.
 */
export const computeVersions = (device: DeviceId = 'cpu'): Record<string, string> => ({
  node: process.versions.node,
  v8: process.versions.v8,
  onnxruntime: ortVersion,
  libvips: sharp.versions.vips,
  drawing: drawingVersion,
  platform: `${process.platform} ${process.arch}`,
  processor: os.cpus()[0]?.model.trim() ?? 'unknown',
  ...(device === 'cpu' ? {} : { graphics: graphicsName() }),
});

/** Where measurements of devices that are made now count. */
export const measuredHere = (): MeasuredOn => ({
  appVersion: twinscopeVersion,
  runtimeVersion: ortVersion,
  processor: processorName(),
  graphics: graphicsName(),
});
