/** Search and filters over the list of twins. */
import { Button, CloseButton, Group, Popover, Select, Stack, Text, TextInput, Tooltip } from '@mantine/core';
import { useElementSize, useHotkeys } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useMemo, useRef } from 'react';
import type { TwinSummary } from '../../../main/contract/twins.ts';
import { filterChoices, type TwinFilter } from '../../../main/twins/selection.ts';
import { formatBytes, formatCount, plural } from '../../components/format.ts';
import { remPx } from '../../components/rem.ts';
import classes from './Library.module.css';
import { sizeSteps, type FilterKey } from './filterState.ts';

const filters: readonly { key: Exclude<FilterKey, 'text'>; name: string }[] = [
  { key: 'species', name: 'Species' },
  { key: 'area', name: 'Area' },
  { key: 'modality', name: 'Modality' },
  { key: 'licence', name: 'Licence' },
  { key: 'gradient', name: 'Gradient' },
];

/** A list that is narrower has its filters behind a button. */
const besideRem = 24;

function Filter({
  name,
  data,
  value,
  onChange,
  inPopover,
}: {
  name: string;
  data: { value: string; label: string }[];
  value: string | undefined;
  onChange: (value: string | undefined) => void;
  /** Its list must not count as outside of what it opened from. */
  inPopover: boolean;
}) {
  // What an address asks for is shown also where this library has no such thing.
  const all =
    value === undefined || data.some((each) => each.value === value) ? data : [...data, { value, label: value }];
  return (
    <Select
      aria-label={name}
      placeholder={name}
      data={all}
      value={value ?? null}
      onChange={(next) => onChange(next ?? undefined)}
      clearable
      clearButtonProps={{ 'aria-label': `Clear ${name.toLowerCase()}` }}
      allowDeselect
      title={value === undefined ? undefined : `${name}: ${value}`}
      comboboxProps={{ width: 'max-content', position: 'bottom-start', withinPortal: !inPopover }}
      style={inPopover ? {} : { flex: '1 1 6.25rem', minWidth: 0, maxWidth: '11rem' }}
    />
  );
}

export function LibraryFilters({
  twins,
  shown,
  filter,
  onChange,
}: {
  twins: readonly TwinSummary[];
  /** How many twins the filter leaves. */
  shown: number;
  filter: TwinFilter;
  onChange: (filter: TwinFilter) => void;
}) {
  const search = useRef<HTMLInputElement>(null);
  useHotkeys([['/', () => search.current?.focus()]]);
  const { ref, width } = useElementSize<HTMLDivElement>();
  const narrow = width > 0 && width / remPx() < besideRem;
  const selects = <FilterSelects twins={twins} filter={filter} onChange={onChange} inPopover={narrow} />;
  const used = Object.entries(filter).filter(([key, value]) => key !== 'text' && value !== undefined).length;
  return (
    <Group
      ref={ref}
      gap={6}
      px="sm"
      py={6}
      role="search"
      aria-label="Filters"
      className={classes.filters ?? ''}
      style={{ borderBottom: '1px solid var(--line)' }}
    >
      <Tooltip label="Title, id, summary, species, areas, authors, modality, licence · key /">
        <TextInput
          ref={search}
          aria-label="Search twins"
          placeholder="Search twins"
          leftSection={<IconSearch size={13} aria-hidden />}
          rightSection={
            (filter.text ?? '') !== '' && (
              <CloseButton
                size="xs"
                aria-label="Clear search"
                onClick={() => onChange({ ...filter, text: undefined })}
              />
            )
          }
          value={filter.text ?? ''}
          onChange={(event) => onChange({ ...filter, text: event.currentTarget.value || undefined })}
          onKeyDown={(event) => {
            if (event.key === 'Escape') event.currentTarget.blur();
          }}
          style={{ flex: '2 1 9rem', minWidth: 0, maxWidth: '18rem' }}
        />
      </Tooltip>
      {narrow ? (
        <Popover position="bottom-start" width="15rem" trapFocus>
          <Popover.Target>
            <Button variant="default">{used === 0 ? 'Filters' : `Filters (${used})`}</Button>
          </Popover.Target>
          <Popover.Dropdown>
            <Stack gap="sm" className={classes.filters}>
              {selects}
            </Stack>
          </Popover.Dropdown>
        </Popover>
      ) : (
        selects
      )}
      <Text size="xs" c="dimmed" role="status" style={{ whiteSpace: 'nowrap' }}>
        {shown === twins.length
          ? plural(twins.length, 'twin')
          : `${formatCount(shown)} of ${formatCount(twins.length)}`}
      </Text>
    </Group>
  );
}

function FilterSelects({
  twins,
  filter,
  onChange,
  inPopover,
}: {
  twins: readonly TwinSummary[];
  filter: TwinFilter;
  onChange: (filter: TwinFilter) => void;
  inPopover: boolean;
}) {
  const choices = useMemo(() => filterChoices(twins), [twins]);
  return (
    <>
      {filters.map(({ key, name }) => (
        <Filter
          key={key}
          name={name}
          data={choices[key].map((value) => ({ value, label: value }))}
          value={filter[key]}
          onChange={(value) => onChange({ ...filter, [key]: value })}
          inPopover={inPopover}
        />
      ))}
      <Filter
        name="Size on disk"
        data={sizeSteps.map((bytes) => ({ value: String(bytes), label: `up to ${formatBytes(bytes)}` }))}
        value={filter.maxBytes === undefined ? undefined : String(filter.maxBytes)}
        onChange={(value) => onChange({ ...filter, maxBytes: value === undefined ? undefined : Number(value) })}
        inPopover={inPopover}
      />
    </>
  );
}
