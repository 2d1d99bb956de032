import type { ModelPlace } from '../../contract/bareModels.ts';
import type { Handlers } from '../../contract/methods.ts';
import type { TwinSummary } from '../../contract/twins.ts';
import { createDeadline } from '../../engine/deadline.ts';
import type { CancelSignal } from '../../platform/cancel.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { goldenProver } from '../goldenChecks.ts';
import { checkGradientOf, type CheckedGradient } from '../gradientCheck.ts';
import { createBareModels } from '../bareModels.ts';
import { previewModel } from '../modelPreview.ts';
import { packageInUpload, removeUpload } from '../uploads.ts';
import { measureReferenceOf, referenceStateOf } from '../referenceService.ts';
import { computeTwin, type Services } from '../services.ts';
import { createGraphs } from '../twinGraph.ts';

export function libraryHandlers(
  services: Services,
): Pick<
  Handlers,
  | 'library.list'
  | 'library.problems'
  | 'library.get'
  | 'library.graph'
  | 'library.verify'
  | 'references.get'
  | 'references.measure'
  | 'library.import'
  | 'library.inspectModel'
  | 'library.previewModel'
  | 'library.importModel'
  | 'library.discardModel'
  | 'library.remove'
  | 'library.export'
  | 'library.pack'
> {
  const { library, compute, devices, uploadsFolder } = services;
  const models = createBareModels(services);
  const graphOf = createGraphs(services);

  /** Pages ask again for what changed, and for what could not be measured meanwhile. */
  async function checking<T>(work: () => Promise<T>): Promise<T> {
    try {
      return await services.workload.during(work);
    } finally {
      services.emit('data.changed', { lists: ['library', 'devices'] });
    }
  }

  async function importFrom(place: ModelPlace): Promise<TwinSummary> {
    if ('path' in place) return library.import(place.path);
    try {
      return await library.import(await packageInUpload(uploadsFolder, place.upload));
    } finally {
      await removeUpload(uploadsFolder, place.upload);
    }
  }

  /** The gradient of a twin that is in the library by now. */
  async function checkImported({ id, version, title }: TwinSummary, signal: CancelSignal): Promise<CheckedGradient> {
    const name = `${id}@${version}`;
    try {
      return await checkGradientOf(services, name, signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      throw new TwinscopeError(
        'cancelled',
        `The check of its gradient was stopped. ${title} (${name}) is in the library. Verify it to check its gradient.`,
      );
    }
  }

  return {
    'library.list': () => library.list(),
    'library.problems': () => library.problems(),
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
    'references.get': (request, { signal }) => referenceStateOf(services, request, signal),
    'references.measure': async (request, { signal }) =>
      (await services.workload.during(() => measureReferenceOf(services, request, signal))).state,
    'library.import': (place, { signal }) =>
      checking(async () => {
        const imported = await importFrom(place);
        return { ...imported, ...(await checkImported(imported, signal)) };
      }),
    'library.inspectModel': async ({ model, sizePx }) => (await models.inspect(model, sizePx)).inspection,
    'library.previewModel': (request, { signal }) => previewModel(services, models, request, signal),
    'library.importModel': ({ model, answers }, { signal }) =>
      checking(async () => {
        const { summary, notices } = await models.importModel(model, answers, signal);
        return { ...summary, ...(await checkImported(summary, signal)), notices };
      }),
    async 'library.discardModel'({ model }) {
      await models.discard(model);
      return {};
    },
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
