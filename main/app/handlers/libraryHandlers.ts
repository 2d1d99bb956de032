import type { Handlers } from '../../contract/methods.ts';
import { createDeadline } from '../../engine/deadline.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { checkGradientOf } from '../gradientCheck.ts';
import { computeTwin, type Services } from '../services.ts';
import { createGraphs } from '../twinGraph.ts';

export function libraryHandlers(
  services: Services,
): Pick<
  Handlers,
  'library.list' | 'library.get' | 'library.graph' | 'library.verify' | 'library.import' | 'library.remove'
> {
  const { library, compute, devices } = services;
  const graphOf = createGraphs(services);
  return {
    'library.list': () => library.list(),
    'library.get': ({ id }) => library.get(id),
    'library.graph': ({ id }) => graphOf(id),
    async 'library.verify'({ id, device = 'cpu' }, { signal }) {
      await devices.require(device);
      await checkGradientOf(services, id, signal, device);
      const summary = await library.verify(id, async (resolved, images, n) => {
        const twin = computeTwin(resolved, await devices.knownSession(resolved, device));
        const deadlineMs = createDeadline(services.deadlines, n).ms();
        const { areas } = await compute.call('twin.forward', { twin, images, n }, { signal, deadlineMs });
        return { device: twin.device, areas };
      });
      services.emit('data.changed', { lists: ['library'] });
      return summary;
    },
    async 'library.import'({ path }, { signal }) {
      const imported = await library.import(path);
      const name = `${imported.id}@${imported.version}`;
      try {
        return (await checkGradientOf(services, name, signal)) ?? imported;
      } catch (error) {
        if (!signal.aborted) throw error;
        throw new TwinscopeError(
          'cancelled',
          `The check of its gradient was stopped. ${imported.title} (${name}) is in the library. Verify it to check its gradient.`,
        );
      } finally {
        services.emit('data.changed', { lists: ['library'] });
      }
    },
    async 'library.remove'({ id }) {
      await library.remove(id);
      services.emit('data.changed', { lists: ['library'] });
      return {};
    },
  };
}
