/** One stimulus set as a contact sheet. */
import { ActionIcon, Button, Group, Menu, Modal, Slider, Switch, Text, TextInput, Tooltip } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconDots } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import type { SetDetails } from '../../../main/contract/results.ts';
import { usualThumbnailDeg } from '../../../main/contract/thumbnails.ts';
import { shownFieldDeg } from '../../../main/stimuli/design.ts';
import { hasMoving } from '../../../main/stimuli/motion.ts';
import { screenPxOf, useSettings } from '../../app/settings.ts';
import { useCall, useQueryCall, useWritable } from '../../client/hooks.ts';
import { errorSentence, Warnings } from '../../components/errors.tsx';
import { formatNumber } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { PageHeader } from '../../components/Page.tsx';
import { QueryView } from '../../components/states.tsx';
import { clipText, StimulusTile } from '../../components/StimulusTile.tsx';
import { TileGrid } from '../../components/TileGrid.tsx';
import classes from './Stimuli.module.css';
import { StimulusInspector } from './StimulusInspector.tsx';

const pageSize = 100;
/** Below this edge a caption is a smear of letters. */
const captionFromPx = 72;

function SetTile({
  setId,
  index,
  sizePx,
  selected,
  onSelect,
}: {
  setId: string;
  index: number;
  sizePx: number;
  selected: boolean;
  onSelect: () => void;
}) {
  const offset = Math.floor(index / pageSize) * pageSize;
  const items = useQueryCall('sets.items', { id: setId, offset, limit: pageSize }, { gcTime: 60_000 });
  const item = items.data?.[index - offset];
  return (
    <StimulusTile
      src={item?.thumbnail ?? null}
      clip={item?.clip ?? null}
      label={item?.label ?? `stimulus ${index + 1}`}
      sizePx={sizePx}
      selected={selected}
      caption={sizePx >= captionFromPx}
      inGrid
      onSelect={onSelect}
    />
  );
}

function RenameDialog({ set, opened, onClose }: { set: SetDetails; opened: boolean; onClose: () => void }) {
  const [name, setName] = useState(set.name);
  const rename = useCall('sets.rename', { onSuccess: onClose, onError: () => undefined });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() !== '') rename.mutate({ id: set.id, name: name.trim() });
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Rename set">
      <form onSubmit={submit}>
        <TextInput
          label="Name"
          value={name}
          maxLength={200}
          error={rename.error && errorSentence(rename.error)}
          data-autofocus
          onChange={(event) => setName(event.currentTarget.value)}
        />
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={rename.isPending} disabled={name.trim() === ''}>
            Rename
          </Button>
        </Group>
      </form>
    </Modal>
  );
}

/** Puts a set away and offers to bring it back. */
function useRemoveSet() {
  const [, go] = useLocation();
  const restore = useCall('sets.restore', { onSuccess: (set) => go(`/stimuli/${set.id}`) });
  const remove = useCall('sets.remove');
  return (set: { id: string; name: string }) =>
    remove.mutate(
      { id: set.id },
      {
        onSuccess: () => {
          go('/stimuli');
          const id = notifications.show({
            title: 'Set removed',
            autoClose: 10_000,
            message: (
              <Group justify="space-between">
                <Text size="xs">{set.name}. Results that used it stay whole.</Text>
                <Button
                  variant="default"
                  onClick={() => {
                    notifications.hide(id);
                    restore.mutate({ id: set.id });
                  }}
                >
                  Undo
                </Button>
              </Group>
            ),
          });
        },
      },
    );
}

/** Protocols show still pictures; a set that moves is not offered to them. */
const noMotion = 'A protocol shows still pictures so far, and stimuli of this set move.';

function SetActions({ set }: { set: SetDetails }) {
  const [renameOpened, renameDialog] = useDisclosure(false);
  const removeSet = useRemoveSet();
  const writable = useWritable();
  return (
    <>
      {hasMoving(set.design) ? (
        <Tooltip label={noMotion} multiline w="16rem">
          <Button variant="default" data-disabled aria-disabled onClick={(event) => event.preventDefault()}>
            Add to protocol
          </Button>
        </Tooltip>
      ) : (
        <GoButton variant="default" to={`/protocol/new?set=${encodeURIComponent(set.id)}`}>
          Add to protocol
        </GoButton>
      )}
      <GoButton to={`/experiment/new?set=${encodeURIComponent(set.id)}`}>Use in experiment</GoButton>
      <Menu position="bottom-end">
        <Menu.Target>
          <ActionIcon aria-label="More about this set">
            <IconDots size={16} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item disabled={!writable} onClick={renameDialog.open}>
            Rename
          </Menu.Item>
          <Menu.Item disabled={!writable} color="red" onClick={() => removeSet(set)}>
            Remove
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <RenameDialog key={set.name} set={set} opened={renameOpened} onClose={renameDialog.close} />
    </>
  );
}

export function SetView({ id }: { id: string }) {
  const details = useQueryCall('sets.get', { id });
  const [settings, change] = useSettings();
  const [selected, setSelected] = useState<number | null>(null);
  const fieldDeg = details.data === undefined ? usualThumbnailDeg : shownFieldDeg(details.data.design);
  const tilePx = settings.trueSize ? Math.round(screenPxOf(fieldDeg, settings)) : settings.tilePx;
  return (
    <QueryView query={details}>
      {(set) => (
        <>
          <PageHeader title={set.name} detail={set.description} actions={<SetActions set={set} />} />
          <div className={classes.toolbar}>
            <Text size="xs" c="dimmed">
              size
            </Text>
            <Slider
              aria-label="Size of the tiles"
              thumbLabel="Size of the tiles"
              w={140}
              min={32}
              max={320}
              step={8}
              label={null}
              disabled={settings.trueSize}
              value={settings.tilePx}
              onChange={(px) => change({ tilePx: px })}
            />
            <Switch
              style={{ flex: 'none' }}
              label="True size"
              checked={settings.trueSize}
              onChange={(event) => change({ trueSize: event.currentTarget.checked })}
            />
            <Text size="xs" c="dimmed" truncate="end">
              {settings.trueSize
                ? `${fieldDeg}° at ${formatNumber(settings.viewingDistanceCm)} cm, ${tilePx} px per tile`
                : `each tile is ${fieldDeg}° of the visual field`}
              {hasMoving(set.design) && `; ▸ moves: ${clipText}, played where you point`}
            </Text>
          </div>
          <Warnings items={set.warnings} />
          <TileGrid
            label="Stimuli"
            count={set.count}
            tilePx={tilePx}
            caption={tilePx >= captionFromPx}
            selected={selected}
            onSelect={setSelected}
            renderTile={(index) => (
              <SetTile
                setId={id}
                index={index}
                sizePx={tilePx}
                selected={index === selected}
                onSelect={() => setSelected(index)}
              />
            )}
          />
          <StimulusInspector setId={id} index={selected} />
        </>
      )}
    </QueryView>
  );
}
