import { AppShell, Stack, Text, Tooltip } from '@mantine/core';
import { Link, useLocation } from 'wouter';
import { useOpenJobs, useQueryCall } from '../client/hooks.ts';
import { formatCount } from '../components/format.ts';
import classes from './Frame.module.css';
import { jobsPlace, placeOf, settingsPlace, steps, type Place } from './pages.ts';

function RailLink({ place, active, count }: { place: Place; active: boolean; count?: number | undefined }) {
  const Icon = place.icon;
  return (
    <Tooltip label={place.key === undefined ? place.name : `${place.name} (${place.key})`} position="right">
      <Link
        href={place.path}
        className={classes.railLink ?? ''}
        aria-current={active ? 'page' : undefined}
        aria-label={place.name}
      >
        <Icon size={19} stroke={1.6} aria-hidden />
        <Text component="span" className={classes.railName}>
          {place.name}
        </Text>
        {count !== undefined && count > 0 && (
          <span className={classes.railCount} aria-label={`${count} in it`}>
            {count > 999 ? '999+' : formatCount(count)}
          </span>
        )}
      </Link>
    </Tooltip>
  );
}

/** The five steps with how much each holds, then Jobs and Settings. */
export function Rail() {
  const [location] = useLocation();
  const here = placeOf(location)?.path;
  const project = useQueryCall('project.current', {});
  const library = useQueryCall('library.list', {});
  const counts = project.data?.counts;
  const held: Record<string, number | undefined> = {
    '/library': library.data?.length,
    '/stimuli': counts?.sets,
    '/experiment': counts?.runs,
    '/search': counts?.searches,
    '/protocol': counts?.protocols,
  };
  const open = useOpenJobs().length;
  return (
    <AppShell.Navbar className={classes.rail} aria-label="Steps">
      <Stack gap={2} flex={1}>
        {steps.map((place) => (
          <RailLink key={place.path} place={place} active={place.path === here} count={held[place.path]} />
        ))}
      </Stack>
      <Stack gap={2}>
        <RailLink place={jobsPlace} active={jobsPlace.path === here} count={open} />
        <RailLink place={settingsPlace} active={settingsPlace.path === here} />
      </Stack>
    </AppShell.Navbar>
  );
}
