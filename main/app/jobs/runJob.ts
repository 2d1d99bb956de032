/** Presents a stimulus set to a twin and stores the responses chunk by chunk. */
import { runPlan, type RunPlan } from '../../contract/plans.ts';
import type { Provenance } from '../../contract/results.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import type { AreaResponses } from '../../engine/computeContract.ts';
import { createDeadline } from '../../engine/deadline.ts';
import { withRestarts } from '../../engine/restarts.ts';
import type { JobRunner } from '../../jobs/node/queue.ts';
import type { Project } from '../../projects/node/project.ts';
import { designCount, specAt } from '../../stimuli/design.ts';
import { tsr1Seed } from '../../stimuli/tsr1/classes.ts';
import { tsr1vSeed } from '../../stimuli/tsr1v/classes.ts';
import type { OpenProject, Services } from '../services.ts';
import { createStimulusService, type StimulusService } from '../stimulusService.ts';
import { requireAreas } from './areas.ts';
import { importing, startOrResume } from './frozen.ts';
import { halveBatch } from './segments.ts';

/** Stimuli per committed chunk, at least: a fraction of a second of work on two cores. Chunks hold whole batches. */
const leastPerChunk = 64;
/** Compute prepares one request while it works at the other, and a third is being written: never more than that. */
const requestsAtOnce = 2;

export function createRunJob(services: Services, open: () => OpenProject): JobRunner {
  return async (context) => {
    const { project } = open();
    const plan = runPlan.parse(context.plan) as RunPlan;
    const stimuli = createStimulusService(project);
    let started = await withRestarts(
      () =>
        startOrResume(services, context, plan, {
          pictures: ({ stimuli: presented }) => (presented === undefined ? 0 : designCount(presented.design)),
          seedsOf: (designs) => seedsOfDesign(designs['stimuli']?.design),
          hashOf: 'stimuli',
          resolveDesigns: async () => {
            const resolved = await stimuli.resolve(plan.stimuli, importing(context));
            await keepAsSet(project, stimuli, plan, resolved);
            return { stimuli: resolved };
          },
        }),
      { onRestart: context.notice, signal: context.signal },
    );
    const { frozen, twin } = started;
    const { design, name: setName } = frozen.designs['stimuli'] as (typeof frozen.designs)[string];
    const total = designCount(design);
    const areas = requireAreas(
      plan,
      twin.manifest.areas.map(({ name }) => name),
    );
    const run =
      (await project.runs.getByJob(context.jobId)) ??
      (await project.runs.create({
        jobId: context.jobId,
        name: plan.name ?? `${setName} on ${twin.manifest.title}`,
        plan: frozen.provenance.plan as RunPlan,
        provenance: frozen.provenance,
        design,
        setName,
        areas: areas.map((area) => ({
          area,
          units: twin.units[area] as string[],
          responseUnits: twin.manifest.responseUnits,
        })),
        stimuli: total,
      }));
    await context.setResult(run.id);
    const store = (provenance: Provenance): Promise<void> => project.runs.setProvenance(run.id, provenance);
    await store(frozen.provenance);
    const committed = async (): Promise<number> => (await project.runs.get(run.id)).committed;

    await withRestarts(
      async (progressed) => {
        const { twin } = started;
        const chunk = Math.ceil(leastPerChunk / twin.batchSize) * twin.batchSize;
        let asked = await committed();
        const ahead: { first: number; count: number; answer: Promise<{ areas: AreaResponses[] }> }[] = [];
        const deadline = createDeadline(services.deadlines, requestsAtOnce * chunk);
        const ask = (): void => {
          while (ahead.length < requestsAtOnce && asked < total) {
            const first = asked;
            const count = Math.min(chunk, total - first);
            const request = services.compute.call(
              'twin.responses',
              { twin, stimuli: Array.from({ length: count }, (_, i) => specAt(design, first + i)) },
              { jobId: context.jobId, signal: context.signal, deadlineMs: deadline.ms() },
            );
            const began = performance.now();
            request.then(
              () => deadline.answered(performance.now() - began),
              // A failure is met when its turn comes.
              () => undefined,
            );
            ahead.push({ first, count, answer: request });
            asked += count;
          }
        };
        ask();
        for (let next; (next = ahead.shift()) !== undefined;) {
          const { first, count } = next;
          const answer = await next.answer;
          context.signal.throwIfAborted();
          ask();
          const done = first + count;
          await project.runs.commitChunk({
            runId: run.id,
            jobId: context.jobId,
            first,
            count,
            areas: answer.areas.filter(({ area }) => areas.includes(area)),
            checkpoint: new TextEncoder().encode(String(done)),
            progress: context.progress({ done, total, noun: 'stimuli', phase: 'presenting stimuli' }),
          });
          progressed();
        }
      },
      {
        onRestart: context.notice,
        signal: context.signal,
        halveBatch: async () => {
          const halved = await halveBatch(context, started, await committed(), store);
          started = halved ?? started;
          return halved?.twin.batchSize ?? null;
        },
      },
    );
    await project.runs.finish(run.id);
    services.emit('data.changed', { lists: ['runs', 'sets', 'project'] });
    return { resultId: run.id };
  };
}

/** Stimuli with a name become a set of the project, so that they can be shown and presented again. */
async function keepAsSet(
  project: Project,
  stimuli: StimulusService,
  { stimuli: ref }: RunPlan,
  { name, design }: { name: string; design: StimulusDesign },
): Promise<void> {
  if ('set' in ref || ref.name === undefined) return;
  if ((await project.sets.list()).some((set) => set.name === name)) return;
  await stimuli.createSet(name, design);
}

/** Seeds that a set was drawn with; none for a set without chance. */
function seedsOfDesign(design: StimulusDesign | undefined): number[] {
  if (design?.type === 'noise' || design?.type === 'random-dots') return [design.seed];
  if (design?.type === 'tsr1') return [tsr1Seed];
  if (design?.type === 'tsr1v') return [tsr1vSeed];
  if (design?.type !== 'list') return [];
  return [...new Set(design.stimuli.flatMap((spec) => ('seed' in spec ? [spec.seed] : [])))];
}
