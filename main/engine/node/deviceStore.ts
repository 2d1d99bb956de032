/** Measurements of twins on devices, in one JSON file of this machine. A file that cannot be read counts as empty. */
import { mkdir, readFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { z } from 'zod';
import { deviceId, deviceMeasurement, type DeviceId, type DeviceMeasurement } from '../../contract/devices.ts';
import { writeFileAtomic } from '../../platform/node/files.ts';

const entry = z.object({
  twinSha256: z.string(),
  device: deviceId,
  runtimeVersion: z.string(),
  processor: z.string(),
  /** Null where the device could not be used; `explanation` says why. */
  measurement: deviceMeasurement.nullable(),
  explanation: z.string(),
});
export type DeviceEntry = z.infer<typeof entry>;
const storedFile = z.object({ format: z.literal(1), entries: z.array(entry) });

/** Twins come and go; a library has dozens, not thousands. */
const mostEntries = 500;

export type DeviceStore = {
  /** What is known of the twin on this machine with this runtime, by device. */
  of(twinSha256: string): Promise<Map<DeviceId, DeviceEntry>>;
  keep(
    twinSha256: string,
    found: { device: DeviceId; measurement: DeviceMeasurement | null; explanation: string },
  ): Promise<void>;
};

/** Model and number of the processors: tuning depends on both. */
export const processorName = (): string =>
  `${os.cpus()[0]?.model.trim() ?? 'unknown'} × ${os.availableParallelism()} (${process.platform} ${process.arch})`;

export function openDeviceStore(file: string, machine: { runtimeVersion: string; processor: string }): DeviceStore {
  let turn: Promise<unknown> = Promise.resolve();

  async function read(): Promise<DeviceEntry[]> {
    try {
      return storedFile.parse(JSON.parse(await readFile(file, 'utf8'))).entries;
    } catch {
      return [];
    }
  }

  return {
    async of(twinSha256) {
      const known = (await read()).filter(
        (found) =>
          found.twinSha256 === twinSha256 &&
          found.runtimeVersion === machine.runtimeVersion &&
          found.processor === machine.processor,
      );
      return new Map(known.map((found) => [found.device, found]));
    },
    keep(twinSha256, found) {
      // One after the other: each reads what is there, since another window may have written meanwhile.
      const kept = turn.then(async () => {
        const others = (await read()).filter(
          (old) =>
            !(
              old.twinSha256 === twinSha256 &&
              old.device === found.device &&
              old.runtimeVersion === machine.runtimeVersion &&
              old.processor === machine.processor
            ),
        );
        const entries = [...others, { twinSha256, ...machine, ...found }].slice(-mostEntries);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFileAtomic(file, `${JSON.stringify({ format: 1, entries }, null, 1)}\n`);
      });
      turn = kept.catch(() => undefined);
      return kept;
    },
  };
}
