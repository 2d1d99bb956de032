/** Measurements of twins on devices, in one JSON file of this machine. A file that cannot be read counts as empty. */
import { mkdir, readFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { deviceId, deviceMeasurement, type DeviceId, type DeviceMeasurement } from '../../contract/devices.ts';
import { writeFileAtomic } from '../../platform/node/files.ts';

/** What figures depend on beside twin and device; with another of these nothing is known. */
const origin = z.object({
  /** Of Twinscope: gradients have other rules and forms in another one. */
  appVersion: z.string(),
  runtimeVersion: z.string(),
  processor: z.string(),
  /** Graphics cards and their drivers, as far as the system tells of them. */
  graphics: z.string(),
});
export type MeasuredOn = z.infer<typeof origin>;

const entry = origin.extend({
  twinSha256: z.string(),
  device: deviceId,
  /** Null where the device could not be used; `explanation` says why. */
  measurement: deviceMeasurement.nullable(),
  explanation: z.string(),
});
export type DeviceEntry = z.infer<typeof entry>;
const storedFile = z.object({ format: z.literal(1), entries: z.array(z.unknown()) });

/** Twins come and go; a library has dozens, not thousands. */
const mostEntries = 500;

export type DeviceStore = {
  /** What is known of the twin where figures of this origin count, by device. */
  of(twinSha256: string): Promise<Map<DeviceId, DeviceEntry>>;
  keep(
    twinSha256: string,
    found: { device: DeviceId; measurement: DeviceMeasurement | null; explanation: string },
  ): Promise<void>;
};

export function openDeviceStore(file: string, here: MeasuredOn): DeviceStore {
  let turn: Promise<unknown> = Promise.resolve();

  async function read(): Promise<unknown[]> {
    try {
      return storedFile.parse(JSON.parse(await readFile(file, 'utf8'))).entries;
    } catch {
      return [];
    }
  }

  /** One entry that is damaged, or of another version, says nothing of the others. */
  const countsHere = (stored: unknown, twinSha256: string): DeviceEntry | null => {
    const found = entry.safeParse(stored).data;
    if (found === undefined || found.twinSha256 !== twinSha256) return null;
    return originKeys.every((key) => found[key] === here[key]) ? found : null;
  };

  return {
    async of(twinSha256) {
      const known = (await read()).flatMap((stored) => countsHere(stored, twinSha256) ?? []);
      return new Map(known.map((found) => [found.device, found]));
    },
    keep(twinSha256, found) {
      // One after the other: each reads what is there, since another window may have written meanwhile.
      const kept = turn.then(async () => {
        const others = (await read()).filter((old) => countsHere(old, twinSha256)?.device !== found.device);
        const entries = [...others, { twinSha256, ...here, ...found }].slice(-mostEntries);
        await mkdir(path.dirname(file), { recursive: true });
        await writeFileAtomic(file, `${JSON.stringify({ format: 1, entries }, null, 1)}\n`);
      });
      turn = kept.catch(() => undefined);
      return kept;
    },
  };
}

const originKeys = Object.keys(origin.shape) as (keyof MeasuredOn)[];
