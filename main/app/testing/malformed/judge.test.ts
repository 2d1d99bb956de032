/** The judge of malformed models is judged: what is late or not allowed must not pass it unseen. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { createComputeClient, type ComputeClient } from '../../../engine/computeClient.ts';
import { TwinscopeError, type ErrorCode } from '../../../platform/errors.ts';
import { spawnCompute } from '../../spawnCompute.ts';
import { judgeAnswer, judgeError, mostLagMs, notAllowed, startLagProbe } from './judge.ts';

/** There is no such search, and compute answers at once. */
const key = 'none';
const quickMs = 300;
/** Nobody waits this long: a machine under load has it to answer at once. */
const amply = 120_000;
let compute: ComputeClient;

beforeAll(() => {
  const none = () => Promise.reject(new Error('no stored pictures here'));
  compute = createComputeClient({ spawn: spawnCompute, callbacks: { 'blob.image': none, 'blob.array': none } });
});
beforeEach(async () => {
  await compute.call('search.end', { key });
});
afterAll(async () => {
  await compute.close();
});

test('an answer in time is allowed', async () => {
  const answer = await judgeAnswer(compute, amply, () => compute.call('search.end', { key }));
  expect(answer).toEqual({ ran: true, result: 'ran', message: '', fault: null });
});

test('a late answer is a fault, and its compute process is ended', async () => {
  const pid = compute.pid() as number;
  process.kill(pid, 'SIGSTOP');
  const answer = await judgeAnswer(compute, quickMs, () => compute.call('search.end', { key }, { deadlineMs: amply }));
  expect(answer).toMatchObject({ ran: false, result: 'deadline', fault: 'it gave no answer for 0.3 s' });
  expect(compute.pid()).not.toBe(pid);
});

test('so is one that is late and comes after all', async () => {
  let done: () => void = () => undefined;
  const work = new Promise<void>((resolve) => (done = resolve));
  const answer = await judgeAnswer({ pid: () => 1, kill: async () => done() }, quickMs, () => work);
  expect(answer).toEqual({ ran: true, result: 'deadline', message: '', fault: 'it gave no answer for 0.3 s' });
});

test('and one that does not even come once compute was ended', async () => {
  const answer = await judgeAnswer(compute, quickMs, () => new Promise(() => undefined));
  expect(answer.fault).toBe('it gave no answer for 0.3 s, nor after compute had been ended');
});

test("a deadline that compute's client has missed is a fault too", async () => {
  process.kill(compute.pid() as number, 'SIGSTOP');
  const work = () => compute.call('search.end', { key }, { deadlineMs: quickMs });
  expect(await judgeAnswer(compute, amply, work)).toMatchObject({
    result: 'deadline',
    fault: 'compute missed the deadline',
    message: expect.stringMatching(/gave no answer for/) as string,
  });
});

test('the end of compute is allowed', async () => {
  const work = async (): Promise<unknown> => {
    process.kill(compute.pid() as number, 'SIGKILL');
    return compute.call('search.end', { key });
  };
  expect(await judgeAnswer(compute, amply, work)).toMatchObject({ ran: false, result: 'died', fault: null });
});

test.each<[string, string, ErrorCode, string | null]>([
  ['sentences', 'The model is damaged. Nothing was changed.', 'corrupt', null],
  ['a fault of ours', 'The computation failed.', 'internal', 'its code is internal'],
  ['half a sentence', 'The model is damaged', 'corrupt', 'it does not end with a full stop'],
  ['a placeholder', 'The model needs NaN GB.', 'unsupported', 'it is not a sentence'],
  ['a long text', `${'a'.repeat(600)}.`, 'corrupt', 'it has 601 characters'],
])('a refusal with %s', (_, message, code, fault) => {
  expect(judgeError(new TwinscopeError(code, message))).toMatchObject({ result: code, message, fault });
});

test('an error that is no refusal is a fault', () => {
  expect(judgeError(new TypeError('x is undefined'))).toMatchObject({ result: 'fault', fault: 'it is no refusal' });
});

test('a backend that is blocked is noticed, also up to the end', async () => {
  const block = (ms: number): void => {
    for (const until = performance.now() + ms; performance.now() < until;);
  };
  const between = startLagProbe();
  await new Promise((resolve) => setTimeout(resolve, 20));
  block(quickMs);
  await new Promise((resolve) => setTimeout(resolve, 20));
  expect(between.stop().worstLagMs).toBeGreaterThanOrEqual(quickMs - 20);
  const last = startLagProbe();
  block(quickMs);
  expect(last.stop().worstLagMs).toBeGreaterThanOrEqual(quickMs - 20);
});

test('a report is allowed where no answer, no good model and no delay is at fault', () => {
  const good = { outcomes: [], models: 0, failedAfterwards: [], worstLagMs: mostLagMs, peakBackendBytes: 0, starts: 1 };
  const outcome = { index: 7, kind: 'truncated', seedModel: 'attention', request: 'import', ms: 40_000 };
  const late = { ...outcome, ran: false, result: 'deadline', message: 'Stopped.', fault: 'it gave no answer for 40 s' };
  expect(notAllowed({ ...good, outcomes: [{ ...late, fault: null }] })).toEqual([]);
  expect(
    notAllowed({ ...good, outcomes: [late], failedAfterwards: ['after model 7: no'], worstLagMs: mostLagMs + 1 }),
  ).toEqual([
    'model 7 (truncated of attention), import: 40.00 s: it gave no answer for 40 s. Stopped.',
    'a good model failed after model 7: no',
    'the backend did not answer for 5.001 s',
  ]);
});
