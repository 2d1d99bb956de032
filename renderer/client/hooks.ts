/** Typed access to the backend from components. */
import { useMutation, useQuery, type UseMutationOptions, type UseQueryOptions } from '@tanstack/react-query';
import { useSyncExternalStore } from 'react';
import type { MethodInput, MethodName, MethodOutput } from '../../main/contract/methods.ts';
import type { JobSnapshot } from '../../main/contract/jobs.ts';
import { useLiveStores, useSession } from './provider.tsx';
import type { ConnectionState } from './session.ts';
import { jobBusy, jobEnded, type LiveSearch } from './stores.ts';

type QueryOptions<M extends MethodName> = Omit<UseQueryOptions<MethodOutput<M>, Error>, 'queryKey' | 'queryFn'>;

/** Asks the backend and keeps the answer fresh through 'data.changed'. Pass `{ enabled: false }` to wait. */
export function useQueryCall<M extends MethodName>(method: M, input: MethodInput<M>, options: QueryOptions<M> = {}) {
  const session = useSession();
  return useQuery<MethodOutput<M>, Error>({
    queryKey: [method, input],
    queryFn: ({ signal }) => session.call(method, input, signal),
    ...options,
  });
}

type CallOptions<M extends MethodName> = Omit<UseMutationOptions<MethodOutput<M>, Error, MethodInput<M>>, 'mutationFn'>;

/**
 * A call that changes something: `mutate(input)`. A failure is announced with its sentence, unless `onError` is given
 * and says it in place.
 */
export function useCall<M extends MethodName>(method: M, options: CallOptions<M> = {}) {
  const session = useSession();
  return useMutation<MethodOutput<M>, Error, MethodInput<M>>({
    mutationFn: (input) => session.call(method, input),
    ...options,
  });
}

export function useConnectionState(): ConnectionState {
  const { state } = useSession();
  return useSyncExternalStore(state.subscribe, state.get);
}

/** All jobs of the open project, newest first. */
export function useJobs(): readonly JobSnapshot[] {
  const { jobs } = useLiveStores();
  const map = useSyncExternalStore(jobs.subscribe, jobs.get);
  return [...map.values()].sort((a, b) => (a.createdAt < b.createdAt ? 1 : -1));
}

export function useJob(id: string | null): JobSnapshot | null {
  const { jobs } = useLiveStores();
  const map = useSyncExternalStore(jobs.subscribe, jobs.get);
  return id === null ? null : (map.get(id) ?? null);
}

/** Jobs that have not ended, newest first. */
export function useOpenJobs(): readonly JobSnapshot[] {
  return useJobs().filter((job) => !jobEnded(job));
}

/** What a search has sent while it ran; null before its first message. */
export function useSearchLive(jobId: string | null): LiveSearch | null {
  const { live } = useLiveStores();
  const map = useSyncExternalStore(live.subscribe, live.get);
  return jobId === null ? null : (map.get(jobId) ?? null);
}

/** True when the open project may be changed. */
export function useWritable(): boolean {
  const project = useQueryCall('project.current', {});
  return project.data !== undefined && project.data !== null && project.data.readOnly === null;
}

export { jobBusy, jobEnded };
