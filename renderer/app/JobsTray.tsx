/** Every open job with its bar and controls, and one announcement when a job ends. */
import { Button, Divider, Indicator, Popover, Stack, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useEffect, useRef } from 'react';
import { Link, useLocation } from 'wouter';
import type { JobSnapshot } from '../../main/contract/jobs.ts';
import { jobBusy, jobEnded, useJobs } from '../client/hooks.ts';
import { jobPath } from '../components/jobPath.ts';
import { JobBar } from '../components/JobBar.tsx';
import { navigate } from '../client/location.ts';

export function JobsTray() {
  const jobs = useJobs().filter((job) => !jobEnded(job));
  const busy = jobs.filter(jobBusy).length;
  return (
    <Popover position="bottom-end" width={340}>
      <Popover.Target>
        <Button variant="subtle" color="gray" c="inherit" px={6} aria-label={`Jobs, ${jobs.length} open`}>
          <Indicator disabled={busy === 0} processing={busy > 0} size={6} offset={-3}>
            jobs {jobs.length}
          </Indicator>
        </Button>
      </Popover.Target>
      <Popover.Dropdown p="md">
        <Stack gap="md">
          {jobs.length === 0 && (
            <Text size="xs" c="dimmed">
              Nothing is running.
            </Text>
          )}
          {jobs.map((job) => (
            <JobBar key={job.id} job={job} />
          ))}
          <Divider />
          <Text size="xs" component={Link} href="/jobs">
            All jobs
          </Text>
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}

/** Says how a job ended. Returns the announcement's id. */
function announce(job: JobSnapshot): string {
  const path = jobPath(job);
  if (job.state === 'failed') {
    return notifications.show({
      color: 'red',
      title: `${job.title}: failed`,
      message: job.error?.message ?? 'The job failed.',
      autoClose: 15_000,
    });
  }
  return notifications.show({
    color: 'green',
    title: `${job.title}: finished`,
    message:
      path === null ? (
        job.notices.join(' ') || 'The result is saved in the project.'
      ) : (
        <Button variant="subtle" px={0} onClick={() => navigate(path)}>
          Show result
        </Button>
      ),
  });
}

/** Announces every job that ends while this window is open, once, and not to whoever looks at its result already. */
export function JobAnnouncements() {
  const jobs = useJobs();
  const [location] = useLocation();
  const seenOpen = useRef(new Set<string>());
  /** Where the results of announced jobs are, by the announcement. */
  const announced = useRef(new Map<string, string>());
  useEffect(() => {
    for (const job of jobs) {
      if (!jobEnded(job)) seenOpen.current.add(job.id);
      else if (seenOpen.current.delete(job.id) && job.state !== 'cancelled') {
        const path = jobPath(job);
        const announcement = announce(job);
        if (job.state === 'finished' && path !== null) announced.current.set(announcement, path);
      }
    }
    for (const [announcement, path] of announced.current) {
      if (location !== path && !location.startsWith(`${path}/`)) continue;
      notifications.hide(announcement);
      announced.current.delete(announcement);
    }
  }, [jobs, location]);
  return null;
}
