import { Group, Kbd, Modal, Table, Text } from '@mantine/core';
import { useHotkeys } from '@mantine/hooks';
import { useSyncExternalStore } from 'react';
import { navigate } from '../client/location.ts';
import { steps } from './pages.ts';
import { shortcutList, shortcutsSheet } from './shortcuts.ts';
import { useInspectorHidden, useSettings } from './settings.ts';

/** Binds the keys that work everywhere and shows them on `?`. */
export function Shortcuts() {
  const opened = useSyncExternalStore(shortcutsSheet.subscribe, shortcutsSheet.get);
  const [settings, change] = useSettings();
  const [, toggleInspector] = useInspectorHidden();
  useHotkeys([
    ...steps.map((place): [string, () => void] => [place.key ?? '', () => navigate(place.path)]),
    ['J', () => navigate('/jobs')],
    ['I', toggleInspector],
    ['T', () => change({ trueSize: !settings.trueSize })],
    ['shift+?', () => shortcutsSheet.set(true)],
    ['?', () => shortcutsSheet.set(true)],
  ]);
  return (
    <Modal opened={opened} onClose={() => shortcutsSheet.set(false)} title="Keyboard shortcuts">
      <Table>
        <Table.Tbody>
          {shortcutList.map(({ keys, what }) => (
            <Table.Tr key={what}>
              <Table.Td w={140}>
                <Group gap={4} wrap="nowrap">
                  {keys.map((key) => (key === '–' ? <Text key={key}>–</Text> : <Kbd key={key}>{key}</Kbd>))}
                </Group>
              </Table.Td>
              <Table.Td>{what}</Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </Modal>
  );
}
