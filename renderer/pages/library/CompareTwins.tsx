/** Two twins side by side: receptive fields at one scale, and every fact with the differences marked. */
import { Box, Button, Group, Select, Stack, Table, Text } from '@mantine/core';
import { useElementSize } from '@mantine/hooks';
import { useSearchParams } from 'wouter';
import type { TwinDetails, TwinSummary } from '../../../main/contract/twins.ts';
import { compareFacts } from '../../../main/twins/facts.ts';
import { useQueryCall } from '../../client/hooks.ts';
import { navigate } from '../../client/location.ts';
import { AreaLabel } from '../../components/AreaLabel.tsx';
import { plural } from '../../components/format.ts';
import { GoButton } from '../../components/GoButton.tsx';
import { Page, PageHeader, Pane, Panes } from '../../components/Page.tsx';
import { Empty, QueryView } from '../../components/states.tsx';
import { TrustChips } from '../../components/TrustChips.tsx';
import { areaStyle, outlineOf } from '../../plots/colours.ts';
import { RfMap } from '../../plots/RfMap.tsx';
import { FactLines } from './FactTable.tsx';
import { addressOf, comparePath, nameOf, twinNamed } from './names.ts';

/** Wider maps say no more. */
const widestMapPx = 420;
const none: ReadonlySet<string> = new Set();

function Side({ twin, fieldOfViewDeg }: { twin: TwinDetails; fieldOfViewDeg: number }) {
  const { ref, width } = useElementSize<HTMLDivElement>();
  const colours = new Map(twin.manifest.areas.map(({ name, colourOf }) => [name, colourOf]));
  const units = twin.units.flatMap(({ area, unit, xDeg, yDeg, sizeDeg }) =>
    xDeg === null || yDeg === null
      ? []
      : [{ key: `${area}/${unit}`, xDeg, yDeg, sizeDeg, ...outlineOf(areaStyle(area, colours.get(area))) }],
  );
  return (
    <Stack gap="xs" style={{ minWidth: 0 }} role="group" aria-label={twin.summary.title}>
      <TrustChips twin={twin.manifest} />
      <Group gap="sm" style={{ rowGap: 2 }}>
        {twin.manifest.areas.map((area) => (
          <AreaLabel key={area.name} area={area.name} colourOf={area.colourOf} />
        ))}
      </Group>
      <div ref={ref} style={{ minWidth: 0 }}>
        {units.length === 0 ? (
          <Text size="xs" c="dimmed">
            The package states no receptive-field positions.
          </Text>
        ) : (
          width > 0 && (
            <RfMap
              width={Math.min(width, widestMapPx)}
              fieldOfViewDeg={fieldOfViewDeg}
              units={units}
              selected={none}
              ownFieldDeg={twin.summary.fieldOfViewDeg}
            />
          )
        )}
      </div>
      <Text size="xs" c="dimmed">
        {plural(units.length, 'receptive field')}, circles at the stated diameter
      </Text>
    </Stack>
  );
}

/** Differences are marked by a sign and weight, so that no colour is needed to see them. */
function Facts({ left, right }: { left: TwinDetails; right: TwinDetails }) {
  const groups = compareFacts(left, right);
  const differing = groups.flatMap(({ rows }) => rows).filter(({ differs }) => differs).length;
  return (
    <>
      <Text size="xs" c="dimmed" role="status">
        {differing === 0 ? 'No fact differs.' : `${plural(differing, 'fact')} differ, marked ≠.`} Both maps have the
        same scale.
      </Text>
      <Table aria-label="Comparison" layout="fixed">
        <colgroup>
          <col style={{ width: '9.5rem' }} />
          <col style={{ width: '1.5rem' }} />
          <col />
          <col />
        </colgroup>
        {groups.map(({ title, rows }) => (
          <Table.Tbody key={title}>
            <Table.Tr>
              <Table.Th colSpan={4} pt="md" scope="rowgroup">
                {title}
              </Table.Th>
            </Table.Tr>
            {rows.map(({ label, left: own, right: other, differs }) => (
              <Table.Tr key={label} data-differs={differs || undefined}>
                <Table.Td c="dimmed" style={{ verticalAlign: 'top', overflowWrap: 'anywhere' }}>
                  {label}
                </Table.Td>
                <Table.Td style={{ verticalAlign: 'top' }} fw={600}>
                  {differs && <span aria-label="differs">≠</span>}
                </Table.Td>
                {[own, other].map((lines, side) => (
                  <Table.Td key={side} style={{ verticalAlign: 'top' }}>
                    <FactLines lines={lines} />
                  </Table.Td>
                ))}
              </Table.Tr>
            ))}
          </Table.Tbody>
        ))}
      </Table>
    </>
  );
}

