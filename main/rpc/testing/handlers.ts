/** Handlers for tests: every method refuses, except those a test gives. */
import { methods, type Handlers, type MethodName } from '../../contract/methods.ts';
import { TwinscopeError } from '../../platform/errors.ts';

export function testHandlers(given: Partial<Handlers>): Handlers {
  const refusing = Object.fromEntries(
    (Object.keys(methods) as MethodName[]).map((method) => [
      method,
      () => Promise.reject(new TwinscopeError('unsupported', `${method} is not part of this test.`)),
    ]),
  ) as unknown as Handlers;
  return { ...refusing, ...given };
}

export const testProject = {
  path: '/projects/test.twinscope',
  name: 'test',
  sizeBytes: 4096,
  readOnly: null,
  notice: null,
  counts: { sets: 0, runs: 0, searches: 0, protocols: 0, images: 0 },
};
