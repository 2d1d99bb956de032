/** The columns of the list of twins. */
import { Badge, Stack, Text, Tooltip } from '@mantine/core';
import type { TwinSummary } from '../../../main/contract/twins.ts';
import { errorText, reproducesText, deviceText } from '../../../main/twins/facts.ts';
import { gradientWord } from '../../../main/twins/selection.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { formatBytes, formatCount } from '../../components/format.ts';
import { TrustChips } from '../../components/TrustChips.tsx';
import type { Column } from '../../components/VirtualTable.tsx';
import { GradientBadge } from './GradientBadge.tsx';

const reproducesHere = ({ reproductions }: TwinSummary): boolean => reproductions.every(({ passed }) => passed);

/** Whether the twin's golden checks passed on every device tried, in one word with the figures on hover. */
function Reproduces({ twin }: { twin: TwinSummary }) {
  if (twin.reproductions.length === 0) return <Badge color="gray">not checked</Badge>;
  const figures = twin.reproductions.map(
    ({ device, maxError, tolerance }) =>
      `${deviceText(device)}: largest error ${errorText(maxError)} of the largest response, tolerance ${errorText(tolerance)}`,
  );
  const yes = reproducesHere(twin);
  return (
    <Tooltip label={figures.join('; ')} multiline maw={340}>
      <Badge color={yes ? 'green' : 'red'} aria-label={reproducesText(twin)}>
        {yes ? 'yes' : 'no'}
      </Badge>
    </Tooltip>
  );
}

/** What fits into a row of the table. */
const mostLines = 2;
/** Long words break into lines rather than being cut, as many as a row has room for. */
const wrapped = {
  whiteSpace: 'normal',
  display: '-webkit-box',
  WebkitBoxOrient: 'vertical',
  WebkitLineClamp: 3,
  overflow: 'hidden',
  lineHeight: 1.3,
} as const;

/** What is left out first is said by the twin's own tabs. */
export const twinColumns: Column<TwinSummary>[] = [
  {
    key: 'title',
    title: 'Twin',
    width: 'minmax(6rem, 2fr)',
    render: (twin) => (
      <span style={wrapped} title={twin.title}>
        {twin.title}
      </span>
    ),
    sortBy: (twin) => twin.title,
  },
  {
    key: 'species',
    title: 'Species',
    width: 'minmax(6rem, 1fr)',
    fromRem: 40,
    render: (twin) => <span style={wrapped}>{twin.species}</span>,
    sortBy: (twin) => twin.species,
  },
  {
    key: 'areas',
    title: 'Areas',
    width: 'minmax(6rem, 1.2fr)',
    fromRem: 16,
    render: ({ areas }) => {
      const shown = areas.length > mostLines ? areas.slice(0, mostLines - 1) : areas;
      return (
        <Stack gap={0} title={areas.map(({ label }) => label).join(', ')}>
          {shown.map((area) => (
            <AreaLabel key={area.name} area={area.name} colourOf={area.colourOf} />
          ))}
          {shown.length < areas.length && <Text size="xs">and {areas.length - shown.length} more</Text>}
        </Stack>
      );
    },
  },
  {
    key: 'modality',
    title: 'Modality',
    width: 'minmax(5rem, 1.2fr)',
    fromRem: 52,
    render: (twin) => <span style={wrapped}>{twin.modality}</span>,
    sortBy: (twin) => twin.modality,
  },
  {
    key: 'units',
    title: 'Units',
    width: '3rem',
    fromRem: 46,
    align: 'right',
    render: (twin) => formatCount(twin.units),
    sortBy: (twin) => twin.units,
  },
  {
    key: 'gradient',
    title: 'Gradient',
    width: '6rem',
    fromRem: 28.75,
    render: (twin) => <GradientBadge twin={twin} />,
    sortBy: (twin) => gradientWord(twin),
  },
  {
    key: 'reproduces',
    title: 'Reproduces here',
    width: '6.5rem',
    fromRem: 36,
    render: (twin) => <Reproduces twin={twin} />,
    sortBy: (twin) => (twin.reproduces === null ? null : Number(reproducesHere(twin))),
  },
  {
    key: 'licence',
    title: 'Licence',
    width: 'minmax(8rem, 0.9fr)',
    fromRem: 23,
    render: (twin) => <TrustChips twin={twin} />,
    sortBy: (twin) => twin.licence,
  },
  {
    key: 'size',
    title: 'Size',
    width: '3.5rem',
    fromRem: 58,
    align: 'right',
    render: (twin) => formatBytes(twin.sizeBytes),
    sortBy: (twin) => twin.sizeBytes,
  },
];
