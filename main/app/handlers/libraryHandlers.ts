import type { Handlers } from '../../contract/methods.ts';
import { createDeadline } from '../../engine/deadline.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { goldenProver } from '../goldenChecks.ts';
import { checkGradientOf } from '../gradientCheck.ts';
import { computeTwin, type Services } from '../services.ts';
import { createGraphs } from '../twinGraph.ts';

export function libraryHandlers(
  services: Services,
): Pick<
  Handlers,
  | 'library.list'
  | 'library.get'
  | 'library.graph'
  | 'library.verify'
  | 'library.import'
  | 'library.remove'
  | 'library.export'
  | 'library.pack'
> {
  const { library, compute, devices } = services;
  const graphOf = createGraphs(services);

  /** Pages ask again for what changed, and for what could not be measured meanwhile. */
  async function checking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await services.workload.during(work);
    } finally {
      services.emit('data.changed', { lists: ['library', 'devices'] });
    }
  }

  return {
    'library.list': () => library.list(),
    'library.get': ({ id }) => library.get(id),
    'library.graph': ({ id }) => graphOf(id),
    'library.verify': ({ id, device = 'cpu' }, { signal }) =>
      checking(async () => {
        await devices.require(device);
        const checked = await checkGradientOf(services, id, signal, device);
        const summary = await library.verify(id, async (resolved, golden) => {
          const twin = computeTwin(resolved, await devices.knownSession(resolved, device));
          const deadlineMs = createDeadline(services.deadlines, golden.n).ms();
          const { areas } = await compute.call('twin.forward', { twin, ...golden }, { signal, deadlineMs });
          return { device: twin.device, areas };
        });
        return { ...summary, ...checked };
      }),
    'library.import': ({ path }, { signal }) =>
      checking(async () => {
        const imported = await library.import(path);
        const name = `${imported.id}@${imported.version}`;
        try {
          return { ...imported, ...(await checkGradientOf(services, name, signal)) };
        } catch (error) {
          if (!signal.aborted) throw error;
          throw new TwinscopeError(
            'cancelled',
            `The check of its gradient was stopped. ${imported.title} (${name}) is in the library. Verify it to check its gradient.`,
          );
        }
      }),
    async 'library.remove'({ id }) {
      const removed = await library.remove(id);
      services.emit('data.changed', { lists: ['library'] });
      return removed;
    },
    'library.export': ({ id, out }) => library.export(id, out),
    'library.pack': ({ folder, out = null }, { signal }) =>
      services.workload.during(() => library.pack({ source: folder, out, prove: goldenProver(services, signal) })),
  };
}
