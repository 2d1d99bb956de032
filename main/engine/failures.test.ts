/** Messages as ONNX Runtime and its devices give them, and processes that really ended so. */
import { spawn } from 'node:child_process';
import * as ort from 'onnxruntime-node';
import { describe, expect, test } from 'vitest';
import { GraphBuilder, writeGraph } from '../onnx/index.ts';
import { TwinscopeError } from '../platform/errors.ts';
import {
  deviceError,
  endError,
  failureKindOf,
  failureOfEnd,
  failureOfMessage,
  hangError,
  memoryError,
  type ProcessEnd,
} from './failures.ts';

describe('what was said', () => {
  test.each([
    ['memory', 'bad allocation'],
    ['memory', 'std::bad_alloc'],
    ['memory', 'CUDA failure 2: out of memory ; GPU=0 ; hostname=lab ; expr=cudaMalloc((void**)&p, size);'],
    ['memory', 'BFCArena::AllocateRawInternal Failed to allocate memory for requested buffer of size 205520896'],
    ['memory', 'vkAllocateMemory failed with VK_ERROR_OUT_OF_DEVICE_MEMORY'],
    ['memory', 'DmlExecutionProvider.cpp(1) 8007000E Not enough memory resources are available'],
    ['device', 'GetOverlappedResult failed: the device was lost'],
    ['device', 'WebGPU validation failed. Device is lost.'],
    ['device', 'vkQueueSubmit failed with VK_ERROR_DEVICE_LOST'],
    ['device', 'MLOperatorAuthorImpl.cpp(2816) 887A0005 The GPU device instance has been suspended.'],
    ['device', 'DXGI_ERROR_DEVICE_HUNG'],
    ['device', 'CUDA failure 700: an illegal memory access was encountered ; GPU=0'],
    ['device', 'CUDA failure 719: unspecified launch failure ; GPU=0'],
    [null, 'Got invalid dimensions for input: x for the following indices index: 1 Got: 2 Expected: 3'],
    [null, "Non-zero status code returned while running Reshape node. Name:'a'"],
    [null, 'CUDA failure 7001: unknown'],
  ])('%s: %s', (kind, message) => {
    expect(failureOfMessage(new Error(message))).toBe(kind);
  });

  test('memory, by an allocation that ONNX Runtime really could not make', async () => {
    const builder = new GraphBuilder();
    builder.input('x', 'float32', ['batch', 1, 1]);
    builder.input('shape', 'int64', [3]);
    builder.node('Expand', ['x', 'shape'], {}, 'y');
    builder.output('y', 'float32', null);
    const session = await ort.InferenceSession.create(writeGraph(builder.build()), { logSeverityLevel: 4 });
    const run = session.run({
      x: new ort.Tensor('float32', new Float32Array(1), [1, 1, 1]),
      shape: new ort.Tensor('int64', new BigInt64Array([1n, 1_000_000_000n, 1_000_000_000n]), [3]),
    });
    const error = await run.catch((reason: unknown) => reason);
    expect(failureOfMessage(error)).toBe('memory');
    await session.release();
  });
});

/** How a real process of Node ends. */
function endOf(args: string[], then: (child: ReturnType<typeof spawn>) => void = () => undefined): Promise<ProcessEnd> {
  const child = spawn(process.execPath, args, { stdio: 'ignore' });
  child.once('spawn', () => then(child));
  return new Promise((resolve) => child.once('exit', (code, signal) => resolve({ code, signal })));
}

describe('how a process ended', () => {
  test('memory: V8 that can get no more, and a kill that was not ours', async () => {
    const fill = 'const all = []; for (;;) all.push(new Array(100000).fill({}))';
    const full = await endOf(['--max-old-space-size=16', '-e', fill]);
    expect([full, failureOfEnd(full)]).toEqual([expect.anything(), 'memory']);
    const killed = await endOf(['-e', 'setInterval(() => 0, 1000)'], (child) => void child.kill('SIGKILL'));
    expect(failureOfEnd(killed)).toBe('memory');
  });

  test.each<[string, ProcessEnd]>([
    ['memory', { code: 134, signal: null }],
    ['memory', { code: 137, signal: null }],
    ['memory', { code: -536870904, signal: null }],
    ['exit', { code: 1, signal: null }],
    ['exit', { code: 0, signal: null }],
    ['exit', { code: null, signal: 'SIGSEGV' }],
  ])('%s: %o', (kind, end) => {
    expect(failureOfEnd(end)).toBe(kind);
  });
});

test('each has a sentence that says what happened, what is safe and what to do, and is told apart on the other side', () => {
  const errors = {
    memory: memoryError('std::bad_alloc'),
    device: deviceError('the device was lost'),
    hang: hangError(90_000),
    exit: endError({ code: 3, signal: null }),
  };
  for (const [kind, error] of Object.entries(errors)) {
    expect(failureKindOf(error)).toBe(kind);
    expect(error.message).toMatch(/ What was finished is saved\. If it happens again, .+\.$/);
  }
  expect(new Set(Object.values(errors).map(({ message }) => message)).size).toBe(4);
  expect(errors.exit.message).toContain('exit code 3');
  expect(errors.hang.message).toContain('90 s');
  expect(failureKindOf(endError({ code: null, signal: 'SIGKILL' }))).toBe('memory');
  expect(failureKindOf(new TwinscopeError('compute-failed', 'The output is not finite.'))).toBeNull();
});
