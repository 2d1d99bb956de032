/** A user's folder with the small twin in its library, and what tests of devices ask of backends there. */
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { DeviceId, DeviceMeasurement, DeviceReport } from '../../contract/devices.ts';
import type { SpawnCompute } from '../../engine/computeContract.ts';
import { openDeviceStore, type DeviceStore } from '../../engine/node/deviceStore.ts';
import { silentLog } from '../../platform/node/log.ts';
import { deviceFile } from '../../platform/node/paths.ts';
import { packDraft, writePackage } from '../../twins/node/package.ts';
import { smallDraft } from '../../twins/testing/smallTwin.ts';
import { createBackend, type Backend } from '../backend.ts';
import { spawnCompute } from '../spawnCompute.ts';
import { measuredHere } from '../versions.ts';

const signal = new AbortController().signal;

export type DeviceHome = {
  folder: string;
  /** TWINSCOPE_HOME of every backend. */
  home: string;
  backends: Backend[];
  open(spawn: SpawnCompute): Promise<Backend>;
  /** Closes every backend and forgets what was measured. */
  clear(): Promise<void>;
  remove(): void;
};

export async function openDeviceHome(): Promise<DeviceHome> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'twinscope-devices-'));
  const home = path.join(folder, 'home');
  process.env['TWINSCOPE_HOME'] = home;
  const backends: Backend[] = [];
  const opened: DeviceHome = {
    folder,
    home,
    backends,
    async open(spawn) {
      const backend = await createBackend({
        host: 'cli',
        spawnCompute: spawn,
        log: silentLog(),
        builtInTwins: path.join(folder, 'none'),
      });
      backends.push(backend);
      return backend;
    },
    async clear() {
      for (const backend of backends.splice(0)) await backend.close();
      rmSync(deviceFile(), { force: true });
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  };
  const small = path.join(folder, 'small');
  await writePackage(small, packDraft(smallDraft(), { card: 'A twin for tests.', licence: 'MIT' }));
  const backend = await opened.open(spawnCompute);
  await backend.handlers['library.import']({ path: small }, { signal });
  return opened;
}

/** A device that does not exist on this platform. */
export const absent = ({ linux: 'dml', win32: 'coreml' } as Record<string, DeviceId>)[process.platform] ?? 'cuda';

export const listDevices = (backend: Backend, measure: 'known' | 'missing' | 'again'): Promise<DeviceReport> =>
  backend.handlers['devices.list']({ twin: 'small-twin', measure }, { signal });

export const deviceStore = (): DeviceStore => openDeviceStore(deviceFile(), measuredHere());

/** Keeps what a measurement would have left behind. */
export const keepMeasured = (twinSha256: string, device: DeviceId, found: Partial<DeviceMeasurement>): Promise<void> =>
  deviceStore().keep(twinSha256, {
    device,
    explanation: '',
    measurement: {
      threads: 1,
      batchSize: 4,
      stimuliPerSecond: 1,
      gradientsPerSecond: null,
      gradientRefusal: null,
      gradientForms: null,
      parity: null,
      placement: null,
      measuredAt: '2026-01-01',
      ...found,
    },
  });
