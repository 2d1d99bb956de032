/** Earlier searches, newest first. */
import { Group, Text } from '@mantine/core';
import { useLocation } from 'wouter';
import type { SearchSummary } from '../../../main/contract/results.ts';
import { scoreWords } from '../../../main/stimuli/objectiveWords.ts';
import { outsideSpace } from '../../../main/twins/domain.ts';
import { thumbnailDegOf } from '../../../main/contract/thumbnails.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { DomainMark } from '../../components/DomainMark.tsx';
import { formatNumber, formatTime } from '../../components/format.ts';
import { StimulusTile } from '../../components/StimulusTile.tsx';
import { VirtualTable, type Column } from '../../components/VirtualTable.tsx';
import { CroppedPicture, zoomedDeg } from './CandidateTile.tsx';

const scored = (search: SearchSummary, value: number | null) =>
  value === null
    ? search.state === 'partial'
      ? 'not ended'
      : 'missing'
    : scoreWords(search.objective).short(value, formatNumber);

/** The best objective, marked where its stimulus lies outside what the twin that the library has was tested with. */
function Best({ search }: { search: SearchSummary }) {
  const twins = useQueryCall('library.list', {});
  const twin = twins.data?.find(({ id }) => id === search.twinId);
  const outside = twin === undefined || search.best === null ? null : outsideSpace(twin.tested, search.space);
  return (
    <>
      <DomainMark reason={outside} /> {scored(search, search.best)}
    </>
  );
}

const picturePx = 32;

/** The best candidate as large as its aperture lets it be, with the width of what is shown. */
export function NamedPicture({ search: { name, thumbnail, aperture } }: { search: SearchSummary }) {
  const fieldDeg = thumbnail === null ? null : thumbnailDegOf(thumbnail);
  const shownDeg = fieldDeg === null || aperture === null ? fieldDeg : zoomedDeg(aperture, fieldDeg);
  return (
    <Group gap="sm" wrap="nowrap">
      {thumbnail === null || fieldDeg === null ? (
        <StimulusTile src={null} label="" sizePx={picturePx} caption={false} />
      ) : (
        <CroppedPicture
          src={thumbnail}
          alt=""
          sizePx={picturePx}
          aperture={aperture ?? undefined}
          fieldDeg={fieldDeg}
        />
      )}
      <div style={{ minWidth: 0 }}>
        <Text size="xs" truncate="end">
          {name}
        </Text>
        {shownDeg !== null && (
          <Text size="xs" c="dimmed" truncate="end">
            {formatNumber(shownDeg, 2)}° shown
          </Text>
        )}
      </div>
    </Group>
  );
}

const columns: Column<SearchSummary>[] = [
  {
    key: 'name',
    title: 'Name',
    width: 'minmax(8rem, 2fr)',
    render: (search) => <NamedPicture search={search} />,
    sortBy: (search) => search.name,
  },
  {
    key: 'space',
    title: 'Space',
    width: '5.5rem',
    fromRem: 40,
    render: (search) => search.space,
    sortBy: (search) => search.space,
  },
  {
    key: 'best',
    title: 'Best',
    width: '5.75rem',
    align: 'right',
    render: (search) => <Best search={search} />,
    sortBy: (search) => search.best,
  },
  {
    key: 'control',
    title: 'Best control',
    width: '6.25rem',
    fromRem: 25,
    align: 'right',
    render: (search) => scored(search, search.bestControl),
    sortBy: (search) => search.bestControl,
  },
  {
    key: 'when',
    title: 'Started',
    width: '7.25rem',
    fromRem: 33,
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
