import { Anchor, Box, ScrollArea, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import type { JobSnapshot } from '../../../main/contract/jobs.ts';
import { jobEnded, useJobs } from '../../client/hooks.ts';
import { formatSeconds, formatTime, plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { JobBar } from '../../components/JobBar.tsx';
import { jobPath } from '../../components/jobPath.ts';
import { Page, PageHeader, PaneTitle } from '../../components/Page.tsx';
import { Empty } from '../../components/states.tsx';

const kinds: Record<JobSnapshot['kind'], string> = {
  run: 'run',
  search: 'search',
  'import-images': 'import',
  export: 'export',
};

function JobRow({ job }: { job: JobSnapshot }) {
  const path = jobPath(job);
  const seconds =
    job.startedAt !== null && job.endedAt !== null
      ? (Date.parse(job.endedAt) - Date.parse(job.startedAt)) / 1000
      : null;
  return (
    <Box py="sm" style={{ borderBottom: '1px solid var(--line)' }}>
      <JobBar job={job} />
      <Text size="xs" c="dimmed">
        {kinds[job.kind]} · {formatTime(job.createdAt)}
        {seconds !== null && ` · took ${formatSeconds(seconds)}`}
        {path !== null && (
          <>
            {' · '}
            <Anchor component={Link} href={path} size="xs">
              Show result
            </Anchor>
          </>
        )}
      </Text>
    </Box>
  );
}

export function JobsPage() {
  const jobs = useJobs();
  const open = jobs.filter((job) => !jobEnded(job));
  const ended = jobs.filter(jobEnded);
  return (
    <Page>
      <PageHeader title="Jobs" detail={`${plural(open.length, 'job')} open · ${ended.length} ended`} />
      {jobs.length === 0 ? (
        <Empty title="No jobs yet" action={<GoButton to="/experiment/new">Set up a run</GoButton>}>
          Runs, searches, imports and exports show their progress here.
        </Empty>
      ) : (
        <ScrollArea flex={1}>
          <Stack gap="xl" p="md" maw={820}>
            {open.length > 0 && (
              <section aria-label="Open jobs">
                <PaneTitle>Open</PaneTitle>
                {open.map((job) => (
                  <JobRow key={job.id} job={job} />
                ))}
              </section>
            )}
            {ended.length > 0 && (
              <section aria-label="Ended jobs">
                <PaneTitle>Ended</PaneTitle>
                {ended.map((job) => (
                  <JobRow key={job.id} job={job} />
                ))}
              </section>
            )}
          </Stack>
        </ScrollArea>
      )}
    </Page>
  );
}
