import { expect, test } from 'vitest';
import { TwinscopeError } from '../platform/errors.ts';
import { createComputeClient, withRestarts } from './computeClient.ts';
import { deviceError, endError, hangError, mayRestart, memoryError } from './failures.ts';

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
  await expect(withRestarts(work, { onRestart: (sentence) => void notices.push(sentence), signal })).rejects.toThrow(
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
