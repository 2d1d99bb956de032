/** ⌘K / Ctrl K: every page, thing and action by name. */
import { useMantineColorScheme } from '@mantine/core';
import { Spotlight, type SpotlightActionGroupData } from '@mantine/spotlight';
import { IconSearch } from '@tabler/icons-react';
import { useQueryCall } from '../client/hooks.ts';
import { navigate } from '../client/location.ts';
import { plural } from '../components/format.ts';
import { places } from './pages.ts';
import { shortcutsSheet } from './shortcuts.ts';
import { useInspectorHidden } from './settings.ts';

export function CommandPalette() {
  const { setColorScheme } = useMantineColorScheme();
  const [inspectorHidden, toggleInspector] = useInspectorHidden();
  const twins = useQueryCall('library.list', {});
  const sets = useQueryCall('sets.list', {});
  const runs = useQueryCall('runs.list', {});
  const searches = useQueryCall('searches.list', {});
  const protocols = useQueryCall('protocols.list', {});

  const item = (id: string, label: string, description: string, path: string) => ({
    id: `${path}#${id}`,
    label,
    description,
    onClick: () => navigate(path),
  });
  const groups: SpotlightActionGroupData[] = [
    {
      group: 'Go to',
      actions: places.map((place) => item(place.name, place.name, place.key ? `key ${place.key}` : '', place.path)),
    },
    {
      group: 'Actions',
      actions: [
        item('new-set', 'New set', 'Design gratings, Gabors or noise', '/stimuli/new'),
        item('import', 'Import photographs', 'PNG, JPEG, WebP and TIFF files', '/stimuli/import'),
        item('run', 'Run a set on a twin', 'Experiment', '/experiment/new'),
        item('search', 'Search for a stimulus', 'Search', '/search/new'),
        item('protocol', 'New protocol', 'Protocol', '/protocol/new'),
        {
          id: 'inspector',
          label: inspectorHidden ? 'Show the inspector' : 'Hide the inspector',
          onClick: toggleInspector,
        },
        { id: 'shortcuts', label: 'Keyboard shortcuts', onClick: () => shortcutsSheet.set(true) },
        { id: 'light', label: 'Light theme', onClick: () => setColorScheme('light') },
        { id: 'dark', label: 'Dark theme', onClick: () => setColorScheme('dark') },
        { id: 'auto', label: 'Theme of the system', onClick: () => setColorScheme('auto') },
      ],
    },
    {
      group: 'Twins',
      actions: (twins.data ?? []).map((twin) => item(twin.id, twin.title, twin.summary, `/library/${twin.id}`)),
    },
    {
      group: 'Stimulus sets',
      actions: (sets.data ?? []).map((set) => item(set.id, set.name, set.description, `/stimuli/${set.id}`)),
    },
    {
      group: 'Runs',
      actions: (runs.data ?? []).map((run) =>
        item(run.id, run.name, `${run.setName} on ${run.twinId}`, `/experiment/${run.id}`),
      ),
    },
    {
      group: 'Searches',
      actions: (searches.data ?? []).map((search) =>
        item(search.id, search.name, search.target, `/search/${search.id}`),
      ),
    },
    {
      group: 'Protocols',
      actions: (protocols.data ?? []).map((protocol) =>
        item(protocol.id, protocol.name, plural(protocol.trials, 'trial'), `/protocol/${protocol.id}`),
      ),
    },
  ];
  return (
    <Spotlight
      actions={groups}
      shortcut={['mod + K']}
      nothingFound="Nothing has that name."
      highlightQuery
      overlayProps={{ blur: 0, backgroundOpacity: 0.3 }}
      transitionProps={{ duration: 80 }}
      limit={40}
      scrollable
      maxHeight={420}
      searchProps={{
        leftSection: <IconSearch size={16} />,
        placeholder: 'Pages, sets, runs, actions',
        'aria-label': 'Search everything',
      }}
    />
  );
}
