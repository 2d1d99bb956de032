import type { Handlers } from '../../contract/methods.ts';
import type { ComputeTwin } from '../../engine/computeContract.ts';
import { checkGradientOf } from '../gradientCheck.ts';
import { computeTwin, defaultSession, type Services } from '../services.ts';
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
  | 'devices.list'
> {
  const { library, compute } = services;
  // Measured once per twin: asking again while a job runs would slow the job and measure it, not the device.
  const measured = new Map<string, Promise<{ stimuliPerSecond: number }>>();
  const measure = (twin: ComputeTwin): Promise<{ stimuliPerSecond: number }> => {
    const known = measured.get(twin.sha256) ?? compute.call('device.measure', { twin });
    measured.set(twin.sha256, known);
    known.catch(() => measured.delete(twin.sha256));
    return known;
  };
  const graphOf = createGraphs(services);
  return {
    'library.list': () => library.list(),
    'library.get': ({ id }) => library.get(id),
    'library.graph': ({ id }) => graphOf(id),
    async 'library.verify'({ id }) {
      await checkGradientOf(services, id);
      const summary = await library.verify(id, async (resolved, images, n) => {
        const twin = computeTwin(resolved, defaultSession());
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
    async 'devices.list'() {
      const [first] = await library.list();
      if (first === undefined) {
        return [
          {
            id: 'cpu',
            label: 'CPU',
            available: true,
            explanation: 'ONNX Runtime on the CPU. No twin is in the library, so nothing was measured.',
            stimuliPerSecond: null,
          },
        ];
      }
      const settings = defaultSession();
      const twin = computeTwin(await library.resolve({ id: first.id }), settings);
      const { stimuliPerSecond } = await measure(twin);
      return [
        {
          id: 'cpu',
          label: 'CPU',
          available: true,
          explanation: `ONNX Runtime on the CPU, ${settings.threads} threads, batch ${settings.batchSize}: measured on ${first.title}.`,
          stimuliPerSecond,
        },
      ];
    },
  };
}
