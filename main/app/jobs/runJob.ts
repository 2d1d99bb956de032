/** Presents a stimulus set to a twin and stores the responses chunk by chunk. */
import { runPlan, type RunPlan } from '../../contract/plans.ts';
import type { StimulusDesign } from '../../contract/stimuli.ts';
import type { AreaResponses } from '../../engine/computeContract.ts';
import { withRestarts } from '../../engine/computeClient.ts';
import type { JobRunner } from '../../jobs/node/queue.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import type { Project } from '../../projects/node/project.ts';
import { designCount } from '../../stimuli/design.ts';
import type { OpenProject, Services } from '../services.ts';
import { createStimulusService, type StimulusService } from '../stimulusService.ts';
import { importing, startOrResume } from './frozen.ts';

/** Stimuli per committed chunk, at least: a fraction of a second of work on two cores. Chunks hold whole batches. */
const leastPerChunk = 64;
/** What a picture may take before the process counts as hanging, beside what every request may take. */
const slowestMsPerStimulus = 500;
const startMs = 120_000;

export function createRunJob(services: Services, open: () => OpenProject): JobRunner {
  return async (context) => {
    const { project } = open();
    const plan = runPlan.parse(context.plan) as RunPlan;
    const stimuli = createStimulusService(project);
    const { frozen, twin } = await withRestarts(
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
      context.notice,
      context.signal,
    );
    const { design, name: setName } = frozen.designs['stimuli'] as (typeof frozen.designs)[string];
    const total = designCount(design);
    const areas = chosenAreas(
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

    const chunk = Math.ceil(leastPerChunk / twin.batchSize) * twin.batchSize;
    await withRestarts(
      async (progressed) => {
        let first = ((await project.runs.getByJob(context.jobId)) ?? run).committed;
        const request = (from: number): Promise<{ areas: AreaResponses[] }> => {
          const count = Math.min(chunk, total - from);
          return services.compute.call(
            'twin.responses',
            { twin, design, first: from, count },
            { signal: context.signal, deadlineMs: startMs + slowestMsPerStimulus * count },
          );
        };
        // One chunk is computed while the one before it is written.
        let ahead = first < total ? request(first) : null;
        while (ahead !== null) {
          const answer = await ahead;
          const count = Math.min(chunk, total - first);
          const next = first + count;
          context.signal.throwIfAborted();
          ahead = next < total ? request(next) : null;
          // A failure of the chunk ahead is met when it is awaited.
          ahead?.catch(() => undefined);
          const progress = { done: next, total, noun: 'stimuli', phase: 'presenting stimuli' };
          await project.runs.commitChunk({
            runId: run.id,
            jobId: context.jobId,
            first,
            count,
            areas: answer.areas.filter(({ area }) => areas.includes(area)),
            checkpoint: new TextEncoder().encode(String(next)),
            progress: context.progress(progress),
          });
          progressed();
          first = next;
        }
      },
      context.notice,
      context.signal,
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
  if (design?.type === 'noise') return [design.seed];
  if (design?.type !== 'list') return [];
  return [...new Set(design.stimuli.flatMap((spec) => (spec.type === 'noise' ? [spec.seed] : [])))];
}

function chosenAreas(plan: RunPlan, offered: string[]): string[] {
  if (plan.areas === undefined) return offered;
  const unknown = plan.areas.filter((area) => !offered.includes(area));
  if (unknown.length > 0) {
    throw new TwinscopeError(
      'bad-input',
      `This twin has no area ${unknown.join(', ')}; it has ${offered.join(', ')}. Nothing was started.`,
    );
  }
  return offered.filter((area) => plan.areas?.includes(area));
}
