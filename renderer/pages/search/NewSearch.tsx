/** Editing a plan and starting it. */
import { Button, Select, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { endsInPixels, type SearchPlan, type SetRef, type TwinRef } from '../../../main/contract/plans.ts';
import type { SearchReport, SetSummary } from '../../../main/contract/results.ts';
import type { StimulusDesign, StimulusSpec } from '../../../main/contract/stimuli.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { nameOfSet, objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { domainSentence, outsideSpace } from '../../../main/twins/domain.ts';
import { jobEnded, useCall, useJob, useQueryCall, useWritable } from '../../client/hooks.ts';
import { createStore } from '../../client/stores.ts';
import { ErrorNotice, Warnings } from '../../components/errors.tsx';
import { DomainNotice } from '../../components/DomainMark.tsx';
import { GoButton } from '../../components/GoButton.tsx';
import { JobBar } from '../../components/JobBar.tsx';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { Empty, LoadingLines, QueryView } from '../../components/states.tsx';
import { TrustChips } from '../../components/TrustChips.tsx';
import { methodText } from './claims.ts';
import { ForkedFrom } from './ForkedFrom.tsx';
import { newPlan, planProblems, withTarget } from './plan.ts';
import { PlanButton } from './PlanButton.tsx';
import { PlanEditor } from './PlanEditor.tsx';
import { SearchList } from './SearchList.tsx';
import { withStart } from './PixelFields.tsx';
import { TargetMap } from './TargetMap.tsx';
import { termAt, type TermPlace } from './terms.ts';

/** The plan as it was left, so that a look at another page does not lose it. */
const keptPlan = createStore<SearchPlan | null>(null);

/**
 * The plan of an earlier search, without what the backend pinned, so that it runs on the twin there is now. Over pixels it
 * starts from the best of what that search has found.
 */
export function forkOf(
  { id, name, plan, state, trajectory, contentSha256 }: ForkSource,
  best: StimulusSpec | null,
): SearchPlan {
  const { name: _name, ...rest } = plan;
  const design: StimulusDesign | null = best === null ? null : { type: 'list', stimuli: [best] };
  return {
    ...rest,
    ...(rest.space.type === 'pixels' && design !== null
      ? { space: withStart(rest.space, { from: { design, name: `best of ${name}`.slice(0, 120) }, index: 0 }) }
      : {}),
    twin: unpinned(plan.twin),
    ...(plan.with === undefined ? {} : { with: plan.with.map((other) => ({ ...other, twin: unpinned(other.twin) })) }),
    heldOut: plan.heldOut.map(unpinned),
    forkedFrom: {
      search: id,
      name,
      ...(state === 'complete' ? {} : { step: trajectory.at(-1)?.step ?? 0 }),
      ...(contentSha256 === null ? {} : { contentSha256 }),
    },
  };
}

const unpinned = ({ id }: TwinRef): TwinRef => ({ id });

type ForkSource = Pick<SearchReport, 'id' | 'name' | 'plan' | 'state' | 'trajectory' | 'contentSha256'>;

export function NewSearch({ query }: { query: URLSearchParams }) {
  const twins = useQueryCall('library.list', {});
  const forked = query.get('fork');
  // A search that runs has come further than what was asked of it last.
  const source = useQueryCall(
    'searches.get',
    { id: forked ?? '' },
    { enabled: forked !== null, refetchOnMount: 'always' },
  );
  const fromPixels = source.data?.plan.space.type === 'pixels';
  // In a project that is read-only what is not stored yet cannot be kept: then a fork starts anew.
  const best = useQueryCall(
    'searches.best',
    { id: forked ?? '' },
    { enabled: forked !== null && fromPixels, refetchOnMount: 'always', retry: false },
  );
  const [chosen, setChosen] = useState<string | null>(null);
  if (forked !== null && (source.data === undefined || !source.isFetchedAfterMount))
    return <QueryView query={source}>{() => null}</QueryView>;
  if (fromPixels && !best.isFetchedAfterMount) return <LoadingLines />;
  const fork = source.data === undefined ? null : forkOf(source.data, best.data?.spec ?? null);
  const kept = query.size === 0 ? keptPlan.get() : null;
  const twinId = chosen ?? query.get('twin') ?? fork?.twin.id ?? kept?.twin.id ?? twins.data?.[0]?.id;
  if (twins.error !== null) return <ErrorNotice error={twins.error} onRetry={() => void twins.refetch()} />;
  if (twins.data === undefined) return <LoadingLines />;
  if (twinId === undefined) {
    return (
      <Empty title="No twin to search with" action={<GoButton to="/library">Open the library</GoButton>}>
        A search asks a twin what drives it. Import a twin first.
      </Empty>
    );
  }
  const start = [fork, kept].find((plan) => plan?.twin.id === twinId) ?? null;
  return (
    <TwinPlan
      key={`${twinId} ${forked ?? ''}`}
      twinId={twinId}
      query={query}
      start={start}
      twinSelect={
        <Select
          label="Twin"
          data={twins.data.map((twin) => ({ value: twin.id, label: twin.title }))}
          value={twinId}
          onChange={setChosen}
        />
      }
    />
  );
}

function TwinPlan(props: {
  twinId: string;
  query: URLSearchParams;
  start: SearchPlan | null;
  twinSelect: React.ReactNode;
}) {
  const twin = useQueryCall('library.get', { id: props.twinId });
  const sets = useQueryCall('sets.list', {});
  return (
    <QueryView query={twin}>
      {(details) => (
        <QueryView query={sets}>{(list) => <PlanColumns {...props} twin={details} sets={list} />}</QueryView>
      )}
    </QueryView>
  );
}

const firstPlace: TermPlace = { list: 'target', part: null, index: 0 };

/** Sets of the project by their names. */
const setNames =
  (sets: readonly SetSummary[]) =>
  (ref: SetRef): string =>
    ('set' in ref ? sets.find(({ id }) => id === ref.set)?.name : undefined) ?? nameOfSet(ref);

/** What the candidates of a plan will be to the twin; null where they may lie inside what it was tested with. */
function searchDomain(plan: SearchPlan, { manifest }: TwinDetails): string | null {
  const reason = outsideSpace(manifest.validity.tested, endsInPixels(plan) ? 'pixels' : '');
  return reason === null ? null : domainSentence(reason);
}

function PlanColumns({
  twin,
  sets,
  query,
  start,
  twinSelect,
}: {
  twin: TwinDetails;
  sets: readonly SetSummary[];
  query: URLSearchParams;
  start: SearchPlan | null;
  twinSelect: React.ReactNode;
}) {
  const [, go] = useLocation();
  const [plan, setPlan] = useState(
    () =>
      start ??
      newPlan(
        twin,
        query,
        sets.find((set) => set.type === 'images'),
      ),
  );
  const [jobId, setJobId] = useState<string | null>(null);
  const searches = useQueryCall('searches.list', {});
  const writable = useWritable();
  const begin = useCall('jobs.start', { onSuccess: (job) => setJobId(job.id) });
  const job = useJob(jobId);
  const resultId = job?.resultId ?? null;
  useEffect(() => keptPlan.set(plan), [plan]);
  useEffect(() => {
    if (resultId !== null) go(`/search/${resultId}`);
  }, [resultId, go]);
  const problems = planProblems(plan, twin);
  const [chosenPlace, setPlace] = useState<TermPlace>(firstPlace);
  const place = termAt(plan, chosenPlace) === null ? firstPlace : chosenPlace;
  const waiting = job !== null && !jobEnded(job);
  return (
    <>
      <PageHeader
        title="New search"
        detail={`${objectiveText(plan, setNames(sets))} · ${methodText(plan)}`}
        actions={
          <>
            <PlanButton plan={plan} />
            <Button
              disabled={problems.length > 0 || !writable}
              loading={begin.isPending || waiting}
              onClick={() => begin.mutate({ plan })}
            >
              Search
            </Button>
          </>
        }
      />
      <Panes>
        <Pane label="Plan" width="clamp(16.5rem, 24vw, 21rem)">
          {twinSelect}
          <TrustChips twin={twin.manifest} />
          <DomainNotice sentence={searchDomain(plan, twin)} />
          <Warnings items={problems} />
          {plan.forkedFrom !== undefined && (
            <Text size="xs">
              Forked from <ForkedFrom from={plan.forkedFrom} />
            </Text>
          )}
          <PlanEditor
            plan={plan}
            onChange={setPlan}
            twin={twin}
            sets={sets}
            onMap={{ place, show: setPlace, own: plan.as ?? 'A' }}
          />
        </Pane>
        <Pane label="Target">
          <TargetMap
            plan={plan}
            onChange={(next) =>
              setPlan(
                next.target === plan.target ? next : withTarget({ ...next, target: plan.target }, next.target, twin),
              )
            }
            twin={twin}
            place={place}
            onShow={setPlace}
          />
        </Pane>
        <Pane label="Searches" width="clamp(17rem, 25vw, 26rem)" scroll={false} padding={false}>
          {job !== null && (
            <div style={{ padding: '0.75rem', borderBottom: '1px solid var(--line)' }}>
              <JobBar job={job} />
            </div>
          )}
          <QueryView query={searches}>
            {(list) =>
              list.length === 0 ? (
                <Empty title="No searches yet">
                  A search looks for the stimulus that serves its objective best within the constraints, shows the
                  activity of every area, and compares it with controls: random images of the same mean, RMS contrast
                  and aperture, the best grating, the best image of a set. Everything is predicted by the twin, not
                  measured.
                </Empty>
              ) : (
                <>
                  <div style={{ padding: '0.75rem 0.75rem 0' }}>
                    <PaneTitle>Earlier searches</PaneTitle>
                  </div>
                  <SearchList searches={list} />
                </>
              )
            }
          </QueryView>
        </Pane>
      </Panes>
    </>
  );
}
