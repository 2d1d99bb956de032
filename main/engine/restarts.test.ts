import { expect, test } from 'vitest';
import { TwinscopeError } from '../platform/errors.ts';
import { createComputeClient } from './computeClient.ts';
import { batchMemoryError, deviceError, endError, hangError, mayRestart, memoryError } from './failures.ts';
import { withRestarts } from './restarts.ts';

const { signal } = new AbortController();

test.each([
  ['a process that ended', endError({ code: 1, signal: null })],
  ['a hang', hangError(1000)],
  ['memory', memoryError('bad allocation')],
  ['a lost device', deviceError('DEVICE_LOST')],
  ['a thread that ended', new TwinscopeError('compute-failed', 'A thread ended.', { restart: true })],
])('%s is tried again, three times in a row at most', async (_, error) => {
  const notices: string[] = [];
  let tries = 0;
  const work = async (): Promise<never> => {
    tries += 1;
    throw error;
  };
  const onRestart = (sentence: string): void => void notices.push(sentence);
  await expect(withRestarts(work, { onRestart, signal, deviceWaitsMs: [1, 1] })).rejects.toThrow(
    'It failed three times in a row, so the job was stopped.',
  );
  expect(tries).toBe(3);
  expect(notices).toHaveLength(2);
});

test.each([
  ['a model that cannot be loaded', new TwinscopeError('unsupported', 'ONNX Runtime could not load it.')],
  ['a response that is no number', new TwinscopeError('compute-failed', 'Unit 7 answered NaN.', { unit: '7' })],
])('%s is not: it would fail in the same way again', async (_, error) => {
  expect(mayRestart(error)).toBe(false);
  let tries = 0;
  const work = async (): Promise<never> => {
    tries += 1;
    throw error;
  };
  await expect(withRestarts(work, { onRestart: () => undefined, signal })).rejects.toBe(error);
  expect(tries).toBe(1);
});

test('a lost device is waited for, and a job can be stopped while it waits', async () => {
  const stopping = new AbortController();
  let tries = 0;
  const work = async (): Promise<never> => {
    tries += 1;
    throw deviceError('DEVICE_LOST');
  };
  const never = 2 ** 31 - 1;
  const restarted = withRestarts(work, {
    onRestart: () => void setImmediate(() => stopping.abort('pause')),
    signal: stopping.signal,
    deviceWaitsMs: [never, never],
  });
  await expect(restarted).rejects.toBe('pause');
  expect(tries).toBe(1);
});

test('progress between failures begins the count anew', async () => {
  let tries = 0;
  const result = await withRestarts(
    async (progressed) => {
      tries += 1;
      if (tries === 6) return 'done';
      progressed();
      throw hangError(1000);
    },
    { onRestart: () => undefined, signal },
  );
  expect(result).toBe('done');
});

const refused = batchMemoryError('bad allocation');
const killed = endError({ code: null, signal: 'SIGKILL' });
const aborted = endError({ code: 134, signal: null });

/** Fails in turn with each of `failures`, then succeeds; the batch sizes that it was halved to, and why it ended if it did. */
async function halvings(failures: TwinscopeError[], batchSize: number): Promise<{ sizes: number[]; end: unknown }> {
  const open = [...failures];
  const sizes: number[] = [];
  let size = batchSize;
  const work = async (): Promise<null> => {
    const next = open.shift();
    if (next) throw next;
    return null;
  };
  const halveBatch = async (): Promise<number | null> => {
    if (size === 1) return null;
    sizes.push((size = Math.floor(size / 2)));
    return size;
  };
  const end = await withRestarts(work, { onRestart: () => undefined, signal, halveBatch }).catch(
    (error: unknown) => error,
  );
  return { sizes, end };
}

test.each([
  ['memory refused to a batch, at once', [refused, refused], [8, 4]],
  ['ends for want of memory, at the third in a row', [killed, aborted, killed, killed, killed], [8]],
  ['memory refused after such ends, and the count begins anew', [killed, killed, refused, killed, killed], [8]],
  ['no memory for a session: a smaller batch is no help', [memoryError('bad allocation')], []],
])('halves the batch: %s', async (_, failures, sizes) => {
  expect(await halvings(failures, 16)).toEqual({ sizes, end: null });
});

test.each([
  ['sessions without memory', [1, 2, 3].map(() => memoryError('bad allocation'))],
  ['a hang among ends for want of memory', [killed, hangError(1000), killed]],
  ['ends of another kind', [1, 2, 3].map(() => endError({ code: 1, signal: null }))],
])('does not halve, and ends at the third in a row: %s', async (_, failures) => {
  const { sizes, end } = await halvings(failures, 16);
  expect(sizes).toEqual([]);
  expect((end as Error).message).toContain('It failed three times in a row, so the job was stopped.');
});

test.each([
  ['refused', [refused, refused, refused]],
  ['ended', [killed, killed, killed]],
])('one stimulus at a time is not halved: the third in a row ends with a sentence (%s)', async (_, failures) => {
  const { sizes, end } = await halvings(failures, 1);
  expect(sizes).toEqual([]);
  expect((end as Error).message).toMatch(
    /saved\. It failed three times in a row with one stimulus at a time, so the job/,
  );
  expect((end as Error).message).not.toContain('smaller batch size');
});

test('a process that cannot be started is a sentence and may be tried again', async () => {
  const refused = async (): Promise<never> => Promise.reject(new Error('spawn ENOMEM'));
  const none = async (): Promise<never> => Promise.reject(new Error('no blobs here'));
  const client = createComputeClient({ spawn: refused, callbacks: { 'blob.image': none, 'blob.array': none } });
  const error = await client.call('search.end', { key: 'x' }).catch((reason: unknown) => reason);
  expect(error).toMatchObject({
    code: 'compute-failed',
    message:
      'The compute process did not start (spawn ENOMEM). What was finished is saved. Close other programs, then resume.',
  });
  expect(mayRestart(error)).toBe(true);
});
