/** What the search drives and what it suppresses: areas or units, each with a signed weight. */
import { ActionIcon, Button, Group, Menu, MultiSelect, Select, Stack, Text } from '@mantine/core';
import { IconChevronDown, IconPlus, IconX } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { TargetTerm } from '../../../main/contract/plans.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { formatCount } from '../../components/format.ts';
import { PaneTitle } from '../../components/Page.tsx';
import { NumberField } from './NumberField.tsx';
import { presetsFor } from './plan.ts';

function TermEditor({
  term,
  twin,
  number,
  onChange,
  onRemove,
}: {
  term: TargetTerm;
  twin: TwinDetails;
  number: number;
  onChange: (term: TargetTerm) => void;
  onRemove: (() => void) | null;
}) {
  const units = useMemo(
    () => twin.units.filter((unit) => unit.area === term.area).map((unit) => unit.unit),
    [twin, term.area],
  );
  return (
    <Stack gap={4} role="group" aria-label={`Target ${number}`}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        <Select
          label="Area"
          flex={1}
          data={twin.manifest.areas.map((area) => ({ value: area.name, label: area.label ?? area.name }))}
          value={term.area}
          onChange={(area) => area !== null && onChange({ area, weight: term.weight })}
        />
        <NumberField
          label="Weight"
          w="4.25rem"
          step={0.5}
          hideControls={false}
          value={term.weight}
          onChange={(weight) => onChange({ ...term, weight })}
        />
        {onRemove && (
          <ActionIcon aria-label={`Remove target ${number}`} onClick={onRemove} mb={2}>
            <IconX size={14} />
          </ActionIcon>
        )}
      </Group>
      <MultiSelect
        aria-label={`Units of target ${number}`}
        size="xs"
        searchable
        clearable
        limit={60}
        placeholder={term.units === undefined ? `all ${formatCount(units.length)} units` : 'add a unit'}
        data={units}
        value={term.units ?? []}
        nothingFoundMessage="No unit has that name."
        onChange={(chosen) => {
          const { units: _before, ...rest } = term;
          onChange(chosen.length === 0 ? rest : { ...rest, units: chosen });
        }}
      />
      <Text size="xs" c="dimmed">
        {term.weight < 0 ? 'Suppressed' : term.weight > 0 ? 'Driven' : 'Ignored: its weight is zero'}
      </Text>
    </Stack>
  );
}

export function TargetEditor({
  target,
  twin,
  onChange,
}: {
  target: readonly TargetTerm[];
  twin: TwinDetails;
  onChange: (target: TargetTerm[]) => void;
}) {
  const areas = twin.manifest.areas.map((area) => area.name);
  const unused = areas.find((area) => target.every((term) => term.area !== area)) ?? areas[0] ?? '';
  return (
    <Stack gap="sm">
      <PaneTitle
        right={
          <Menu position="bottom-end">
            <Menu.Target>
              <Button variant="default" size="compact-xs" rightSection={<IconChevronDown size={12} />}>
                Presets
              </Button>
            </Menu.Target>
            <Menu.Dropdown>
              {presetsFor(twin).map((preset) => (
                <Menu.Item key={preset.name} onClick={() => onChange(preset.target)}>
                  {preset.name}
                </Menu.Item>
              ))}
            </Menu.Dropdown>
          </Menu>
        }
      >
        Target
      </PaneTitle>
      {target.map((term, index) => (
        <TermEditor
          key={index}
          number={index + 1}
          term={term}
          twin={twin}
          onChange={(next) => onChange(target.map((other, at) => (at === index ? next : other)))}
          onRemove={target.length > 1 ? () => onChange(target.filter((_, at) => at !== index)) : null}
        />
      ))}
      <Group>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={12} />}
          onClick={() => onChange([...target, { area: unused, weight: -1 }])}
        >
          Add a target
        </Button>
      </Group>
    </Stack>
  );
}
