/** Runs a stimulus search slice by slice: every slice is committed with its checkpoint before the next is asked for. */
import type { SearchLive } from '../../contract/jobs.ts';
import {
  constraintRole,
  constraintStimuli,
  endsInPixels,
  goalRole,
  goalsOf,
  type SearchOptimiser,
  searchPlan,
  type SearchPlan,
  startRole,
  usualSamples,
} from '../../contract/plans.ts';
import type { Candidate, Control, Provenance } from '../../contract/results.ts';
import type { StimulusDesign, StimulusSpec } from '../../contract/stimuli.ts';
import { gradientFailed, stimulusInputOf } from '../../contract/twins.ts';
import type { ComputeTwin, FoundStimulus, SearchOutcomeMessage, SearchProgress } from '../../engine/computeContract.ts';
import { createDeadline } from '../../engine/deadline.ts';
import { withRestarts } from '../../engine/restarts.ts';
import type { JobContext, JobRunner } from '../../jobs/node/queue.ts';
import type { ProgressReport } from '../../jobs/progress.ts';
import { TwinscopeError } from '../../platform/errors.ts';
import { hashJson, sha256Hex } from '../../platform/hash.ts';
import { medianOf } from '../../platform/median.ts';
import type { SearchFindings, StoredArray } from '../../projects/rows.ts';
import { stepOfCheckpoint } from '../../search/search.ts';
import { generatorNouns } from '../../stimuli/words.ts';
import { designCount, stimulusHash } from '../../stimuli/design.ts';
import { nameOfSet, objectiveText } from '../../stimuli/objectiveWords.ts';
import { defaultReferenceFor, type DefaultReference } from '../defaultReference.ts';
import { gradientOutcomeOf } from '../gradientCheck.ts';
import type { OpenProject, Services } from '../services.ts';
import { createStimulusService, thumbnailPath, type ImportOptions, type StimulusService } from '../stimulusService.ts';
import { importing, startOrResume } from './frozen.ts';
import { heldOutTwins, pinHeldOut } from './heldOut.ts';
import { findMemberReferences } from './memberReferences.ts';
import { inBatchesOf, openOthers, pinOthers } from './otherTwins.ts';
import { findReference, keepReference } from './searchReference.ts';
import { halveBatch } from './segments.ts';

/** How long compute works between two commits: short enough for a live picture, long enough to cost nothing. */
const sliceMs = 300;

