/** Puts the session, the query cache and the live stores within reach of every component. */
import { QueryClient, QueryClientProvider } from '@tanstack/react-query';
import { createContext, useContext, useEffect, useState, type ReactNode } from 'react';
import { isTwinscopeError } from '../../main/platform/errors.ts';
import { announceError } from '../components/errors.tsx';
import { concerns } from './invalidation.ts';
import type { Session } from './session.ts';
import { createLiveStores, type LiveStores } from './stores.ts';

const SessionContext = createContext<Session | null>(null);
const StoresContext = createContext<LiveStores | null>(null);

function required<T>(value: T | null): T {
  if (value === null) throw new Error('must be used inside <BackendProvider>');
  return value;
}
export const useSession = (): Session => required(useContext(SessionContext));
export const useLiveStores = (): LiveStores => required(useContext(StoresContext));

export function createQueryClient(): QueryClient {
  return new QueryClient({
    defaultOptions: {
      queries: {
        // The backend says when something changed, and it is on this machine: no polling, no guessing.
        staleTime: Number.POSITIVE_INFINITY,
        refetchOnWindowFocus: false,
        networkMode: 'always',
        retry: (failures, error) => !isTwinscopeError(error) && failures < 1,
      },
      mutations: { networkMode: 'always', onError: announceError },
    },
  });
}

export function BackendProvider({ session, children }: { session: Session; children: ReactNode }) {
  const [queryClient] = useState(createQueryClient);
  const [stores] = useState(createLiveStores);
  useEffect(() => {
    const stops = [
      session.on('job.changed', stores.changeJob),
      session.on('search.live', stores.changeLive),
      session.on('data.changed', ({ lists }) => {
        void queryClient.invalidateQueries({ predicate: (query) => concerns(String(query.queryKey[0]), lists) });
        // Another project has other jobs.
        if (lists.includes('project')) void session.call('jobs.list', {}).then(stores.resetJobs);
      }),
      session.onConnected(() => {
        void session.call('jobs.list', {}).then(stores.resetJobs);
        // A window that joins a search late sees what the others see.
        void session.call('searches.live', {}).then((messages) => messages.forEach(stores.changeLive));
        void queryClient.invalidateQueries();
      }),
    ];
    return () => {
      for (const stop of stops) stop();
    };
  }, [session, stores, queryClient]);
  return (
    <SessionContext value={session}>
      <StoresContext value={stores}>
        <QueryClientProvider client={queryClient}>{children}</QueryClientProvider>
      </StoresContext>
    </SessionContext>
  );
}
