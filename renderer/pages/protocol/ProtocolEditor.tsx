/** A protocol while it is edited: items at the left, screen and timeline in the middle, display at the right. */
import { ActionIcon, Box, Button, Menu, Select, Text, TextInput, Tooltip } from '@mantine/core';
import { useDebouncedValue, useHotkeys } from '@mantine/hooks';
import { IconArrowBackUp, IconArrowForwardUp, IconDots } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { useLocation } from 'wouter';
import type { ProtocolItem, ProtocolPlan } from '../../../main/contract/plans.ts';
import type { ExpandedProtocol } from '../../../main/contract/results.ts';
import { useCall, useQueryCall, useWritable } from '../../client/hooks.ts';
import { ErrorNotice } from '../../components/errors.tsx';
import { plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { PageHeader, Pane, Panes, PaneTitle } from '../../components/Page.tsx';
import { Empty, LoadingLines } from '../../components/states.tsx';
import { PlanButton } from '../search/PlanButton.tsx';
import { DisplayPane, formatMinutes } from './DisplayPane.tsx';
import { ExportCards } from './ExportCards.tsx';
import { ItemsPane } from './ItemsPane.tsx';
import { Player } from './Player.tsx';
import { Timeline } from './Timeline.tsx';
import { forgetUnsaved, useProtocolDocument, type ProtocolDocument } from './useProtocolDocument.ts';
import { useRemoveProtocol } from './useRemoveProtocol.tsx';

/** Asking the backend at every keystroke would expand half a number. */
const previewDelayMs = 200;

function Screen({ protocol }: { protocol: ExpandedProtocol }) {
  // The first stimulus is a better first sight than the grey before it.
  const [frame, setFrame] = useState(protocol.trials[0]?.onsetFrame ?? 0);
  const [playing, setPlaying] = useState(false);
  const at = Math.min(frame, protocol.totalFrames - 1);
  return (
    <>
      <Player protocol={protocol} frame={at} playing={playing} onFrame={setFrame} onPlaying={setPlaying} />
      <Box px="md" pb="sm" pt={4}>
        <Timeline
          protocol={protocol}
          frame={at}
          onSeek={(next) => {
            setPlaying(false);
            setFrame(next);
          }}
        />
      </Box>
    </>
  );
}

export function ProtocolEditor({
  id,
  saved,
  added,
}: {
  /** Null for a protocol that has not been saved yet. */
  id: string | null;
  saved: ProtocolDocument;
  /** Items that another page asked to add. */
  added: readonly ProtocolItem[];
}) {
  const [path, go] = useLocation();
  const key = id ?? 'new';
  const protocols = useQueryCall('protocols.list', {});
  const writable = useWritable();
  const { document, dirty, canUndo, canRedo, edit, undo, redo } = useProtocolDocument(key, saved, added);
  const { name, plan } = document;
  const editPlan = (next: ProtocolPlan, touched: string) => edit({ name, plan: next }, touched);
  const [settled] = useDebouncedValue(plan, previewDelayMs);
  const hasItems = plan.items.length > 0;
  const preview = useQueryCall(
    'protocols.preview',
    { plan: settled },
    { enabled: settled.items.length > 0, placeholderData: (before) => before, gcTime: 30_000 },
  );
  const protocol = hasItems && preview.error === null ? preview.data : undefined;
  const save = useCall('protocols.save');
  const removeProtocol = useRemoveProtocol();
  // What was asked to be added is in the document now; a reload or a step back must not add it again.
  useEffect(() => {
    if (added.length > 0) go(path, { replace: true });
    // Only when the editor opens.
    // oxlint-disable-next-line react/exhaustive-deps
  }, []);
  useHotkeys(
    [
      ['mod+Z', undo],
      ['mod+shift+Z', redo],
      ['mod+Y', redo],
    ],
    [],
  );

  /** Saves what is unsaved; resolves to the protocol's id, or null when it could not be saved (which has been said). */
  async function saveDocument(): Promise<string | null> {
    if (id !== null && !dirty) return id;
    const input = { ...(id === null ? {} : { id }), name: name.trim() === '' ? 'Protocol' : name.trim(), plan };
    const result = await save.mutateAsync(input).catch(() => null);
    if (result === null) return null;
    forgetUnsaved(key);
    if (id === null) go(`/protocol/${result.id}`, { replace: true });
    return result.id;
  }

  const list = protocols.data ?? [];
  const canSave = hasItems && writable && preview.error === null;
  return (
    <>
      <PageHeader
        title={name === '' ? 'Protocol' : name}
        detail={
          protocol === undefined
            ? ''
            : `${plural(protocol.trials.length, 'trial')} · ${formatMinutes(protocol.minutes)} · ${plural(protocol.stimuli.length, 'stimulus', 'stimuli')}${dirty ? ' · not saved' : ''}`
        }
        actions={
          <>
            <Tooltip label="Undo (Ctrl Z)">
              <ActionIcon aria-label="Undo" disabled={!canUndo} onClick={undo}>
                <IconArrowBackUp size={16} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label="Redo (Ctrl Shift Z)">
              <ActionIcon aria-label="Redo" disabled={!canRedo} onClick={redo}>
                <IconArrowForwardUp size={16} />
              </ActionIcon>
            </Tooltip>
            <PlanButton plan={{ ...plan, name }} />
            <Button disabled={!canSave || !dirty} loading={save.isPending} onClick={() => void saveDocument()}>
              Save protocol
            </Button>
            <Menu position="bottom-end">
              <Menu.Target>
                <ActionIcon aria-label="More about this protocol">
                  <IconDots size={16} />
                </ActionIcon>
              </Menu.Target>
              <Menu.Dropdown>
                <Menu.Item onClick={() => go('/protocol/new')}>New protocol</Menu.Item>
                <Menu.Item
                  color="red"
                  disabled={id === null || !writable}
                  onClick={() => id !== null && removeProtocol({ id, name })}
                >
                  Remove
                </Menu.Item>
              </Menu.Dropdown>
            </Menu>
          </>
        }
      />
      <Panes>
        <Pane label="Protocol" width="clamp(15rem, 21vw, 18rem)">
          {list.length > 0 && (
            <Select
              label="Protocol"
              data={[
                ...(id === null ? [{ value: 'new', label: 'new, not saved' }] : []),
                ...list.map((each) => ({ value: each.id, label: each.name })),
              ]}
              value={key}
              onChange={(next) => next !== null && go(`/protocol/${next}`)}
            />
          )}
          <TextInput
            label="Name"
            value={name}
            maxLength={200}
            onChange={(event) => edit({ name: event.currentTarget.value, plan }, 'name')}
          />
          <ItemsPane plan={plan} onChange={editPlan} />
        </Pane>
        <Pane label="Screen and timeline" scroll={false} padding={false}>
          {preview.error !== null && hasItems ? (
            <Box p="md">
              <ErrorNotice error={preview.error} onRetry={() => void preview.refetch()} />
            </Box>
          ) : protocol === undefined ? (
            hasItems ? (
              <LoadingLines />
            ) : (
              <Empty
                title="Nothing to show yet"
                action={
                  <GoButton variant="default" to="/search">
                    Search for a stimulus
                  </GoButton>
                }
              >
                A protocol shows sets and search candidates beside their controls. Add a set or a search at the left.
              </Empty>
            )
          ) : (
            <Screen protocol={protocol} />
          )}
          <Box
            p="md"
            style={{ borderTop: '1px solid var(--line)', flex: '0 1 auto', overflow: 'auto', maxHeight: '40%' }}
          >
            <PaneTitle>Export</PaneTitle>
            {id === null && (
              <Text size="xs" c="dimmed" mb={4}>
                Save the protocol, then export it.
              </Text>
            )}
            <ExportCards protocolId={id} disabled={id === null || !canSave} onSave={saveDocument} />
          </Box>
        </Pane>
        <Pane label="Display and totals" width="clamp(15rem, 21vw, 19rem)">
          <DisplayPane plan={plan} protocol={protocol} onChange={editPlan} />
        </Pane>
      </Panes>
    </>
  );
}
