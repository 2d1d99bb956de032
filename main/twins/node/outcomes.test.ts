/** Outcomes of checks that several processes write. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { openOutcomes } from './outcomes.ts';

let folder: string;
beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'twinscope-outcomes-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));
const perWriter = 20;

/** A process that records outcomes of packages of its own, one after the other. */
function writer(name: string): Promise<unknown> {
  const code = `
    import { openOutcomes } from ${JSON.stringify(new URL('./outcomes.ts', import.meta.url).href)};
    const outcomes = openOutcomes(${JSON.stringify(folder)}, null);
    const outcome = { device: 'cpu', maxError: 0, tolerance: 1e-4, passed: true, at: '2026-01-01T00:00:00.000Z' };
    for (let n = 0; n < ${perWriter}; n++) await outcomes.recordReproduction(${JSON.stringify(name)} + n, outcome);`;
  return once(spawn(process.execPath, ['--input-type=module', '-e', code], { stdio: 'inherit' }), 'exit');
}

test('three processes that record at once lose nothing of each other, and leave nothing behind', async () => {
  expect(await Promise.all(['a', 'b', 'c'].map(writer))).toEqual([0, 0, 0].map((code) => [code, null]));
  const kept = Object.keys(await openOutcomes(folder, null).reproductions());
  const recorded = ['a', 'b', 'c'].flatMap((name) => Array.from({ length: perWriter }, (_, n) => `${name}${n}`));
  expect(kept.toSorted()).toEqual(recorded.toSorted());
  expect(readdirSync(folder)).toEqual(['verifications.json']);
});