function Chooser({
  label,
  twins,
  value,
  onChange,
}: {
  label: string;
  twins: readonly TwinSummary[];
  value: TwinSummary;
  onChange: (twin: TwinSummary) => void;
}) {
  return (
    <Group gap="xs" wrap="nowrap">
      <Select
        aria-label={label}
        searchable
        style={{ flex: 1, minWidth: 0 }}
        data={twins.map((twin) => ({ value: nameOf(twin), label: `${twin.title} ${twin.version}` }))}
        value={nameOf(value)}
        onChange={(name) => {
          const twin = twins.find((each) => nameOf(each) === name);
          if (twin !== undefined) onChange(twin);
        }}
      />
      <GoButton
        variant="default"
        to={`/library/${addressOf(twins, value)}`}
        aria-label={`Open ${value.title}`}
        style={{ flex: 'none' }}
      >
        Open
      </GoButton>
    </Group>
  );
}

function Comparison({ twins, left, right }: { twins: readonly TwinSummary[]; left: TwinSummary; right: TwinSummary }) {
  const first = useQueryCall('library.get', { id: nameOf(left) });
  const second = useQueryCall('library.get', { id: nameOf(right) });
  const fieldOfViewDeg = Math.max(left.fieldOfViewDeg, right.fieldOfViewDeg);
  const go = (a: TwinSummary, b: TwinSummary) => navigate(comparePath(addressOf(twins, a), addressOf(twins, b)));
  return (
    <>
      <PageHeader
        title="Compare twins"
        detail={`${left.title} and ${right.title}`}
        actions={
          <Button variant="default" onClick={() => go(right, left)}>
            Swap sides
          </Button>
        }
      />
      <Panes>
        <Pane label="Comparison">
          <Box
            style={{
              display: 'grid',
              // Under the columns of the table, whose first two are labels and marks.
              gridTemplateColumns: 'minmax(0, 1fr) minmax(0, 1fr)',
              gap: '0.75rem 1.5rem',
              paddingInlineStart: '11rem',
            }}
          >
            <Chooser label="Left twin" twins={twins} value={left} onChange={(twin) => go(twin, right)} />
            <Chooser label="Right twin" twins={twins} value={right} onChange={(twin) => go(left, twin)} />
            <QueryView query={first}>{(twin) => <Side twin={twin} fieldOfViewDeg={fieldOfViewDeg} />}</QueryView>
            <QueryView query={second}>{(twin) => <Side twin={twin} fieldOfViewDeg={fieldOfViewDeg} />}</QueryView>
          </Box>
          {first.data !== undefined && second.data !== undefined && <Facts left={first.data} right={second.data} />}
        </Pane>
      </Panes>
    </>
  );
}

export function CompareTwins() {
  const [query] = useSearchParams();
  const twins = useQueryCall('library.list', {});
  return (
    <Page item="Compare">
      <QueryView query={twins}>
        {(list) => {
          const left = twinNamed(list, query.get('a') ?? '');
          const right = twinNamed(list, query.get('b') ?? '');
          if (left !== undefined && right !== undefined) return <Comparison twins={list} left={left} right={right} />;
          return (
            <Empty title="Nothing to compare" action={<GoButton to="/library">Open the library</GoButton>}>
              Open a twin and choose Compare with, or click a second one with Ctrl or ⌘.
            </Empty>
          );
        }}
      </QueryView>
    </Page>
  );
}