export function createSearchJob(services: Services, open: () => OpenProject): JobRunner {
  return async (context) => {
    const { project } = open();
    const plan = searchPlan.parse(context.plan) as SearchPlan;
    const stimuli = createStimulusService(project);
    const opened = await withRestarts(
      async () => {
        const own = await startOrResume(services, context, plan, {
          pictures: (designs) => picturesOf(plan, designs),
          seedsOf: () => [plan.seed],
          hashOf: 'reference',
          pinned: async () => ({
            ...(await pinOthers(services, plan)),
            heldOut: await pinHeldOut(services, plan),
          }),
          resolveDesigns: async () => {
            const { manifest } = await services.library.resolve(plan.twin);
            const usual = defaultReferenceFor(manifest);
            if (plan.reference === undefined && usual.notice !== null) await context.notice(usual.notice);
            return resolveDesigns(plan, stimuli, importing(context), usual);
          },
        });
        const started = await openOthers(services, context, own, ({ frozen }) => picturesOf(plan, frozen.designs));
        // Before the first step only: a search that has begun was judged when it began.
        if (endsInPixels(plan) && context.checkpoint === null) {
          const others = started.others.filter(({ ofOwnTwin }) => !ofOwnTwin);
          for (const { twin } of [own, ...others]) {
            await requireGradient(services, context, twin, others.length === 0 ? '' : `${twin.manifest.title}: `);
          }
        }
        return started;
      },
      { onRestart: context.notice, signal: context.signal },
    );
    let { job } = opened;
    const { frozen, twin } = job;
    const pinned = frozen.provenance.plan as SearchPlan;
    const key = context.jobId;
    let stored = await project.searches.getByJob(context.jobId);
    const store = async (provenance: Provenance): Promise<void> => {
      if (stored !== null) await project.searches.setProvenance(stored.id, provenance);
    };
    /** Asked for once compute has taken the plan: a plan that it refuses leaves no search behind. */
    const requireSearch = async (): Promise<string> => {
      const { provenance } = job.frozen;
      const name = plan.name ?? defaultName(plan, job.frozen.designs);
      if (stored === null) {
        stored = await project.searches.create({ jobId: context.jobId, name, plan: pinned, provenance });
        services.emit('data.changed', { lists: ['searches', 'project'] });
      }
      await context.setResult(stored.id);
      await store(provenance);
      return stored.id;
    };
    const reference = frozen.designs['reference'] as { name: string; design: StimulusDesign };

    const { searchId, outcome, seconds } = await withRestarts(
      async (progressed) => {
        const saved = unpackCheckpoint(await project.jobs.checkpoint(context.jobId));
        const others = inBatchesOf(job.twin, opened.others);
        const found =
          others.length === 0
            ? await findReference(services, context, job, saved?.bytes ?? null)
            : await findMemberReferences(services, context, job, others, saved?.bytes ?? null);
        job = found.job;
        const { twin } = job;
        const heldOut = await heldOutTwins(services, pinned, twin);
        // A later slice may be the first to derive and load the gradient.
        const deadline = createDeadline(
          { ...services.deadlines, leastMs: services.deadlines.firstMs },
          pinned.starts * twin.batchSize * (1 + others.length),
        );
        let elapsed = saved?.seconds ?? 0;
        await services.compute.call(
          'search.begin',
          {
            key,
            plan: pinned,
            twin,
            others: others.flatMap(({ as, twin: other, ofOwnTwin }) => (ofOwnTwin ? [] : [{ label: as, twin: other }])),
            batchSize: frozen.provenance.batchSize,
            reference: reference.design,
            knownReference: found.known,
            heldOut,
            sets: Object.fromEntries(Object.entries(frozen.designs).map(([role, { design }]) => [role, design])),
            checkpoint: saved?.bytes ?? null,
          },
          { jobId: context.jobId, signal: context.signal, deadlineMs: deadline.ms() },
        );
        try {
          const searchId = await requireSearch();
          for (;;) {
            context.signal.throwIfAborted();
            const started = performance.now();
            const slice = await services.compute.call(
              'search.advance',
              { key, budgetMs: sliceMs },
              { jobId: context.jobId, signal: context.signal, deadlineMs: deadline.ms() },
            );
            const tookMs = performance.now() - started;
            deadline.answered(tookMs);
            elapsed += tookMs / 1000;
            if (slice.reference !== null) {
              job = await keepReference(services, context, job, slice.reference, elapsed);
              await store(job.frozen.provenance);
            }
            await project.searches.saveCheckpoint({
              searchId,
              jobId: context.jobId,
              checkpoint: packCheckpoint(elapsed, slice.checkpoint),
              progress: context.progress(progressOf(slice)),
              trajectory: slice.trajectory,
            });
            progressed();
            emitLive(services, context, slice);
            if (slice.done) break;
          }
          const outcome = await services.compute.call(
            'search.result',
            { key },
            { jobId: context.jobId, deadlineMs: deadline.ms() },
          );
          return { searchId, outcome, seconds: elapsed };
        } finally {
          // A dead process has forgotten the search by itself.
          await services.compute.call('search.end', { key }, { onlyIfRunning: true }).catch(() => undefined);
        }
      },
      {
        onRestart: context.notice,
        signal: context.signal,
        halveBatch: async () => {
          const saved = unpackCheckpoint(await project.jobs.checkpoint(context.jobId));
          const step = saved === null ? 0 : stepOfCheckpoint(saved.bytes);
          const halved = await halveBatch(context, job, step, store);
          job = halved ?? job;
          return halved?.twin.batchSize ?? null;
        },
      },
    );

    for (const notice of outcome.notices) await context.notice(notice);
    const { findings, arrays } = describeOutcome(outcome, {
      referenceName: reference.name,
      referenceStimuli: outcome.referenceStimuli,
      responseUnits: twin.manifest.responseUnits,
      seconds,
      fieldOfViewDeg: stimulusInputOf(twin.manifest)?.fieldOfViewDeg ?? 8,
    });
    await project.searches.finish({
      searchId,
      report: findings,
      arrays,
      trajectory: outcome.trajectory,
      contentSha256: hashFindings(findings, outcome),
    });
    services.emit('data.changed', { lists: ['searches', 'project'] });
    return { resultId: searchId };
  };
}

