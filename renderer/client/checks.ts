/** Calls that check a gradient: how far they are, and how to stop them. */
import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef, useState } from 'react';
import type { MethodInput, MethodOutput } from '../../main/contract/methods.ts';
import { useSession } from './provider.tsx';

type Checking = 'library.import' | 'library.verify';

/**
 * As `useCall`, with `stop()` and `progress`, the directions that were compared so far ('direction 3 of 8').
 * @param onError told of failures; not of a call that was stopped before it said anything
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
      return session.call(method, input, stopping.current.signal);
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
  return { ...call, progress: isPending ? progress : null, stop: () => stopping.current.abort() };
}
