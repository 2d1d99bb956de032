/** Which values of a bare graph are which areas. */
import {
  ActionIcon,
  Autocomplete,
  Button,
  Collapse,
  Group,
  Select,
  SimpleGrid,
  Space,
  Stack,
  Text,
  TextInput,
} from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useState } from 'react';
import type { ModelArea, ModelInspection } from '../../../main/contract/bareModels.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatCount, plural } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { emptyArea, type Area } from './modelForm.ts';
import type { QuestionsProps } from './ModelQuestions.tsx';

const known = ['retina', 'V1', 'V2', 'V4', 'IT', 'MT', 'auditory'];
/** More cannot be read in a list that opens under a field. */
const mostListed = 80;

const unitsOf = ({ units, sizes }: ModelArea): string =>
  sizes.length === 1 ? plural(units, 'unit') : `${sizes.join(' × ')} = ${plural(units, 'unit')}`;

export function AreaQuestions({ model, answers, fault, onChange }: QuestionsProps) {
  const { areas } = answers;
  // What was looked for is done with once it is an area.
  const [search, setSearch] = useState('');
  const set = (at: number, area: Area): void =>
    onChange({ ...answers, areas: areas.map((each, index) => (index === at ? area : each)) });
  return (
    <Stack gap="sm" component="section" aria-label="Areas">
      <PaneTitle>Areas</PaneTitle>
      {fault('areas') !== undefined && (
        <Text size="xs" c="red" role="alert">
          {fault('areas')}
        </Text>
      )}
      {areas.map((area, at) => (
        <AreaEditor
          key={area.tensor}
          area={area}
          model={model}
          faultOf={(key) => fault(`areas[${at}].${key}`)}
          onChange={(next) => set(at, next)}
          onRemove={() => onChange({ ...answers, areas: areas.filter((_, index) => index !== at) })}
        />
      ))}
      <Select
        label="Add an area"
        description="Another output, or a value inside the graph; a map becomes a row of units, channel by channel."
        placeholder={
          model.areas.length === 0 ? 'The graph says once the size of the picture is known.' : 'Name of the value'
        }
        searchable
        limit={mostListed}
        nothingFoundMessage="No value of that name can be an area."
        data={model.areas
          .filter(({ tensor }) => areas.every((area) => area.tensor !== tensor))
          .map((each) => ({ value: each.tensor, label: `${each.tensor} · ${each.operator} · ${unitsOf(each)}` }))}
        value={null}
        searchValue={search}
        onSearchChange={setSearch}
        onChange={(tensor) => {
          setSearch('');
          if (tensor !== null) onChange({ ...answers, areas: [...areas, emptyArea(tensor)] });
        }}
      />
    </Stack>
  );
}

function AreaEditor({
  area,
  model,
  faultOf,
  onChange,
  onRemove,
}: {
  area: Area;
  model: ModelInspection;
  faultOf: (key: string) => string | undefined;
  onChange: (area: Area) => void;
  onRemove: () => void;
}) {
  const [more, setMore] = useState(false);
  const value = model.areas.find(({ tensor }) => tensor === area.tensor);
  const field = (key: 'label' | 'atlas' | 'layer' | 'basis', label: string, description?: string) => (
    <TextInput
      label={label}
      {...(description === undefined ? {} : { description })}
      value={area[key] ?? ''}
      onChange={(event) => onChange({ ...area, [key]: event.currentTarget.value })}
    />
  );
  const name = area.name ?? '';
  return (
    <Stack
      gap={6}
      role="group"
      aria-label={`Area from ${area.tensor}`}
      pl="sm"
      style={{ borderInlineStart: '2px solid var(--line)' }}
    >
      <Group justify="space-between" wrap="nowrap" gap="sm">
        <Text size="xs" style={{ minWidth: 0, overflowWrap: 'anywhere' }}>
          {area.tensor}
          <Text component="span" size="xs" c={faultOf('tensor') === undefined ? 'dimmed' : 'red'}>
            {' '}
            · {faultOf('tensor') ?? (value === undefined ? 'units not known yet' : unitsOf(value))}
          </Text>
        </Text>
        <ActionIcon size="sm" aria-label={`${area.tensor} is no area`} title="Not an area" onClick={onRemove}>
          <IconX size={14} />
        </ActionIcon>
      </Group>
      <Group gap="sm" align="flex-start" wrap="nowrap">
        <Autocomplete
          label="Name"
          size="xs"
          withAsterisk
          flex={1}
          data={known}
          value={name}
          error={faultOf('name')}
          onChange={(next) => onChange({ ...area, name: next })}
        />
        <Select
          label="Colour of"
          clearable
          flex={1}
          placeholder="its own"
          data={known}
          value={area.colourOf}
          onChange={(colourOf) => onChange({ ...area, colourOf })}
        />
        <Stack gap={2} pt={22} w="6rem">
          {name !== '' && <AreaLabel area={name} colourOf={area.colourOf ?? undefined} />}
        </Stack>
        <Button variant="subtle" mt={20} aria-expanded={more} onClick={() => setMore(!more)}>
          {more ? 'Less' : 'More'}
        </Button>
      </Group>
      <Collapse expanded={more}>
        <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="sm" verticalSpacing="sm">
          {field('label', 'Label', 'For people; the name when left out.')}
          {field('atlas', 'Atlas', 'E.g. Allen CCFv3.')}
          <Select
            label="Hemisphere"
            description="Of the recordings."
            clearable
            placeholder="not stated"
            data={['left', 'right', 'both']}
            value={area.hemisphere}
            onChange={(hemisphere) => onChange({ ...area, hemisphere })}
          />
          {field('layer', 'Layer', 'Where in the network it is read, in words.')}
        </SimpleGrid>
        <Space h="sm" />
        {field(
          'basis',
          'Commitment',
          'If this layer is said to stand for the area: the data that the choice rests on.',
        )}
        {value !== undefined && value.units > 20_000 && (
          <Text size="xs" c="dimmed" mt={4}>
            {formatCount(value.units)} units make every run slow and large.
          </Text>
        )}
      </Collapse>
    </Stack>
  );
}
