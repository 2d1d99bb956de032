import { ActionIcon, AppShell, Button, Kbd, Text, Tooltip } from '@mantine/core';
import { spotlight } from '@mantine/spotlight';
import { IconLayoutSidebarRight, IconSearch } from '@tabler/icons-react';
import { useDocumentTitle, useOs } from '@mantine/hooks';
import { useSyncExternalStore } from 'react';
import { Link, useLocation } from 'wouter';
import { useQueryCall } from '../client/hooks.ts';
import { formatRate } from '../components/format.ts';
import { breadcrumbItem, inspectorUsers } from '../components/Page.tsx';
import classes from './Frame.module.css';
import { JobsTray } from './JobsTray.tsx';
import { placeOf } from './pages.ts';
import { ProjectMenu } from './ProjectMenu.tsx';
import { useInspectorHidden } from './settings.ts';

function DeviceChip() {
  const devices = useQueryCall('devices.list', {});
  const device = devices.data?.devices.find(({ chosen }) => chosen) ?? devices.data?.devices[0];
  if (device === undefined) return null;
  const rate = device.measurement?.stimuliPerSecond ?? null;
  return (
    <Tooltip label={devices.data?.choice} multiline maw={320}>
      <Link href="/settings/devices" className={classes.chip ?? ''} aria-label={`Device ${device.label}`}>
        <span className={classes.dot} data-off={!device.available || undefined} aria-hidden />
        {device.label}
        {rate !== null && (
          <Text component="span" size="xs" c="dimmed">
            {formatRate(rate, 'stimuli')}
          </Text>
        )}
      </Link>
    </Tooltip>
  );
}

export function Header() {
  const [location] = useLocation();
  const place = placeOf(location);
  const item = useSyncExternalStore(breadcrumbItem.subscribe, breadcrumbItem.get);
  const hasInspector = useSyncExternalStore(inspectorUsers.subscribe, inspectorUsers.get) > 0;
  const project = useQueryCall('project.current', {});
  useDocumentTitle([item ?? place?.name, project.data?.name, 'Twinscope'].filter(Boolean).join(' · '));
  const [inspectorHidden, toggleInspector] = useInspectorHidden();
  const apple = useOs({ getValueInEffect: false }) === 'macos';
  return (
    <AppShell.Header className={classes.header}>
      <ProjectMenu />
      <nav aria-label="Breadcrumb" style={{ flex: 1, minWidth: 0, display: 'flex', gap: '0.5rem' }}>
        {place && (
          <>
            <Text span c="dimmed" size="sm" aria-hidden>
              /
            </Text>
            <Link
              href={place.path}
              className={classes.crumb ?? ''}
              style={{ color: 'inherit', textDecoration: 'none', flex: 'none' }}
            >
              {place.name}
            </Link>
          </>
        )}
        {item !== null && (
          <>
            <Text span c="dimmed" size="sm" aria-hidden>
              /
            </Text>
            <span className={classes.crumb}>{item}</span>
          </>
        )}
      </nav>
      <Button
        variant="default"
        color="gray"
        fw={400}
        leftSection={<IconSearch size={13} aria-hidden />}
        rightSection={<Kbd>{apple ? '⌘K' : 'Ctrl K'}</Kbd>}
        aria-label="Find anything"
        onClick={spotlight.open}
      >
        search
      </Button>
      <DeviceChip />
      <JobsTray />
      <Tooltip label={inspectorHidden ? 'Show the inspector (I)' : 'Hide the inspector (I)'}>
        <ActionIcon
          aria-label={inspectorHidden ? 'Show the inspector' : 'Hide the inspector'}
          aria-pressed={!inspectorHidden}
          disabled={!hasInspector}
          onClick={toggleInspector}
        >
          <IconLayoutSidebarRight size={17} />
        </ActionIcon>
      </Tooltip>
    </AppShell.Header>
  );
}
