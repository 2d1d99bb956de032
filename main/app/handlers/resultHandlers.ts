import type { Handlers } from '../../contract/methods.ts';
import { presetPlan } from '../../contract/presets.ts';
import type { RunSummary, SearchSummary } from '../../contract/results.ts';
import type { RunRow, SearchListRow } from '../../projects/rows.ts';
import { describeSpace } from '../jobs/searchJob.ts';
import { storeBestSoFar } from '../jobs/searchBest.ts';
import { reportOf } from '../searchReportService.ts';
import { requireWritable, type Services } from '../services.ts';
import { expandPlan, savedProtocol } from '../protocolService.ts';
import { searchPresets } from '../../search/presets.ts';
import { parseWith } from '../../contract/validate.ts';
import { display, endsInPixels, protocolPlan, type Aperture } from '../../contract/plans.ts';
import { apertureOf } from '../../stimuli/aperture.ts';
import { objectiveText } from '../../stimuli/objectiveWords.ts';
import { specOfThumbnail } from '../stimulusService.ts';

type ResultMethods =
  | 'runs.list'
  | 'runs.get'
  | 'searches.list'
  | 'searches.live'
  | 'searches.get'
  | 'searches.best'
  | 'searches.presets'
  | 'protocols.list'
  | 'protocols.get'
  | 'protocols.save'
  | 'protocols.remove'
  | 'protocols.restore'
  | 'protocols.preview'
  | 'protocols.defaultDisplay'
  | 'protocols.export'
  | 'protocols.exports';

export function resultHandlers(services: Services): Pick<Handlers, ResultMethods> {
  const project = () => services.current().project;
  const changed = (...lists: string[]): void => services.emit('data.changed', { lists: [...lists, 'project'] });

  return {
    'runs.list': () => project().runs.list(),
    async 'runs.get'({ id }) {
      const run = await project().runs.get(id);
      return {
        ...runSummaryOf(run),
        plan: run.plan,
        provenance: run.provenance,
        areas: run.areas,
        design: run.design,
        responses: `/resource/run/${run.id}/responses.f32`,
      };
    },

    async 'searches.list'() {
      return (await project().searches.list()).map(searchSummaryOf);
    },
    'searches.live': async () => [...services.liveSearches.values()],
    async 'searches.get'({ id }) {
      return reportOf(await project().searches.get(id));
    },

    async 'searches.best'({ id }) {
      const search = await project().searches.get(id);
      const [candidate] = search.report?.candidates ?? [];
      if (candidate !== undefined) {
        const { spec, objective, thumbnail } = candidate;
        return { spec, objective, thumbnail };
      }
      requireWritable(services.current());
      return storeBestSoFar(services, search);
    },
    'searches.presets': async () =>
      searchPresets.map(({ plan, ...preset }) => ({ ...preset, plan: presetPlan.parse(plan) })),

    'protocols.list': () => project().protocols.list(),
    async 'protocols.get'({ id }) {
      return savedProtocol(project(), await project().protocols.get(id));
    },
    async 'protocols.save'({ id, name, plan }) {
      requireWritable(services.current());
      const parsed = parseWith(protocolPlan, { ...plan, name }, 'The protocol');
      const expanded = await expandPlan(project(), parsed);
      const row = await project().protocols.save({ id, name, plan: expanded.plan, expanded });
      changed('protocols');
      return savedProtocol(project(), row);
    },
    async 'protocols.remove'({ id }) {
      await project().protocols.remove(id);
      changed('protocols');
      return {};
    },
    async 'protocols.restore'({ id }) {
      const summary = await project().protocols.restore(id);
      changed('protocols');
      return summary;
    },
    async 'protocols.preview'({ plan }) {
      return expandPlan(project(), plan);
    },
    'protocols.defaultDisplay': async () => display.parse({}),
    async 'protocols.export'({ id, format, out }) {
      const open = services.current();
      requireWritable(open);
      const { name } = await open.project.protocols.get(id);
      return open.queue.start('export', `Export ${name} (${format})`, {
        kind: 'export',
        protocolId: id,
        format,
        out: out ?? null,
      });
    },
    async 'protocols.exports'({ id }) {
      const rows = await project().exports.list(id);
      return rows.map((row) => ({ ...row, download: `/resource/export/${row.id}.zip` }));
    },
  };
}

function runSummaryOf(run: RunRow): RunSummary {
  const { id, name, twinId, twinVersion, setName, stimuli, units, state, contentSha256, createdAt } = run;
  return { id, name, twinId, twinVersion, setName, stimuli, units, state, contentSha256, createdAt };
}

function searchSummaryOf({ plan, ...row }: SearchListRow): SearchSummary {
  return {
    id: row.id,
    name: row.name,
    twinId: plan.twin.id,
    target: objectiveText(plan),
    objective: plan.objective.type,
    space: describeSpace(plan),
    best: row.best,
    bestControl: row.bestControl,
    state: row.state,
    thumbnail: row.thumbnail,
    aperture: apertureIn(plan, row.thumbnail),
    createdAt: row.createdAt,
  };
}

/** Pixels are held to the plan's aperture; a stimulus of a generator or a set has its own. */
function apertureIn(plan: SearchListRow['plan'], thumbnail: string | null): Aperture | null {
  if (endsInPixels(plan)) return plan.constraints.aperture ?? null;
  const spec = thumbnail === null ? null : specOfThumbnail(thumbnail);
  return (spec === null ? undefined : apertureOf(spec)) ?? null;
}
