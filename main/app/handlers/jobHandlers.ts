import type { Handlers } from '../../contract/methods.ts';
import type { Plan } from '../../contract/plans.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { searchTitle } from '../jobs/searchJob.ts';
import { requireShown } from '../jobs/shown.ts';
import { requireWritable, type Services } from '../services.ts';

type JobMethods = 'jobs.list' | 'jobs.start' | 'jobs.pause' | 'jobs.resume' | 'jobs.cancel';

export function jobHandlers(services: Services): Pick<Handlers, JobMethods> {
  return {
    'jobs.list': async () => services.currentOrNull()?.queue.list() ?? [],
    async 'jobs.start'({ plan }) {
      const open = services.current();
      requireWritable(open);
      if (plan.kind === 'protocol') {
        throw new TwinscopeError('bad-input', 'A protocol is not a job: save it, then export it.');
      }
      await requireShown(plan, services.library, open.project);
      return open.queue.start(plan.kind, jobTitle(plan), plan);
    },
    'jobs.pause': ({ id }) => services.current().queue.pause(id),
    'jobs.resume': ({ id }) => services.current().queue.resume(id),
    'jobs.cancel': ({ id }) => services.current().queue.cancel(id),
  };
}

export function jobTitle(plan: Exclude<Plan, { kind: 'protocol' }>): string {
  if (plan.name !== undefined) return plan.name;
  if (plan.kind === 'search') return searchTitle(plan);
  const { stimuli } = plan;
  const what =
    'set' in stimuli ? stimuli.set : (stimuli.name ?? ('imageFolder' in stimuli ? 'photographs' : 'stimuli'));
  return `Run ${what} on ${plan.twin.id}`;
}
