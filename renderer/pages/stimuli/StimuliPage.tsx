import { Group, Stack, Text } from '@mantine/core';
import { IconPhotoScan, IconPlus } from '@tabler/icons-react';
import { useState, type DragEvent } from 'react';
import { Link, useLocation } from 'wouter';
import type { SetSummary } from '../../../main/contract/results.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Page, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { Empty, QueryView } from '../../components/states.tsx';
import { DesignEditor } from './DesignEditor.tsx';
import { ImportPanel } from './ImportPanel.tsx';
import { SetView } from './SetView.tsx';
import classes from './Stimuli.module.css';

function SetList({ sets, current }: { sets: readonly SetSummary[]; current: string | undefined }) {
  return (
    <Stack gap={2} component="nav" aria-label="Stimulus sets">
      {sets.map((set) => (
        <Link
          key={set.id}
          href={`/stimuli/${set.id}`}
          className={classes.setLink ?? ''}
          aria-current={set.id === current ? 'page' : undefined}
        >
          <Text size="xs" fw={500} truncate="end">
            {set.name}
          </Text>
          <Text size="xs" c="dimmed" truncate="end">
            {set.description}
          </Text>
        </Link>
      ))}
    </Stack>
  );
}

const imageType = /^image\/(png|jpeg|webp|tiff)$/;

export function StimuliPage({ item }: { item: string | undefined }) {
  const [, go] = useLocation();
  const sets = useQueryCall('sets.list', {});
  const [files, setFiles] = useState<readonly File[]>([]);
  const [over, setOver] = useState(false);
  const current = item ?? sets.data?.[0]?.id;
  const name = sets.data?.find((set) => set.id === current)?.name;

  function drop(event: DragEvent) {
    event.preventDefault();
    setOver(false);
    const dropped = [...event.dataTransfer.files].filter((file) => imageType.test(file.type));
    if (dropped.length === 0) return;
    setFiles((before) => [...before, ...dropped]);
    go('/stimuli/import');
  }
  const main =
    current === 'new' ? (
      <DesignEditor />
    ) : current === 'import' ? (
      <ImportPanel files={files} onFiles={setFiles} />
    ) : current === undefined ? (
      <QueryView query={sets}>
        {() => (
          <Empty
            icon={<IconPhotoScan size={28} stroke={1.3} />}
            title="No stimulus sets yet"
            action={<GoButton to="/stimuli/new">Design a set</GoButton>}
          >
            A set holds what is shown: gratings over factors, or photographs. Drop image files here to import them.
          </Empty>
        )}
      </QueryView>
    ) : (
      <SetView key={current} id={current} />
    );
  return (
    <Page item={current === 'new' ? 'New set' : current === 'import' ? 'Import photographs' : name}>
      <div
        className={classes.drop}
        data-over={over || undefined}
        onDragOver={(event) => {
          event.preventDefault();
          setOver(true);
        }}
        onDragLeave={() => setOver(false)}
        onDrop={drop}
      >
        <Panes>
          <Pane label="Sets" width="clamp(10.5rem, 17%, 13.5rem)">
            <PaneTitle>Sets</PaneTitle>
            <Group gap="xs" grow={false}>
              <GoButton variant="default" size="compact-xs" to="/stimuli/new" leftSection={<IconPlus size={13} />}>
                New set
              </GoButton>
              <GoButton variant="default" size="compact-xs" to="/stimuli/import">
                Import photographs
              </GoButton>
            </Group>
            <QueryView query={sets}>{(list) => <SetList sets={list} current={current} />}</QueryView>
          </Pane>
          <Pane label="Set" scroll={false} padding={false}>
            {main}
          </Pane>
        </Panes>
      </div>
    </Page>
  );
}
