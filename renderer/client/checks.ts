/** Calls that check a gradient: how far they are, and how to stop them. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { MethodInput, MethodOutput } from '../../main/contract/methods.ts';
import { TwinscopeError } from '../../main/platform/errors.ts';
import { useSession } from './provider.tsx';

type Checking = 'library.import' | 'library.importModel' | 'library.verify';

const stopped: Record<Checking, string> = {
  'library.verify': 'The check was stopped. What was stored before is kept. Verify checks again.',
  'library.importModel':
    'The import was stopped. If the library shows the twin by now, it is there to stay: verify it to check its gradient. If not, import it again.',
  // Whether it had come to its check by then is not known here.
  'library.import':
    'The import was stopped. If the library shows the twin by now, it is there to stay: verify it to check its gradient. If not, import it again.',
};

const started: Record<Checking, string> = {
  'library.verify': 'Checking the gradient',
  'library.import': 'Copying the package',
  'library.importModel': 'Making golden checks and the package',
};

/**
 * As `useCall`, with `stop()` and `progress`, what it does and the directions that were compared so far.
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
        throw signal.aborted ? new TwinscopeError('cancelled', stopped[method]) : error;
      });
    },
    ...options,
  });
  const { isPending } = call;
  useEffect(() => {
    if (!isPending) return;
    return session.on('library.checking', ({ done, total }) =>
      setProgress(`Checking the gradient: direction ${done} of ${total}`),
    );
  }, [session, isPending]);
  return {
    ...call,
    progress: isPending ? (progress ?? started[method]) : null,
    stop: () => stopping.current.abort(),
  };
}
