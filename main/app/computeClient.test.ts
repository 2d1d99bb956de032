/** What the backend keeps of a compute process, and how long it waits for one; the processes are real. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import type { ComputeTwin } from '../engine/computeContract.ts';
import type { ComputeClient } from '../engine/computeClient.ts';
import { openPlainCompute, type PlainCompute } from './testing/plainCompute.ts';

let opened: PlainCompute | null = null;
afterEach(() => opened?.close());

v8.setFlagsFromString('--expose-gc');
const collectGarbage = vm.runInNewContext('gc') as () => void;

/** The caller's frame must not hold the answer. */
async function answered(compute: ComputeClient, twin: ComputeTwin): Promise<WeakRef<object>> {
  return new WeakRef(await compute.call('twin.describe', { twin }));
}

test('an answer that nobody holds any more is not kept while its process goes on', async () => {
  opened = await openPlainCompute('answers');
  const { compute, twin } = opened;
  const answer = await answered(compute, twin);
  for (let round = 0; round < 20 && answer.deref() !== undefined; round++) {
    await new Promise((resolve) => setTimeout(resolve, 10));
    collectGarbage();
  }
  expect(answer.deref()).toBeUndefined();
  expect(compute.pid()).not.toBeNull();
});
