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
