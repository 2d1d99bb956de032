import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { graphicsName } from './machine.ts';

const root = mkdtempSync(path.join(os.tmpdir(), 'twinscope-sys-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const write = (file: string, text: string): void => {
  mkdirSync(path.dirname(path.join(root, file)), { recursive: true });
  writeFileSync(path.join(root, file), `${text}\n`);
};

test('display adapters of Windows and their drivers are told apart', () => {
  const none = path.join(root, 'none');
  const key = (number: string): string =>
    `HKEY_LOCAL_MACHINE\\SYSTEM\\CurrentControlSet\\Control\\Class\\{4d36e968-e325-11ce-bfc1-08002be10318}\\${number}`;
  const printed = (version: string): string =>
    [
      '',
      key('0000'),
      '    DriverDesc    REG_SZ    NVIDIA GeForce RTX 3060',
      '',
      key('0001'),
      '    DriverDesc    REG_SZ    Intel(R) UHD Graphics 770',
      '',
      'End of search: 2 match(es) found.',
      '',
      key('0000'),
      `    DriverVersion    REG_SZ    ${version}`,
      '',
      'End of search: 1 match(es) found.',
    ].join('\r\n');
  const named = `${os.release()}, Intel(R) UHD Graphics 770 unknown, NVIDIA GeForce RTX 3060 31.0.15.3623`;
  expect(graphicsName(none, printed('31.0.15.3623'))).toBe(named);
  expect(graphicsName(none, printed('32.0.15.6094'))).not.toBe(named);
  expect(graphicsName(none, 'ERROR: Access is denied.')).toBe(os.release());
});

test('cards and drivers are told apart; a machine without any has the release of its system', () => {
  expect(graphicsName(path.join(root, 'none'))).toBe(os.release());
  write('class/drm/card1/device/vendor', '0x10de');
  write('class/drm/card1/device/device', '0x2330');
  write('class/drm/card1-HDMI-A-1/status', 'connected');
  write('class/drm/card0/device/vendor', '0x8086');
  expect(graphicsName(root)).toBe(`${os.release()}, 0x10de:0x2330, 0x8086:unknown`);
  write('module/nvidia/version', '570.86.15');
  expect(graphicsName(root)).toBe(`${os.release()}, 0x10de:0x2330, 0x8086:unknown, NVIDIA 570.86.15`);
});