/** How many pictures a search presents, roughly; a gradient takes the time of three, with responses asked for first of four. */
function picturesOf(plan: SearchPlan, designs: Record<string, { design: StimulusDesign }>): number {
  const sets = Object.values(designs).reduce((sum, { design }) => sum + designCount(design), 0);
  const optimised = optimisedPictures(plan.optimiser, plan);
  const sameSpace = plan.controls.sameSpace === 'equal' ? optimised : plan.controls.sameSpace;
  return sets + Math.max(plan.controls.random, sameSpace) + plan.controls.phaseScrambled + optimised;
}

function optimisedPictures(optimiser: SearchOptimiser, plan: SearchPlan): number {
  switch (optimiser.type) {
    case 'gradient':
    case 'first-order':
      return 3 * optimiser.steps * plan.starts;
    case 'cma-es':
    case 'genetic':
      return optimiser.evaluations * plan.starts;
    case 'screening':
      return samplesOf(plan, optimiser);
    case 'hybrid':
      return samplesOf(plan, optimiser.screen) + optimisedPictures(optimiser.refine, plan);
  }
}

/** A set is among the designs. */
const samplesOf = ({ space }: SearchPlan, { samples = usualSamples }: { samples?: number | undefined }): number =>
  space.type === 'set' ? 0 : samples;

/** A gradient that disagrees with finite differences would climb somewhere else; better not at all. `whose` begins its sentence. */
async function requireGradient(
  services: Services,
  context: JobContext,
  twin: ComputeTwin,
  whose: string,
): Promise<void> {
  const outcome = await gradientOutcomeOf(services, twin, context.signal);
  const { verdict } = outcome;
  const sentence = `${whose}${outcome.sentence}`;
  if (verdict === 'none') throw new TwinscopeError('unsupported', `${sentence} A gradient search was not started.`);
  if (gradientFailed(verdict)) {
    throw new TwinscopeError(
      'unsupported',
      `${sentence} A gradient search was not started. Searches over the parameters of a generator and screening of a set still work with this twin.`,
    );
  }
  if (verdict === 'inconclusive') await context.notice(sentence);
}

async function resolveDesigns(
  plan: SearchPlan,
  stimuli: StimulusService,
  importing: ImportOptions,
  { name, design }: DefaultReference,
) {
  const designs: Record<string, { name: string; design: StimulusDesign }> = {
    reference: plan.reference ? await stimuli.resolve(plan.reference, importing) : { name, design },
  };
  // Of a set with halves the other one is left for what a candidate has to beat.
  const halves = designs['reference'] as { name: string; design: StimulusDesign };
  if (plan.controls.bestOfReference && 'half' in halves.design && halves.design.half === 'A') {
    designs['halfB'] = { name: `half B of ${halves.name}`, design: { ...halves.design, half: 'B', blank: false } };
  }
  if (plan.controls.bestOf) designs['bestOf'] = await stimuli.resolve(plan.controls.bestOf, importing);
  for (const [i, goal] of goalsOf(plan).entries()) {
    designs[goalRole(i)] = await stimuli.resolve(goal.from, importing);
  }
  if (plan.space.type === 'pixels' && plan.space.startFrom !== undefined) {
    designs[startRole] = await stimuli.resolve(plan.space.startFrom.from, importing);
  }
  for (const { role, stimulus } of constraintStimuli(plan.constraints)) {
    designs[constraintRole(role)] = await stimuli.resolve(stimulus.from, importing);
  }
  if (plan.space.type === 'set') designs['screening'] = await stimuli.resolve(plan.space.stimuli, importing);
  return designs;
}

export function describeSpace(plan: SearchPlan): string {
  const { space } = plan;
  if (endsInPixels(plan)) return 'pixels';
  if (space.type === 'parametric') return generatorNouns[space.stimulus];
  return { pixels: 'pixels', gratings: 'gratings', set: 'stimulus set' }[space.type];
}

const defaultName = (plan: SearchPlan, designs: Record<string, { name: string }> = {}): string =>
  `${searchTitle(plan, designs)} (${describeSpace(plan)})`;

