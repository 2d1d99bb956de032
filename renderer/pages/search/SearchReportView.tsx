/** A search that was started: live while it runs, its report when it has ended. */
import { Button, Menu } from '@mantine/core';
import { IconChevronDown } from '@tabler/icons-react';
import { useState } from 'react';
import type { JobSnapshot } from '../../../main/contract/jobs.ts';
import type { SearchReport } from '../../../main/contract/results.ts';
import { usualThumbnailDeg } from '../../../main/contract/thumbnails.ts';
import { objectiveText } from '../../../main/stimuli/objectiveWords.ts';
import { jobEnded, useJobs, useQueryCall, useSearchLive } from '../../client/hooks.ts';
import { navigate } from '../../client/location.ts';
import { AreaColoursOf } from '../../components/areaColours.tsx';
import { useTested } from '../../components/DomainMark.tsx';
import { GoButton } from '../../components/GoButton.tsx';
import { PageHeader, Pane, Panes } from '../../components/Page.tsx';
import { nameOfGoals } from './claims.ts';
import { EvidencePane } from './EvidencePane.tsx';
import { LivePane } from './LivePane.tsx';
import { PlanButton } from './PlanButton.tsx';
import { PlanSummary } from './PlanSummary.tsx';

function AddToProtocol({ search }: { search: SearchReport }) {
  const protocols = useQueryCall('protocols.list', {});
  const to = (protocol: string) => `/protocol/${protocol}?search=${encodeURIComponent(search.id)}`;
  const list = protocols.data ?? [];
  if (list.length === 0) return <GoButton to={to('new')}>Add to protocol</GoButton>;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button rightSection={<IconChevronDown size={13} />}>Add to protocol</Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => navigate(to('new'))}>New protocol</Menu.Item>
        {list.slice(0, 12).map((protocol) => (
          <Menu.Item key={protocol.id} onClick={() => navigate(to(protocol.id))}>
            {protocol.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function CompareMenu({ search }: { search: SearchReport }) {
  const searches = useQueryCall('searches.list', {});
  const others = (searches.data ?? []).filter((other) => other.id !== search.id && other.state === 'complete');
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          disabled={others.length === 0}
          title={others.length === 0 ? 'There is no other finished search.' : undefined}
        >
          Compare
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        {others.slice(0, 20).map((other) => (
          <Menu.Item
            key={other.id}
            onClick={() => navigate(`/search/compare?${new URLSearchParams({ a: search.id, b: other.id })}`)}
          >
            {other.name}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function ReportMenu({ search }: { search: SearchReport }) {
  const address = (kind: 'html' | 'json') => `/resource/search/${search.id}/report.${kind}`;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" rightSection={<IconChevronDown size={13} />}>
          Report
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component="a" href={address('html')} download>
          HTML, with pictures
        </Menu.Item>
        <Menu.Item component="a" href={address('json')} download>
          JSON, every number
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

function stateText(report: SearchReport, job: JobSnapshot | null): string {
  if (report.state === 'complete') return 'finished';
  return job === null ? 'not finished' : job.state;
}

/** The objective and the state; a search that is named after its objective says it once. */
function headerDetail(report: SearchReport, job: JobSnapshot | null): string {
  const objective = objectiveText(report.plan, nameOfGoals(report.plan, report.provenance));
  const state = stateText(report, job);
  return report.name.toLowerCase().startsWith(objective.toLowerCase()) ? state : `${objective} · ${state}`;
}

export function SearchReportView({ report }: { report: SearchReport }) {
  const job = useJobs().find((candidate) => candidate.kind === 'search' && candidate.resultId === report.id) ?? null;
  const live = useSearchLive(job?.id ?? null);
  const [selected, setSelected] = useState(0);
  const open = job !== null && !(jobEnded(job) && job.state !== 'failed') ? job : null;
  const best = report.candidates[selected] ?? report.candidates[0];
  const complete = report.candidates.length > 0;
  const tested = useTested(report.provenance.twin.sha256);
  const twins = useQueryCall('library.list', {});
  const twin = twins.data?.find(({ sha256 }) => sha256 === report.provenance.twin.sha256);
  return (
    <>
      <PageHeader
        title={report.name}
        detail={headerDetail(report, job)}
        actions={
          <>
            <PlanButton plan={report.plan} />
            <GoButton variant="default" to={`/search/new?fork=${encodeURIComponent(report.id)}`}>
              Fork
            </GoButton>
            {complete && (
              <>
                <CompareMenu search={report} />
                <ReportMenu search={report} />
                <AddToProtocol search={report} />
              </>
            )}
          </>
        }
      />
      <AreaColoursOf sha256={report.provenance.twin.sha256}>
        <Panes>
          <Pane label="Plan" width="clamp(14rem, 20vw, 18rem)">
            <PlanSummary
              plan={report.plan}
              residuals={best?.residuals ?? live?.residuals ?? null}
              provenance={report.provenance}
            />
          </Pane>
          <Pane label="Live" scroll={false} padding={false}>
            <LivePane
              report={report}
              live={complete ? null : live}
              job={complete ? null : open}
              selected={selected}
              onSelect={setSelected}
              tested={tested}
              twinFieldDeg={twin?.fieldOfViewDeg ?? usualThumbnailDeg}
            />
          </Pane>
          <Pane label="Evidence" width="clamp(17rem, 28vw, 24rem)">
            <EvidencePane report={report} live={complete ? null : live} selected={selected} tested={tested} />
          </Pane>
        </Panes>
      </AreaColoursOf>
    </>
  );
}
