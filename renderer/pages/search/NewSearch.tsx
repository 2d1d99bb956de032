/** Editing a plan and starting it. */
import { Button, Select, Stack, Text } from '@mantine/core';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import { endsInPixels, type SearchPlan } from '../../../main/contract/plans.ts';
import type { SetSummary } from '../../../main/contract/results.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
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
import { methodText, targetText } from './claims.ts';
import { newPlan, planProblems } from './plan.ts';
import { PlanButton } from './PlanButton.tsx';
import { PlanEditor } from './PlanEditor.tsx';
import { SearchList } from './SearchList.tsx';

/** The plan as it was left, so that a look at another page does not lose it. */
const keptPlan = createStore<SearchPlan | null>(null);

/** The plan of an earlier search, without what the backend pinned, so that it runs on the twin there is now. */
function forkOf(plan: SearchPlan): SearchPlan {
  const { name: _name, ...rest } = plan;
  return { ...rest, twin: { id: plan.twin.id } };
}

export function NewSearch({ query }: { query: URLSearchParams }) {
  const twins = useQueryCall('library.list', {});
  const forked = query.get('fork');
  const source = useQueryCall('searches.get', { id: forked ?? '' }, { enabled: forked !== null });
  const [chosen, setChosen] = useState<string | null>(null);
  if (forked !== null && source.data === undefined) return <QueryView query={source}>{() => null}</QueryView>;
  const fork = source.data === undefined ? null : forkOf(source.data.plan);
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
  const waiting = job !== null && !jobEnded(job);
  return (
    <>
      <PageHeader
        title="New search"
        detail={`${targetText(plan)} · ${methodText(plan)}`}
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
          <PlanEditor plan={plan} onChange={setPlan} twin={twin} sets={sets} />
        </Pane>
        <Pane label="Searches" scroll={false} padding={false}>
          {job !== null && (
            <div style={{ padding: '0.75rem', borderBottom: '1px solid var(--line)' }}>
              <JobBar job={job} />
            </div>
          )}
          <QueryView query={searches}>
            {(list) =>
              list.length === 0 ? (
                <Empty title="No searches yet">
                  A search looks for the stimulus that drives the target most within the constraints, and compares it
                  with controls.
                </Empty>
              ) : (
                <>
                  <div style={{ padding: '0.5rem 0.75rem 0' }}>
                    <PaneTitle>Earlier searches</PaneTitle>
                  </div>
                  <SearchList searches={list} />
                </>
              )
            }
          </QueryView>
        </Pane>
        <Pane label="Evidence" width="clamp(13rem, 18vw, 19rem)">
          <PaneTitle>Evidence</PaneTitle>
          <Stack gap="sm">
            <Text size="xs" c="dimmed">
              When it has run, a search shows the drive of every candidate in z (standard deviations over the reference
              set), the activity of every area, and which controls it beats:
            </Text>
            <Text size="xs" c="dimmed">
              random images of the same mean, RMS contrast and aperture; the best grating; the best image of a set.
            </Text>
            <Text size="xs" c="dimmed">
              Everything here is predicted by the twin, not measured.
            </Text>
          </Stack>
        </Pane>
      </Panes>
    </>
  );
}
