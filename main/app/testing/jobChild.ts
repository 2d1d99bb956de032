/**
 * A backend of its own for the kill tests: starts one plan in one project and says on stdout, as JSON lines, which
 * compute process works for it and what has been acknowledged (committed). Arguments: project file, plan file.
 */
import { createBackend } from '../backend.ts';
import { openOrCreate, readPlan } from '../cli/planCommand.ts';
import { jobTitle } from '../handlers/jobHandlers.ts';
import { spawnCompute } from '../spawnCompute.ts';
import { silentLog } from '../../platform/node/log.ts';

const [projectFile, planFile, kind] = process.argv.slice(2) as [string, string, 'run' | 'search'];
const say = (message: Record<string, unknown>): void => void process.stdout.write(`${JSON.stringify(message)}\n`);

const backend = await createBackend({
  host: 'cli',
  log: silentLog(),
  spawnCompute: async () => {
    const compute = await spawnCompute();
    say({ compute: compute.pid });
    return compute;
  },
});
await openOrCreate(backend, projectFile);
const { project, queue } = backend.services.current();

/** Repositories answer every name themselves and cannot be assigned to, so one stands before each. */
function overridden<T extends object>(repository: T, methods: Partial<T>): T {
  return new Proxy(repository, {
    get: (target, name): unknown => Reflect.get(name in methods ? methods : target, name),
  });
}
const { runs, searches } = project;
Object.assign(project, {
  runs: overridden(runs, {
    async commitChunk(chunk) {
      const stored = await runs.commitChunk(chunk);
      say({ acknowledged: stored.committed });
      return stored;
    },
  }),
  searches: overridden(searches, {
    async saveCheckpoint(change) {
      await searches.saveCheckpoint(change);
      // Stimuli of the reference set are counted apart from steps.
      say({ acknowledged: change.progress.noun === 'steps' ? change.progress.done : 0 });
    },
  }),
});

const plan = await readPlan(planFile, kind);
const { id } = await queue.start(kind, jobTitle(plan), plan);
const ended = await queue.waitFor(id);
say({ ended: ended.state, resultId: ended.resultId, notices: ended.notices });
await backend.close();
