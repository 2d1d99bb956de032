/** The name of the open project, and the ways to another one. */
import { Button, Group, Menu, Modal, Stack, Text, TextInput } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { IconChevronDown, IconFile, IconFolderOpen, IconPlus } from '@tabler/icons-react';
import { useState, type FormEvent } from 'react';
import { useLocation } from 'wouter';
import { desktop } from '../client/host.ts';
import { useCall, useQueryCall } from '../client/hooks.ts';
import { errorSentence } from '../components/errors.tsx';
import { formatBytes, formatTime } from '../components/format.ts';

function NameDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [name, setName] = useState('');
  const [, go] = useLocation();
  const create = useCall('project.create', {
    onSuccess: () => {
      onClose();
      setName('');
      go('/library');
    },
    // Said in the dialog, under the field.
    onError: () => undefined,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (name.trim() !== '') create.mutate({ name: name.trim() });
  }
  return (
    <Modal opened={opened} onClose={onClose} title="New project">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Name"
            description="The project becomes one file with this name in your projects folder."
            value={name}
            maxLength={120}
            error={create.error && errorSentence(create.error)}
            data-autofocus
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={create.isPending} disabled={name.trim() === ''}>
              Create project
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

function OpenDialog({ opened, onClose }: { opened: boolean; onClose: () => void }) {
  const [path, setPath] = useState('');
  const [, go] = useLocation();
  const open = useCall('project.open', {
    onSuccess: () => {
      onClose();
      go('/library');
    },
    // Said in the dialog, under the field.
    onError: () => undefined,
  });
  function submit(event: FormEvent) {
    event.preventDefault();
    if (path.trim() !== '') open.mutate({ path: path.trim() });
  }
  return (
    <Modal opened={opened} onClose={onClose} title="Open project">
      <form onSubmit={submit}>
        <Stack gap="md">
          <TextInput
            label="Project file"
            description="Path of a .twinscope file on the computer where Twinscope runs."
            value={path}
            error={open.error && errorSentence(open.error)}
            data-autofocus
            onChange={(event) => setPath(event.currentTarget.value)}
          />
          <Group justify="flex-end">
            {desktop && (
              <Button
                variant="default"
                onClick={() =>
                  void desktop?.chooseFile('Open project').then((chosen) => chosen !== null && setPath(chosen))
                }
              >
                Choose file
              </Button>
            )}
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={open.isPending} disabled={path.trim() === ''}>
              Open project
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}

export function ProjectMenu() {
  const project = useQueryCall('project.current', {});
  const [menuOpened, menu] = useDisclosure(false);
  const recent = useQueryCall('project.list', {}, { enabled: menuOpened, staleTime: 0 });
  const open = useCall('project.open');
  const [newOpened, newDialog] = useDisclosure(false);
  const [openOpened, openDialog] = useDisclosure(false);
  const others = (recent.data ?? []).filter((entry) => entry.path !== project.data?.path).slice(0, 12);
  return (
    <>
      <Menu
        opened={menuOpened}
        onChange={(to) => (to ? menu.open() : menu.close())}
        position="bottom-start"
        width={300}
      >
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            c="inherit"
            px={6}
            rightSection={<IconChevronDown size={13} aria-hidden />}
            aria-label={`Project ${project.data?.name ?? 'none'}`}
            maw="16rem"
          >
            {project.data?.name ?? 'No project'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {project.data && (
            <Menu.Label>
              {project.data.path} · {formatBytes(project.data.sizeBytes)}
            </Menu.Label>
          )}
          <Menu.Item leftSection={<IconPlus size={14} />} onClick={newDialog.open}>
            New project
          </Menu.Item>
          <Menu.Item leftSection={<IconFolderOpen size={14} />} onClick={openDialog.open}>
            Open project
          </Menu.Item>
          {others.length > 0 && <Menu.Divider />}
          {others.map((entry) => (
            <Menu.Item
              key={entry.path}
              leftSection={<IconFile size={14} />}
              onClick={() => open.mutate({ path: entry.path })}
            >
              {entry.name}
              <Text size="xs" c="dimmed">
                {formatTime(entry.modifiedAt)} · {formatBytes(entry.sizeBytes)}
              </Text>
            </Menu.Item>
          ))}
        </Menu.Dropdown>
      </Menu>
      <NameDialog opened={newOpened} onClose={newDialog.close} />
      <OpenDialog opened={openOpened} onClose={openDialog.close} />
    </>
  );
}
