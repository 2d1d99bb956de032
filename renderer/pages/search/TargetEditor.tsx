/** Terms of a target: areas, units by name or by place, each with a signed weight where weights count. */
import { ActionIcon, Button, Group, MultiSelect, Select, Stack, Text } from '@mantine/core';
import { IconMapPin, IconPlus, IconX } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { Inclusion, TargetTerm } from '../../../main/contract/plans.ts';
import type { TwinDetails } from '../../../main/contract/twins.ts';
import { formatDegrees } from '../../../main/stimuli/words.ts';
import { unitsOfTerm } from '../../../main/twins/unitPlaces.ts';
import { formatCount, plural } from '../../components/format.ts';
import { NumberField } from './NumberField.tsx';
import { placeTitle, samePlace, type TermList, type TermPlace } from './terms.ts';

/** Which term the map shows, and how to show another. */
export interface OnMap {
  readonly place: TermPlace | null;
  readonly show: (place: TermPlace) => void;
  /** Label of the plan's own twin, the only one that has a map. */
  readonly own: string;
}

/** `12 of 64 units`, with the circle they lie in and the limits they pass. */
export function termCount(term: TargetTerm, twin: TwinDetails, include: Inclusion): string {
  const all = twin.units.filter((unit) => unit.area === term.area).length;
  const n = unitsOfTerm(term, twin.units, include, twin.summary.fieldOfViewDeg).length;
  const { within } = term;
  const where =
    within === undefined
      ? ''
      : ` within ${formatDegrees(within.radiusDeg)} of (${formatDegrees(within.xDeg)}, ${formatDegrees(within.yDeg)})`;
  return n === all ? plural(all, 'unit') : `${formatCount(n)} of ${plural(all, 'unit')}${where}`;
}

function TermEditor({
  term,
  twin,
  include,
  place,
  weighed,
  onMap,
  onChange,
  onRemove,
}: {
  term: TargetTerm;
  twin: TwinDetails;
  include: Inclusion;
  place: TermPlace;
  /** Whether its weight counts for the objective, and whether its sign does. */
  weighed: 'no' | 'size' | 'sign';
  onMap: OnMap;
  onChange: (term: TargetTerm) => void;
  onRemove: (() => void) | null;
}) {
  const title = placeTitle(place);
  const other = term.twin !== undefined && term.twin !== onMap.own;
  const units = useMemo(
    () => twin.units.filter((unit) => unit.area === term.area).map((unit) => unit.unit),
    [twin, term.area],
  );
  const shown = onMap.place !== null && samePlace(onMap.place, place);
  const effect =
    weighed !== 'sign'
      ? ''
      : term.weight < 0
        ? 'negative weight · '
        : term.weight === 0
          ? 'ignored: its weight is zero · '
          : '';
  return (
    <Stack gap={4} role="group" aria-label={title}>
      <Group gap={4} wrap="nowrap" align="flex-end">
        <Select
          label="Area"
          flex={1}
          data={twin.manifest.areas.map((area) => ({ value: area.name, label: area.label ?? area.name }))}
          value={term.area}
          onChange={(area) => {
            const { units: _units, within: _within, ...rest } = term;
            if (area !== null) onChange({ ...rest, area });
          }}
        />
        {weighed !== 'no' && (
          <NumberField
            label="Weight"
            w="4.25rem"
            step={0.5}
            hideControls={false}
            value={term.weight}
            onChange={(weight) => onChange({ ...term, weight })}
          />
        )}
        <ActionIcon
          disabled={other}
          aria-label={`Show ${title.toLowerCase()} on the map`}
          aria-pressed={shown}
          title="Show on the map"
          variant={shown ? 'light' : 'subtle'}
          onClick={() => onMap.show(place)}
          mb={2}
        >
          <IconMapPin size={15} />
        </ActionIcon>
        {onRemove && (
          <ActionIcon aria-label={`Remove ${title.toLowerCase()}`} onClick={onRemove} mb={2}>
            <IconX size={14} />
          </ActionIcon>
        )}
      </Group>
      <MultiSelect
        aria-label={`Units of ${title.toLowerCase()}`}
        size="xs"
        searchable
        clearable
        limit={60}
        placeholder={
          term.units !== undefined
            ? 'add a unit'
            : term.within === undefined
              ? `all ${formatCount(units.length)} units`
              : 'those in the circle'
        }
        data={units}
        value={term.units ?? []}
        nothingFoundMessage="No unit has that name."
        maxValues={200}
        styles={{ pillsList: { maxHeight: '5.5rem', overflowY: 'auto' } }}
        onChange={(chosen) => {
          const { units: _before, ...rest } = term;
          onChange(chosen.length === 0 ? rest : { ...rest, units: chosen });
        }}
      />
      <Text size="xs" c="dimmed">
        {effect}
        {other ? `On twin ${term.twin}, as the plan file says` : termCount(term, twin, include)}
      </Text>
    </Stack>
  );
}

export function TermListEditor({
  terms,
  twin,
  include,
  list,
  weighed,
  onMap,
  onChange,
  addLabel,
  mayBeEmpty = false,
}: {
  terms: readonly TargetTerm[];
  twin: TwinDetails;
  include: Inclusion;
  list: TermList;
  weighed: 'no' | 'size' | 'sign';
  onMap: OnMap;
  onChange: (terms: TargetTerm[]) => void;
  addLabel: string;
  mayBeEmpty?: boolean;
}) {
  const areas = twin.manifest.areas.map((area) => area.name);
  const unused = areas.find((area) => terms.every((term) => term.area !== area)) ?? areas[0] ?? '';
  return (
    <>
      {terms.map((term, index) => (
        <TermEditor
          key={index}
          place={{ ...list, index }}
          term={term}
          twin={twin}
          include={include}
          weighed={weighed}
          onMap={onMap}
          onChange={(next) => onChange(terms.map((other, at) => (at === index ? next : other)))}
          onRemove={mayBeEmpty || terms.length > 1 ? () => onChange(terms.filter((_, at) => at !== index)) : null}
        />
      ))}
      <Group>
        <Button
          variant="subtle"
          size="compact-xs"
          leftSection={<IconPlus size={12} />}
          onClick={() =>
            onChange([...terms, { area: unused, weight: weighed === 'sign' && terms.length > 0 ? -1 : 1 }])
          }
        >
          {addLabel}
        </Button>
      </Group>
    </>
  );
}
