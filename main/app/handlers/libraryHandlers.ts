import type { Handlers } from '../../contract/methods.ts';
import { checkGradientOf } from '../gradientCheck.ts';
import { computeTwin, defaultSession, type Services } from '../services.ts';
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
    async 'library.verify'({ id, device = 'cpu' }) {
      await devices.require(device);
      await checkGradientOf(services, id, device);
      const summary = await library.verify(id, async (resolved, images, n) => {
        const twin = computeTwin(resolved, defaultSession(device));
        const { areas } = await compute.call('twin.forward', { twin, images, n });
        return { device: twin.device, areas };
      });
      services.emit('data.changed', { lists: ['library'] });
      return summary;
    },
    async 'library.import'({ path }) {
      const imported = await library.import(path);
      const summary = (await checkGradientOf(services, `${imported.id}@${imported.version}`)) ?? imported;
      services.emit('data.changed', { lists: ['library'] });
      return summary;
    },
    async 'library.remove'({ id }) {
      await library.remove(id);
      services.emit('data.changed', { lists: ['library'] });
      return {};
    },
  };
}
