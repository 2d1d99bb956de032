/** Calls that take a while: how far they are, and how to stop them. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { MethodInput, MethodOutput } from '../../main/contract/methods.ts';
import { TwinscopeError } from '../../main/platform/errors.ts';
import { plural } from '../../main/platform/words.ts';
import { useSession } from './provider.tsx';

type Checking = 'library.import' | 'library.importModel' | 'library.verify' | 'references.measure';

type Words = {
  started: string;
  stopped: string;
  event: 'library.checking' | 'references.measuring';
  sentence: (done: number, total: number) => string;
};

const direction = {
  event: 'library.checking',
  sentence: (done: number, total: number) => `Checking the gradient: direction ${done} of ${total}`,
} as const;

const words: Record<Checking, Words> = {
  'library.verify': {
    started: 'Checking the gradient',
    stopped: 'The check was stopped. What was stored before is kept. Verify checks again.',
    ...direction,
  },
  'library.import': {
    started: 'Copying the package',
    // Whether it had come to its check by then is not known here.
    stopped:
      'The import was stopped. If the library shows the twin by now, it is there to stay: verify it to check its gradient. If not, import it again.',
    ...direction,
  },
  'library.importModel': {
    started: 'Making golden checks and the package',
    stopped:
      'The import was stopped. If the library shows the twin by now, it is there to stay: verify it to check its gradient. If not, import it again.',
    ...direction,
  },
  'references.measure': {
    started: 'Loading the twin',
    stopped: 'Measuring was stopped. Nothing was kept of it; a search measures the set itself.',
    event: 'references.measuring',
    sentence: (done, total) => `${done} of ${plural(total, 'reference stimulus', 'reference stimuli')}`,
  },
};

/**
 * As `useCall`, with `stop()` and `progress`, what it does and how far it is.
 * @param onError told of failures, and of a call that was stopped
 */
export function useCheckingCall<M extends Checking>(
  method: M,
  options: { onSuccess?: (output: MethodOutput<M>) => void; onError?: (error: Error) => void } = {},
) {
  const session = useSession();
  const stopping = useRef(new AbortController());
  const [progress, setProgress] = useState<string | null>(null);
  const call = useMutation<MethodOutput<M>, Error, MethodInput<M>>({
    mutationFn(input) {
      stopping.current = new AbortController();
      setProgress(null);
      const { signal } = stopping.current;
      return session.call(method, input, signal).catch((error: unknown) => {
        throw signal.aborted ? new TwinscopeError('cancelled', words[method].stopped) : error;
      });
    },
    ...options,
  });
  const { isPending } = call;
  useEffect(() => {
    if (!isPending) return;
    const { event, sentence } = words[method];
    return session.on(event, ({ done, total }) => setProgress(sentence(done, total)));
  }, [session, isPending, method]);
  return {
    ...call,
    progress: isPending ? (progress ?? words[method].started) : null,
    stop: () => stopping.current.abort(),
  };
}
