import type { Handlers } from '../../contract/methods.ts';
import type { Services } from '../services.ts';

export function deviceHandlers(services: Services): Pick<Handlers, 'devices.list'> {
  const { library, devices } = services;
  return {
    async 'devices.list'({ twin: named, measure }) {
      const id = named ?? (await library.list())[0]?.id;
      return devices.report(id === undefined ? null : await library.resolve({ id }), measure);
    },
  };
}
