/** What the backend keeps of a compute process, and how long it waits for one; the processes are real. */
import v8 from 'node:v8';
import vm from 'node:vm';
import { afterEach, expect, test } from 'vitest';
import type { ComputeProcess, ComputeTwin } from '../engine/computeContract.ts';
import type { ComputeClient } from '../engine/computeClient.ts';
import { spawnCompute } from './spawnCompute.ts';
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

test('a process that does not end when it is killed is given up, and the next request gets another', async () => {
  const held: ComputeProcess[] = [];
  opened = await openPlainCompute('held', {
    endMs: 100,
    // As one that a driver holds: no signal reaches it.
    async spawn(options) {
      const process = await spawnCompute(options);
      if (held.length > 0) return process;
      held.push(process);
      return { ...process, kill: () => undefined };
    },
  });
  const { compute, twin } = opened;
  await compute.call('twin.describe', { twin });
  const [first] = held as [ComputeProcess];
  process.kill(first.pid, 'SIGSTOP');
  const unanswered = compute.call('twin.describe', { twin }).catch((error: unknown) => error);
  await compute.kill();
  expect(compute.pid()).toBeNull();
  expect(await unanswered).toMatchObject({ code: 'compute-failed', message: expect.stringContaining('was stopped') });
  await compute.call('twin.describe', { twin });
  expect(compute.pid()).not.toBe(first.pid);
  first.kill();
  await first.exited;
  expect(compute.pid()).not.toBeNull();
});

test('a request that is withdrawn and goes on does not take the process from another', async () => {
  opened = await openPlainCompute('shared');
  const { compute, twin } = opened;
  await compute.call('twin.describe', { twin });
  const pid = compute.pid() as number;
  process.kill(pid, 'SIGSTOP');
  const stopping = new AbortController();
  const withdrawn = compute.call('twin.describe', { twin }, { signal: stopping.signal }).catch(() => 'withdrawn');
  const wanted = compute.call('twin.describe', { twin });
  await new Promise((resolve) => setImmediate(resolve));
  stopping.abort();
  // Longer than the grace of three seconds.
  await new Promise((resolve) => setTimeout(resolve, 4_000));
  process.kill(pid, 'SIGCONT');
  expect((await wanted).sizePx).toBeGreaterThan(0);
  await withdrawn;
  expect(compute.pid()).toBe(pid);
});

test('a process that owes answers to withdrawn requests only is ended', async () => {
  opened = await openPlainCompute('alone');
  const { compute, twin } = opened;
  await compute.call('twin.describe', { twin });
  process.kill(compute.pid() as number, 'SIGSTOP');
  const stopping = new AbortController();
  const both = [1, 2].map(() => compute.call('twin.describe', { twin }, { signal: stopping.signal }));
  await new Promise((resolve) => setImmediate(resolve));
  stopping.abort();
  for (const outcome of await Promise.allSettled(both)) {
    expect(outcome).toMatchObject({ status: 'rejected', reason: { message: expect.stringContaining('was stopped') } });
  }
  expect(compute.pid()).toBeNull();
});

test('a request that comes while its process is being ended waits and is answered by the next', async () => {
  opened = await openPlainCompute('next');
  const { compute, twin } = opened;
  await compute.call('twin.describe', { twin });
  const pid = compute.pid();
  const killed = compute.kill();
  await new Promise((resolve) => setImmediate(resolve));
  const answer = compute.call('twin.describe', { twin });
  await killed;
  expect((await answer).sizePx).toBeGreaterThan(0);
  expect(compute.pid()).not.toBe(pid);
});
