/** Earlier searches, newest first. */
import { Group, Text } from '@mantine/core';
import { useLocation } from 'wouter';
import type { SearchSummary } from '../../../main/contract/results.ts';
import { outsideSpace } from '../../../main/twins/domain.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { DomainMark } from '../../components/DomainMark.tsx';
import { formatNumber, formatTime } from '../../components/format.ts';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';

const number = (value: number | null) => (value === null ? 'missing' : formatNumber(value));

/** The best drive, marked where its stimulus lies outside what the twin that the library has was tested with. */
function Drive({ search }: { search: SearchSummary }) {
  const twins = useQueryCall('library.list', {});
  const twin = twins.data?.find(({ id }) => id === search.twinId);
  const outside = twin === undefined || search.best === null ? null : outsideSpace(twin.tested, search.space);
  return (
    <>
      <DomainMark reason={outside} /> {number(search.best)}
    </>
  );
}

const columns: Column<SearchSummary>[] = [
  {
    key: 'name',
    title: 'Name',
    width: 'minmax(8.5rem, 2fr)',
    render: (search) => (
      <Group gap="sm" wrap="nowrap">
        <StimulusTile src={search.thumbnail} label="" sizePx={32} caption={false} />
        <Text size="xs" truncate="end">
          {search.name}
        </Text>
      </Group>
    ),
    sortBy: (search) => search.name,
  },
  {
    key: 'space',
    title: 'Space',
    width: '5.5rem',
    fromRem: 36,
    render: (search) => search.space,
    sortBy: (search) => search.space,
  },
  {
    key: 'best',
    title: 'Drive (z)',
    width: '4.25rem',
    align: 'right',
    render: (search) => <Drive search={search} />,
    sortBy: (search) => search.best,
  },
  {
    key: 'control',
    title: 'Best control (z)',
    width: '6.25rem',
    align: 'right',
    render: (search) => number(search.bestControl),
    sortBy: (search) => search.bestControl,
  },
  {
    key: 'when',
    title: 'Started',
    width: '7.25rem',
    fromRem: 29.5,
    render: (search) => formatTime(search.createdAt),
    sortBy: (search) => search.createdAt,
  },
];

export function SearchList({ searches }: { searches: readonly SearchSummary[] }) {
  const [, go] = useLocation();
  return (
    <VirtualTable
      label="Earlier searches"
      rows={searches}
      columns={columns}
      rowKey={(search) => search.id}
      onSelect={(search) => go(`/search/${search.id}`)}
      initialSort={{ key: 'when', descending: true }}
      rowPx={40}
    />
  );
}