/** What a search makes large, as a title; sets of goal stimuli by their names where these are known. */
export function searchTitle(plan: SearchPlan, designs: Record<string, { name: string }> = {}): string {
  const goals = goalsOf(plan).map(({ from }) => JSON.stringify(from));
  const text = objectiveText(
    plan,
    (ref) => designs[goalRole(goals.indexOf(JSON.stringify(ref)))]?.name ?? nameOfSet(ref),
  );
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** Eight bytes of elapsed seconds before the search's own checkpoint: durations are no part of what must be equal. */
function packCheckpoint(seconds: number, bytes: Uint8Array): Uint8Array {
  const packed = new Uint8Array(8 + bytes.length);
  new DataView(packed.buffer).setFloat64(0, seconds, true);
  packed.set(bytes, 8);
  return packed;
}

export function unpackCheckpoint(packed: Uint8Array | null): { seconds: number; bytes: Uint8Array } | null {
  if (packed === null) return null;
  const seconds = new DataView(packed.buffer, packed.byteOffset, packed.byteLength).getFloat64(0, true);
  return { seconds, bytes: packed.slice(8) };
}

/** The reference set has a rate and an end of its own: what its batches take says nothing of the steps that follow. */
function progressOf({ position, total, noun, phase, referenceShown }: SearchProgress): ProgressReport {
  if (referenceShown === null) return { done: position, total, noun, phase };
  return { ...referenceShown, noun: 'reference stimuli', phase };
}

function emitLive(services: Services, context: JobContext, slice: SearchProgress): void {
  const before = services.liveSearches.get(context.jobId);
  const tiles = slice.tiles.map((png) => `data:image/png;base64,${Buffer.from(png).toString('base64')}`);
  const message: SearchLive = {
    jobId: context.jobId,
    step: slice.step,
    steps: slice.steps,
    best: slice.best,
    trajectory: slice.trajectory,
    tiles,
    areas: slice.areas,
    units: slice.units,
    residuals: slice.residuals,
    spectrum: slice.spectrum,
    controls: slice.controls,
  };
  // Whoever joins late gets the last pictures too, and the trajectory from the project.
  services.liveSearches.set(context.jobId, {
    ...message,
    trajectory: [],
    tiles: tiles.length > 0 ? tiles : (before?.tiles ?? []),
    spectrum: slice.spectrum ?? before?.spectrum ?? null,
  });
  services.emit('search.live', message);
}

function describeOutcome(
  outcome: SearchOutcomeMessage,
  context: {
    referenceName: string;
    referenceStimuli: number;
    responseUnits: string;
    seconds: number;
    fieldOfViewDeg: number;
  },
): { findings: SearchFindings; arrays: StoredArray[] } {
  const arrays: StoredArray[] = [];
  const { referenceStatistics: statistics } = outcome;
  const statisticsSha256 = statistics === null ? null : sha256Hex(statistics);
  if (statistics !== null && statisticsSha256 !== null) arrays.push({ sha256: statisticsSha256, bytes: statistics });
  const specOf = (found: FoundStimulus): StimulusSpec => {
    if (found.array === null) return found.spec as StimulusSpec;
    const sha256 = sha256Hex(found.array);
    arrays.push({ sha256, bytes: found.array });
    const { clip } = found;
    return { type: 'raster', arraySha256: sha256, sizeDeg: context.fieldOfViewDeg, ...(clip === null ? {} : { clip }) };
  };
  const candidates: Candidate[] = outcome.candidates.map(({ stimulus, ...candidate }) => {
    const spec = specOf(stimulus);
    return { ...candidate, spec, sha256: stimulusHash(spec), thumbnail: thumbnailPath(spec, context.fieldOfViewDeg) };
  });
  const found = candidates[0]?.objective ?? -Infinity;
  const controls: Control[] = outcome.controls.map(({ stimulus, values, ...control }) => {
    const spec = stimulus.array === null && stimulus.spec === null ? null : specOf(stimulus);
    return {
      ...control,
      values,
      n: values.length,
      median: medianOf(values),
      beaten: found > control.best,
      spec,
      sha256: spec === null ? null : stimulusHash(spec),
      thumbnail: spec === null ? null : thumbnailPath(spec, context.fieldOfViewDeg),
    };
  });
  return {
    findings: {
      referenceName: context.referenceName,
      referenceStimuli: context.referenceStimuli,
      ...(statisticsSha256 === null ? {} : { referenceStatistics: statisticsSha256 }),
      candidates,
      controls,
      ...(outcome.evidence === null ? {} : { evidence: outcome.evidence }),
      evaluations: outcome.evaluations,
      controlEvaluations: outcome.controlEvaluations,
      responseUnits: context.responseUnits,
      seconds: context.seconds,
    },
    arrays,
  };
}

/** Everything a search found, without durations. */
function hashFindings(findings: SearchFindings, outcome: SearchOutcomeMessage): string {
  const { seconds: _, ...content } = findings;
  return hashJson({ ...content, trajectory: outcome.trajectory });
}
